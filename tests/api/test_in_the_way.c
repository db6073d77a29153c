/* test_in_the_way: what is said on SQLite when something is in the way: other processes, other
 * statements of the connection, a cancel at any moment, a file that is gone, no file descriptors. */
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* -- in the place of SQLite's own: a cancel in the moment before a statement begins */

static mig_ctx *to_cancel;
static const char *cancel_before;

int sqlite3_step(sqlite3_stmt *stmt)
{
	static int (*real)(sqlite3_stmt *);
	const char *sql = sqlite3_sql(stmt);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "sqlite3_step");
	if (cancel_before && sql && strstr(sql, cancel_before)) {
		cancel_before = NULL;
		mig_cancel(to_cancel);
	}
	return real(stmt);
}

static mig_ctx *lend(sqlite3 *db)
{
	const mig_open_options o = { .struct_size = sizeof o,
				     .connection = db,
				     .dialect_name = "sqlite" };
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &o));
	return ctx;
}

static void has(const char *text, const char *words)
{
	if (!text || !strstr(text, words))
		fail_msg("\"%s\" is not in: %s", words, text ? text : "(null)");
}

static const char endless[] = "CREATE TABLE t(x);\nINSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 "
			      "UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT i FROM n;\n";

static void no_cancel_is_lost(void **state)
{
	struct place *p = *state;
	sqlite3 *db;
	mig_ctx *ctx;

	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	ctx = to_cancel = lend(db);
	add(ctx, "r1", "", endless, NULL);
	cancel_before = "INSERT INTO t WITH";
	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	assert_null(cancel_before);
	assert_int_equal(sqlite3_get_autocommit(db), 1);
	assert_string_equal(tables(p), "");
	/* it does not stick */
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	sqlite3_close(db);
}

/* -- statements of the host */

static void cancel_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count, (void)values;
	mig_cancel(to_cancel);
	sqlite3_result_int(context, 1);
}

/* While the host is reading a query, an interrupt would stick until that is reset, and stop the
 * rollback too. */
static void a_cancel_rolls_back_next_to_a_query(void **state)
{
	struct place *p = *state;
	sqlite3_stmt *stmt;
	sqlite3 *db;
	mig_ctx *ctx;

	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE k(x); INSERT INTO k VALUES (1), (2), (3)", NULL, NULL, NULL);
	sqlite3_create_function(db, "cancel", 0, SQLITE_UTF8, NULL, cancel_function, NULL, NULL);
	sqlite3_prepare_v2(db, "SELECT x FROM k ORDER BY rowid", -1, &stmt, NULL);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	ctx = to_cancel = lend(db);
	add(ctx, "r1", "", "CREATE TABLE t(x);\nSELECT cancel();\nCREATE TABLE u(x);", NULL);
	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	assert_int_equal(sqlite3_get_autocommit(db), 1);
	assert_int_equal(sqlite3_step(stmt) & 0xff, SQLITE_ABORT); /* the schema was rolled back */
	sqlite3_finalize(stmt);
	assert_string_equal(tables(p), "k");
	mig_close(ctx);
	sqlite3_close(db);
}

/* Tables of libmig's names that are not libmig's: they are named, and left as they are. */
static void tables_of_somebody_else(void **state)
{
	static const struct {
		const char *made, *message;
	} cases[] = {
		{ "CREATE TABLE mig_history(a)", "table mig_history is not as libmig makes it: " },
		{ "CREATE TABLE mig_version(revision TEXT)", "table mig_version is not as libmig makes it: " },
		{ "CREATE VIEW mig_history AS SELECT 1 AS id", "table mig_history is not as libmig makes it: " },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig_history_list *list = NULL;
		sqlite3 *db;
		mig_ctx *ctx;

		assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, cases[i].made, NULL, NULL, NULL), SQLITE_OK);
		ctx = lend(db);
		add(ctx, "r1", "", "CREATE TABLE t(x);", NULL);
		expect(ctx, MIG_ESQL, mig_ensure_version(ctx));
		has(mig_error_message(ctx), cases[i].message);
		has(mig_error_hint(ctx), "name other tables");
		expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
		has(mig_error_message(ctx), cases[i].message);
		if (i != 1) {
			expect(ctx, MIG_ESQL, mig_history_read(ctx, &list));
			has(mig_error_message(ctx), cases[i].message);
		}
		mig_close(ctx);
		assert_int_equal(sqlite3_exec(db, "SELECT in_flight FROM mig_history", NULL, NULL, NULL),
				 SQLITE_ERROR);
		assert_int_equal(sqlite3_exec(db, "SELECT x FROM t", NULL, NULL, NULL), SQLITE_ERROR);
		sqlite3_close(db);
	}
}

