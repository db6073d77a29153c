/* lock: the migration lock, an advisory lock whose number is made from the schema and the name of
 * the version table.
 *
 * A transaction takes it for itself (pg_try_advisory_xact_lock), so it is safe behind a pooler;
 * work outside transactions takes it for the session. Nobody ever waits inside a statement: CREATE
 * INDEX CONCURRENTLY waits for every snapshot that is older than its own, and would never end. Who
 * waits asks now and then, in short transactions of one statement, whether the lock is free, taking
 * it shared: so any number of waiting sessions see it at once, and none delays another. */
#include "dialect/postgresql/conn/conn.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_PAUSE_US = 2000, LAST_PAUSE_US = 100000 };

static const char lost[] =
	"the migration lock is not held any more: it was given up by a statement, "
	"or the session is not ours";
static const char lost_hint[] = "leave out pg_advisory_unlock_all(); connect to the server "
				"directly, or to a pool in session "
				"mode";

/* Of pg_locks l: the migration lock, by a query with k. */
#define ADVISORY                                                                        \
	"l.granted AND l.locktype OPERATOR(pg_catalog.=) 'advisory' AND "               \
	"l.mode OPERATOR(pg_catalog.=) 'ExclusiveLock' AND "                            \
	"l.objsubid OPERATOR(pg_catalog.=) 1 AND "                                      \
	"((l.classid::pg_catalog.int8 OPERATOR(pg_catalog.<<) 32) OPERATOR(pg_catalog.|) " \
	"l.objid::pg_catalog.int8) OPERATOR(pg_catalog.=) k"

/* Whether the session has the lock. */
static const char still_held[] =
	"EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE " ADVISORY
	" AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid())";

/* -- waiting */

/* Half of the pause to all of it (xorshift). */
static int64_t jittered(mig_conn *conn, int64_t pause_us)
{
	conn->seed ^= conn->seed << 13;
	conn->seed ^= conn->seed >> 17;
	conn->seed ^= conn->seed << 5;
	return pause_us / 2 + conn->seed % (uint32_t)(pause_us / 2 + 1);
}

/* Runs "SELECT columns FROM the key rest". */
static mig_status ask(mig_conn *conn, const char *columns, const char *rest,
		      struct mig__pg_reply *reply, int *at)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	*at = conn->schema ? 0 : mig__pg_add_settings(conn, &sql, 1);
	mig__buf_adds(&sql, "SELECT ");
	mig__buf_adds(&sql, columns);
	mig__pg_add_key(conn, &sql);
	mig__buf_adds(&sql, rest);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, reply);
	mig__buf_finish(&sql);
	return rc;
}

static int is_true(const PGresult *result, int column)
{
	return result && PQntuples(result) > 0 && PQgetvalue(result, 0, column)[0] == 't';
}

/* Who has it: pid, application_name, since when. */
static mig_status fail_locked(mig_conn *conn)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf who, hint;
	const PGresult *holder;
	int at;
	mig_status rc =
		ask(conn,
		    "a.pid, coalesce(a.application_name, ''), "
		    "pg_catalog.to_char(coalesce(a.xact_start, a.state_change, a.backend_start) AT "
		    "TIME "
		    "ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), s",
		    " JOIN pg_catalog.pg_locks l ON " ADVISORY
		    " AND l.database OPERATOR(pg_catalog.=) (SELECT oid FROM "
		    "pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) "
		    "pg_catalog.current_database()) JOIN pg_catalog.pg_stat_activity a "
		    "ON a.pid OPERATOR(pg_catalog.=) l.pid",
		    &reply, &at);

	conn->waiting_since_us = 0;
	if (rc)
		return rc;
	mig__buf_init(&who, &conn->alloc);
	mig__buf_init(&hint, &conn->alloc);
	mig__buf_adds(&hint, "wait until it is done, or allow a longer lock timeout");
	holder = reply.at[at];
	if (PQntuples(holder) > 0) {
		mig__buf_addf(&who, "pid %s", PQgetvalue(holder, 0, 0));
		if (PQgetvalue(holder, 0, 1)[0])
			mig__buf_addf(&who, " (%s)", PQgetvalue(holder, 0, 1));
		if (PQgetvalue(holder, 0, 2)[0])
			mig__buf_addf(&who, " since %s UTC", PQgetvalue(holder, 0, 2));
		mig__buf_addf(&hint, "; to end it: SELECT pg_terminate_backend(%s)",
			      PQgetvalue(holder, 0, 0));
	} else {
		mig__buf_adds(&who, "another session");
	}
	if (conn->lock_timeout_ms < 1000)
		rc = mig__pg_report(conn, MIG_ELOCKED, NULL, mig__buf_text(&hint),
				    "the migration lock of %s is held by %s; waited %d ms",
				    conn->version_table, mig__buf_text(&who),
				    (int)conn->lock_timeout_ms);
	else
		rc = mig__pg_report(conn, MIG_ELOCKED, NULL, mig__buf_text(&hint),
				    "the migration lock of %s is held by %s; waited %d s",
				    conn->version_table, mig__buf_text(&who),
				    (int)(conn->lock_timeout_ms / 1000));
	mig__buf_finish(&who);
	mig__buf_finish(&hint);
	mig__pg_reply_clear(&reply);
	return rc;
}

