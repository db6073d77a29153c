#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST                                                                                      \
	"id|revision|direction|state|digest|statements|done_digest|started_at|duration_us|actor|" \
	"library"

const char first_columns[] = FIRST, today_columns[] = FIRST "|in_flight";

char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long size;

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, f), size);
	fclose(f);
	return text;
}

void fixture_begin(struct place *p, const char *name)
{
	char path[1000], *sql;

	place_begin(p);
	snprintf(path, sizeof path, TABLES "/version_1/%s_%s.sql",
		 on_postgresql ? "postgresql" : "sqlite", name);
	sql = read_file(path);
	tell(p, sql);
	free(sql);
}

mig_ctx *open_versions(const struct place *p)
{
	mig_ctx *ctx;

	ok(NULL, mig_open(&ctx, p->url));
	ok(ctx, mig_add_directory(ctx, TABLES "/versions"));
	return ctx;
}

const char *columns(const struct place *p)
{
	return ask(p, on_postgresql ? "SELECT attname FROM pg_attribute WHERE attrelid = "
				      "'mig_history'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
				    : "SELECT name FROM pragma_table_info('mig_history')");
}

const char *contents(const struct place *p)
{
	static char all[20000];
	int n = snprintf(all, sizeof all, "%s;", old_read(p, OLD_ROWS));

	n += snprintf(all + n, sizeof all - (size_t)n, "%s;", old_read(p, OLD_HISTORY));
	snprintf(all + n, sizeof all - (size_t)n, "%s", ask(p, "SELECT id FROM things ORDER BY id"));
	return all;
}

static int32_t die(void *user, const mig_progress *now)
{
	if (now->event == MIG_EVENT_STATEMENT && now->statement == *(const uint64_t *)user &&
	    !strcmp(now->revision, "b2"))
		raise(SIGKILL);
	return 0;
}

void killed_in_b2(const struct place *p, uint64_t statement)
{
	struct timespec pause = { .tv_nsec = 5000000 };
	pid_t child = fork();
	int status;

	if (!child) {
		mig_ctx *ctx;

		if (mig_open(&ctx, p->url) || mig_add_directory(ctx, TABLES "/versions"))
			_exit(3);
		mig_set_progress(ctx, die, &statement);
		mig_upgrade(ctx, "head");
		fprintf(stderr, "%s\n", mig_error_message(ctx));
		_exit(2);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFSIGNALED(status));
	for (int i = 0; on_postgresql && i < 2000; i++) {
		if (!strcmp(ask(p, "SELECT count(*) FROM pg_stat_activity WHERE datname = "
				   "current_database() AND pid <> pg_backend_pid() AND backend_type = "
				   "'client backend'"),
			    "0"))
			return;
		nanosleep(&pause, NULL);
	}
}

/* -- the library of that time: its texts, but that they return one column */

#define ROW(cell)                                                                           \
	cell("revision") " || ',' || " cell("direction") " || ',' || " cell("state") " || ',' || " cell( \
		"digest") " || ',' || " cell("statements") " || ',' || " cell("done_digest")        \
		" || ',' || " cell("started_at") " || ',' || " cell("duration_us") " || ',' || " cell( \
			"actor") " || ',' || " cell("library")
#define CELL(name) "coalesce(cast(" name " AS text), '')"

static const char *const sqlite_reads[] = {
	[OLD_ROWS] = "SELECT revision || ',' || digest FROM (SELECT revision, digest FROM "
		     "\"main\".\"mig_version\" ORDER BY revision)",
	[OLD_RUNNING] = "SELECT " ROW(CELL) " FROM (SELECT revision, direction, state, digest, statements, "
		     "done_digest, started_at, duration_us, actor, library FROM \"main\".\"mig_history\" "
		     "WHERE state = 'running' ORDER BY id)",
	[OLD_HISTORY] = "SELECT " ROW(CELL) " FROM (SELECT revision, direction, state, digest, statements, "
		     "done_digest, started_at, duration_us, actor, library FROM \"main\".\"mig_history\" "
		     "ORDER BY id)",
};

static const char *const postgresql_reads[] = {
	[OLD_ROWS] = "SELECT revision || ',' || digest FROM (SELECT revision, digest FROM "
		     "\"public\".\"mig_version\") AS r ORDER BY 1",
	[OLD_RUNNING] = "SELECT " ROW(CELL) " FROM (SELECT revision, direction, state, digest, statements, "
		     "done_digest, started_at, duration_us, actor, library FROM "
		     "\"public\".\"mig_history\" WHERE state OPERATOR(pg_catalog.=) 'running' ORDER BY "
		     "id) AS r",
	[OLD_HISTORY] = "SELECT " ROW(CELL) " FROM (SELECT revision, direction, state, digest, statements, "
		     "done_digest, started_at, duration_us, actor, library FROM "
		     "\"public\".\"mig_history\" ORDER BY id) AS r",
};

const char *old_read(const struct place *p, enum old_read what)
{
	return ask(p, (on_postgresql ? postgresql_reads : sqlite_reads)[what]);
}

void old_step(const struct place *p, const char *from, const char *to, const char *direction)
{
	const char *schema = on_postgresql ? "public" : "main";
	char sql[2000];
	int n = snprintf(sql, sizeof sql, "BEGIN;");

	n += snprintf(sql + n, sizeof sql - (size_t)n,
		      "INSERT INTO \"%s\".\"mig_history\" (revision, direction, state, digest, statements, "
		      "done_digest, started_at, duration_us, actor, library) VALUES ('%s', '%s', 'done', "
		      "'', 1, '', '2026-12-01T02:00:00.000Z', 5, 'old@host:1', '0.1.0');",
		      schema, strcmp(direction, "downgrade") ? to : from, direction);
	snprintf(sql + n, sizeof sql - (size_t)n,
		 on_postgresql ? "UPDATE \"%s\".\"mig_version\" SET revision = '%s', digest = '' WHERE "
				 "revision OPERATOR(pg_catalog.=) '%s';COMMIT"
			       : "UPDATE \"%s\".\"mig_version\" SET revision = '%s', digest = '' WHERE "
				 "revision = '%s';COMMIT",
		 schema, to, from);
	tell(p, sql);
}

void old_mark(const struct place *p, int before, int statements, const char *done_digest, const char *state)
{
	char sql[2000];

	snprintf(sql, sizeof sql,
		 on_postgresql ? "UPDATE \"public\".\"mig_history\" SET state = '%s', statements = %d, "
				 "done_digest = '%s', duration_us = 7 WHERE state "
				 "OPERATOR(pg_catalog.=) 'running' AND revision OPERATOR(pg_catalog.=) "
				 "'b2' AND direction OPERATOR(pg_catalog.=) 'upgrade' AND statements "
				 "OPERATOR(pg_catalog.=) %d"
			       : "UPDATE \"main\".\"mig_history\" SET state = '%s', statements = %d, "
				 "done_digest = '%s', duration_us = 7 WHERE state = 'running' AND "
				 "revision = 'b2' AND direction = 'upgrade' AND statements = %d",
		 state, statements, done_digest, before);
	tell(p, sql);
}
