/* Where the version table and the revisions' tables are, under any name, and what a role needs. */
#include "support.h"

static mig_ctx *open_with_t(const struct place *p, mig_open_options *o)
{
	mig_ctx *ctx = open_place(p, o);

	ADD(ctx, .id = "a", .up = "CREATE TABLE t (x INTEGER);", .down = "DROP TABLE t;");
	ADD(ctx, .id = "b", .revises = "a", .up = "CREATE TABLE u (x INTEGER);",
	    .down = "DROP TABLE u;");
	return ctx;
}

#define WHERE_ARE                                                                       \
	"SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname NOT IN " \
	"('pg_catalog', 'information_schema') ORDER BY schemaname, tablename"

/* -- where things land */

static const struct {
	const char *name;
	mig_open_options o;
	const char *tables;
} cases[] = {
	{ "by default",
	  { .create = 0 },
	  "public.mig_history|public.mig_version|public.t|public.u" },
	{ "schema", { .schema = "app" }, "app.mig_history|app.mig_version|public.t|public.u" },
	{ "search_path",
	  { .search_path = "app, public" },
	  "app.mig_history|app.mig_version|app.t|app.u" },
	{ "both",
	  { .schema = "admin", .search_path = "app" },
	  "admin.mig_history|admin.mig_version|app.t|app.u" },
	{ "a path with a schema that is missing",
	  { .search_path = "missing, app" },
	  "app.mig_history|app.mig_version|app.t|app.u" },
	{ "names",
	  { .version_table = "My \"versions\"",
	    .history_table = "$1;--'\\",
	    .schema = "A \"b\".c" },
	  "A \"b\".c.$1;--'\\|A \"b\".c.My \"versions\"|public.t|public.u" },
	{ "quoted names in the path",
	  { .search_path = "\"A \"\"b\"\".c\", public" },
	  "A \"b\".c.mig_history|A \"b\".c.mig_version|A \"b\".c.t|A \"b\".c.u" },
	{ "upper case",
	  { .version_table = "Versions", .schema = "UPPER" },
	  "UPPER.Versions|UPPER.mig_history|public.t|public.u" },
	{ "key words",
	  { .version_table = "table", .history_table = "select", .schema = "user" },
	  "public.t|public.u|user.select|user.table" },
	{ "letters",
	  { .version_table = "größe", .history_table = "日本", .schema = "ä" },
	  "public.t|public.u|ä.größe|ä.日本" },
};

static void make_schemas(const struct place *p)
{
	pg_exec(p->db, "CREATE SCHEMA app; CREATE SCHEMA admin; CREATE SCHEMA \"A \"\"b\"\".c\"; "
		       "CREATE SCHEMA \"UPPER\"; CREATE SCHEMA \"user\"; CREATE SCHEMA \"ä\"");
}

static void test_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig_open_options o = cases[i].o;
		mig_revision_list *list;
		mig_history_list *log;
		struct place p;
		mig_ctx *ctx;
		const char *tables;

		place_begin(&p);
		make_schemas(&p);
		ctx = open_with_t(&p, &o);
		ok(ctx, mig_upgrade(ctx, "head"));
		tables = ask(p.db, WHERE_ARE);
		if (strcmp(tables, cases[i].tables) != 0)
			fail_msg("%s: %s", cases[i].name, tables);
		assert_answer(mig_connection(ctx), "SHOW search_path", "\"$user\", public");
		mig_close(ctx);

		/* and it is found again */
		ctx = open_with_t(&p, &o);
		ok(ctx, mig_current(ctx, &list));
		assert_int_equal(mig_revision_list_count(list), 1);
		assert_string_equal(mig_revision_id(mig_revision_list_at(list, 0)), "b");
		mig_revision_list_free(list);
		ok(ctx, mig_upgrade(ctx, "head"));
		ok(ctx, mig_downgrade(ctx, "base"));
		ok(ctx, mig_stamp(ctx, "head"));
		ok(ctx, mig_history_read(ctx, &log));
		assert_int_equal(mig_history_list_count(log), 5);
		mig_history_list_free(log);
		mig_close(ctx);
		place_end(&p);
	}
}

/* The tables are where the path finds them, even when it begins elsewhere by now. */
static void test_found_in_the_path(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_schemas(&p);
	ctx = open_with_t(&p, NULL);
	ok(ctx, mig_upgrade(ctx, "a"));
	mig_close(ctx);
	ctx = open_with_t(&p, &(mig_open_options){ .search_path = "app, public" });
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_answer(p.db, WHERE_ARE, "app.u|public.mig_history|public.mig_version|public.t");
	place_end(&p);
}

/* -- two histories in one database */

static void test_two_histories(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_schemas(&p);
	ctx = open_with_t(&p, &(mig_open_options){ .schema = "app", .search_path = "app" });
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	ctx = open_with_t(&p, &(mig_open_options){ .schema = "admin", .search_path = "admin" });
	ok(ctx, mig_upgrade(ctx, "a"));
	mig_close(ctx);
	assert_answer(p.db, "SELECT revision FROM app.mig_version", "b");
	assert_answer(p.db, "SELECT revision FROM admin.mig_version", "a");
	assert_answer(p.db, "SELECT to_regclass('admin.u')", "NULL");
	place_end(&p);
}

