#include "place.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_POSTGRESQL
#include "cluster.h"
#endif

int on_postgresql;

int places_are(const char *dialect)
{
	on_postgresql = !strcmp(dialect, "postgresql");
	if (!on_postgresql)
		return 1;
#ifdef HAVE_POSTGRESQL
	return pg_available();
#else
	return 0;
#endif
}

void place_begin(struct place *p)
{
	static int number;

	memset(p, 0, sizeof *p);
#ifdef HAVE_POSTGRESQL
	if (on_postgresql) {
		snprintf(p->url, sizeof p->url, "%s", pg_fresh_database());
		return;
	}
#endif
	snprintf(p->path, sizeof p->path, "/tmp/mig-journal-%ld-%d.db", (long)getpid(), number++);
	snprintf(p->url, sizeof p->url, "sqlite:%s", p->path);
}

void place_end(struct place *p)
{
	char beside[160];

#ifdef HAVE_POSTGRESQL
	if (on_postgresql) {
		pg_drop_database(p->url);
		return;
	}
#endif
	unlink(p->path);
	snprintf(beside, sizeof beside, "%s-mig-lock", p->path);
	unlink(beside);
}

/* -- asking */

static char answer[65536];
static size_t answer_size;

static void answer_add(const char *text)
{
	int n = snprintf(answer + answer_size, sizeof answer - answer_size, "%s%s",
			 answer_size ? "|" : "", text ? text : "NULL");

	answer_size += (size_t)n;
	assert_true(answer_size < sizeof answer);
}

static void ask_sqlite(const struct place *p, const char *sql)
{
	const char *tail = sql;
	sqlite3_stmt *s;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	while (*tail) {
		if (sqlite3_prepare_v2(db, tail, -1, &s, &tail) != SQLITE_OK)
			fail_msg("%s: %s", sql, sqlite3_errmsg(db));
		while (s && sqlite3_step(s) == SQLITE_ROW)
			answer_add((const char *)sqlite3_column_text(s, 0));
		if (sqlite3_finalize(s) != SQLITE_OK)
			fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	}
	sqlite3_close(db);
}

#ifdef HAVE_POSTGRESQL
static void ask_postgresql(const struct place *p, const char *sql)
{
	PGconn *db = pg_connect(p->url);
	PGresult *r = PQexec(db, sql);

	if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(db));
	for (int i = 0; i < PQntuples(r); i++)
		answer_add(PQgetisnull(r, i, 0) ? NULL : PQgetvalue(r, i, 0));
	PQclear(r);
	PQfinish(db);
}
#endif

const char *ask(const struct place *p, const char *sql)
{
	answer_size = 0;
	answer[0] = '\0';
#ifdef HAVE_POSTGRESQL
	if (on_postgresql) {
		ask_postgresql(p, sql);
		return answer;
	}
#endif
	ask_sqlite(p, sql);
	return answer;
}

void tell(const struct place *p, const char *sql)
{
	ask(p, sql);
}

int there(const struct place *p, const char *table)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE %s = '%s'",
		 on_postgresql ? "pg_tables" : "sqlite_schema",
		 on_postgresql ? "tablename" : "name", table);
	return strcmp(ask(p, sql), "0") != 0;
}

const char *rows(const struct place *p)
{
	return there(p, "mig_version") ? ask(p, "SELECT revision FROM mig_version ORDER BY 1")
				       : "none";
}

void check_has(const char *text, const char *part, const char *file, int line)
{
	if (!text || !strstr(text, part)) {
		print_error("\"%s\" has no \"%s\"\n", text ? text : "(null)", part);
		_fail(file, line);
	}
}

/* -- revisions and runs */

/* VACUUM of a whole database takes a server half a second. */
static void vacuum_less(const char *from, char *to, size_t size)
{
	static const char word[] = "VACUUM;", less[] = "VACUUM mig_version;";
	const char *at;
	size_t n = 0;

	for (; on_postgresql && (at = strstr(from, word)); from = at + sizeof word - 1)
		n += (size_t)snprintf(to + n, size - n, "%.*s%s", (int)(at - from), from, less);
	n += (size_t)snprintf(to + n, size - n, "%s", from);
	assert_true(n < size);
}

void add_all(mig_ctx *ctx, const struct revision *r)
{
	for (; r->id; r++) {
		char text[8192], less[8192], name[64];
		int n = snprintf(
			text, sizeof text,
			"-- %s\n--\n-- revision: %s\n-- revises: %s\n%s\n-- mig:upgrade%s\n"
			"%s\n",
			r->id, r->id, r->revises ? r->revises : "", r->keys ? r->keys : "",
			r->attributes ? r->attributes : "", r->up);

		if (r->down)
			n += snprintf(text + n, sizeof text - (size_t)n,
				      "\n-- mig:downgrade%s\n%s\n",
				      r->attributes ? r->attributes : "", r->down);
		assert_true((size_t)n < sizeof text);
		snprintf(name, sizeof name, "%s.sql", r->id);
		vacuum_less(text, less, sizeof less);
		ok(ctx, mig_add_script(ctx, name, less, strlen(less)));
	}
}

mig_ctx *open_with(const struct place *p, const struct revision *revisions)
{
	mig_ctx *ctx;

	ok(ctx, mig_open(&ctx, p->url));
	add_all(ctx, revisions);
	return ctx;
}

mig_status go(mig_ctx *ctx, int direction, const char *target)
{
	return direction == DOWN ? mig_downgrade(ctx, target) : mig_upgrade(ctx, target);
}

struct death {
	const char *revision;
	uint64_t statement;
};

static int32_t die(void *user, const mig_progress *now)
{
	const struct death *d = user;

	if (now->event == MIG_EVENT_STATEMENT && now->statement == d->statement &&
	    !strcmp(now->revision, d->revision))
		raise(SIGKILL);
	return 0;
}

/* Until the server has noticed. */
static void wait_until_alone(const struct place *p)
{
	struct timespec pause = { .tv_nsec = 5000000 };

	for (int i = 0; on_postgresql && i < 2000; i++) {
		if (!strcmp(ask(p,
				"SELECT count(*) FROM pg_stat_activity WHERE datname = "
				"current_database() AND pid <> pg_backend_pid() AND backend_type "
				"= 'client backend'"),
			    "0"))
			return;
		nanosleep(&pause, NULL);
	}
}

int killed_at(const struct place *p, const struct revision *revisions, int direction,
	      const char *target, const char *revision, uint64_t statement)
{
	struct death death = { revision, statement };
	int status;
	pid_t child = fork();

	if (!child) {
		mig_ctx *ctx;

		if (mig_open(&ctx, p->url))
			_exit(3);
		add_all(ctx, revisions);
		mig_set_progress(ctx, die, &death);
		if (go(ctx, direction, target)) {
			fprintf(stderr, "%s\n", mig_error_message(ctx));
			_exit(2);
		}
		mig_close(ctx);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	wait_until_alone(p);
	if (WIFSIGNALED(status))
		return 1;
	assert_int_equal(WEXITSTATUS(status), 0);
	return 0;
}
