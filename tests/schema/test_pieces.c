/* Mistakes in a model that an engine would take for something else: pieces of SQL that end in a comment or
 * hold a semicolon, names that are not UTF-8, libmig's own tables, options whose value means nothing; and
 * what the engine refuses is named. On every dialect. */
#include "both.h"

#include <stdio.h>
#include <string.h>

static mig_ctx *open_model(const struct base *base, mig_model **m)
{
	mig_ctx *ctx = open_base(base);

	ok(ctx, mig_model_of(ctx, m));
	return ctx;
}

static void has(mig_ctx *ctx, const char *words)
{
	if (!strstr(mig_error_message(ctx), words))
		fail_msg("no \"%s\" in \"%s\"", words, mig_error_message(ctx));
}

/* The SQL that makes the model; to be freed with the list. */
static const char *made(mig_ctx *ctx, mig_op_list **list)
{
	size_t size;

	ok(ctx, mig_diff(ctx, NULL, list));
	return mig_op_list_sql(*list, MIG_UPGRADE, &size);
}

static mig_table *table_with(mig_model *m, const char *name)
{
	mig_table *t = mig_model_table(m, NULL, name);

	mig_column_primary_key(mig_table_column(t, "id", "integer"));
	mig_table_column(t, "n", "integer");
	return t;
}

/* What comes after a comment stays SQL. */
static void comments_at_the_end(const struct base *base)
{
	mig_model *m;
	mig_ctx *ctx = open_model(base, &m);
	mig_table *t = table_with(m, "t");
	mig_op_list *list;

	mig_column_default(mig_table_column(t, "a", "integer"), "1 -- one");
	mig_column_default(mig_table_column(t, "b", "text"), "'--' /* two dashes */");
	mig_table_check(t, "positive", " n > 0 -- or null\n");
	mig_table_index(t, &(mig_index){ .struct_size = sizeof(mig_index),
					 .name = "i",
					 .columns = (const char *const[]){ "(n + 1) -- next", NULL },
					 .where = "n > 1 -- few" });
	mig_model_view(m, NULL, "v", "SELECT id FROM t -- all of them");
	made(ctx, &list);
	run_sql(base, mig_op_list_sql(list, MIG_UPGRADE, NULL));
	mig_op_list_free(list);
	run_sql(base, "INSERT INTO t (id, n) VALUES (1, 5)");
	assert_string_equal(ask_sql(base, "SELECT a FROM t"), "1");
	assert_string_equal(ask_sql(base, "SELECT b FROM t"), "--");
	assert_string_equal(ask_sql(base, "SELECT id FROM v"), "1");
	made(ctx, &list); /* and it is the same when it is read back */
	assert_int_equal(mig_op_list_count(list), 0);
	mig_op_list_free(list);
	mig_close(ctx);
}

struct wrong {
	const char *what; /* which piece */
	const char *sql, *words;
};

static void declare_wrong(mig_model *m, const struct wrong *w)
{
	mig_table *t = table_with(m, "t");

	if (!strcmp(w->what, "default"))
		mig_column_default(mig_table_column(t, "a", "integer"), w->sql);
	else if (!strcmp(w->what, "generated"))
		mig_column_generated(mig_table_column(t, "a", "integer"), w->sql, 1);
	else if (!strcmp(w->what, "check"))
		mig_table_check(t, "positive", w->sql);
	else if (!strcmp(w->what, "type"))
		mig_column_type_for(mig_table_column(t, "a", "integer"), NULL, w->sql);
	else
		mig_model_view(m, NULL, "v", w->sql);
}

static void semicolons(const struct base *base)
{
	static const struct wrong all[] = {
		{ "view", "SELECT id FROM t; DROP TABLE t", "the query of view v: it has a semicolon" },
		{ "view", "SELECT id FROM t;", "view v" },
		{ "view", " -- nothing", "the query of view v: it is empty" },
		{ "view", "SELECT 'x FROM t", "the query of view v" },
		{ "default", "1; SELECT 2", "the default of column t.a: it has a semicolon" },
		{ "generated", "n + 1;", "the generated value of column t.a" },
		{ "check", "n > 0); DROP TABLE t; --", "positive of table t: it has a semicolon" },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		mig_op_list *list;
		mig_model *m;
		mig_ctx *ctx = open_model(base, &m);

		declare_wrong(m, &all[i]);
		assert_int_not_equal(mig_diff(ctx, NULL, &list), MIG_OK);
		has(ctx, all[i].words);
		mig_close(ctx);
	}
}

/* The engine knows the mistake, the model where it is. */
static void refused_by_the_engine(const struct base *base)
{
	mig_op_list *list;
	mig_model *m;
	mig_ctx *ctx = open_model(base, &m);

	table_with(m, "other");
	mig_table_check(table_with(m, "people"), "adult", "no_such_function_here(n) > 18");
	assert_int_not_equal(mig_diff(ctx, NULL, &list), MIG_OK);
	has(ctx, "table people");
	has(ctx, "no_such_function_here");
	mig_close(ctx);

	ctx = open_model(base, &m);
	table_with(m, "t");
	mig_model_view(m, NULL, "adults", "SELECT FROM WHERE");
	assert_int_not_equal(mig_diff(ctx, NULL, &list), MIG_OK);
	has(ctx, "view adults");
	mig_close(ctx);
}

