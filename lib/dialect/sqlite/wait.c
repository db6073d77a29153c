/* wait: waiting for other connections, by asking again. A pause is 1 ms at first and grows to 20,
 * with some chance in it, so that forty processes neither keep step nor keep each other waiting. */
#include "dialect/sqlite/conn.h"

#include <time.h>

enum { FIRST_PAUSE_US = 1000, LAST_PAUSE_US = 20000 };

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + 1; /* never 0 */
}

/* Half of the pause to all of it (xorshift). */
static int64_t jittered(mig_conn *conn, int64_t pause_us)
{
	conn->seed ^= conn->seed << 13;
	conn->seed ^= conn->seed >> 17;
	conn->seed ^= conn->seed << 5;
	return pause_us / 2 + conn->seed % (uint32_t)(pause_us / 2 + 1);
}

int mig__sqlite_busy(const mig_conn *conn, int rc)
{
	int code;

	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return 0;
	code = sqlite3_extended_errcode(conn->db);
	/* a snapshot that has become too old gets no younger by waiting */
	return ((code & 0xff) == SQLITE_BUSY && code != SQLITE_BUSY_SNAPSHOT) ||
	       code == SQLITE_LOCKED_SHAREDCACHE;
}

static mig_status fail_locked(mig_conn *conn, long holder)
{
	const char *hint = "wait until it is done, or allow a longer lock timeout";
	char who[48] = "another process";

	if (holder > 0)
		sqlite3_snprintf(sizeof who, who, "process %ld", holder);
	if (conn->lock_timeout_ms < 1000)
		return mig__sqlite_report(conn, MIG_ELOCKED, NULL, hint,
					  "database %s: locked by %s for %d ms",
					  mig__sqlite_path(conn), who, (int)conn->lock_timeout_ms);
	return mig__sqlite_report(conn, MIG_ELOCKED, NULL, hint,
				  "database %s: locked by %s for %d s", mig__sqlite_path(conn), who,
				  (int)(conn->lock_timeout_ms / 1000));
}

mig_status mig__sqlite_wait(mig_conn *conn, struct mig__sqlite_wait *wait, long holder)
{
	int64_t now = now_us(), left, pause;
	struct timespec t;

	if (!wait->started_us) {
		wait->started_us = now;
		wait->pause_us = FIRST_PAUSE_US;
	}
	left = wait->started_us + (int64_t)conn->lock_timeout_ms * 1000 - now;
	if (left <= 0)
		return fail_locked(conn, holder);
	if (conn->host->poll(conn->host->user, 1))
		return mig__sqlite_report(conn, MIG_ECANCELLED, NULL, NULL, "cancelled");
	pause = jittered(conn, wait->pause_us);
	if (pause > left)
		pause = left;
	wait->pause_us += wait->pause_us / 2;
	if (wait->pause_us > LAST_PAUSE_US)
		wait->pause_us = LAST_PAUSE_US;
	t.tv_sec = (time_t)(pause / 1000000);
	t.tv_nsec = (long)(pause % 1000000) * 1000;
	nanosleep(&t, NULL); /* a signal ends it early: the handler may have cancelled */
	return MIG_OK;
}

mig_status mig__sqlite_prepare(mig_conn *conn, const char *text, int size, unsigned flags,
			       sqlite3_stmt **stmt, const char **tail, int *code)
{
	struct mig__sqlite_wait wait = { 0 };
	mig_status rc;

	if (atomic_load(&conn->cancelled) && mig__sqlite_kind(text) & MIG_STATEMENT_ROLLBACK)
		mig__sqlite_rest(conn);
	for (;;) {
		*code = sqlite3_prepare_v3(conn->db, text, size, flags, stmt, tail);
		if (!mig__sqlite_busy(conn, *code))
			return MIG_OK;
		rc = mig__sqlite_wait(conn, &wait, 0);
		if (rc)
			return rc;
	}
}

