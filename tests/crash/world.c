/* See world.h. */
#include "world.h"

#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STATEMENTS_MAX 8
#define SQL_SIZE 256

struct statement {
	char sql[SQL_SIZE];
	char probe[SQL_SIZE]; /* 1 once the statement has run, 0 before; "": leaves no trace */
};

int world_is_split(const struct world *world, size_t i)
{
	return (world->flags & WORLD_SPLIT) && i % 8 == 5;
}

static struct statement *next(struct statement *list, size_t *count)
{
	struct statement *s = &list[(*count)++];

	assert_true(*count <= STATEMENTS_MAX);
	s->sql[0] = s->probe[0] = '\0';
	return s;
}

static void add_object(struct statement *s, const char *name)
{
	snprintf(s->probe, SQL_SIZE, "SELECT count(*) FROM sqlite_schema WHERE name = '%s'", name);
}

static void add_lone(const struct world *world, size_t i, struct statement *list, size_t *count)
{
	if (!(world->flags & WORLD_LONE) || !world_is_split(world, i))
		return;
	if (i % 16 == 5) {
		snprintf(next(list, count)->sql, SQL_SIZE, "VACUUM");
		snprintf(next(list, count)->sql, SQL_SIZE, "PRAGMA journal_mode=WAL");
	}
}

/* The statements of revision i, in order; returns their number. */
static size_t statements_of(const struct world *world, size_t i, struct statement *list)
{
	size_t count = 0;
	char name[32];
	struct statement *s;

	if (i == 1) {
		s = next(list, &count);
		snprintf(s->sql, SQL_SIZE, "CREATE TABLE effect (n INTEGER PRIMARY KEY, rev INT)");
		add_object(s, "effect");
	}
	s = next(list, &count);
	snprintf(name, sizeof(name), "c_%zu", i);
	snprintf(s->sql, SQL_SIZE, "CREATE TABLE %s (id INTEGER PRIMARY KEY, v TEXT)", name);
	add_object(s, name);
	add_lone(world, i, list, &count);
	s = next(list, &count);
	snprintf(s->sql, SQL_SIZE, "INSERT INTO c_%zu (v) VALUES ('a;'), ('b--'), ('c')", i);
	snprintf(s->probe, SQL_SIZE, "SELECT count(*) = 3 FROM c_%zu", i);
	s = next(list, &count);
	snprintf(s->sql, SQL_SIZE, "CREATE INDEX cx_%zu ON c_%zu (v)", i, i);
	snprintf(name, sizeof(name), "cx_%zu", i);
	add_object(s, name);
	if (i % 5 == 0) {
		s = next(list, &count);
		snprintf(s->sql, SQL_SIZE, "ALTER TABLE c_%zu ADD COLUMN e_%zu TEXT", i - 3, i);
		snprintf(s->probe, SQL_SIZE,
			 "SELECT count(*) FROM pragma_table_info('c_%zu') WHERE name = 'e_%zu'",
			 i - 3, i);
	}
	if (world->flags & WORLD_SLOW)
		snprintf(next(list, &count)->sql, SQL_SIZE,
			 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
			 "WHERE i < 2000) SELECT sum(i) FROM n");
	s = next(list, &count);
	snprintf(s->sql, SQL_SIZE, "INSERT INTO effect (rev) VALUES (%zu)", i);
	snprintf(s->probe, SQL_SIZE, "SELECT count(*) FROM effect WHERE rev = %zu", i);
	return count;
}

mig_status world_add(const struct world *world, mig_ctx *ctx)
{
	struct statement list[STATEMENTS_MAX];
	char text[STATEMENTS_MAX * SQL_SIZE], name[32], revises[32] = "";
	mig_status rc = MIG_OK;

	for (size_t i = 1; !rc && i <= world->count; i++) {
		size_t count = statements_of(world, i, list);
		int at = snprintf(text, sizeof(text),
				  "-- revision %zu\n--\n-- revision: r%03zu\n-- revises: %s\n\n"
				  "-- mig:upgrade%s\n",
				  i, i, revises, world_is_split(world, i) ? " transaction=no" : "");

		for (size_t k = 0; k < count; k++)
			at += snprintf(text + at, sizeof(text) - (size_t)at, "%s;\n", list[k].sql);
		snprintf(revises, sizeof(revises), "r%03zu", i);
		snprintf(name, sizeof(name), "r%03zu.sql", i);
		rc = mig_add_script(ctx, name, text, (size_t)at);
	}
	return rc;
}

static int has_object(sqlite3 *db, const char *name)
{
	char sql[SQL_SIZE];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM sqlite_schema WHERE name = '%s'", name);
	return sql_int(db, sql) != 0;
}

