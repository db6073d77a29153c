/* test_adopt: a database whose version something else has kept so far. */
#include "both.h"

#include <stdio.h>
#include <string.h>

static mig_ctx *open_ladder(const struct base *base)
{
	static const char *const texts[] = {
		"-- revision: r1\n\n-- mig:upgrade\nCREATE TABLE t1 (x INTEGER);\n",
		"-- revision: r2\n-- revises: r1\n\n-- mig:upgrade\nCREATE TABLE t2 (x INTEGER);\n",
		("-- revision: r3\n-- revises: r2\n\n-- mig:upgrade\nCREATE TABLE t3 (x INTEGER);\n"
		 "\n-- mig:downgrade\nDROP TABLE t3;\n"),
	};
	mig_ctx *ctx = open_base(base);

	for (size_t i = 0; i < 3; i++)
		ok(ctx, mig_add_script(ctx, "r", texts[i], strlen(texts[i])));
	return ctx;
}

static const mig_adopt_pair versions[] = { { "0", NULL }, { "10", "r1" }, { "20", "r2" } };

static mig_adopt_options with_pairs(const char *table, const char *column)
{
	return (mig_adopt_options){ .struct_size = sizeof(mig_adopt_options),
				    .table = table,
				    .column = column,
				    .pairs = versions,
				    .pair_count = 3,
				    .pair_size = sizeof versions[0] };
}

/* Where the database is, ids with commas between them. */
static const char *place(mig_ctx *ctx)
{
	static char text[256];
	mig_revision_list *list;

	text[0] = '\0';
	ok(ctx, mig_current(ctx, &list));
	for (size_t i = 0; i < mig_revision_list_count(list); i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? "," : "",
			 mig_revision_id(mig_revision_list_at(list, i)));
	mig_revision_list_free(list);
	return text;
}

/* A number in a table of one's own, as the engine types it. */
static void number(const struct base *base)
{
	mig_adopt_options o = with_pairs("Own Version", "Num \"ber");
	mig_ctx *ctx = open_ladder(base);

	run_sql(base, "CREATE TABLE \"Own Version\" (\"Num \"\"ber\" INTEGER)");
	run_sql(base, "INSERT INTO \"Own Version\" VALUES (0)");
	ok(ctx, mig_adopt_with(ctx, &o));
	assert_string_equal(place(ctx), "");
	run_sql(base, "UPDATE \"Own Version\" SET \"Num \"\"ber\" = 30");
	expect(ctx, MIG_ENEWER, mig_adopt_with(ctx, &o));
	assert_non_null(strstr(mig_error_message(ctx), "\"30\""));
	run_sql(base, "UPDATE \"Own Version\" SET \"Num \"\"ber\" = 20");
	ok(ctx, mig_adopt_with(ctx, &o));
	assert_string_equal(place(ctx), "r2");
	ok(ctx, mig_adopt_with(ctx, &o)); /* it is there */
	ok(ctx, mig_upgrade(ctx, "head")); /* r3 alone: t1 and t2 are not made */
	assert_string_equal(ask_sql(base, "SELECT COUNT(*) FROM t3"), "0");
	expect(ctx, MIG_EEXISTS, mig_adopt_with(ctx, &o));
	o.once = 1;
	ok(ctx, mig_adopt_with(ctx, &o));
	assert_string_equal(place(ctx), "r3");
	run_sql(base, "UPDATE \"Own Version\" SET \"Num \"\"ber\" = NULL");
	o.once = 0;
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	mig_close(ctx);
}

/* A list of everything applied: what others imply is left out. */
static void list(const struct base *base)
{
	mig_adopt_options o = { .struct_size = sizeof o, .table = "schema_migrations",
				.column = "version" };
	mig_ctx *ctx = open_ladder(base);

	run_sql(base, "CREATE TABLE schema_migrations (version TEXT)");
	run_sql(base, "INSERT INTO schema_migrations VALUES ('r2'), ('r1'), ('r2')");
	ok(ctx, mig_adopt_with(ctx, &o));
	assert_string_equal(place(ctx), "r2");
	run_sql(base, "INSERT INTO schema_migrations VALUES ('r9')");
	expect(ctx, MIG_ENEWER, mig_adopt_with(ctx, &o));
	assert_non_null(strstr(mig_error_message(ctx), "\"r9\""));
	mig_close(ctx);
}

