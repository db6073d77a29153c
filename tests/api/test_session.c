/* test_session: what a revision changes in SQLite's session, and how a lent connection comes back:
 * settings, hooks, attached databases, the last rowid. */
#include "support.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A setting that a revision changes; ask: how it is read (NULL: PRAGMA name). */
static const struct setting {
	const char *name, *value, *ask;
	int outside; /* can be changed outside a transaction alone */
} settings[] = {
	{ "recursive_triggers", "ON", NULL, 0 },
	{ "ignore_check_constraints", "ON", NULL, 0 },
	{ "writable_schema", "ON", NULL, 0 },
	{ "cache_size", "7", NULL, 0 },
	{ "main.cache_size", "9", NULL, 0 },
	{ "\"Cache_Size\"", "11", NULL, 0 },
	{ "synchronous", "OFF", NULL, 1 },
	{ "temp_store", "MEMORY", NULL, 1 },
	{ "case_sensitive_like", "ON", "SELECT 'A' LIKE 'a'", 0 },
	{ "defer_foreign_keys", "ON", NULL, 0 },
	{ "legacy_alter_table", "ON", NULL, 0 },
	{ "query_only", "ON", NULL, 0 },
	{ "read_uncommitted", "ON", NULL, 0 },
	{ "reverse_unordered_selects", "ON", NULL, 0 },
	{ "cell_size_check", "ON", NULL, 0 },
	{ "cache_spill", "OFF", NULL, 0 },
	{ "automatic_index", "OFF", NULL, 0 },
	{ "trusted_schema", "OFF", NULL, 0 },
	{ "threads", "3", NULL, 0 },
	{ "hard_heap_limit", "900000000", NULL, 0 },
	{ "soft_heap_limit", "900000000", NULL, 0 },
	{ "analysis_limit", "55", NULL, 0 },
	{ "journal_size_limit", "12345", NULL, 0 },
	{ "locking_mode", "EXCLUSIVE", NULL, 0 },
	{ "journal_mode", "TRUNCATE", NULL, 1 },
	{ "secure_delete", "FAST", NULL, 0 },
	{ "mmap_size", "65536", NULL, 0 },
	{ "max_page_count", "5000", NULL, 0 },
	{ "full_column_names", "ON", NULL, 0 },
	{ "short_column_names", "OFF", NULL, 0 },
	{ "checkpoint_fullfsync", "ON", NULL, 0 },
	{ "fullfsync", "ON", NULL, 0 },
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static void read_from(sqlite3 *db, const char *sql, char out[100])
{
	sqlite3_stmt *stmt;

	out[0] = '\0';
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		snprintf(out, 100, "%s", (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
}

static void read_setting(sqlite3 *db, const struct setting *s, char out[100])
{
	char sql[100];

	snprintf(sql, sizeof sql, "PRAGMA %s", s->name);
	read_from(db, s->ask ? s->ask : sql, out);
}

static sqlite3 *open_db(const struct place *p)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	return db;
}

static mig_ctx *lend(sqlite3 *db)
{
	const mig_open_options o = { .struct_size = sizeof o,
				     .connection = db,
				     .dialect_name = "sqlite",
				     .lock_timeout_ms = 500 };
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &o));
	return ctx;
}

static void add_with(mig_ctx *ctx, const char *id, const char *revises, const char *attributes,
		     const char *up)
{
	char text[4096];

	snprintf(text, sizeof text, "-- revision: %s\n-- revises: %s\n-- mig:upgrade %s\n%s\n", id,
		 revises, attributes, up);
	ok(ctx, mig_add_script(ctx, id, text, strlen(text)));
}

