/* Types that are made of other types: what has values of one keeps them when the inner one changes.
 * Each change is proved and run both ways. */
#include "change.h"

#define VALUES "SELECT string_agg(t::text, ' ' ORDER BY id) FROM t"

/* An enum or a domain that is made anew. */
static const struct change replaced[] = {
	{ .name = "an enum in a composite type, and its array",
	  .old = "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TYPE c AS (x e, y int);"
		 "CREATE TABLE t (id int, c c, cs c[])",
	  .new = "CREATE TYPE e AS ENUM ('a', 'z'); CREATE TYPE c AS (x e, y int);"
		 "CREATE TABLE t (id int, c c, cs c[])",
	  .rows = "INSERT INTO t VALUES (1, '(a,2)', '{\"(a,3)\"}')",
	  .lacks = { "DROP ATTRIBUTE" },
	  .question = VALUES,
	  .up = "(1,\"(a,2)\",\"{\"\"(a,3)\"\"}\")",
	  .down = "(1,\"(a,2)\",\"{\"\"(a,3)\"\"}\")" },
	{ .name = "an enum under a domain, and its array",
	  .old = "CREATE TYPE e AS ENUM ('a', 'b'); CREATE DOMAIN d AS e CHECK (VALUE <> 'b');"
		 "CREATE TABLE t (id int, c d DEFAULT 'a', cs d[]); CREATE VIEW v AS SELECT c FROM t",
	  .new = "CREATE TYPE e AS ENUM ('z', 'a'); CREATE DOMAIN d AS e CHECK (VALUE <> 'z');"
		 "CREATE TABLE t (id int, c d DEFAULT 'a', cs d[]); CREATE VIEW v AS SELECT c FROM t",
	  .rows = "INSERT INTO t VALUES (1, 'a', '{a}')",
	  .lacks = { "DROP COLUMN" },
	  .question = VALUES,
	  .up = "(1,a,{a})",
	  .down = "(1,a,{a})" },
	{ .name = "a domain in an array gets another base and check",
	  .old = "CREATE DOMAIN d AS varchar(200) CHECK (VALUE LIKE '%@%') DEFAULT 'a@b';"
		 "CREATE TABLE t (id int, e d, es d[])",
	  .new = "CREATE DOMAIN d AS text CHECK (VALUE LIKE '%@%') DEFAULT 'a@b';"
		 "CREATE TABLE t (id int, e d, es d[])",
	  .rows = "INSERT INTO t VALUES (1, 'x@y', '{z@w}')",
	  .question = VALUES,
	  .up = "(1,x@y,{z@w})",
	  .down = "(1,x@y,{z@w})" },
	{ .name = "a domain in a composite type under a view",
	  .old = "CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TYPE c AS (x d, y int);"
		 "CREATE TABLE t (id int, c c, CHECK ((c).x < 9)); CREATE VIEW v AS SELECT (c).x, id FROM t",
	  .new = "CREATE DOMAIN d AS bigint CHECK (VALUE > 0); CREATE TYPE c AS (x d, y int);"
		 "CREATE TABLE t (id int, c c, CHECK ((c).x < 9)); CREATE VIEW v AS SELECT (c).x, id FROM t",
	  .rows = "INSERT INTO t VALUES (1, '(4,5)')",
	  .lacks = { "DROP ATTRIBUTE" },
	  .question = VALUES,
	  .up = "(1,\"(4,5)\")",
	  .down = "(1,\"(4,5)\")" },
	{ .name = "a domain over a domain",
	  .old = "CREATE DOMAIN d AS int; CREATE DOMAIN d2 AS d CHECK (VALUE > 1) DEFAULT 3;"
		 "COMMENT ON DOMAIN d2 IS 'of d'; CREATE TABLE t (id int, c d[], e d2)",
	  .new = "CREATE DOMAIN d AS bigint CHECK (VALUE > 0); CREATE DOMAIN d2 AS d CHECK (VALUE > 1) "
		 "DEFAULT 3; COMMENT ON DOMAIN d2 IS 'of d'; CREATE TABLE t (id int, c d[], e d2)",
	  .rows = "INSERT INTO t VALUES (1, '{2}', 3)",
	  .question = VALUES,
	  .up = "(1,{2},3)",
	  .down = "(1,{2},3)" },
};
TEST_ALL(replaced)