/* Sleeps up to `left`; a signal ends it early: its handler may have cancelled. */
static void pause_us(mig_conn *conn, int64_t *pause, int64_t left)
{
	int64_t us = jittered(conn, *pause);
	struct timespec t;

	if (us > left)
		us = left;
	*pause += *pause / 2;
	if (*pause > LAST_PAUSE_US)
		*pause = LAST_PAUSE_US;
	t.tv_sec = (time_t)(us / 1000000);
	t.tv_nsec = (long)(us % 1000000) * 1000;
	nanosleep(&t, NULL);
}

/* Waits until the lock is free. The time counts on through several calls, until
 * somebody here has the lock. */
static mig_status wait_until_free(mig_conn *conn, int32_t *freed)
{
	int64_t pause = FIRST_PAUSE_US;
	mig_status rc = MIG_OK;
	char sql[100];

	if (!conn->waiting_since_us)
		conn->waiting_since_us = mig__clock_us();
	while (!rc && !*freed) {
		struct mig__pg_reply reply = { .count = 0 };
		int64_t left = conn->waiting_since_us + (int64_t)conn->lock_timeout_ms * 1000 -
			       mig__clock_us();

		if (left <= 0)
			return fail_locked(conn);
		if (conn->host->poll(conn->host->user, 1))
			return mig__pg_cancelled(conn);
		pause_us(conn, &pause, left);
		snprintf(sql, sizeof sql, "SELECT pg_catalog.pg_try_advisory_xact_lock_shared(%s)",
			 conn->number);
		rc = mig__pg_exec(conn, sql, &reply);
		*freed = !rc && is_true(reply.at[0], 0);
		mig__pg_reply_clear(&reply);
	}
	return rc;
}

/* -- for a transaction */

/* Where the results of the message's statements are. */
struct begin_message {
	int base, lock, there, rows; /* -1: not asked */
};

/* The version rows; as long as the table's owner is unknown, in the way that is safe for all. */
static void add_rows(mig_conn *conn, struct mig__buf *sql, int *at, struct begin_message *m)
{
	if (conn->trusted) {
		mig__pg_add_own(conn, sql, MIG__PG_READ_VERSION, NULL);
		mig__buf_adds(sql, ";");
		m->rows = (*at)++;
		return;
	}
	mig__buf_adds(sql, "SAVEPOINT mig_rows;");
	mig__pg_add_plain_read(conn, sql);
	mig__buf_adds(sql, ";ROLLBACK TO SAVEPOINT mig_rows;RELEASE SAVEPOINT mig_rows;");
	m->rows = *at + 2; /* after SET */
	*at += 5;
}

/* BEGIN, the lock, and the version rows if the table is known to be there. Not REPEATABLE READ:
 * the rows must be those of after the lock. */