static mig_stmt *forgotten;

static mig_status forget(void *user, mig_step *step)
{
	int32_t row;
	mig_status rc = mig_step_exec(step, "CREATE TABLE k(id INTEGER PRIMARY KEY, v)");

	(void)user;
	if (!rc)
		rc = mig_step_prepare(step, "INSERT INTO k(v) VALUES ('x') RETURNING id", &forgotten);
	return rc ? rc : mig_stmt_step(forgotten, &row);
}

static void an_unfinished_statement_is_named(void **state)
{
	struct place *p = *state;
	const mig_revision_def def = { .struct_size = sizeof def, .id = "r1", .upgrade = forget };
	mig_ctx *ctx = open_place(p); /* waits 60 s for others */
	time_t began = time(NULL);

	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_EMISUSE, mig_upgrade(ctx, "head"));
	assert_true(time(NULL) - began < 20);
	has(mig_error_message(ctx), "revision r1");
	has(mig_error_message(ctx), "INSERT INTO k(v)");
	assert_string_equal(mig_error_revision(ctx), "r1");
	assert_string_equal(tables(p), "");
	mig_stmt_free(forgotten);
	mig_close(ctx);
}

/* One of the host is named before anything is run. */
static void so_is_one_of_the_host(void **state)
{
	struct place *p = *state;
	sqlite3_stmt *stmt;
	sqlite3 *db;
	mig_ctx *ctx;

	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE k(x)", NULL, NULL, NULL);
	sqlite3_prepare_v2(db, "INSERT INTO k VALUES (1), (2) RETURNING x", -1, &stmt, NULL);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	ctx = lend(db);
	add(ctx, "r1", "", "CREATE TABLE t(x);", NULL);
	expect(ctx, MIG_EMISUSE, mig_upgrade(ctx, "head"));
	has(mig_error_message(ctx), "INSERT INTO k");
	sqlite3_finalize(stmt);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	sqlite3_close(db);
}

/* -- a cancel at any step of the virtual machine */

static long countdown;

static int count_down(void *user)
{
	(void)user;
	if (countdown > 0 && --countdown == 0)
		mig_cancel(to_cancel);
	return 0;
}

static void a_cancel_at_any_step_is_a_cancel(void **state)
{
	static const char sql[] = "ALTER TABLE a RENAME TO c;\nALTER TABLE b RENAME COLUMN y TO z;\n"
				  "ALTER TABLE b ADD COLUMN w;\nALTER TABLE b DROP COLUMN w;\n"
				  "DROP TABLE c;";
	mig_status rc = MIG_ECANCELLED;
	long at, cancelled = 0;

	(void)state;
	if (sqlite3_compileoption_used("OMIT_PROGRESS_CALLBACK"))
		skip();
	for (at = 1; rc; at += 1 + at / 400) {
		sqlite3 *db;
		mig_ctx *ctx;

		assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
		sqlite3_exec(db,
			     "CREATE TABLE a(x); CREATE TABLE b(y REFERENCES a(x));"
			     "CREATE VIEW v AS SELECT * FROM a; CREATE INDEX i ON a(x);"
			     "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END",
			     NULL, NULL, NULL);
		ctx = to_cancel = lend(db);
		add(ctx, "r1", "", "DROP VIEW v; DROP TRIGGER t;", NULL);
		add(ctx, "r2", "r1", sql, NULL);
		countdown = at;
		sqlite3_progress_handler(db, 1, count_down, NULL);
		rc = mig_upgrade(ctx, "head");
		if (rc && rc != MIG_ECANCELLED)
			fail_msg("step %ld: %s: %s", at, mig_status_name(rc),
				 mig_error_message(ctx));
		cancelled += rc != MIG_OK;
		countdown = 0;
		assert_int_equal(sqlite3_get_autocommit(db), 1);
		mig_close(ctx);
		sqlite3_close(db);
	}
	assert_true(cancelled > 300);
}

/* -- other processes */