/* -- missing */

static void test_missing_schema(void **state)
{
	struct place p;
	mig_ctx *ctx;
	mig_revision_list *list;

	(void)state;
	place_begin(&p);
	ctx = open_with_t(&p, &(mig_open_options){ .schema = "nowhere" });
	ok(ctx, mig_current(ctx, &list)); /* nothing is applied */
	assert_int_equal(mig_revision_list_count(list), 0);
	mig_revision_list_free(list);
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "schema \"nowhere\" does not exist");
	assert_answer(p.db, WHERE_ARE, "");
	pg_exec(p.db, "CREATE SCHEMA nowhere");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);

	ctx = open_with_t(&p, &(mig_open_options){ .search_path = "neither" });
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "no schema");
	mig_close(ctx);
	place_end(&p);
}

/* A revision may make the schema that libmig's tables are to be in: no, they come first; but one
 * that makes the schema for its own tables is fine. */
static void test_schema_made_by_a_revision(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, &(mig_open_options){ .search_path = "app, public" });
	ADD(ctx, .id = "a", .up = "CREATE SCHEMA app;\nCREATE TABLE t (x INTEGER);");
	ADD(ctx, .id = "b", .revises = "a", .up = "CREATE TABLE u (x INTEGER);");
	ok(ctx, mig_upgrade(ctx, "a"));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	ctx = open_place(&p, &(mig_open_options){ .search_path = "app, public" });
	ADD(ctx, .id = "a", .up = "CREATE SCHEMA app;\nCREATE TABLE t (x INTEGER);");
	ADD(ctx, .id = "b", .revises = "a", .up = "CREATE TABLE u (x INTEGER);");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_answer(p.db, WHERE_ARE, "app.t|app.u|public.mig_history|public.mig_version");
	place_end(&p);
}

/* -- scripts that set the path */

static void test_script_sets_the_path(void **state)
{
	static const char *const sets[] = {
		"SELECT pg_catalog.set_config('search_path', '', false);",
		"SELECT pg_catalog.set_config('search_path', '', true);",
		"SET search_path = app;",
		"SET LOCAL search_path TO pg_catalog;",
		"SET SCHEMA 'app';",
		"DO $$ BEGIN EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET "
		"search_path = "
		"app', current_database()); END $$;",
		"DO $$ BEGIN PERFORM set_config('search_path', 'app', false); END $$;",
	};
	static const char *const attributes[] = { "", " transaction=no" };
	static const int32_t modes[] = { MIG_TRANSACTION_RUN, MIG_TRANSACTION_REVISION };

	(void)state;
	for (size_t i = 0; i < sizeof sets / sizeof *sets * 3; i++) {
		mig_run_options run = { .struct_size = sizeof run,
					.transaction_mode = modes[i % 3 == 1] };
		char up[400];
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		make_schemas(&p);
		ctx = open_place(&p, NULL);
		snprintf(up, sizeof up, "%s\nCREATE TABLE public.t (x INTEGER);", sets[i / 3]);
		ADD(ctx, .id = "a", .attributes = attributes[i % 3 == 2], .up = up);
		ADD(ctx, .id = "b", .revises = "a", .up = "CREATE TABLE u (x INTEGER);");
		ok(ctx, mig_upgrade_with(ctx, "head", &run));
		ok(ctx, mig_upgrade_with(ctx, "head", &run));
		if (strcmp(ask(p.db, WHERE_ARE),
			   "public.mig_history|public.mig_version|public.t|public.u") != 0)
			fail_msg("%s (%zu): %s", sets[i / 3], i % 3, ask(p.db, WHERE_ARE));
		mig_close(ctx);
		place_end(&p);
	}
}

/* Somebody's functions and operators in front of the catalogue do not fool libmig. */
static void test_hostile_path(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE SCHEMA evil; CREATE FUNCTION evil.current_setting(text) RETURNS text "
		      "LANGUAGE sql AS $$ SELECT 'evil' $$; CREATE FUNCTION "
		      "evil.pg_backend_pid() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; CREATE "
		      "FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS "
		      "$$ SELECT 'evil' $$; CREATE TABLE evil.pg_class (x INTEGER); CREATE TABLE "
		      "evil.pg_settings (x INTEGER); CREATE TABLE evil.pg_namespace (x INTEGER)");
	pg_exec(p.db, "DO 'BEGIN EXECUTE format($$ALTER DATABASE %I SET search_path = evil, "
		      "pg_catalog, public$$, current_database()); END'");
	ctx = open_place(&p, &(mig_open_options){ .schema = "public" });
	ADD(ctx, .id = "a", .keys = "-- lock_timeout: 1s\n",
	    .up = "SET TimeZone = 'UTC'; CREATE TABLE public.t (x INTEGER);");
	ADD(ctx, .id = "b", .revises = "a", .attributes = " transaction=no",
	    .up = "CREATE INDEX CONCURRENTLY t_x ON public.t (x);");
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_answer(p.db, "SELECT revision FROM public.mig_version", "b");
	place_end(&p);
}