static void query(const struct base *base)
{
	mig_adopt_options o = with_pairs(NULL, NULL);
	mig_ctx *ctx = open_ladder(base);

	run_sql(base, "CREATE TABLE vars (name TEXT, value TEXT)");
	run_sql(base, "INSERT INTO vars VALUES ('theme', 'dark'), ('version', '10')");
	o.query = "SELECT value FROM vars WHERE name = 'version'";
	ok(ctx, mig_adopt_with(ctx, &o));
	assert_string_equal(place(ctx), "r1");
	o.query = "SELECT nothing FROM vars";
	expect(ctx, MIG_ESQL, mig_adopt_with(ctx, &o));
	assert_null(mig_error_hint(ctx)); /* nothing of Alembic */
	mig_close(ctx);
	if (!strcmp(base->dialect, "sqlite")) {
		run_sql(base, "DROP TABLE mig_version");
		run_sql(base, "PRAGMA user_version = 20");
		ctx = open_ladder(base);
		o.query = "PRAGMA user_version";
		ok(ctx, mig_adopt_with(ctx, &o));
		assert_string_equal(place(ctx), "r2");
		mig_close(ctx);
	}
}

/* A condition that is misspelt would otherwise run everything on a database that has it all. */
static void no_row(const struct base *base)
{
	mig_adopt_options o = with_pairs(NULL, NULL);
	mig_ctx *ctx = open_ladder(base);

	run_sql(base, "CREATE TABLE vars (name TEXT, value TEXT)");
	run_sql(base, "INSERT INTO vars VALUES ('version', '10')");
	run_sql(base, "CREATE TABLE empty (v TEXT)");
	o.query = "SELECT value FROM vars WHERE name = 'verison'";
	expect(ctx, MIG_ENOTFOUND, mig_adopt_with(ctx, &o));
	assert_non_null(strstr(mig_error_message(ctx), "finds no row"));
	assert_non_null(strstr(mig_error_hint(ctx), "allow_empty"));
	o.allow_empty = 1;
	ok(ctx, mig_adopt_with(ctx, &o));
	assert_string_equal(place(ctx), "");
	o = with_pairs("empty", "v");
	expect(ctx, MIG_ENOTFOUND, mig_adopt_with(ctx, &o));
	assert_non_null(strstr(mig_error_message(ctx), "empty"));
	o.allow_empty = 1;
	ok(ctx, mig_adopt_with(ctx, &o));
	/* a list of what is applied may be empty */
	o = (mig_adopt_options){ .struct_size = sizeof o, .table = "empty", .column = "v" };
	ok(ctx, mig_adopt_with(ctx, &o));
	mig_close(ctx);
}

/* Whatever its words are, it may only read. */
static void only_reads(const struct base *base)
{
	mig_adopt_options o = with_pairs(NULL, NULL);
	mig_ctx *ctx = open_ladder(base);

	run_sql(base, "CREATE TABLE vars (name TEXT, value TEXT)");
	run_sql(base, "INSERT INTO vars VALUES ('version', '10')");
	o.query = "DELETE FROM vars WHERE name = 'version' RETURNING value";
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	assert_non_null(strstr(mig_error_message(ctx), "only reads"));
	o.query = "UPDATE vars SET value = '20' RETURNING value";
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	o.query = "ROLLBACK";
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	assert_string_equal(ask_sql(base, "SELECT value FROM vars"), "10");
	if (!strcmp(base->dialect, "postgresql")) {
		o.query = "WITH gone AS (DELETE FROM vars RETURNING value) SELECT value FROM gone";
		assert_int_not_equal(mig_adopt_with(ctx, &o), MIG_OK);
		assert_string_equal(ask_sql(base, "SELECT value FROM vars"), "10");
		run_sql(base, "CREATE FUNCTION take() RETURNS TEXT LANGUAGE SQL AS "
			      "'DELETE FROM vars RETURNING value'");
		o.query = "SELECT take()";
		assert_int_not_equal(mig_adopt_with(ctx, &o), MIG_OK);
		assert_string_equal(ask_sql(base, "SELECT value FROM vars"), "10");
	}
	assert_string_equal(place(ctx), "");
	o.query = " -- where it is\n SELECT value FROM vars";
	ok(ctx, mig_adopt_with(ctx, &o));
	assert_string_equal(place(ctx), "r1");
	mig_close(ctx);
}

static mig_status by_function(void *user, const char *value, const char **revision)
{
	static char id[16];
	int n;

	if (sscanf(value, "v%d", &n) != 1)
		return -1234;
	++*(int *)user;
	if (n) {
		snprintf(id, sizeof id, "r%d", n);
		*revision = id;
	}
	return MIG_OK;
}