static const struct change altered[] = {
	{ .name = "a composite type in a domain and in arrays",
	  .old = "CREATE TYPE c AS (x int, y int); CREATE DOMAIN dc AS c;"
		 "CREATE TABLE t (id int, c c, d c[], e dc); CREATE VIEW v AS SELECT c FROM t",
	  .new = "CREATE TYPE c AS (x text, y int); CREATE DOMAIN dc AS c;"
		 "CREATE TABLE t (id int, c c, d c[], e dc); CREATE VIEW v AS SELECT c FROM t",
	  .rows = "INSERT INTO t VALUES (1, '(2,3)', '{\"(4,5)\"}', '(6,7)')",
	  .question = VALUES,
	  .up = "(1,\"(2,3)\",\"{\"\"(4,5)\"\"}\",\"(6,7)\")",
	  .down = "(1,\"(2,3)\",\"{\"\"(4,5)\"\"}\",\"(6,7)\")" },
	{ .name = "a check of a domain that an array has",
	  .old = "CREATE DOMAIN d AS int; CREATE TABLE t (id int, c d[])",
	  .new = "CREATE DOMAIN d AS int NOT NULL CHECK (VALUE > 0); CREATE TABLE t (id int, c d[])",
	  .rows = "INSERT INTO t VALUES (1, '{2}')",
	  .question = VALUES,
	  .up = "(1,{2})",
	  .down = "(1,{2})" },
};
TEST_ALL(altered)

/* Values have attributes in an order, which is the type's meaning. */
static const struct change reordered[] = {
	{ .name = "a composite type that nothing has, with comments",
	  .old = "CREATE TYPE c AS (y text, x int); COMMENT ON COLUMN c.x IS 'of x'",
	  .new = "CREATE TYPE c AS (x int, y text); COMMENT ON COLUMN c.x IS 'of x'",
	  .has = { "ADD ATTRIBUTE x integer,\n\tADD ATTRIBUTE y text" },
	  .question = "SELECT '(1,2)'::c::text || col_description('c'::regclass, min(attnum)) FROM pg_attribute "
		      "WHERE attrelid = 'c'::regclass AND attname = 'x'",
	  .up = "(1,2)of x",
	  .down = "(1,2)of x" },
	{ .name = "in columns, arrays, domains and other types, under views and indexes",
	  .old = "CREATE TYPE c AS (y text, x int); CREATE DOMAIN dc AS c; CREATE TYPE o AS (i c, j int);"
		 "CREATE TABLE t (id int, c c DEFAULT ROW('d', 1)::c, d c[], e dc, f o, g o[], UNIQUE (c));"
		 "CREATE INDEX i ON t (((c).x)); CREATE VIEW v AS SELECT (c).x FROM t;"
		 "CREATE FUNCTION f(a c) RETURNS int LANGUAGE sql AS 'SELECT a.x'",
	  .new = "CREATE TYPE c AS (x int, y text); CREATE DOMAIN dc AS c; CREATE TYPE o AS (i c, j int);"
		 "CREATE TABLE t (id int, c c DEFAULT ROW(1, 'd')::c, d c[], e dc, f o, g o[], UNIQUE (c));"
		 "CREATE INDEX i ON t (((c).x)); CREATE VIEW v AS SELECT (c).x FROM t;"
		 "CREATE FUNCTION f(a c) RETURNS int LANGUAGE sql AS 'SELECT a.x'",
	  .rows = "INSERT INTO t VALUES (1, '(b,2)', '{\"(,4)\",NULL}', '(q,6)', '(\"(r,7)\",8)', '{\"(\\\"(s,9)\\\",)\"}'),"
		  "(2, NULL, NULL, NULL, NULL, NULL), (3, '(,)', '{}', '(,)', '(,)', '{NULL}')",
	  .question = "SELECT string_agg(concat_ws(' ', id, (c).x, (c).y, to_json(d), (e).x, (e).y, to_json(f), to_json(g), "
		      "c IS NOT DISTINCT FROM NULL), '; ' ORDER BY id) FROM t",
	  .up = "1 2 b [{\"x\":4,\"y\":null},null] 6 q {\"i\":{\"x\":7,\"y\":\"r\"},\"j\":8} "
		"[{\"i\":{\"x\":9,\"y\":\"s\"},\"j\":null}] f; 2 t; 3 [] {\"i\":null,\"j\":null} [null] f",
	  .down = "1 2 b [{\"y\":null,\"x\":4},null] 6 q {\"i\":{\"y\":\"r\",\"x\":7},\"j\":8} "
		  "[{\"i\":{\"y\":\"s\",\"x\":9},\"j\":null}] f; 2 t; 3 [] {\"i\":null,\"j\":null} [null] f" },
	{ .name = "a new attribute in the middle, of a new type",
	  .old = "CREATE TYPE c AS (x int, y text); CREATE TABLE t (id int, c c)",
	  .new = "CREATE TYPE e AS ENUM ('a'); CREATE TYPE c AS (x int, z e, y text); CREATE TABLE t (id int, c c)",
	  .rows = "INSERT INTO t VALUES (1, '(2,b)')",
	  .question = VALUES,
	  .up = "(1,\"(2,,b)\")",
	  .down = "(1,\"(2,b)\")" },
	{ .name = "one goes, one comes in front, one gets another type",
	  .old = "CREATE TYPE c AS (x int, y text, w int); CREATE TABLE t (id int, c c)",
	  .new = "CREATE TYPE c AS (n int, w bigint, x int); CREATE TABLE t (id int, c c)",
	  .rows = "INSERT INTO t VALUES (1, '(2,b,3)')",
	  .question = VALUES,
	  .up = "(1,\"(,3,2)\")",
	  .down = "(1,\"(2,,3)\")" },
	{ .name = "a new attribute at the end: nothing is made anew",
	  .old = "CREATE TYPE c AS (x int, y text); CREATE TABLE t (id int, c c)",
	  .new = "CREATE TYPE c AS (y text, z int); CREATE TABLE t (id int, c c)",
	  .rows = "INSERT INTO t VALUES (1, '(2,b)')",
	  .lacks = { "DROP ATTRIBUTE y", "to_json" },
	  .question = VALUES,
	  .up = "(1,\"(b,)\")",
	  .down = "(1,\"(,b)\")" },
};
TEST_ALL(reordered)

