/* test_older: the tables of version 1 under today's library. It reads them as they are, brings them up to
 * date in the first run that writes, and finishes what was begun with them. */
#include "fixture.h"

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

static void assert_current(mig_ctx *ctx, const char *id)
{
	mig_revision_list *list;

	ok(ctx, mig_current(ctx, &list));
	assert_int_equal(mig_revision_list_count(list), 1);
	assert_string_equal(mig_revision_id(mig_revision_list_at(list, 0)), id);
	mig_revision_list_free(list);
}

/* -- reading */

/* Everything that only reads, and a run with nothing to do. */
static void test_reads(void **state)
{
	struct place p;
	mig_history_list *list;
	mig_unfinished *unfinished;
	int32_t at_head = 1;
	char before[20000], *file = NULL;
	mig_ctx *ctx;

	(void)state;
	fixture_begin(&p, "at_b2");
	snprintf(before, sizeof before, "%s", contents(&p));
	if (!on_postgresql)
		file = read_file(p.path);
	ctx = open_versions(&p);
	assert_current(ctx, "b2");
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 0);
	ok(ctx, mig_verify(ctx, "b2"));
	expect(ctx, MIG_EBEHIND, mig_verify(ctx, "head"));
	ok(ctx, mig_unfinished_read(ctx, &unfinished));
	assert_null(unfinished);
	ok(ctx, mig_history_read(ctx, &list));
	assert_int_equal(mig_history_list_count(list), 4);
	assert_string_equal(mig_history_list_at(list, 2)->direction, "downgrade");
	assert_int_equal(mig_history_list_at(list, 3)->statements, 3);
	assert_string_equal(mig_history_list_at(list, 3)->actor, "root@host:9428");
	mig_history_list_free(list);
	ok(ctx, mig_upgrade(ctx, "b2"));
	ok(ctx, mig_adopt_with(ctx, &(mig_adopt_options){ .struct_size = sizeof(mig_adopt_options),
							  .once = 1 }));
	mig_close(ctx);
	assert_string_equal(columns(&p), first_columns);
	assert_string_equal(contents(&p), before);
	if (file) {
		char *after = read_file(p.path);

		assert_memory_equal(file, after, 4096);
		free(after);
	}
	free(file);
	place_end(&p);
}

static void test_reads_unfinished(void **state)
{
	struct place p;
	mig_unfinished *unfinished;
	mig_ctx *ctx;

	(void)state;
	fixture_begin(&p, "unfinished");
	ctx = open_versions(&p);
	ok(ctx, mig_unfinished_read(ctx, &unfinished));
	assert_non_null(unfinished);
	assert_string_equal(mig_unfinished_revision(unfinished), "b2");
	assert_int_equal(mig_unfinished_statements(unfinished), 1);
	assert_int_equal(mig_unfinished_total(unfinished), 3);
	assert_int_equal(mig_unfinished_can_finish(unfinished), 1);
	mig_unfinished_free(unfinished);
	expect(ctx, MIG_EPARTIAL, mig_verify(ctx, "b2"));
	mig_close(ctx);
	assert_string_equal(columns(&p), first_columns);
	place_end(&p);
}

/* -- the first run that writes */