/* Between two statements of a transaction=no section it holds; after it, it is as before. */
static void a_setting_ends_with_its_revision(const struct place *p, const struct setting *s,
					     int lent, int outside, int fails)
{
	sqlite3 *db = open_db(p);
	char before[100], after[100], sql[400];
	mig_ctx *ctx = lend(db);
	mig_status want = fails ? MIG_ESQL : MIG_OK;

	if (!lent) { /* the same handle, as libmig's own */
		mig_close(ctx);
		sqlite3_close(db);
		ctx = open_place(p);
		db = mig_connection(ctx);
	}
	snprintf(sql, sizeof sql, "CREATE TABLE one%d(x);\nPRAGMA %s = %s;\nSELECT %s;",
		 (int)(s - settings), s->name, s->value, fails ? "nothing" : "1");
	read_setting(db, s, before);
	add_with(ctx, "r1", "", outside ? "transaction=no" : "", sql);
	add_with(ctx, "r2", "r1", "", "CREATE TABLE two(x);");
	/* the journal of a section that only reads cannot be written */
	if (outside && strcmp(s->name, "query_only") == 0)
		want = MIG_EREADONLY;
	expect(ctx, want, mig_upgrade(ctx, "head"));
	read_setting(db, s, after);
	if (strcmp(before, after) != 0)
		fail_msg("%s was %s, is %s (lent %d, outside %d, fails %d)", s->name, before, after,
			 lent, outside, fails);
	mig_close(ctx);
	if (lent)
		sqlite3_close(db);
}

static void settings_end_with_their_revision(void **state)
{
	struct place *p = *state;
	char command[200];

	for (size_t i = 0; i < SETTINGS; i++)
		for (int way = 0; way < 8; way++) {
			if (settings[i].outside && !(way & 2))
				continue;
			a_setting_ends_with_its_revision(p, &settings[i], way & 1, way & 2,
							 way & 4);
			snprintf(command, sizeof command, "rm -f '%s'*", p->db);
			assert_int_equal(system(command), 0);
		}
}

/* The next revision does not see it; the one that set it does. */
static void the_next_revision_does_not_see_it(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	add_with(ctx, "r1", "", "",
		 "CREATE TABLE seen(x); CREATE TABLE t(x CHECK (x > 0));\n"
		 "PRAGMA ignore_check_constraints = ON;\nINSERT INTO t VALUES (-1);\n"
		 "INSERT INTO seen SELECT ignore_check_constraints FROM "
		 "pragma_ignore_check_constraints;");
	add_with(ctx, "r2", "r1", "",
		 "INSERT INTO seen SELECT ignore_check_constraints FROM "
		 "pragma_ignore_check_constraints;");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT x FROM seen"), "1|0");
	add_with(ctx, "r3", "r2", "transaction=no",
		 "PRAGMA recursive_triggers = ON;\nINSERT INTO seen SELECT recursive_triggers + 10 "
		 "FROM pragma_recursive_triggers;");
	add_with(ctx, "r4", "r3", "",
		 "INSERT INTO seen SELECT recursive_triggers + 10 FROM pragma_recursive_triggers;");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT x FROM seen"), "1|0|11|10");
	mig_close(ctx);
}

/* A setting can be named with and without its database: what counts is the value before the first. */
static void two_names_of_a_setting_are_one(void **state)
{
	static const struct setting some[] = {
		{ "cache_size", "7", NULL, 0 },        { "max_page_count", "7000", NULL, 0 },
		{ "recursive_triggers", "1", NULL, 0 }, { "journal_size_limit", "7", NULL, 0 },
		{ "locking_mode", "exclusive", NULL, 0 },
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof some / sizeof *some; i++)
		for (int order = 0; order < 2; order++) {
			const char *first = order ? "main." : "", *second = order ? "" : "Main.";
			sqlite3 *db = open_db(p);
			mig_ctx *ctx = lend(db);
			char before[100], after[100], sql[400];

			tell(p, "DROP TABLE IF EXISTS mig_version; DROP TABLE IF EXISTS mig_history");
			snprintf(sql, sizeof sql, "PRAGMA %s%s = %s;\nPRAGMA %s%s = %s;", first,
				 some[i].name, some[i].value, second, some[i].name, some[i].value);
			read_setting(db, &some[i], before);
			add_with(ctx, "r1", "", "", sql);
			ok(ctx, mig_upgrade(ctx, "head"));
			read_setting(db, &some[i], after);
			assert_string_equal(after, before);
			mig_close(ctx);
			sqlite3_close(db);
		}
}

static mig_status set_in_c(void *user, mig_step *step)
{
	mig_stmt *stmt;
	sqlite3 *db;
	mig_status rc = mig_step_exec(step, "PRAGMA recursive_triggers = ON");

	if (!rc)
		rc = mig_step_prepare(step, "PRAGMA ignore_check_constraints = ON", &stmt);
	if (rc)
		return rc;
	mig_stmt_free(stmt);
	db = mig_step_connection(step);
	sqlite3_exec(db, "PRAGMA cache_size = 77; PRAGMA reverse_unordered_selects = ON", NULL,
		     NULL, NULL);
	return user ? mig_step_fail(step, "on purpose") : MIG_OK;
}