/* -- roles */

static void make_roles(const struct place *p)
{
	pg_exec(p->db, "DO 'BEGIN CREATE ROLE mig_test_reader LOGIN; EXCEPTION WHEN "
		       "duplicate_object OR unique_violation THEN NULL; END'");
}

static mig_ctx *open_as_reader(const struct place *p)
{
	mig_ctx *ctx = open_url(url_with(p, "user=mig_test_reader"));

	ADD(ctx, .id = "a", .up = "CREATE TABLE t (x INTEGER);", .down = "DROP TABLE t;");
	return ctx;
}

static size_t count_current(mig_ctx *ctx)
{
	mig_revision_list *list;
	size_t count;

	ok(ctx, mig_current(ctx, &list));
	count = mig_revision_list_count(list);
	mig_revision_list_free(list);
	return count;
}

static void test_reader(void **state)
{
	mig_plan *plan;
	struct place p;
	mig_ctx *ctx, *owner;

	(void)state;
	place_begin(&p);
	make_roles(&p);
	/* as it is from PostgreSQL 15 on */
	pg_exec(p.db, "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
	owner = open_place(&p, NULL);
	ADD(owner, .id = "a", .up = "CREATE TABLE t (x INTEGER);", .down = "DROP TABLE t;");

	/* before there is anything */
	ctx = open_as_reader(&p);
	assert_int_equal(count_current(ctx), 0);
	ok(ctx, mig_plan_upgrade(ctx, "head", &plan));
	assert_int_equal(mig_plan_count(plan), 1);
	mig_plan_free(plan);
	expect(ctx, MIG_EPERMISSION, mig_upgrade(ctx, "head"));
	mig_close(ctx);

	/* not even to read */
	ok(owner, mig_upgrade(owner, "head"));
	ctx = open_as_reader(&p);
	expect(ctx, MIG_EPERMISSION, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "mig_version");
	mig_close(ctx);

	/* at head, to read is enough */
	pg_exec(p.db, "GRANT SELECT ON mig_version TO mig_test_reader");
	ctx = open_as_reader(&p);
	assert_int_equal(count_current(ctx), 1);
	ok(ctx, mig_upgrade(ctx, "head"));
	expect(ctx, MIG_EPERMISSION, mig_downgrade(ctx, "base"));
	assert_int_equal(PQtransactionStatus(mig_connection(ctx)), PQTRANS_IDLE);
	mig_close(ctx);
	mig_close(owner);
	assert_answer(p.db, "SELECT count(*) FROM mig_history", "1");
	place_end(&p);
}

static void test_no_access_to_the_schema(void **state)
{
	struct place p;
	mig_ctx *ctx, *owner;

	(void)state;
	place_begin(&p);
	make_roles(&p);
	pg_exec(p.db, "CREATE SCHEMA app");
	owner = open_place(&p, &(mig_open_options){ .schema = "app" });
	ADD(owner, .id = "a", .up = "SELECT 1;");
	ok(owner, mig_upgrade(owner, "head"));
	mig_close(owner);
	{
		mig_open_options o = { .struct_size = sizeof o,
				       .schema = "app",
				       .url = url_with(&p, "user=mig_test_reader") };

		ok(ctx, mig_open_with(&ctx, &o));
	}
	ADD(ctx, .id = "a", .up = "SELECT 1;");
	expect(ctx, MIG_EPERMISSION, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "app");
	mig_close(ctx);
	place_end(&p);
}

/* -- another tool's table */

static void test_adopt(void **state)
{
	struct place p;
	mig_open_options o = { .schema = "app" };
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_schemas(&p);
	ctx = open_with_t(&p, &o);
	expect(ctx, MIG_ESQL, mig_adopt(ctx, NULL));
	assert_has(mig_error_hint(ctx), "version table");
	pg_exec(p.db, "CREATE TABLE admin.alembic_version (version_num VARCHAR(32) NOT NULL); "
		      "INSERT INTO admin.alembic_version VALUES ('a')");
	ok(ctx, mig_adopt(ctx, "admin.alembic_version"));
	assert_string_equal(ask(p.db, "SELECT revision FROM app.mig_version"), "a");
	ok(ctx, mig_adopt(ctx, "admin.alembic_version"));
	assert_string_equal(ask(p.db, "SELECT count(*)::text FROM app.mig_history"), "1");
	pg_exec(p.db, "UPDATE admin.alembic_version SET version_num = 'c'");
	expect(ctx, MIG_ENEWER, mig_adopt(ctx, "admin.alembic_version"));
	assert_string_equal(ask(p.db, "SELECT revision FROM app.mig_version"), "a");
	mig_close(ctx);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_found_in_the_path),
		cmocka_unit_test(test_two_histories),
		cmocka_unit_test(test_missing_schema),
		cmocka_unit_test(test_schema_made_by_a_revision),
		cmocka_unit_test(test_script_sets_the_path),
		cmocka_unit_test(test_hostile_path),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_no_access_to_the_schema),
		cmocka_unit_test(test_adopt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