/* A process that has run sql on the database, and stays until it is killed. */
static pid_t hold(const struct place *p, const char *sql, const char *query)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		sqlite3_stmt *stmt;
		sqlite3 *db;

		if (sqlite3_open(p->db, &db) || sqlite3_exec(db, sql, NULL, NULL, NULL) ||
		    (query && (sqlite3_prepare_v2(db, query, -1, &stmt, NULL) ||
			      sqlite3_step(stmt) != SQLITE_ROW)) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		alarm(60); /* should the test itself not live to kill it */
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void locked_by(const struct place *p, const char *setup, const char *sql, const char *query,
		      const char *up, const char *how)
{
	const mig_open_options o = { .struct_size = sizeof o,
				     .url = p->url,
				     .lock_timeout_ms = 100 };
	char words[100];
	mig_ctx *ctx;
	pid_t pid;

	tell(p, setup);
	pid = hold(p, sql, query);
	ok(ctx, mig_open_with(&ctx, &o));
	add(ctx, "r1", "", up, NULL);
	expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
	snprintf(words, sizeof words, "locked by process %ld (", (long)pid);
	has(mig_error_message(ctx), words);
	has(mig_error_message(ctx), how);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	tell(p, "DROP TABLE mig_version; DROP TABLE mig_history; DROP TABLE k");
}

static void who_holds_the_lock(void **state)
{
	struct place *p = *state;
	static const char table[] = "CREATE TABLE k(x); INSERT INTO k VALUES (1), (2)";

	locked_by(p, table, "BEGIN IMMEDIATE", NULL, "SELECT 1;", "writing) for 100 ms");
	locked_by(p, table, "BEGIN EXCLUSIVE", NULL, "SELECT 1;", "writing) for");
	locked_by(p, table, "BEGIN", "SELECT * FROM k", "INSERT INTO k VALUES (3);",
		  "reading) for");
	tell(p, "PRAGMA journal_mode = WAL");
	locked_by(p, table, "BEGIN IMMEDIATE", NULL, "SELECT 1;", "writing) for");
	locked_by(p, table, "BEGIN IMMEDIATE; INSERT INTO k VALUES (3)", "SELECT * FROM k",
		  "SELECT 1;", "writing) for");
}

static void another_connection_of_this_process(void **state)
{
	struct place *p = *state;
	const mig_open_options o = { .struct_size = sizeof o,
				     .url = p->url,
				     .lock_timeout_ms = 100 };
	sqlite3 *db;
	mig_ctx *ctx;

	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	ok(ctx, mig_open_with(&ctx, &o));
	add(ctx, "r1", "", "SELECT 1;", NULL);
	expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
	has(mig_error_message(ctx), "another connection of this process (writing)");
	sqlite3_close(db);
	mig_close(ctx);
}

/* -- files */

static void no_more_files(void **state)
{
	struct place *p = *state;
	struct rlimit limit, low;
	mig_ctx *ctx = open_place(p), *second;
	mig_status rc;

	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	low.rlim_cur = (rlim_t)open("/dev/null", O_RDONLY); /* the next number that is free */
	close((int)low.rlim_cur);
	setrlimit(RLIMIT_NOFILE, &low);
	rc = mig_open(&second, p->url);
	setrlimit(RLIMIT_NOFILE, &limit);
	expect(second, MIG_ECONNECT, rc);
	has(mig_error_message(second), strerror(EMFILE));
	assert_null(strstr(mig_error_message(second), strerror(ENOENT)));
	has(mig_error_hint(second), "ulimit");
	mig_close(second);
	/* in the middle of a run: its journal cannot be opened */
	add(ctx, "r1", "", "CREATE TABLE t(x);", NULL);
	ok(ctx, mig_ensure_version(ctx));
	low.rlim_cur = (rlim_t)open("/dev/null", O_RDONLY);
	close((int)low.rlim_cur);
	setrlimit(RLIMIT_NOFILE, &low);
	rc = mig_upgrade(ctx, "head");
	setrlimit(RLIMIT_NOFILE, &limit);
	expect(ctx, MIG_ECONNECT, rc);
	has(mig_error_message(ctx), strerror(EMFILE));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

static void the_file_was_moved(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);
	char moved[200];

	ok(ctx, mig_ensure_version(ctx));
	add(ctx, "r1", "", "CREATE TABLE t(x);", NULL);
	snprintf(moved, sizeof moved, "%s.old", p->db);
	assert_int_equal(rename(p->db, moved), 0);
	expect(ctx, MIG_EIO, mig_upgrade(ctx, "head"));
	has(mig_error_message(ctx), "moved, removed or replaced");
	assert_null(strstr(mig_error_message(ctx), "readonly"));
	mig_close(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_free)
		TEST(no_cancel_is_lost),
		TEST(a_cancel_rolls_back_next_to_a_query),
		TEST(tables_of_somebody_else),
		TEST(an_unfinished_statement_is_named),
		TEST(so_is_one_of_the_host),
		TEST(a_cancel_at_any_step_is_a_cancel),
		TEST(who_holds_the_lock),
		TEST(another_connection_of_this_process),
		TEST(no_more_files),
		TEST(the_file_was_moved),
#undef TEST
	};

	return cmocka_run_group_tests_name("in the way", tests, NULL, NULL);
}
