#include "pg_world.h"

#include "../support.h"
#include "cluster.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STATEMENTS_MAX 10
#define SQL_SIZE 256

struct statement {
	char sql[SQL_SIZE];
	char probe[SQL_SIZE]; /* 1 once the statement has run, 0 before; "": leaves no trace */
	int lone;             /* cannot run inside a transaction */
};

struct statements {
	struct statement at[STATEMENTS_MAX];
	size_t count;
};

static int is_split(const struct pg_world *world, size_t i)
{
	return (world->flags & PG_WORLD_SPLIT) && i % 4 == 3;
}

/* Whether an index of the revision is dropped by itself again. */
static int is_dropping(const struct pg_world *world, size_t i)
{
	return is_split(world, i) && i % 8 == 7;
}

/* -- the statements */

__attribute__((format(printf, 2, 3))) static struct statement *add(struct statements *list,
								   const char *format, ...)
{
	struct statement *s = &list->at[list->count++];
	va_list args;

	assert_true(list->count <= STATEMENTS_MAX);
	memset(s, 0, sizeof(*s));
	va_start(args, format);
	vsnprintf(s->sql, SQL_SIZE, format, args);
	va_end(args);
	return s;
}

__attribute__((format(printf, 2, 3))) static void probe_by(struct statement *s, const char *format,
							   ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->probe, SQL_SIZE, format, args);
	va_end(args);
}

static void probe_index(struct statement *s, const char *kind, size_t i)
{
	probe_by(s,
		 "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid::regclass::text"
		 " = '%s_%zu'",
		 kind, i);
}

/* What every later revision needs. */
static void add_base(struct statements *list)
{
	probe_by(add(list, "CREATE TABLE effect (n SERIAL PRIMARY KEY, rev INTEGER)"),
		 "SELECT count(*) FROM pg_tables WHERE tablename = 'effect'");
	probe_by(add(list,
		     "CREATE FUNCTION slowly(v TEXT) RETURNS TEXT IMMUTABLE LANGUAGE plpgsql AS "
		     "$$ BEGIN PERFORM pg_sleep(0.005); RETURN v; END; $$"),
		 "SELECT count(*) FROM pg_proc WHERE proname = 'slowly'");
}

static void add_concurrent(const struct pg_world *world, size_t i, struct statements *list)
{
	const char *value = world->flags & PG_WORLD_SLOW ? "slowly(v)" : "v";
	struct statement *s =
		add(list, "CREATE INDEX CONCURRENTLY cc_%zu ON c_%zu (%s)", i, i, value);

	s->lone = 1;
	probe_index(s, "cc", i);
	s = add(list, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS cu_%zu ON c_%zu (%s, id)", i,
		i, value);
	s->lone = 1;
	probe_index(s, "cu", i);
	if (is_dropping(world, i))
		add(list, "DROP INDEX CONCURRENTLY cx_%zu", i)->lone = 1;
}

/* The statements of revision i, in order. */
static void statements_of(const struct pg_world *world, size_t i, struct statements *list)
{
	list->count = 0;
	if (i == 1)
		add_base(list);
	probe_by(add(list, "CREATE TABLE c_%zu (id SERIAL PRIMARY KEY, v TEXT)", i),
		 "SELECT count(*) FROM pg_tables WHERE tablename = 'c_%zu'", i);
	probe_by(add(list, "INSERT INTO c_%zu (v) VALUES ('a;'), ('b--'), ($$c'$$)", i),
		 "SELECT (count(*) = 3)::int FROM c_%zu", i);
	add(list, "CREATE INDEX cx_%zu ON c_%zu (v)", i, i);
	if (!is_dropping(world, i))
		probe_index(&list->at[list->count - 1], "cx", i);
	if (i % 5 == 0)
		probe_by(add(list, "ALTER TABLE c_%zu ADD COLUMN e_%zu TEXT", i - 3, i),
			 "SELECT count(*) FROM pg_attribute WHERE attname = 'e_%zu'", i);
	if (is_split(world, i))
		add_concurrent(world, i, list);
	if (world->flags & PG_WORLD_SLOW)
		add(list, "SELECT pg_sleep(0.005)");
	probe_by(add(list, "INSERT INTO effect (rev) VALUES (%zu)", i),
		 "SELECT count(*) FROM effect WHERE rev = %zu", i);
}

static mig_status add_revisions(const struct pg_world *world, mig_ctx *ctx)
{
	char text[STATEMENTS_MAX * SQL_SIZE], name[32], revises[32] = "";
	struct statements list;
	mig_status rc = MIG_OK;

	for (size_t i = 1; !rc && i <= world->count; i++) {
		int at = snprintf(text, sizeof(text),
				  "-- revision %zu\n--\n-- revision: r%03zu\n-- revises: %s\n\n"
				  "-- mig:upgrade%s\n",
				  i, i, revises, is_split(world, i) ? " transaction=no" : "");

		statements_of(world, i, &list);
		for (size_t k = 0; k < list.count; k++)
			at += snprintf(text + at, sizeof(text) - (size_t)at, "%s;\n",
				       list.at[k].sql);
		snprintf(revises, sizeof(revises), "r%03zu", i);
		snprintf(name, sizeof(name), "r%03zu.sql", i);
		rc = mig_add_script(ctx, name, text, (size_t)at);
	}
	return rc;
}

void pg_world_child(void)
{
	static const int crashes[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS };

	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		signal(crashes[i], SIG_DFL);
}