static void add_begin(mig_conn *conn, struct mig__buf *sql, int at, struct begin_message *m)
{
	const char *base = mig__pg_base_sql(conn);

	*m = (struct begin_message){ -1, -1, -1, -1 };
	/* the section that holds the session's lock may have made it read-only */
	mig__buf_adds(sql, conn->locked ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
					: "BEGIN ISOLATION LEVEL READ COMMITTED;");
	at++;
	if (*base) {
		mig__buf_adds(sql, base);
		m->base = at++;
	}
	at += mig__pg_add_settings(conn, sql, 1);
	m->lock = at++;
	mig__buf_adds(sql, "SELECT ");
	mig__buf_adds(sql, conn->locked ? still_held : "pg_catalog.pg_try_advisory_xact_lock(k)");
	mig__buf_adds(sql, ", s, k, pg_catalog.pg_backend_pid(), "
			   "pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) "
			   "'on', " MIG__PG_TOKEN_SQL);
	/* a server whose client is gone shall not work on, nor keep its locks */
	if (PQserverVersion(conn->db) >= MIG__PG_CHECK_CLIENT) {
		mig__buf_adds(sql, ", ");
		mig__buf_adds(sql, MIG__PG_CHECK_SQL("true"));
	}
	mig__pg_add_key(conn, sql);
	mig__buf_adds(sql, ";");
	/* statements of their own: they see what was done before the lock was ours */
	if (conn->seen_version && conn->schema && !conn->dirty)
		add_rows(conn, sql, &at, m);
	if (m->rows < 0 || *base || !conn->trusted) {
		mig__pg_add_there(conn, sql);
		m->there = at;
	}
}

/* Ends the transaction that has just begun, keeping the error that is reported. */
static mig_status give_up(mig_conn *conn, mig_status rc)
{
	if (PQstatus(conn->db) == CONNECTION_OK)
		mig__pg_quiet(conn, "ROLLBACK");
	mig__pg_transaction_over(conn);
	return rc;
}

static mig_status check_closely(mig_conn *conn)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__pg_add_write_check(conn, &sql);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, NULL);
	mig__buf_finish(&sql);
	return rc;
}

/* MIG_OK with *locked: the transaction is ours; without: it is not, and is over. */
static mig_status take_begin(mig_conn *conn, struct mig__pg_reply *reply,
			     const struct begin_message *m, int *locked)
{
	const PGresult *lock = reply->at[m->lock];
	mig_status rc = MIG_OK;
	int close = 0;

	*locked = is_true(lock, 0);
	if (m->base >= 0)
		rc = mig__pg_base_take(conn, reply->at[m->base]);
	if (!rc && *locked)
		rc = mig__pg_pin_schema(conn, PQgetvalue(lock, 0, 1));
	snprintf(conn->number, sizeof conn->number, "%s", PQgetvalue(lock, 0, 2));
	if (!rc && is_true(lock, 4))
		rc = mig__pg_report(
			conn, MIG_EREADONLY, NULL,
			"the server is a standby, or default_transaction_read_only is on",
			"database %s cannot be written", PQdb(conn->db));
	if (!rc && conn->locked && (!*locked || atoi(PQgetvalue(lock, 0, 3)) != conn->pid))
		rc = mig__pg_report(conn, MIG_ELOCKED, NULL, lost_hint, "%s", lost);
	if (!conn->locked)
		conn->pid = atoi(PQgetvalue(lock, 0, 3));
	if (rc || !*locked)
		return give_up(conn, rc);
	conn->begun = 1;
	snprintf(conn->token, sizeof conn->token, "%s", PQgetvalue(lock, 0, 5));
	conn->waiting_since_us = 0;
	if (m->there >= 0)
		mig__pg_take_there(conn, reply->at[m->there], &close);
	if (m->rows >= 0) {
		conn->version = MIG__PG_THERE;
		conn->rows = reply->at[m->rows];
		reply->at[m->rows] = NULL;
	}
	rc = close && !conn->trusted ? check_closely(conn) : MIG_OK;
	conn->trusted = !rc;
	return rc ? give_up(conn, rc) : MIG_OK;
}

