/* way: how a transaction that was the victim of a deadlock gets through at its next try.
 *
 * It has locked tables in its own order, one after the other, and others in theirs; the same would
 * happen again. The server's detail names the relations of the cycle:
 *
 *     Process 7 waits for AccessExclusiveLock on relation 16412 of database 5; blocked by
 * process 9. Process 9 waits for RowExclusiveLock on relation 16409 of database 5; blocked by
 * process 7.
 *
 * The next try begins by locking both, all at once and before anything else, so that it holds
 * nothing that others need while it waits. First without waiting at all, then for short times that
 * grow: whoever comes while we wait in the queue waits after us, for that time at most. The
 * relations are kept for further tries of the run, until one is committed. */
#include "dialect/postgresql/conn/conn.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	FIRST_OWN_OID = 16384, /* FirstNormalObjectId: below are the system's relations */
	NUMBERS = 8,           /* in a line */
	QUICK_TRIES = 5,       /* without waiting */
	FIRST_WAIT_MS = 50,
	LAST_WAIT_MS = 1000,
	PAUSE_MS = 200
};

/* The numbers of a line, whatever the language around them. */
static int read_numbers(const char *line, size_t size, unsigned long out[NUMBERS])
{
	size_t i = 0;
	int count = 0;
	char *after;

	while (i < size && count < NUMBERS) {
		if (line[i] < '0' || line[i] > '9') {
			i++;
			continue;
		}
		out[count++] = strtoul(line + i, &after, 10);
		i = (size_t)(after - line);
	}
	return count;
}

static void add(struct mig__pg_way *way, unsigned long oid)
{
	int i;

	for (i = 0; i < way->count; i++)
		if (way->oids[i] == oid)
			return;
	if (oid >= FIRST_OWN_OID && oid <= UINT32_MAX && way->count < MIG__PG_WAY_MAX)
		way->oids[way->count++] = (uint32_t)oid;
}

/* Relation and database stand between the two processes, in either order; what is not a relation's
 * number is sorted out by the server. */
void mig__pg_way_note(mig_conn *conn, const char *detail)
{
	unsigned long numbers[NUMBERS];
	size_t size;
	int i, count;

	for (; detail && *detail; detail += size + (detail[size] == '\n')) {
		size = strcspn(detail, "\n");
		count = read_numbers(detail, size, numbers);
		for (i = 1; i + 1 < count; i++)
			add(&conn->way, numbers[i]);
	}
}

void mig__pg_way_forget(mig_conn *conn)
{
	conn->way.count = 0;
}

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
	for (i = 0; i < conn->way.count; i++)
		mig__buf_addf(&query, "%s%lu", i ? "," : "", (unsigned long)conn->way.oids[i]);
	mig__buf_adds(&query, "]::pg_catalog.oid[]) OR EXISTS (SELECT FROM pg_catalog.pg_index i WHERE "
			      "i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indexrelid "
			      "OPERATOR(pg_catalog.=) ANY (ARRAY[");
	for (i = 0; i < conn->way.count; i++)
		mig__buf_addf(&query, "%s%lu", i ? "," : "", (unsigned long)conn->way.oids[i]);
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
		mig__pg_add_text(&sql, conn->base[MIG__PG_LOCK_TIMEOUT],
				 strlen(conn->base[MIG__PG_LOCK_TIMEOUT]));
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
	int64_t until = mig__clock_us() + (int64_t)conn->lock_timeout_ms * 1000;
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