void pg_world_upgrade(const struct pg_world *world, const char *url, struct pg_outcome *out)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode = world->mode };
	mig_ctx *ctx = NULL;
	mig_status rc = mig_open(&ctx, url);

	if (!rc)
		rc = add_revisions(world, ctx);
	if (!rc)
		rc = mig_upgrade_with(ctx, "head", &options);
	out->status = rc;
	snprintf(out->message, sizeof(out->message), "%s", rc ? mig_error_message(ctx) : "");
	mig_close(ctx);
}

/* -- the check */

void pg_world_alone(const char *url)
{
	int64_t until = clock_us() + 30000000;
	PGconn *db = pg_connect(url);

	while (pg_int(db,
		      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
		      "AND pid <> pg_backend_pid() AND backend_type = 'client backend'")) {
		if (clock_us() > until)
			fail_msg("the server still works for a process that is gone");
		sleep_us(2000);
	}
	PQfinish(db);
}

/* A probe of a table that is not there is 0, too. */
static int64_t probe(PGconn *db, const char *sql)
{
	PGresult *result = PQexec(db, sql);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	int64_t found = 0;

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		found = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	else if (!sqlstate || strcmp(sqlstate, "42P01") != 0)
		fail_msg("%s: %s", sql, PQerrorMessage(db));
	PQclear(result);
	return found;
}

/* How many upgrades the history table has as done; *unfinished is the number of statements done of
 * the revision in work, or -1. */
static size_t read_log(const char *url, int64_t *unfinished)
{
	mig_ctx *ctx = NULL;
	mig_history_list *log = NULL;
	size_t done = 0;

	*unfinished = -1;
	if (mig_open(&ctx, url) || mig_history_read(ctx, &log))
		fail_msg("history of %s: %s", url, mig_error_message(ctx));
	for (size_t i = 0; i < mig_history_list_count(log); i++) {
		const mig_history_entry *entry = mig_history_list_at(log, i);

		if (strcmp(entry->state, "running") == 0) {
			assert_int_equal(*unfinished, -1);
			*unfinished = entry->statements;
		} else if (strcmp(entry->state, "done") == 0) {
			done++;
		}
	}
	mig_history_list_free(log);
	mig_close(ctx);
	return done;
}

/* Every statement of revision i is there once (done: all of them), or exactly the first `done` of
 * them. Between a lone statement and its mark in the journal the process may have died. */
static void check_revision(const struct pg_world *world, PGconn *db, size_t i, int64_t done,
			   int unfinished)
{
	struct statements list;

	statements_of(world, i, &list);
	for (size_t k = 0; k < list.count; k++) {
		int64_t expected = (int64_t)k < done, found;

		if (!list.at[k].probe[0] || (unfinished && (int64_t)k == done && list.at[k].lone))
			continue;
		found = probe(db, list.at[k].probe);
		if (found != expected)
			fail_msg("revision %zu, statement %zu of %zu (\"%s\"): there %d times "
				 "instead of %d",
				 i, k + 1, list.count, list.at[k].sql, (int)found, (int)expected);
	}
}

static void check_stop(const struct pg_world *world, const struct pg_world_state *state)
{
	int whole = state->at == 0 || state->at == world->count;

	if (world->mode != MIG_TRANSACTION_RUN || whole || state->unfinished)
		return;
	/* One transaction runs from the end of one split revision to the begin of the next. */
	if (!is_split(world, state->at) && !is_split(world, state->at + 1))
		fail_msg("one transaction for the run, but the database is at revision %zu",
			 state->at);
}

static size_t read_version(PGconn *db)
{
	char text[64];

	if (!probe(db, "SELECT count(*) FROM mig_version"))
		return 0;
	assert_int_equal(pg_int(db, "SELECT count(*) FROM mig_version"), 1);
	pg_text(db, "SELECT revision FROM mig_version", text, sizeof(text));
	assert_int_equal(text[0], 'r');
	return (size_t)strtoul(text + 1, NULL, 10);
}

void pg_world_check(const struct pg_world *world, const char *url, struct pg_world_state *out)
{
	PGconn *db = pg_connect(url);
	struct pg_world_state state = { .at = read_version(db) };
	int64_t unfinished;

	assert_int_equal(read_log(url, &unfinished), state.at);
	state.unfinished = unfinished >= 0;
	if (state.unfinished)
		assert_true(is_split(world, state.at + 1));
	for (size_t i = 1; i <= world->count; i++) {
		int in_work = i == state.at + 1 && state.unfinished;

		check_revision(world, db, i,
			       i <= state.at ? INT64_MAX
			       : in_work     ? unfinished
					     : 0,
			       in_work);
	}
	PQfinish(db);
	check_stop(world, &state);
	*out = state;
}

void pg_world_check_head(const struct pg_world *world, const char *url)
{
	struct pg_world_state state;
	PGconn *db = pg_connect(url);
	int64_t left = 0;

	pg_world_check(world, url, &state);
	assert_int_equal(state.at, world->count);
	assert_int_equal(state.unfinished, 0);
	assert_int_equal(pg_int(db, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), 0);
	assert_int_equal(pg_int(db, "SELECT count(*) FROM effect"), world->count);
	for (size_t i = 1; i <= world->count; i++)
		left += !is_dropping(world, i);
	assert_int_equal(pg_int(db, "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'cx%'"),
			 left);
	PQfinish(db);
}