/* -- renames */

static void run_both(PGconn *db, const mig_op_list *list, const char *question, const char *up, const char *down)
{
	pg_exec(db, mig_op_list_sql(list, MIG_UPGRADE, NULL));
	assert_answer(db, question, up);
	pg_exec(db, mig_op_list_sql(list, MIG_DOWNGRADE, NULL));
	assert_answer(db, question, down);
}

#define MOODS "CREATE TYPE mood AS ENUM ('sad', 'so-so', 'glad'); CREATE TABLE felt (m mood DEFAULT 'sad');" \
	      "CREATE VIEW v AS SELECT m FROM felt WHERE m <> 'glad'; INSERT INTO felt VALUES ('sad')"
#define FELT "SELECT string_agg(m::text, '') FROM v"

static int32_t say_yes(void *user, const mig_object *from, const mig_object *to)
{
	assert_int_equal(from->kind, MIG_KIND_ENUM_VALUE);
	assert_string_equal(from->parent->name, "mood");
	assert_string_equal(to->parent->name, "mood");
	(*(int *)user)++;
	return !strcmp(from->name, "sad") && !strcmp(to->name, "it's bad");
}

/* By a hint, by the answer to a question, and by a model in C; rows keep their value. */
static void test_renamed_values(void **state)
{
	static const char new[] =
		"CREATE TYPE mood AS ENUM ('it''s bad', 'so-so', 'fine', 'glad'); CREATE TABLE felt (m mood DEFAULT "
		"'it''s bad'); CREATE VIEW v AS SELECT m FROM felt WHERE m <> 'glad'";
	static const char *const renames[] = { "mood.sad=it's bad", NULL };
	static const char *const wrong[] = { "mood.sad=glad", NULL };
	int asked = 0;
	mig_diff_options hint = { .struct_size = sizeof hint, .renames = renames };
	mig_diff_options question = { .struct_size = sizeof question, .rename_fn = say_yes, .rename_user = &asked };
	struct place p;
	mig_op_list *list;
	mig_model *model;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, MOODS);
	ctx = open_place(&p, NULL);
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, NULL, "new", new, strlen(new)));
	for (int i = 0; i < 2; i++) {
		ok(ctx, mig_diff(ctx, i ? &question : &hint, &list));
		assert_string_equal(mig_op_list_text(list, 0), "rename enum value mood.sad to it's bad");
		assert_has(mig_op_list_sql(list, MIG_UPGRADE, NULL),
			   "ALTER TYPE public.mood RENAME VALUE 'sad' TO 'it''s bad';");
		assert_null(strstr(mig_op_list_sql(list, MIG_UPGRADE, NULL), "CREATE TYPE"));
		run_both(p.db, list, FELT, "it's bad", "sad");
		mig_op_list_free(list);
	}
	assert_int_equal(asked, 1);
	hint.renames = wrong;
	expect(ctx, MIG_ENOTFOUND, mig_diff(ctx, &hint, &list));
	assert_has(mig_error_message(ctx), "the new name is already in the database");
	mig_close(ctx);
	place_end(&p);
}