static void revisions_in_c_leave_nothing(void **state)
{
	struct place *p = *state;
	static const struct setting some[] = { { "recursive_triggers", NULL, NULL, 0 },
					       { "ignore_check_constraints", NULL, NULL, 0 },
					       { "cache_size", NULL, NULL, 0 },
					       { "reverse_unordered_selects", NULL, NULL, 0 } };

	for (int fails = 0; fails < 2; fails++) {
		const mig_revision_def def = { .struct_size = sizeof def,
					       .id = "r1",
					       .upgrade = set_in_c,
					       .user = fails ? p : NULL };
		sqlite3 *db;
		mig_ctx *ctx;
		char before[4][100], after[100];

		tell(p, "DROP TABLE IF EXISTS mig_version; DROP TABLE IF EXISTS mig_history");
		db = open_db(p);
		ctx = lend(db);
		for (int i = 0; i < 4; i++)
			read_setting(db, &some[i], before[i]);
		ok(ctx, mig_add_revision(ctx, &def));
		expect(ctx, fails ? MIG_EREVISION : MIG_OK, mig_upgrade(ctx, "head"));
		for (int i = 0; i < 4; i++) {
			read_setting(db, &some[i], after);
			assert_string_equal(before[i], after);
		}
		mig_close(ctx);
		sqlite3_close(db);
	}
}

/* What lives in the file stays. */
static void the_file_keeps_its_own(void **state)
{
	struct place *p = *state;
	sqlite3 *db = open_db(p);
	mig_ctx *ctx = lend(db);
	char value[100];

	add_with(ctx, "r1", "", "transaction=no",
		 "PRAGMA journal_mode = WAL;\nPRAGMA user_version = 5;\nPRAGMA application_id = 6;");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	sqlite3_close(db);
	db = open_db(p);
	read_from(db, "PRAGMA journal_mode", value);
	assert_string_equal(value, "wal");
	read_from(db, "PRAGMA user_version", value);
	assert_string_equal(value, "5");
	read_from(db, "PRAGMA application_id", value);
	assert_string_equal(value, "6");
	ctx = lend(db);
	add_with(ctx, "r1", "", "transaction=no",
		 "PRAGMA journal_mode = WAL;\nPRAGMA user_version = 5;\nPRAGMA application_id = 6;");
	add_with(ctx, "r2", "r1", "transaction=no", "PRAGMA journal_mode = DELETE;");
	ok(ctx, mig_upgrade(ctx, "head"));
	read_from(db, "PRAGMA journal_mode", value);
	assert_string_equal(value, "delete");
	mig_close(ctx);
	sqlite3_close(db);
}

static void attached_databases_go(void **state)
{
	struct place *p = *state;
	char sql[600], value[100];

	for (int way = 0; way < 4; way++) {
		sqlite3 *db = open_db(p);
		mig_ctx *ctx;

		sqlite3_exec(db, "ATTACH ':memory:' AS host; CREATE TABLE host.kept(x)", NULL, NULL,
			     NULL);
		ctx = lend(db);
		snprintf(sql, sizeof sql,
			 "ATTACH '%s-%d' AS more;\nCREATE TABLE IF NOT EXISTS more.t(x);\n"
			 "SELECT %s;",
			 p->db, way, way & 2 ? "nothing" : "1");
		add_with(ctx, "a", "", way & 1 ? "transaction=no" : "", sql);
		expect(ctx, way & 2 ? MIG_ESQL : MIG_OK, mig_upgrade(ctx, "head"));
		read_from(db, "SELECT group_concat(name) FROM pragma_database_list", value);
		assert_null(strstr(value, "more"));
		assert_non_null(strstr(value, "host"));
		read_from(db, "SELECT count(*) FROM host.kept", value);
		assert_string_equal(value, "0");
		mig_close(ctx);
		sqlite3_close(db);
		tell(p, "DROP TABLE IF EXISTS mig_version; DROP TABLE IF EXISTS mig_history");
	}
}

