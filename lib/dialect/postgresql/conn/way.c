/* way: how a transaction that was the victim of a deadlock gets through at its next try.
 *
 * It has locked tables in its own order, one after the other, and others in theirs; the same would
 * happen again. The server's error names the relations of the cycle: deadlock.c.
 *
 * The next try begins by locking both, all at once and before anything else, so that it holds
 * nothing that others need while it waits. First without waiting at all, then for short times that
 * grow: whoever comes while we wait in the queue waits after us, for that time at most. The
 * relations are kept for further tries of the run, until one is committed. */
#include "base/clock.h"
#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/sql/quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	QUICK_TRIES = 5, /* without waiting */
	FIRST_WAIT_MS = 50,
	LAST_WAIT_MS = 1000,
	PAUSE_MS = 200
};

/* "LOCK TABLE a, b IN ACCESS EXCLUSIVE MODE" in *sql; "" if none of them is there any more. An index
 * stands for its table. */
static mig_status make_lock(mig_conn *conn, struct mig__buf *sql)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf query;
	const char *tables;
	mig_status rc;
	int i;

	mig__buf_init(&query, &conn->alloc);
	mig__buf_adds(&query,
		      "SELECT coalesce(pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, "
		      "c.relname), ', ' ORDER BY c.oid::pg_catalog.int8), '') FROM pg_catalog.pg_class c "
		      "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
		      "WHERE c.relkind OPERATOR(pg_catalog.=) ANY "
		      "(ARRAY['r', 'p']::pg_catalog.\"char\"[]) AND (c.oid OPERATOR(pg_catalog.=) ANY "
		      "(ARRAY[");
	for (i = 0; i < conn->lock->way.count; i++)
		mig__buf_addf(&query, "%s%lu", i ? "," : "",
			      (unsigned long)conn->lock->way.oids[i]);
	mig__buf_adds(&query, "]::pg_catalog.oid[]) OR EXISTS (SELECT FROM pg_catalog.pg_index i WHERE "
			      "i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indexrelid "
			      "OPERATOR(pg_catalog.=) ANY (ARRAY[");
	for (i = 0; i < conn->lock->way.count; i++)
		mig__buf_addf(&query, "%s%lu", i ? "," : "",
			      (unsigned long)conn->lock->way.oids[i]);
	mig__buf_adds(&query, "]::pg_catalog.oid[])))");
	rc = query.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, query.data, &reply);
	mig__buf_finish(&query);
	if (!rc) {
		tables = PQgetvalue(reply.at[0], 0, 0);
		if (*tables)
			mig__buf_addf(sql, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", tables);
	}
	mig__pg_reply_clear(&reply);
	return rc;
}

/* One try; *locked. Waits up to wait_ms, or not at all. */
static mig_status try_lock(mig_conn *conn, const char *lock, int wait_ms, int *locked)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SAVEPOINT mig_way;");
	if (wait_ms)
		mig__buf_addf(&sql, "SELECT pg_catalog.set_config('lock_timeout', '%d', true);",
			      wait_ms);
	mig__buf_addf(&sql, "%s%s;", lock, wait_ms ? "" : " NOWAIT");
	if (wait_ms) {
		mig__buf_adds(&sql, "SELECT pg_catalog.set_config('lock_timeout', ");
		mig__pg_add_text(&sql, conn->session->base[MIG__PG_LOCK_TIMEOUT],
				 strlen(conn->session->base[MIG__PG_LOCK_TIMEOUT]));
		mig__buf_adds(&sql, ", true);");
	}
	mig__buf_adds(&sql, "RELEASE mig_way");
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	*locked = !rc && !reply.error;
	if (!rc && reply.error && !mig__pg_is(reply.error, "55P03") &&
	    !mig__pg_is(reply.error, "40P01"))
		rc = mig__pg_fail(conn, reply.error, NULL);
	else if (!rc && reply.error)
		rc = mig__pg_exec(conn, "ROLLBACK TO mig_way; RELEASE mig_way", NULL);
	mig__pg_reply_clear(&reply);
	return rc;
}

static mig_status rest(mig_conn *conn, int ms)
{
	const struct timespec slice = { .tv_nsec = 10000000 };
	int64_t until = mig__clock_us() + (int64_t)ms * 1000;

	while (mig__clock_us() < until) {
		if (conn->host->poll(conn->host->user, 1))
			return mig__pg_cancelled(conn);
		nanosleep(&slice, NULL);
	}
	return MIG_OK;
}

mig_status mig__pg_way_lock(mig_conn *conn)
{
	int64_t until = mig__clock_us() + (int64_t)conn->lock->timeout_ms * 1000;
	int tries, locked = 0, wait_ms = 0;
	struct mig__buf lock;
	mig_status rc;

	mig__buf_init(&lock, &conn->alloc);
	rc = make_lock(conn, &lock);
	for (tries = 0; !rc && lock.len && !locked; tries++) {
		if (tries == QUICK_TRIES)
			wait_ms = FIRST_WAIT_MS;
		rc = try_lock(conn, mig__buf_text(&lock), wait_ms, &locked);
		if (!rc && !locked && mig__clock_us() > until)
			rc = mig__pg_report(
				conn, MIG_ELOCKED, NULL,
				"run again at a quieter time, or allow a longer lock timeout",
				"others use the tables all the time that a deadlock was about: %s",
				mig__buf_text(&lock) + strlen("LOCK TABLE "));
		if (!rc && !locked)
			rc = rest(conn, wait_ms ? wait_ms + PAUSE_MS : PAUSE_MS);
		if (wait_ms && wait_ms < LAST_WAIT_MS)
			wait_ms += wait_ms / 2;
	}
	mig__buf_finish(&lock);
	return rc;
}
