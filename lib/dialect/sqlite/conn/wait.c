/* wait: waiting for other connections, by asking again. A pause is 1 ms at first and grows to 20,
 * with some chance in it, so that forty processes neither keep step nor keep each other waiting. */
#include "dialect/sqlite/conn/conn.h"

#include "base/clock.h"

#include <string.h>
#include <time.h>

enum { FIRST_PAUSE_US = 1000, LAST_PAUSE_US = 20000 };

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
	int seconds = conn->lock_timeout_ms >= 1000;
	struct mig__buf who;
	mig_status rc;

	mig__buf_init(&who, &conn->alloc);
	mig__sqlite_add_holder(conn, &who, holder);
	rc = mig__sqlite_report(
		conn, MIG_ELOCKED, NULL, hint, "database %s: locked by %s for %d %s",
		mig__sqlite_path(conn), mig__buf_text(&who),
		(int)(seconds ? conn->lock_timeout_ms / 1000 : conn->lock_timeout_ms),
		seconds ? "s" : "ms");
	mig__buf_finish(&who);
	return rc;
}

mig_status mig__sqlite_wait(mig_conn *conn, struct mig__sqlite_wait *wait, long holder)
{
	int64_t now = mig__clock_us(), left, pause;
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

	for (;;) {
		*code = sqlite3_prepare_v3(conn->db, text, size, flags, stmt, tail);
		if (!mig__sqlite_busy(conn, *code))
			return MIG_OK;
		rc = mig__sqlite_wait(conn, &wait, 0);
		if (rc)
			return rc;
	}
}

/* A lent connection has no progress handler that would notice a cancel which comes just before a
 * statement begins, and sqlite3_interrupt() is forgotten when the first statement of all begins. So
 * another one, the guard, is running by then: the flag is asked for after the guard has begun, and an
 * interrupt after that stays. VACUUM, some PRAGMAs and DETACH cannot run next to another statement. */
static mig_status begin_guarded(mig_conn *conn, sqlite3_stmt *stmt)
{
	const char *sql = sqlite3_sql(stmt);
	uint32_t kind;

	if (!conn->guard || !sql)
		return MIG_OK;
	kind = mig__sqlite_kind(sql);
	if (kind & MIG_STATEMENT_ROLLBACK || (conn->guarding && kind & MIG_STATEMENT_LONE)) {
		mig__sqlite_rest(conn);
		return MIG_OK;
	}
	if (!conn->guarding || conn->revision.all) /* or a revision works with the handle itself */
		return MIG_OK;
	if (!sqlite3_stmt_busy(conn->guard))
		sqlite3_step(conn->guard);
	if (!conn->host->poll(conn->host->user, 0))
		return MIG_OK;
	mig__sqlite_rest(conn);
	return mig__sqlite_report(conn, MIG_ECANCELLED, NULL, NULL, "cancelled");
}

static mig_status step_once(mig_conn *conn, sqlite3_stmt *stmt, int fresh, int *code)
{
	mig_status rc = MIG_OK;

	*code = SQLITE_OK;
	atomic_store(&conn->stepping, 1);
	if (fresh)
		rc = begin_guarded(conn, stmt);
	if (!rc)
		*code = sqlite3_step(stmt);
	atomic_store(&conn->stepping, 0);
	return rc;
}

mig_status mig__sqlite_step(mig_conn *conn, sqlite3_stmt *stmt, int again, int *code)
{
	struct mig__sqlite_wait wait = { 0 };
	int fresh = !sqlite3_stmt_busy(stmt);
	mig_status rc;

	for (;;) {
		rc = step_once(conn, stmt, fresh, code);
		/* only what has had no effect yet may begin anew, in a transaction only if nothing
		 * was read in it */
		if (rc || !mig__sqlite_busy(conn, *code) || !fresh ||
		    !(again || sqlite3_get_autocommit(conn->db) ||
		      sqlite3_txn_state(conn->db, NULL) == SQLITE_TXN_NONE))
			return rc;
		sqlite3_reset(stmt);
		mig__sqlite_rest(conn);
		if (again) { /* nothing else is in the way of a statement of this connection */
			rc = mig__sqlite_check_finished(conn, stmt);
			if (rc)
				return rc;
		}
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

mig_status mig__sqlite_check_finished(mig_conn *conn, const sqlite3_stmt *but)
{
	sqlite3_stmt *stmt = NULL;
	struct mig__sqlite_place place = { NULL, 0, MIG_NO_OFFSET };

	while ((stmt = sqlite3_next_stmt(conn->db, stmt)) != NULL)
		if (stmt != but && sqlite3_stmt_busy(stmt) && !sqlite3_stmt_readonly(stmt))
			break;
	if (!stmt)
		return MIG_OK;
	place.statement = sqlite3_sql(stmt);
	place.size = place.statement ? strlen(place.statement) : 0;
	return mig__sqlite_report(conn, MIG_EMISUSE, &place,
				  "read it to its end, reset it, or free it (mig_stmt_free, "
				  "sqlite3_finalize)",
				  "a statement on this connection is not finished: %.200s",
				  place.statement ? place.statement : "");
}

mig_status mig__sqlite_number(mig_conn *conn, const char *sql, int64_t *out)
{
	sqlite3_stmt *stmt = NULL;
	int row = 0;
	mig_status rc = mig__sqlite_query(conn, sql, &stmt);

	*out = 0;
	if (!rc)
		rc = mig__sqlite_row(conn, stmt, &row);
	if (!rc && row)
		*out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rc;
}