void mig__sqlite_rest(mig_conn *conn)
{
	if (conn->awake)
		sqlite3_reset(conn->awake);
}

/* An interrupt is forgotten when a statement begins and no other is active. On our own connection
 * the progress handler notices it all the same; a lent one may have a handler of its host's. So there
 * a statement that reads nothing is active while ours run: then an interrupt stays from before the
 * last look at the host on. */
static int stay_awake(mig_conn *conn, sqlite3_stmt *stmt)
{
	const char *sql = sqlite3_sql(stmt);
	uint32_t kind;

	if (!conn->lent || !conn->running || !sql)
		return 0;
	kind = mig__sqlite_kind(sql);
	if (kind & MIG_STATEMENT_ROLLBACK || kind == MIG_STATEMENT_LONE) {
		if (kind == MIG_STATEMENT_LONE || atomic_load(&conn->cancelled))
			mig__sqlite_rest(conn); /* VACUUM has to be alone */
		return 0;
	}
	if (!conn->awake)
		sqlite3_prepare_v2(conn->db, "SELECT 1 UNION ALL SELECT 1", -1, &conn->awake, NULL);
	return conn->awake &&
	       (sqlite3_stmt_busy(conn->awake) || sqlite3_step(conn->awake) == SQLITE_ROW);
}

/* *stopped: before it began. */
static int step(mig_conn *conn, sqlite3_stmt *stmt, int fresh, int *stopped)
{
	int code = SQLITE_INTERRUPT;

	atomic_store(&conn->stepping, 1);
	*stopped = fresh && stay_awake(conn, stmt) && conn->host->poll(conn->host->user, 0);
	if (!*stopped)
		code = sqlite3_step(stmt);
	atomic_store(&conn->stepping, 0);
	return code;
}

mig_status mig__sqlite_step(mig_conn *conn, sqlite3_stmt *stmt, int again, int *code)
{
	struct mig__sqlite_wait wait = { 0 };
	int fresh = !sqlite3_stmt_busy(stmt), stopped;
	mig_status rc;

	for (;;) {
		*code = step(conn, stmt, fresh, &stopped);
		if (stopped)
			return mig__sqlite_report(conn, MIG_ECANCELLED, NULL, NULL, "cancelled");
		/* only what has had no effect yet may begin anew */
		if (!mig__sqlite_busy(conn, *code) || !fresh ||
		    !(again || sqlite3_get_autocommit(conn->db)))
			return MIG_OK;
		sqlite3_reset(stmt);
		rc = mig__sqlite_wait(conn, &wait, 0);
		if (rc)
			return rc;
	}
}

mig_status mig__sqlite_query(mig_conn *conn, const char *sql, sqlite3_stmt **stmt)
{
	int code;
	mig_status rc = mig__sqlite_prepare(conn, sql, -1, 0, stmt, NULL, &code);

	return rc || code == SQLITE_OK ? rc : mig__sqlite_fail(conn, NULL);
}

mig_status mig__sqlite_row(mig_conn *conn, sqlite3_stmt *stmt, int *row)
{
	int code;
	mig_status rc = mig__sqlite_step(conn, stmt, 0, &code);

	if (rc)
		return rc;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return mig__sqlite_fail(conn, NULL);
	*row = code == SQLITE_ROW;
	return MIG_OK;
}

mig_status mig__sqlite_exec(mig_conn *conn, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int code = SQLITE_OK;
	mig_status rc = mig__sqlite_query(conn, sql, &stmt);

	if (!rc)
		rc = mig__sqlite_step(conn, stmt,
				      (mig__sqlite_kind(sql) & MIG_STATEMENT_COMMIT) != 0, &code);
	if (!rc && code != SQLITE_ROW && code != SQLITE_DONE)
		rc = mig__sqlite_fail(conn, NULL);
	sqlite3_finalize(stmt);
	return rc;
}