static void names(const struct base *base)
{
	mig_op_list *list;
	mig_model *m;
	mig_ctx *ctx = open_model(base, &m);

	assert_null(mig_model_table(m, NULL, "caf\xe9"));
	expect(ctx, MIG_EINVAL, mig_diff(ctx, NULL, &list));
	has(ctx, "the name of a table is not UTF-8");
	mig_close(ctx);
	ctx = open_model(base, &m);
	assert_null(mig_table_column(table_with(m, "caf\xc3\xa9"), "\xff", "integer"));
	expect(ctx, MIG_EINVAL, mig_diff(ctx, NULL, &list));
	has(ctx, "table caf\xc3\xa9: the name of a column is not UTF-8");
	mig_close(ctx);
}

/* They are never compared, so they would be created for ever. */
static void own_tables(const struct base *base)
{
	static const char *const own[] = { "mig_version", "mig_history" };
	mig_op_list *list;
	mig_model *m;

	for (size_t i = 0; i < 2; i++) {
		mig_ctx *ctx = open_model(base, &m);

		table_with(m, own[i]);
		expect(ctx, MIG_EINVAL, mig_diff(ctx, NULL, &list));
		has(ctx, own[i]);
		has(ctx, "libmig's own");
		mig_close(ctx);
	}
}

static void values_of_options(const struct base *base)
{
	mig_op_list *list;
	mig_model *m;
	mig_ctx *ctx = open_model(base, &m);
	mig_table *t = table_with(m, "t");

	if (strcmp(base->dialect, "sqlite") != 0) {
		/* what the dialect of another database is asked, it is asked there */
		assert_int_equal(mig_table_option(t, "sqlite", "strict", "no"), MIG_OK);
		ok(ctx, mig_diff(ctx, NULL, &list));
		mig_op_list_free(list);
		mig_close(ctx);
		return;
	}
	assert_int_equal(mig_table_option(t, "sqlite", "strict", "no"), MIG_EINVAL);
	has(ctx, "option strict is \"no\", but can only be \"yes\"");
	mig_close(ctx);
	ctx = open_model(base, &m);
	t = table_with(m, "t");
	assert_int_equal(mig_table_option(t, "sqlite", "strict", "yes"), MIG_OK);
	assert_non_null(strstr(made(ctx, &list), "STRICT"));
	mig_op_list_free(list);
	mig_close(ctx);
}

/* SQLite fills a key alone by itself; anything else would be another type, without values. */
static void identity(const struct base *base)
{
	static const char *const types[] = { "text", "integer", "bigint" };
	int sqlite = !strcmp(base->dialect, "sqlite");

	for (size_t i = 0; i < 3; i++) {
		mig_op_list *list;
		mig_model *m;
		mig_ctx *ctx = open_model(base, &m);
		mig_table *t = mig_model_table(m, NULL, "t");
		mig_column *c = mig_table_column(t, "c", types[i]);
		mig_status rc;

		if (i == 2)
			mig_column_primary_key(c);
		else
			mig_column_primary_key(mig_table_column(t, "id", "integer"));
		mig_column_identity(c, 0);
		rc = mig_diff(ctx, NULL, &list);
		if (i == 2 || (i == 1 && !sqlite)) {
			ok(ctx, rc);
			mig_op_list_free(list);
		} else {
			assert_int_not_equal(rc, MIG_OK);
			if (sqlite)
				has(ctx, "column c: identity");
		}
		mig_close(ctx);
	}
}

/* A key that has no name in the database gets that of the model by a rebuild, once, which keeps the rows. */
static void keys_get_their_names(const struct base *base)
{
	mig_op_list *list;
	mig_model *m;
	mig_ctx *ctx;

	if (strcmp(base->dialect, "sqlite") != 0)
		return;
	run_sql(base, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)");
	run_sql(base, "INSERT INTO t VALUES (7, 8)");
	ctx = open_model(base, &m);
	table_with(m, "t");
	assert_non_null(strstr(made(ctx, &list), "CONSTRAINT pk_t PRIMARY KEY"));
	run_sql(base, mig_op_list_sql(list, MIG_UPGRADE, NULL));
	mig_op_list_free(list);
	made(ctx, &list);
	assert_int_equal(mig_op_list_count(list), 0);
	mig_op_list_free(list);
	mig_close(ctx);
	assert_string_equal(ask_sql(base, "SELECT id || ',' || n FROM t"), "7,8");
}

#define ON_ALL(name)                          \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		on_all(name);                 \
	}
ON_ALL(comments_at_the_end)
ON_ALL(semicolons)
ON_ALL(refused_by_the_engine)
ON_ALL(names)
ON_ALL(own_tables)
ON_ALL(values_of_options)
ON_ALL(identity)
ON_ALL(keys_get_their_names)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comments_at_the_end), cmocka_unit_test(test_semicolons),
		cmocka_unit_test(test_refused_by_the_engine), cmocka_unit_test(test_names),
		cmocka_unit_test(test_own_tables), cmocka_unit_test(test_values_of_options),
		cmocka_unit_test(test_identity), cmocka_unit_test(test_keys_get_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