static void function(const struct base *base)
{
	int calls = 0;
	mig_adopt_options o = { .struct_size = sizeof o, .table = "theirs", .column = "v",
				.fn = by_function, .user = &calls };
	mig_ctx *ctx = open_ladder(base);

	run_sql(base, "CREATE TABLE theirs (v TEXT)");
	run_sql(base, "INSERT INTO theirs VALUES ('v0'), ('v1'), ('v2')");
	ok(ctx, mig_adopt_with(ctx, &o));
	assert_int_equal(calls, 3);
	assert_string_equal(place(ctx), "r2");
	run_sql(base, "INSERT INTO theirs VALUES ('odd')");
	expect(ctx, -1234, mig_adopt_with(ctx, &o));
	assert_non_null(strstr(mig_error_message(ctx), "\"odd\""));
	mig_close(ctx);
}

/* At each start, before an upgrade; also when the database was taken down to base since. */
static void once(const struct base *base)
{
	mig_adopt_options o = with_pairs("version", "n");
	mig_ctx *ctx;

	o.once = 1;
	run_sql(base, "CREATE TABLE version (n INTEGER)");
	run_sql(base, "INSERT INTO version VALUES (20)");
	run_sql(base, "CREATE TABLE t1 (x INTEGER)");
	run_sql(base, "CREATE TABLE t2 (x INTEGER)");
	for (int start = 0; start < 3; start++) {
		ctx = open_ladder(base);
		ok(ctx, mig_adopt_with(ctx, &o));
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_string_equal(place(ctx), "r3");
		mig_close(ctx);
	}
	ctx = open_ladder(base);
	ok(ctx, mig_stamp(ctx, "base"));
	ok(ctx, mig_adopt_with(ctx, &o));
	assert_string_equal(place(ctx), "");
	mig_close(ctx);
}

static void wrong(const struct base *base)
{
	mig_adopt_options o = with_pairs("", NULL);
	mig_adopt_pair none[] = { { NULL, "r1" } }, twice[] = { { "1", "r1" }, { "1", "r2" } };
	mig_ctx *ctx = open_ladder(base);

	assert_int_equal(mig_adopt_with(NULL, &o), MIG_EINVAL);
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	o = with_pairs(NULL, "");
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	o = with_pairs("t", NULL);
	o.query = "SELECT 1";
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	o = with_pairs("t", NULL);
	o.fn = by_function;
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	o = with_pairs("t", NULL);
	o.pair_size = 1;
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	o = with_pairs("t", NULL);
	o.pairs = none;
	o.pair_count = 1;
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	o.pairs = twice;
	o.pair_count = 2;
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	assert_non_null(strstr(mig_error_message(ctx), "\"1\" is in two pairs"));
	o = with_pairs("missing", "n");
	expect(ctx, MIG_ESQL, mig_adopt_with(ctx, &o));
	expect(ctx, MIG_ESQL, mig_adopt_with(ctx, NULL));
	assert_non_null(strstr(mig_error_hint(ctx), "Alembic"));
	mig_close(ctx);
}

/* What is read stays as it is, and a misspelt column is an error, not a text. */
static void harmless(const struct base *base)
{
	mig_adopt_options o = with_pairs(NULL, NULL);
	mig_ctx *ctx = open_ladder(base);

	run_sql(base, "CREATE TABLE own (n INTEGER)");
	run_sql(base, "INSERT INTO own VALUES (10)");
	o.query = "DELETE FROM own";
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	o.query = "DROP TABLE own";
	expect(ctx, MIG_EINVAL, mig_adopt_with(ctx, &o));
	assert_string_equal(ask_sql(base, "SELECT COUNT(*) FROM own"), "1");
	o = with_pairs("own", "m");
	expect(ctx, MIG_ESQL, mig_adopt_with(ctx, &o));
	run_sql(base, "DELETE FROM own");
	expect(ctx, MIG_ESQL, mig_adopt_with(ctx, &o));
	mig_close(ctx);
}

#define ON_ALL(name)                          \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		on_all(name);                 \
	}
ON_ALL(number)
ON_ALL(list)
ON_ALL(query)
ON_ALL(function)
ON_ALL(once)
ON_ALL(wrong)
ON_ALL(harmless)
ON_ALL(no_row)
ON_ALL(only_reads)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number), cmocka_unit_test(test_list),
		cmocka_unit_test(test_query),  cmocka_unit_test(test_function),
		cmocka_unit_test(test_once),   cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_harmless), cmocka_unit_test(test_no_row),
		cmocka_unit_test(test_only_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