mig_status mig__pg_begin(mig_conn *conn, int32_t check, int32_t *freed)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct begin_message m;
	struct mig__buf sql;
	int locked = 0;
	mig_status rc;

	(void)check; /* the server checks by itself */
	rc = mig__pg_check_idle(conn);
	if (rc)
		return rc;
	mig__buf_init(&sql, &conn->alloc);
	add_begin(conn, &sql, 0, &m);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && reply.error && conn->seen_version &&
	    (mig__pg_is(reply.error, "42P01") || mig__pg_is_refusal(reply.error))) {
		conn->seen_version = 0; /* somebody has dropped the table, or changed it */
		mig__pg_reply_clear(&reply);
		rc = give_up(conn, MIG_OK);
		return rc ? rc : mig__pg_begin(conn, check, freed);
	}
	if (!rc && reply.error)
		rc = mig__pg_fail(conn, reply.error, NULL);
	rc = rc ? give_up(conn, rc) : take_begin(conn, &reply, &m, &locked);
	mig__pg_reply_clear(&reply);
	if (!rc && locked && conn->way.count && !conn->locked) {
		rc = mig__pg_way_lock(conn);
		if (rc)
			give_up(conn, rc);
	}
	return rc || locked ? rc : wait_until_free(conn, freed);
}

mig_status mig__pg_commit_begin(mig_conn *conn, int32_t check, int32_t *freed)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct begin_message m;
	struct mig__buf sql;
	int locked = 0;
	mig_status rc = conn->locked ? MIG_OK : mig__pg_settings_restore(conn);

	(void)check;
	if (!rc)
		rc = mig__pg_guard(conn);
	if (rc)
		return rc;
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "COMMIT;");
	add_begin(conn, &sql, 1, &m);
	conn->committing = 1;
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && reply.error)
		rc = mig__pg_fail(conn, reply.error, NULL);
	conn->committing = 0;
	if (!rc)
		rc = mig__pg_check_committed(conn, reply.at[0]);
	if (!rc || PQtransactionStatus(conn->db) == PQTRANS_IDLE)
		mig__pg_transaction_over(conn);
	if (!rc)
		mig__pg_way_forget(conn);
	if (!rc)
		rc = take_begin(conn, &reply, &m, &locked);
	mig__pg_reply_clear(&reply);
	*freed = !rc && !locked;
	return rc;
}

/* -- for the session */

mig_status mig__pg_lock(mig_conn *conn, int32_t *freed)
{
	struct mig__pg_reply reply = { .count = 0 };
	char same_session[90] = "";
	int at = 0, locked = 0;
	mig_status rc;

	if (conn->locked)
		return MIG_OK;
	rc = mig__pg_check_idle(conn);
	if (!rc)
		rc = mig__pg_refuse_pooler(conn);
	if (conn->pooled)
		snprintf(same_session, sizeof same_session,
			 " WHERE pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) %d", conn->pid);
	if (!rc)
		rc = ask(conn, "pg_catalog.pg_try_advisory_lock(k), s, k", same_session, &reply,
			 &at);
	if (!rc && PQntuples(reply.at[at]) == 0)
		rc = mig__pg_refuse_changed(conn);
	if (!rc) {
		locked = is_true(reply.at[at], 0);
		snprintf(conn->number, sizeof conn->number, "%s", PQgetvalue(reply.at[at], 0, 2));
	}
	if (locked) {
		conn->locked = 1;
		conn->waiting_since_us = 0;
		rc = mig__pg_pin_schema(conn, PQgetvalue(reply.at[at], 0, 1));
		if (!rc)
			rc = mig__pg_settings_session(conn);
		if (rc)
			mig__pg_release(conn);
	}
	mig__pg_reply_clear(&reply);
	return rc || locked ? rc : wait_until_free(conn, freed);
}

mig_status mig__pg_unlock(mig_conn *conn)
{
	struct mig__pg_reply reply = { .count = 0 };
	char sql[100];
	mig_status rc;

	if (!conn->locked)
		return MIG_OK;
	conn->locked = 0;
	snprintf(sql, sizeof sql, "SELECT pg_catalog.pg_advisory_unlock(%s)", conn->number);
	rc = mig__pg_exec(conn, sql, &reply);
	if (!rc && !is_true(reply.at[0], 0)) /* what was to be done is done */
		conn->host->log(conn->host->user, MIG_LOG_WARNING, lost);
	mig__pg_reply_clear(&reply);
	return rc;
}

void mig__pg_release(mig_conn *conn)
{
	char sql[100];

	conn->locked = 0;
	snprintf(sql, sizeof sql, "SELECT pg_catalog.pg_advisory_unlock(%s)", conn->number);
	mig__pg_quiet(conn, sql);
}