static void the_last_rowid_comes_back(void **state)
{
	struct place *p = *state;

	for (int fails = 0; fails < 2; fails++) {
		sqlite3 *db = open_db(p);
		mig_ctx *ctx;

		sqlite3_exec(db, "CREATE TABLE host(x); INSERT INTO host(rowid) VALUES (4711)", NULL,
			     NULL, NULL);
		assert_int_equal(sqlite3_last_insert_rowid(db), 4711);
		ctx = lend(db);
		add(ctx, "r1", "", fails ? "CREATE TABLE t(x); INSERT INTO t VALUES (1); SELECT no;"
					 : "CREATE TABLE t(x); INSERT INTO t VALUES (1);",
		    NULL);
		expect(ctx, fails ? MIG_ESQL : MIG_OK, mig_upgrade(ctx, "head"));
		assert_int_equal(sqlite3_last_insert_rowid(db), 4711);
		mig_close(ctx);
		assert_int_equal(sqlite3_last_insert_rowid(db), 4711);
		sqlite3_close(db);
		tell(p, "DROP TABLE host; DROP TABLE IF EXISTS t;"
			"DROP TABLE IF EXISTS mig_version; DROP TABLE IF EXISTS mig_history");
	}
}

/* -- hooks */

enum hook { AUTHORIZER, UPDATE, COMMIT, ROLLBACK, PROGRESS, TRACE, BUSY, COLLATION, WAL, HOOKS };

static const char *const hook_names[] = { "authorizer", "update", "commit", "rollback", "progress",
					  "trace",      "busy",   "collation needed", "WAL" };
static int calls[HOOKS];

static int on_authorize(void *user, int action, const char *a, const char *b, const char *c,
			const char *d)
{
	(void)user, (void)action, (void)a, (void)b, (void)c, (void)d;
	calls[AUTHORIZER]++;
	return SQLITE_OK;
}

static void on_update(void *user, int what, const char *db, const char *table, sqlite3_int64 row)
{
	(void)user, (void)what, (void)db, (void)table, (void)row;
	calls[UPDATE]++;
}

static int on_commit(void *user)
{
	(void)user;
	calls[COMMIT]++;
	return 0;
}

static void on_rollback(void *user)
{
	(void)user;
	calls[ROLLBACK]++;
}

static int on_progress(void *user)
{
	(void)user;
	calls[PROGRESS]++;
	return 0;
}

static int on_trace(unsigned what, void *user, void *a, void *b)
{
	(void)what, (void)user, (void)a, (void)b;
	calls[TRACE]++;
	return 0;
}

static int on_busy(void *user, int count)
{
	(void)user, (void)count;
	calls[BUSY]++;
	return 0;
}

static int compare(void *user, int n, const void *a, int m, const void *b)
{
	(void)user, (void)n, (void)a, (void)m, (void)b;
	return 0;
}

static void on_collation(void *user, sqlite3 *db, int encoding, const char *name)
{
	(void)user, (void)encoding;
	calls[COLLATION]++;
	sqlite3_create_collation(db, name, SQLITE_UTF8, NULL, compare);
}

static int on_wal(void *user, sqlite3 *db, const char *name, int pages)
{
	(void)user, (void)db, (void)name, (void)pages;
	calls[WAL]++;
	return SQLITE_OK;
}

/* OMIT_TRACE is not among the options that SQLite tells. */
static int has_trace(void)
{
	return dlsym(RTLD_DEFAULT, "sqlite3_trace_v2") != NULL;
}

static void set_hooks(sqlite3 *db)
{
	sqlite3_set_authorizer(db, on_authorize, NULL);
	sqlite3_update_hook(db, on_update, NULL);
	sqlite3_commit_hook(db, on_commit, NULL);
	sqlite3_rollback_hook(db, on_rollback, NULL);
	if (!sqlite3_compileoption_used("OMIT_PROGRESS_CALLBACK"))
		sqlite3_progress_handler(db, 1, on_progress, NULL);
	if (has_trace())
		sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_trace, NULL);
	sqlite3_busy_handler(db, on_busy, NULL);
	sqlite3_collation_needed(db, NULL, on_collation);
	sqlite3_wal_hook(db, on_wal, NULL);
}