static void test_renamed_values_in_c(void **state)
{
	const mig_schema_def schema = MIG_SCHEMA(
		MIG_TABLES((mig_table_def[]){ {
			.name = "felt",
			MIG_COLUMNS((mig_column_def[]){ { .name = "m", .type = "enum mood" } }),
		} }),
		MIG_ENUMS((mig_enum_def[]){ {
			.name = "mood",
			.values = MIG_NAMES("sad", "fine", "glad"),
			.renamed_from = MIG_NAMES("", "so-so"),
		} }));
	struct place p;
	mig_op_list *list;
	mig_model *model;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TYPE mood AS ENUM ('sad', 'so-so', 'glad'); CREATE TABLE felt (m mood);"
		      "INSERT INTO felt VALUES ('so-so')");
	ctx = open_place(&p, NULL);
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_declare(model, &schema));
	ok(ctx, mig_diff(ctx, NULL, &list));
	assert_int_equal(mig_op_list_count(list), 1);
	run_both(p.db, list, "SELECT m FROM felt", "fine", "so-so");
	pg_exec(p.db, mig_op_list_sql(list, MIG_UPGRADE, NULL));
	mig_op_list_free(list);
	ok(ctx, mig_diff(ctx, NULL, &list)); /* what was said stays, and does nothing */
	assert_int_equal(mig_op_list_count(list), 0);
	mig_op_list_free(list);
	expect(ctx, MIG_EINVAL, mig_model_enum_renamed_from(model, "moods", MIG_NAMES("a")));
	mig_close(ctx);
	place_end(&p);
}

static void test_moved_table(void **state)
{
	static const char new[] = "CREATE SCHEMA app; CREATE TABLE app.people (id serial PRIMARY KEY, x int UNIQUE);"
				  "CREATE VIEW v AS SELECT x FROM app.people";
	static const char *const renames[] = { "users=app.people", NULL };
	mig_diff_options o = { .struct_size = sizeof o, .renames = renames };
	struct place p;
	mig_op_list *list;
	mig_model *model;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE SCHEMA app; CREATE TABLE users (id serial PRIMARY KEY, x int UNIQUE);"
		      "CREATE VIEW v AS SELECT x FROM users; INSERT INTO users (x) VALUES (7)");
	ctx = open_place(&p, NULL);
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, NULL, "new", new, strlen(new)));
	ok(ctx, mig_diff(ctx, &o, &list));
	assert_string_equal(mig_op_list_text(list, 0), "rename table users to app.people");
	assert_has(mig_op_list_sql(list, MIG_UPGRADE, NULL), "ALTER TABLE public.users SET SCHEMA app;");
	assert_has(mig_op_list_sql(list, MIG_DOWNGRADE, NULL), "SET SCHEMA public;");
	assert_null(strstr(mig_op_list_sql(list, MIG_UPGRADE, NULL), "DROP TABLE"));
	run_both(p.db, list, "SELECT x FROM v", "7", "7");
	mig_op_list_free(list);
	mig_close(ctx);
	place_end(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_altered),
		cmocka_unit_test(test_reordered),
		cmocka_unit_test(test_renamed_values),
		cmocka_unit_test(test_renamed_values_in_c),
		cmocka_unit_test(test_moved_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