/* A probe of a table that is not there is 0, too. */
static int64_t probe(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t found = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK) {
		if (sqlite3_step(stmt) == SQLITE_ROW)
			found = sqlite3_column_int64(stmt, 0);
		sqlite3_finalize(stmt);
	}
	return found;
}

/* How many upgrades the history table has as done; *unfinished is the number of statements done of
 * the revision in work, or -1. */
static size_t read_log(const char *path, int64_t *unfinished)
{
	char url[PATH_SIZE + 8];
	mig_ctx *ctx = NULL;
	mig_history_list *log = NULL;
	size_t done = 0;

	*unfinished = -1;
	snprintf(url, sizeof(url), "sqlite:%s", path);
	if (mig_open(&ctx, url) || mig_history_read(ctx, &log))
		fail_msg("history of %s: %s", path, mig_error_message(ctx));
	for (size_t i = 0; i < mig_history_list_count(log); i++) {
		const mig_history_entry *entry = mig_history_list_at(log, i);

		if (strcmp(entry->state, "running") == 0) {
			assert_int_equal(*unfinished, -1);
			*unfinished = entry->statements;
		} else if (strcmp(entry->direction, "upgrade") == 0 &&
			   strcmp(entry->state, "done") == 0) {
			done++;
		}
	}
	mig_history_list_free(log);
	mig_close(ctx);
	return done;
}

/* Every statement of revision i is there once (done: all of them), or exactly the first `done` of
 * them. A statement without a trace may be the one in between. */
static void check_revision(const struct world *world, sqlite3 *db, size_t i, int64_t done)
{
	struct statement list[STATEMENTS_MAX];
	size_t count = statements_of(world, i, list);

	for (size_t k = 0; k < count; k++) {
		int64_t expected = done < 0 || (int64_t)k < done, found;

		if (!list[k].probe[0])
			continue;
		found = probe(db, list[k].probe);
		if (found != expected)
			fail_msg("revision %zu, statement %zu of %zu (\"%s\"): there %d times "
				 "instead of %d",
				 i, k + 1, count, list[k].sql, (int)found, (int)expected);
	}
}

static void check_stop(const struct world *world, int mode, const struct world_state *state)
{
	int whole = state->at == 0 || state->at == world->count;

	if (mode != MIG_TRANSACTION_RUN || whole || state->unfinished)
		return;
	/* One transaction runs from the end of one split revision to the begin of the next. */
	if (!world_is_split(world, state->at) && !world_is_split(world, state->at + 1))
		fail_msg("one transaction for the run, but the database is at revision %zu",
			 state->at);
}

void world_check(const struct world *world, const char *path, int mode, struct world_state *out)
{
	struct world_state state = { 0, 0 };
	int64_t unfinished;
	char text[64] = "";
	size_t done;
	sqlite3 *db = sql_open(path);

	sql_text(db, "PRAGMA integrity_check", text, sizeof(text));
	assert_string_equal(text, "ok");
	if (has_object(db, "mig_version")) {
		assert_true(sql_int(db, "SELECT count(*) FROM mig_version") <= 1);
		sql_text(db, "SELECT revision FROM mig_version", text, sizeof(text));
		state.at = text[0] == 'r' ? (size_t)strtoul(text + 1, NULL, 10) : 0;
	}
	done = read_log(path, &unfinished);
	assert_int_equal(done, state.at);
	state.unfinished = unfinished >= 0;
	if (state.unfinished)
		assert_true(world_is_split(world, state.at + 1));
	for (size_t i = 1; i <= world->count; i++) {
		if (i <= state.at)
			check_revision(world, db, i, -1);
		else if (i == state.at + 1 && state.unfinished)
			check_revision(world, db, i, unfinished);
		else
			check_revision(world, db, i, 0);
	}
	sqlite3_close(db);
	check_stop(world, mode, &state);
	if (out)
		*out = state;
}

void world_finish(const struct world *world, const char *path, int mode)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode = mode < 0 ? MIG_TRANSACTION_RUN : mode };
	struct world_state state;
	char url[PATH_SIZE + 8];
	mig_ctx *ctx = NULL;
	mig_status rc;

	snprintf(url, sizeof(url), "sqlite:%s", path);
	rc = mig_open(&ctx, url);
	if (!rc)
		rc = world_add(world, ctx);
	if (!rc)
		rc = mig_upgrade_with(ctx, "head", &options);
	if (rc)
		fail_msg("the next run: %s: %s", mig_status_name(rc), mig_error_message(ctx));
	mig_close(ctx);
	world_check(world, path, mode, &state);
	assert_int_equal(state.at, world->count);
	assert_int_equal(state.unfinished, 0);
}