/* Each of them is called by what calls it. */
static void check_hooks(const struct place *p, sqlite3 *db, const char *when)
{
	sqlite3 *other = open_db(p);
	char sql[200];
	static int number;

	memset(calls, 0, sizeof calls);
	snprintf(sql, sizeof sql, "INSERT INTO host VALUES (1); SELECT 'a' = 'b' COLLATE c%d",
		 number++);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_exec(db, "BEGIN; INSERT INTO host VALUES (2); ROLLBACK", NULL, NULL, NULL);
	sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO host VALUES (3)", NULL, NULL, NULL),
			 SQLITE_BUSY);
	sqlite3_close(other);
	for (int i = 0; i < HOOKS; i++)
		if (!calls[i] && !(i == PROGRESS && sqlite3_compileoption_used("OMIT_PROGRESS_CALLBACK")) &&
		    !(i == TRACE && !has_trace()))
			fail_msg("%s: the %s hook of the host is gone", when, hook_names[i]);
}

static int32_t cancel_at(void *user, const mig_progress *progress)
{
	(void)user;
	return progress->event == MIG_EVENT_STEP_BEGIN;
}

static void hooks_of_the_host_stay(void **state)
{
	struct place *p = *state;
	sqlite3 *db = open_db(p), *other;
	mig_ctx *ctx;

	sqlite3_exec(db, "PRAGMA journal_mode = WAL; CREATE TABLE host(x)", NULL, NULL, NULL);
	set_hooks(db);
	check_hooks(p, db, "at first");
	ctx = lend(db);
	check_hooks(p, db, "after mig_open");
	add_with(ctx, "r1", "", "",
		 "CREATE TABLE t(x);\nINSERT INTO t VALUES (1);\nPRAGMA recursive_triggers = ON;\n"
		 "PRAGMA busy_timeout = 7000;\nPRAGMA wal_autocheckpoint = 5;");
	ok(ctx, mig_upgrade(ctx, "head"));
	check_hooks(p, db, "after an upgrade");
	add_with(ctx, "r2", "r1", "transaction=no",
		 "VACUUM;\nPRAGMA busy_timeout(7000);\nCREATE TABLE u(x);\nDROP TABLE u;");
	ok(ctx, mig_upgrade(ctx, "head"));
	check_hooks(p, db, "after a section outside a transaction");
	add_with(ctx, "r3", "r2", "", "SELECT nothing;");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	check_hooks(p, db, "after an error");
	mig_set_progress(ctx, cancel_at, NULL);
	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	mig_set_progress(ctx, NULL, NULL);
	check_hooks(p, db, "after a cancel");
	other = open_db(p);
	sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
	sqlite3_close(other);
	check_hooks(p, db, "after a lock");
	mig_close(ctx);
	check_hooks(p, db, "after mig_close");
	sqlite3_close(db);
}

static int refuse(void *user)
{
	return *(int *)user;
}

static void a_commit_hook_that_refuses_is_named(void **state)
{
	struct place *p = *state;
	sqlite3 *db = open_db(p);
	mig_ctx *ctx = lend(db);
	int no = 1;

	sqlite3_commit_hook(db, refuse, &no);
	add(ctx, "r1", "", "CREATE TABLE t(x);", NULL);
	expect(ctx, MIG_ECONSTRAINT, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_message(ctx), "commit hook"));
	assert_string_equal(tables(p), "");
	assert_int_equal(sqlite3_get_autocommit(db), 1);
	no = 0;
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	sqlite3_close(db);
}

/* PRAGMA busy_timeout takes the place of a handler; one that is a time-out itself is known. */
static void a_time_out_of_the_host_comes_back(void **state)
{
	struct place *p = *state;
	sqlite3 *db = open_db(p);
	mig_ctx *ctx;
	char value[100];

	sqlite3_busy_timeout(db, 1234);
	ctx = lend(db);
	add(ctx, "r1", "", "PRAGMA busy_timeout = 7;\nCREATE TABLE t(x);", NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	read_from(db, "PRAGMA busy_timeout", value);
	assert_string_equal(value, "1234");
	mig_close(ctx);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_free)
		TEST(settings_end_with_their_revision),
		TEST(the_next_revision_does_not_see_it),
		TEST(two_names_of_a_setting_are_one),
		TEST(revisions_in_c_leave_nothing),
		TEST(the_file_keeps_its_own),
		TEST(attached_databases_go),
		TEST(the_last_rowid_comes_back),
		TEST(hooks_of_the_host_stay),
		TEST(a_commit_hook_that_refuses_is_named),
		TEST(a_time_out_of_the_host_comes_back),
#undef TEST
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
