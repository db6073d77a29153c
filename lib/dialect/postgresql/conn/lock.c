/* lock: the migration lock, an advisory lock whose number is made from the schema and the name of
 * the version table.
 *
 * A transaction takes it for itself (pg_try_advisory_xact_lock), so it is safe behind a pooler;
 * work outside transactions takes it for the session. Nobody ever waits inside a statement: CREATE
 * INDEX CONCURRENTLY waits for every snapshot that is older than its own, and would never end. Who
 * waits asks now and then, in short transactions of one statement, whether the lock is free, taking
 * it shared: so any number of waiting sessions see it at once, and none delays another. */
#include "dialect/postgresql/conn/lock.h"
#include "base/clock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/store/place.h"
#include "dialect/postgresql/store/store.h"

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
	conn->lock->seed ^= conn->lock->seed << 13;
	conn->lock->seed ^= conn->lock->seed >> 17;
	conn->lock->seed ^= conn->lock->seed << 5;
	return pause_us / 2 + conn->lock->seed % (uint32_t)(pause_us / 2 + 1);
}

/* Runs "SELECT columns FROM the key rest". */
static mig_status ask(mig_conn *conn, const char *columns, const char *rest,
		      struct mig__pg_reply *reply, int *at)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	*at = conn->store->schema ? 0 : mig__pg_add_settings(conn, &sql, 1);
	mig__buf_adds(&sql, "SELECT ");
	mig__buf_adds(&sql, columns);
	mig__pg_add_key(conn, &sql);
	mig__buf_adds(&sql, rest);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, reply);
	mig__buf_finish(&sql);
	return rc;
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

	conn->lock->waiting_since_us = 0;
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
	if (conn->lock->timeout_ms < 1000)
		rc = mig__pg_report(conn, MIG_ELOCKED, NULL, mig__buf_text(&hint),
				    "the migration lock of %s is held by %s; waited %d ms",
				    conn->store->version_table, mig__buf_text(&who),
				    (int)conn->lock->timeout_ms);
	else
		rc = mig__pg_report(conn, MIG_ELOCKED, NULL, mig__buf_text(&hint),
				    "the migration lock of %s is held by %s; waited %d s",
				    conn->store->version_table, mig__buf_text(&who),
				    (int)(conn->lock->timeout_ms / 1000));
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
mig_status mig__pg_wait_until_free(mig_conn *conn, int32_t *freed)
{
	int64_t pause = FIRST_PAUSE_US;
	mig_status rc = MIG_OK;
	char sql[100];

	if (!conn->lock->waiting_since_us)
		conn->lock->waiting_since_us = mig__clock_us();
	while (!rc && !*freed) {
		struct mig__pg_reply reply = { .count = 0 };
		int64_t left = conn->lock->waiting_since_us +
			       (int64_t)conn->lock->timeout_ms * 1000 - mig__clock_us();

		if (left <= 0)
			return fail_locked(conn);
		if (conn->host->poll(conn->host->user, 1))
			return mig__pg_cancelled(conn);
		pause_us(conn, &pause, left);
		snprintf(sql, sizeof sql, "SELECT pg_catalog.pg_try_advisory_xact_lock_shared(%s)",
			 conn->lock->number);
		rc = mig__pg_exec(conn, sql, &reply);
		*freed = !rc && mig__pg_is_true(reply.at[0], 0);
		mig__pg_reply_clear(&reply);
	}
	return rc;
}

void mig__pg_add_taking(const mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_adds(sql,
		      conn->lock->held ? still_held : "pg_catalog.pg_try_advisory_xact_lock(k)");
}

mig_status mig__pg_lock_lost(mig_conn *conn)
{
	return mig__pg_report(conn, MIG_ELOCKED, NULL, lost_hint, "%s", lost);
}

/* -- for the session */

mig_status mig__pg_lock(mig_conn *conn, int32_t *freed)
{
	struct mig__pg_reply reply = { .count = 0 };
	char same_session[90] = "";
	int at = 0, locked = 0;
	mig_status rc;

	if (conn->lock->held)
		return MIG_OK;
	rc = mig__pg_check_idle(conn);
	if (!rc)
		rc = mig__pg_refuse_pooler(conn);
	if (conn->lock->pooled)
		snprintf(same_session, sizeof same_session,
			 " WHERE pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) %d",
			 conn->session->pid);
	if (!rc)
		rc = ask(conn, "pg_catalog.pg_try_advisory_lock(k), s, k", same_session, &reply,
			 &at);
	if (!rc && PQntuples(reply.at[at]) == 0)
		rc = mig__pg_refuse_changed(conn);
	if (!rc) {
		locked = mig__pg_is_true(reply.at[at], 0);
		snprintf(conn->lock->number, sizeof conn->lock->number, "%s",
			 PQgetvalue(reply.at[at], 0, 2));
	}
	if (locked) {
		conn->lock->held = 1;
		conn->lock->waiting_since_us = 0;
		rc = mig__pg_pin_schema(conn, PQgetvalue(reply.at[at], 0, 1));
		if (!rc)
			rc = mig__pg_settings_session(conn);
		if (rc)
			mig__pg_release(conn);
	}
	mig__pg_reply_clear(&reply);
	return rc || locked ? rc : mig__pg_wait_until_free(conn, freed);
}

mig_status mig__pg_unlock(mig_conn *conn)
{
	struct mig__pg_reply reply = { .count = 0 };
	char sql[100];
	mig_status rc;

	if (!conn->lock->held)
		return MIG_OK;
	conn->lock->held = 0;
	snprintf(sql, sizeof sql, "SELECT pg_catalog.pg_advisory_unlock(%s)", conn->lock->number);
	rc = mig__pg_exec(conn, sql, &reply);
	if (!rc && !mig__pg_is_true(reply.at[0], 0)) /* what was to be done is done */
		conn->host->log(conn->host->user, MIG_LOG_WARNING, lost);
	mig__pg_reply_clear(&reply);
	return rc;
}

void mig__pg_release(mig_conn *conn)
{
	char sql[100];

	conn->lock->held = 0;
	snprintf(sql, sizeof sql, "SELECT pg_catalog.pg_advisory_unlock(%s)", conn->lock->number);
	mig__pg_quiet(conn, sql);
}