static void upgrade(const struct place *p)
{
	mig_ctx *ctx = open_versions(p);

	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

/* Each of what writes; the rows that were there stay as they were. */
static mig_status go_up(mig_ctx *ctx)
{
	return mig_upgrade(ctx, "head");
}

static mig_status go_down(mig_ctx *ctx)
{
	return mig_downgrade(ctx, "base");
}

static mig_status stamp(mig_ctx *ctx)
{
	return mig_stamp(ctx, "c3");
}

static mig_status ensure(mig_ctx *ctx)
{
	return mig_ensure_version(ctx);
}

static mig_status per_revision(mig_ctx *ctx)
{
	return mig_upgrade_with(ctx, "head",
				&(mig_run_options){ .struct_size = sizeof(mig_run_options),
						    .transaction_mode = MIG_TRANSACTION_REVISION });
}

static void test_writes(void **state)
{
	static const struct {
		mig_status (*call)(mig_ctx *ctx);
		const char *rows;
		const char *entries; /* after it */
	} cases[] = { { go_up, "c3", "5" },
		      { go_down, "", "6" },
		      { stamp, "c3", "5" },
		      { ensure, "b2", "4" },
		      { per_revision, "c3", "5" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct place p;
		char before[20000];
		mig_ctx *ctx;

		fixture_begin(&p, "at_b2");
		snprintf(before, sizeof before, "%s", old_read(&p, OLD_HISTORY));
		ctx = open_versions(&p);
		ok(ctx, cases[i].call(ctx));
		assert_string_equal(columns(&p), today_columns);
		assert_string_equal(rows(&p), cases[i].rows);
		assert_answer(&p, "SELECT count(*) FROM mig_history", cases[i].entries);
		assert_int_equal(strncmp(before, old_read(&p, OLD_HISTORY), strlen(before)), 0);
		ok(ctx, cases[i].call(ctx));
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_current(ctx, "c3");
		mig_close(ctx);
		place_end(&p);
	}
}

/* In the transaction of the run: what fails leaves the tables as they were. */
static void test_rolls_back(void **state)
{
	struct place p;
	mig_ctx *ctx;
	char before[20000];

	(void)state;
	fixture_begin(&p, "at_b2");
	tell(&p, on_postgresql
			 ? "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE "
			   "EXCEPTION 'not now'; END$$; CREATE TRIGGER no BEFORE INSERT ON mig_history "
			   "FOR EACH ROW EXECUTE FUNCTION no()"
			 : "CREATE TRIGGER no BEFORE INSERT ON mig_history BEGIN SELECT RAISE(ABORT, "
			   "'not now'); END");
	snprintf(before, sizeof before, "%s", contents(&p));
	ctx = open_versions(&p);
	assert_int_not_equal(mig_upgrade(ctx, "head"), MIG_OK);
	assert_has(mig_error_message(ctx), "not now");
	mig_close(ctx);
	assert_string_equal(columns(&p), first_columns);
	assert_string_equal(contents(&p), before);
	assert_int_equal(there(&p, "more"), 0);
	tell(&p, on_postgresql ? "DROP TRIGGER no ON mig_history" : "DROP TRIGGER no");
	upgrade(&p);
	assert_string_equal(columns(&p), today_columns);
	place_end(&p);
}

/* A database that was migrated by version 1 and taken down again. */
static void test_adopts(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	fixture_begin(&p, "at_b2");
	tell(&p, "DELETE FROM mig_version; CREATE TABLE alembic_version (version_num VARCHAR(32)); "
		 "INSERT INTO alembic_version VALUES ('b2')");
	ctx = open_versions(&p);
	ok(ctx, mig_adopt(ctx, NULL));
	assert_string_equal(columns(&p), today_columns);
	assert_string_equal(rows(&p), "b2");
	mig_close(ctx);
	place_end(&p);
}

/* -- sections that were begun with version 1 */

static void assert_finished(const struct place *p)
{
	assert_string_equal(columns(p), today_columns);
	assert_string_equal(rows(p), "c3");
	assert_answer(p, "SELECT id FROM things ORDER BY id", "1|2");
	assert_answer(p, "SELECT count(*) FROM mig_history WHERE state <> 'done' OR in_flight IS NOT NULL",
		      "0");
	if (on_postgresql)
		assert_answer(p,
			      "SELECT count(*) FROM pg_index WHERE indrelid = 'things'::regclass AND "
			      "indisvalid",
			      "1");
}

static void test_finishes(void **state)
{
	struct place p;

	(void)state;
	fixture_begin(&p, "unfinished");
	upgrade(&p);
	assert_finished(&p);
	place_end(&p);
}

/* The process died after the statement that was in flight, or in the middle of it. */
static void test_asks_about_what_was_in_flight(void **state)
{
	static const char *const meanwhile[] = {
		"CREATE INDEX things_id ON things (id)",
		"CREATE INDEX things_id ON things (id); UPDATE pg_index SET indisvalid = false WHERE "
		"indexrelid = 'things_id'::regclass",
	};

	(void)state;
	for (size_t i = 0; on_postgresql && i < sizeof meanwhile / sizeof *meanwhile; i++) {
		struct place p;

		fixture_begin(&p, "unfinished");
		tell(&p, meanwhile[i]);
		upgrade(&p);
		assert_finished(&p);
		place_end(&p);
	}
}

/* It was refused: not taken for done, though there is now what it makes. */
static void test_failed_stays_failed(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	if (!on_postgresql)
		return;
	fixture_begin(&p, "unfinished");
	tell(&p, "UPDATE mig_history SET done_digest = split_part(done_digest, ' ', 1) || ' failed' WHERE "
		 "state = 'running'; CREATE INDEX things_id ON things (id)");
	ctx = open_versions(&p);
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	place_end(&p);
}

/* Killed again, by now with the new column. */
static void test_killed_again(void **state)
{
	(void)state;
	for (uint64_t n = 2; n <= 3; n++) {
		struct place p;

		fixture_begin(&p, "unfinished");
		killed_in_b2(&p, n);
		assert_string_equal(columns(&p), today_columns);
		assert_answer(&p, "SELECT state FROM mig_history ORDER BY id DESC LIMIT 1", "running");
		upgrade(&p);
		assert_finished(&p);
		place_end(&p);
	}
}

static void test_gives_up(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	fixture_begin(&p, "unfinished");
	ctx = open_versions(&p);
	ok(ctx, mig_stamp(ctx, "a1"));
	mig_close(ctx);
	assert_string_equal(columns(&p), today_columns);
	assert_answer(&p, "SELECT state FROM mig_history ORDER BY id DESC LIMIT 1", "abandoned");
	assert_string_equal(rows(&p), "a1");
	place_end(&p);
}

/* -- killed between the new column and the commit */

static int die(void *user)
{
	(void)user;
	raise(SIGKILL);
	return 0;
}

static void run_and_die_on_sqlite(const struct place *p)
{
	mig_open_options o = { .struct_size = sizeof o, .dialect_name = "sqlite" };
	sqlite3 *db;
	mig_ctx *ctx;

	if (sqlite3_open(p->path, &db))
		_exit(3);
	sqlite3_commit_hook(db, die, NULL);
	o.connection = db;
	if (!mig_open_with(&ctx, &o) && !mig_add_directory(ctx, TABLES "/versions"))
		mig_upgrade(ctx, "head");
	_exit(2);
}

#ifdef HAVE_POSTGRESQL
/* The server stops after the column was added, until the process is dead. */
static void kill_at_server(const struct place *p, pid_t child)
{
	struct timespec pause = { .tv_nsec = 5000000 };

	for (int i = 0; i < 2000; i++) {
		if (!strcmp(ask(p, "SELECT count(*) FROM pg_stat_activity WHERE datname = "
				   "current_database() AND wait_event = 'PgSleep'"),
			    "1"))
			break;
		nanosleep(&pause, NULL);
	}
	kill(child, SIGKILL);
	assert_answer(p,
		      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
		      "current_database() AND wait_event = 'PgSleep'",
		      "t");
	tell(p, "DROP EVENT TRIGGER stop");
}
#endif

static void test_killed_after_the_column(void **state)
{
	char before[20000];
	struct place p;
	int status;
	pid_t child;

	(void)state;
	fixture_begin(&p, "at_b2");
	snprintf(before, sizeof before, "%s", contents(&p));
	if (on_postgresql)
		tell(&p, "CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN "
			 "PERFORM pg_sleep(60); END$$; CREATE EVENT TRIGGER stop ON ddl_command_end WHEN "
			 "TAG IN ('ALTER TABLE') EXECUTE FUNCTION stop()");
	child = fork();
	if (!child) {
		mig_ctx *ctx;

		if (!on_postgresql)
			run_and_die_on_sqlite(&p);
		if (!mig_open(&ctx, p.url) && !mig_add_directory(ctx, TABLES "/versions"))
			mig_upgrade(ctx, "head");
		_exit(2);
	}
#ifdef HAVE_POSTGRESQL
	if (on_postgresql)
		kill_at_server(&p, child);
#endif
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_string_equal(columns(&p), first_columns);
	assert_string_equal(contents(&p), before);
	upgrade(&p);
	assert_string_equal(columns(&p), today_columns);
	assert_string_equal(rows(&p), "c3");
	place_end(&p);
}

/* -- whoever may not */

#ifdef HAVE_POSTGRESQL
static mig_ctx *open_as(const struct place *p, const char *role)
{
	mig_open_options o = { .struct_size = sizeof o, .trusted_owner = "postgres" };
	char url[600];
	mig_ctx *ctx;

	snprintf(url, sizeof url, "%s%coptions=-crole%%3D%s", p->url, strchr(p->url, '?') ? '&' : '?', role);
	o.url = url;
	ok(NULL, mig_open_with(&ctx, &o));
	ok(ctx, mig_add_directory(ctx, TABLES "/versions"));
	return ctx;
}

/* An owner that may create nothing; a role that writes rows, and does not own the tables; one that only
 * reads. */
static void test_roles(void **state)
{
	char writer[40], reader[40], sql[600];
	struct place p;
	mig_history_list *list;
	mig_ctx *ctx;

	(void)state;
	if (!on_postgresql)
		return;
	snprintf(writer, sizeof writer, "tables_writer_%ld", (long)getpid());
	snprintf(reader, sizeof reader, "tables_reader_%ld", (long)getpid());
	fixture_begin(&p, "at_b2");
	snprintf(sql, sizeof sql,
		 "CREATE ROLE %s; CREATE ROLE %s; GRANT ALL ON SCHEMA public TO %s; GRANT SELECT, INSERT, "
		 "UPDATE, DELETE ON mig_version, mig_history TO %s; GRANT SELECT ON mig_version, "
		 "mig_history TO %s",
		 writer, reader, writer, writer, reader);
	tell(&p, sql);
	ctx = open_as(&p, reader);
	assert_current(ctx, "b2");
	ok(ctx, mig_history_read(ctx, &list));
	assert_int_equal(mig_history_list_count(list), 4);
	mig_history_list_free(list);
	mig_close(ctx);

	ctx = open_as(&p, writer);
	expect(ctx, MIG_EPERMISSION, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "mig_history is of an older libmig");
	assert_has(mig_error_hint(ctx),
		   "ALTER TABLE \"public\".\"mig_history\" ADD COLUMN IF NOT EXISTS in_flight "
		   "pg_catalog.text");
	assert_string_equal(columns(&p), first_columns);
	assert_int_equal(there(&p, "more"), 0);
	tell(&p, strstr(mig_error_hint(ctx), "ALTER"));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_current(ctx, "c3");
	ok(ctx, mig_downgrade(ctx, "b2"));
	mig_close(ctx);

	snprintf(sql, sizeof sql,
		 "REVOKE ALL ON SCHEMA public FROM %s, PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC; ALTER "
		 "TABLE mig_history DROP COLUMN in_flight; ALTER TABLE mig_history OWNER TO %s",
		 writer, writer);
	tell(&p, sql);
	ctx = open_as(&p, writer);
	ok(ctx, mig_stamp(ctx, "c3"));
	mig_close(ctx);
	assert_string_equal(columns(&p), today_columns);
	ctx = open_as(&p, reader);
	assert_current(ctx, "c3");
	mig_close(ctx);
	snprintf(sql, sizeof sql, "DROP OWNED BY %s, %s; DROP ROLE %s, %s", writer, reader, writer, reader);
	tell(&p, sql);
	place_end(&p);
}
#endif

static int deny_alter(void *user, int what, const char *a, const char *b, const char *c, const char *d)
{
	(void)user, (void)a, (void)b, (void)c, (void)d;
	return what == SQLITE_ALTER_TABLE ? SQLITE_DENY : SQLITE_OK;
}

/* A lent connection, whose host does not let anybody alter tables; then it does. */
static void test_lent(void **state)
{
	mig_open_options o = { .struct_size = sizeof o, .dialect_name = "sqlite" };
	struct place p;
	sqlite3 *db;
	mig_ctx *ctx;

	(void)state;
	if (on_postgresql)
		return;
	fixture_begin(&p, "at_b2");
	assert_int_equal(sqlite3_open(p.path, &db), SQLITE_OK);
	sqlite3_set_authorizer(db, deny_alter, NULL);
	o.connection = db;
	ok(NULL, mig_open_with(&ctx, &o));
	ok(ctx, mig_add_directory(ctx, TABLES "/versions"));
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "mig_history is of an older libmig");
	assert_has(mig_error_message(ctx), "not authorized");
	assert_non_null(mig_error_hint(ctx));
	assert_string_equal(columns(&p), first_columns);
	assert_current(ctx, "b2");
	sqlite3_set_authorizer(db, NULL, NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_current(ctx, "c3");
	mig_close(ctx);
	assert_int_equal(sqlite3_exec(db, "SELECT in_flight FROM mig_history", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	place_end(&p);
}

/* -- scripts for the engine's shell */

static mig_status put(void *user, const char *text, size_t size)
{
	strncat(user, text, size);
	return MIG_OK;
}

/* Without what is for the shell alone. */
static void run_script(const struct place *p, const char *sql)
{
	const char *begin = strstr(sql, "\nBEGIN");

	assert_non_null(begin);
	tell(p, begin);
}

/* One that begins where the database is; it creates nothing, and is run on tables of any age. */
static void test_scripts(void **state)
{
	(void)state;
	for (int today = 0; today < 2; today++) {
		static char sql[40000];
		mig_open_options o = { .struct_size = sizeof o, .script = put, .script_user = sql };
		struct place p;
		mig_ctx *ctx;

		sql[0] = '\0';
		fixture_begin(&p, "at_b2");
		if (today) {
			ctx = open_versions(&p);
			ok(ctx, mig_ensure_version(ctx));
			mig_close(ctx);
		}
		o.url = p.url;
		ok(NULL, mig_open_with(&ctx, &o));
		ok(ctx, mig_add_directory(ctx, TABLES "/versions"));
		ok(ctx, mig_upgrade(ctx, "b2:c3"));
		mig_close(ctx);
		assert_null(strstr(sql, "in_flight"));
		run_script(&p, sql);
		assert_string_equal(columns(&p), today ? today_columns : first_columns);
		assert_string_equal(rows(&p), "c3");
		ctx = open_versions(&p);
		ok(ctx, mig_verify(ctx, "head"));
		ok(ctx, mig_downgrade(ctx, "base"));
		mig_close(ctx);
		assert_string_equal(columns(&p), today_columns);
		place_end(&p);
	}
}

/* From base, where older tables are left. */
static void test_scripts_from_base(void **state)
{
	static char sql[40000];
	mig_open_options o = { .struct_size = sizeof o, .script = put, .script_user = sql };
	struct place p;
	mig_ctx *ctx;

	(void)state;
	sql[0] = '\0';
	fixture_begin(&p, "at_b2");
	tell(&p, "DELETE FROM mig_version; DROP TABLE things");
	o.url = p.url;
	ok(NULL, mig_open_with(&ctx, &o));
	ok(ctx, mig_add_directory(ctx, TABLES "/versions"));
	ok(ctx, mig_upgrade(ctx, "a1"));
	mig_close(ctx);
	run_script(&p, sql);
	assert_string_equal(columns(&p), first_columns);
	assert_string_equal(rows(&p), "a1");
	upgrade(&p);
	assert_string_equal(columns(&p), today_columns);
	place_end(&p);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_reads_unfinished),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_rolls_back),
		cmocka_unit_test(test_adopts),
		cmocka_unit_test(test_finishes),
		cmocka_unit_test(test_asks_about_what_was_in_flight),
		cmocka_unit_test(test_failed_stays_failed),
		cmocka_unit_test(test_killed_again),
		cmocka_unit_test(test_gives_up),
		cmocka_unit_test(test_killed_after_the_column),
#ifdef HAVE_POSTGRESQL
		cmocka_unit_test(test_roles),
#endif
		cmocka_unit_test(test_lent),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_scripts_from_base),
	};

	if (argc < 2 || !places_are(argv[1]))
		return 77;
	return cmocka_run_group_tests_name(argv[1], tests, NULL, NULL);
}
