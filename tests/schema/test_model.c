/* What a program declares, and the revisions made of it, on every dialect. */
#include "both.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* -- the walk of a new user: two versions of a program */

static void declare_first(mig_model *m)
{
	mig_table *users = mig_model_table(m, NULL, "users");
	mig_table *results = mig_model_table(m, NULL, "results");
	mig_column *c;

	mig_column_primary_key(mig_table_column(users, "id", "integer"));
	mig_column_not_null(mig_table_column(users, "name", "varchar(40)"));
	c = mig_table_column(users, "active", "boolean");
	mig_column_not_null(c);
	mig_column_default_bool(c, 1);
	mig_column_default_now(mig_table_column(users, "created", "timestamp"));

	mig_column_primary_key(mig_table_column(results, "id", "integer"));
	c = mig_table_column(results, "user_id", "integer");
	mig_column_not_null(c);
	mig_column_references(c, "users", "id", "CASCADE");
	c = mig_table_column(results, "points", "integer");
	mig_column_default_int64(c, 0);
	mig_table_check(results, "points_positive", "points >= 0");
	mig_model_view(m, NULL, "best",
		       "SELECT user_id, max(points) AS points FROM results GROUP BY "
		       "user_id");
}

static void declare_second(mig_model *m)
{
	mig_table *users = mig_model_table(m, NULL, "users");
	mig_table *results = mig_model_table(m, NULL, "results");
	mig_column *c;

	mig_model_enum(m, NULL, "level", COLUMNS("low", "it's high"));
	mig_column_primary_key(mig_table_column(users, "id", "integer"));
	c = mig_table_column(users, "full_name", "varchar(80)"); /* renamed, and wider */
	mig_column_not_null(c);
	mig_column_renamed_from(c, "name");
	c = mig_table_column(users, "active", "boolean");
	mig_column_not_null(c);
	mig_column_default_bool(c, 1);
	mig_column_default_now(mig_table_column(users, "created", "timestamp"));
	c = mig_table_column(users, "email", "text");
	mig_column_indexed(c);
	c = mig_table_column(users, "level", "enum level");
	mig_column_not_null(c);
	mig_column_default_text(c, "it's high");

	mig_column_primary_key(mig_table_column(results, "id", "integer"));
	c = mig_table_column(results, "user_id", "integer");
	mig_column_not_null(c);
	mig_column_references(c, "users", "id", "CASCADE");
	c = mig_table_column(results, "points", "bigint");
	mig_column_default_int64(c, 0);
	mig_table_check(results, "points_positive", "points >= 0");
	mig_table_unique(results, NULL, COLUMNS("user_id", "points"));
	mig_model_view(m, NULL, "best",
		       "SELECT user_id, max(points) AS points FROM results GROUP BY "
		       "user_id");
}

/* What is said for a dialect that is not the database's is kept for it. */
static void test_other_dialects(void **user)
{
	mig_model *m;
	mig_op_list *list;
	mig_table *t;
	mig_ctx *ctx;
	const mig_open_options o = { .struct_size = sizeof o, .url = "sqlite::memory:" };

	(void)user;
	ok(NULL, mig_open_with(&ctx, &o));
	ok(ctx, mig_model_of(ctx, &m));
	t = mig_model_table(m, NULL, "t");
	mig_column_primary_key(mig_table_column(t, "id", "integer"));
	ok(ctx, mig_table_option(t, "mysql", "engine", "InnoDB"));
	ok(ctx, mig_table_option(t, "sqlite", "strict", "yes"));
	ok(ctx, mig_diff(ctx, NULL, &list));
	assert_non_null(strstr(mig_op_list_sql(list, MIG_UPGRADE, NULL), "STRICT"));
	assert_null(strstr(mig_op_list_sql(list, MIG_UPGRADE, NULL), "InnoDB"));
	mig_op_list_free(list);
	mig_close(ctx);
}

/* Autogenerates; the number of revisions written. */
static size_t generate(const struct base *base, void (*declare)(mig_model *), const char *id)
{
	mig_revision_options revision = { .struct_size = sizeof revision,
					  .message = id,
					  .rev_id = id };
	mig_autogenerate_options options = { .struct_size = sizeof options, .revision = &revision };
	mig_revision_list *list;
	mig_model *m;
	mig_ctx *ctx = open_base(base);
	size_t count;

	ok(ctx, mig_model_of(ctx, &m));
	declare(m);
	ok(ctx, mig_autogenerate(ctx, &options, &list));
	count = mig_revision_list_count(list);
	mig_revision_list_free(list);
	mig_close(ctx);
	return count;
}

static void move(const struct base *base, int up, const char *target)
{
	mig_ctx *ctx = open_base(base);

	if (up)
		ok(ctx, mig_upgrade(ctx, target));
	else
		ok(ctx, mig_downgrade(ctx, target));
	mig_close(ctx);
}

static void assert_same(const struct base *base, void (*declare)(mig_model *))
{
	mig_op_list *list;
	mig_model *m;
	mig_ctx *ctx = open_base(base);

	ok(ctx, mig_model_of(ctx, &m));
	declare(m);
	ok(ctx, mig_diff(ctx, NULL, &list));
	assert_int_equal(mig_op_list_count(list), 0);
	mig_op_list_free(list);
	mig_close(ctx);
}

static void walk(const struct base *base)
{
	assert_int_equal(generate(base, declare_first, "one"), 1);
	move(base, 1, "head");
	assert_int_equal(generate(base, declare_first, "none"), 0);
	run_sql(base, "INSERT INTO users (name) VALUES ('ada')");
	run_sql(base, "INSERT INTO results (user_id, points) VALUES (1, 7)");

	assert_int_equal(generate(base, declare_second, "two"), 1);
	move(base, 1, "head");
	assert_int_equal(generate(base, declare_second, "none"), 0);
	assert_string_equal(ask_sql(base, "SELECT full_name FROM users WHERE active"), "ada");
	assert_string_equal(ask_sql(base, "SELECT level FROM users"), "it's high");
	assert_string_equal(ask_sql(base, "SELECT points FROM best"), "7");
	run_sql(base, "INSERT INTO results (user_id, points) VALUES (1, 5000000000)");
	run_sql(base, "DELETE FROM results WHERE points > 7");

	move(base, 0, "-1");
	assert_same(base, declare_first);
	assert_string_equal(ask_sql(base, "SELECT name FROM users"), "ada");
	assert_string_equal(ask_sql(base, "SELECT points FROM best"), "7");
	move(base, 0, "base");
	move(base, 1, "head");
	assert_same(base, declare_second);
}

static void test_walk(void **user)
{
	(void)user;
	on_all(walk);
}

/* -- mistakes */

static mig_model *mistaken(mig_ctx **ctx)
{
	mig_model *m;

	assert_int_equal(mig_open(ctx, "sqlite::memory:"), MIG_OK);
	assert_int_equal(mig_model_of(*ctx, &m), MIG_OK);
	return m;
}

static void assert_mistake(mig_ctx *ctx, mig_status status, const char *message)
{
	mig_op_list *list = NULL;

	expect(ctx, status, mig_diff(ctx, NULL, &list));
	assert_null(list);
	assert_string_equal(mig_error_message(ctx), message);
	mig_close(ctx);
}

static void test_mistakes(void **user)
{
	mig_ctx *ctx;
	mig_model *m;
	mig_table *t;

	(void)user;
	m = mistaken(&ctx);
	assert_mistake(ctx, MIG_EMISUSE, "there is no model to compare the database with");

	m = mistaken(&ctx);
	assert_null(mig_table_column(mig_model_table(m, NULL, "t"), "a", "strnig"));
	assert_int_equal(mig_model_status(m), MIG_EINVAL);
	assert_mistake(ctx, MIG_EINVAL, "column t.a: there is no type \"strnig\"");

	m = mistaken(&ctx);
	t = mig_model_table(m, NULL, "t");
	assert_null(mig_table_column(t, "a", "numeric(10,2,3)"));
	assert_null(mig_table_column(t, "b", "varchar(0)"));
	/* the first one counts */
	assert_mistake(ctx, MIG_EINVAL, "column t.a: there is no type \"numeric(10,2,3)\"");

	m = mistaken(&ctx);
	t = mig_model_table(m, NULL, "t");
	assert_non_null(mig_table_column(t, "a", "text"));
	assert_null(mig_table_column(t, "a", "text"));
	assert_mistake(ctx, MIG_EEXISTS, "column t.a is declared twice");

	m = mistaken(&ctx);
	assert_non_null(mig_model_table(m, NULL, "t"));
	assert_null(mig_model_table(m, NULL, "t"));
	assert_mistake(ctx, MIG_EEXISTS, "table t is declared twice");

	m = mistaken(&ctx);
	mig_model_table(m, NULL, "t");
	assert_mistake(ctx, MIG_EINVAL, "table t has no columns");

	m = mistaken(&ctx);
	mig_table_column(mig_model_table(m, NULL, "t"), "a", "enum mood");
	assert_mistake(ctx, MIG_ENOTFOUND, "column t.a: there is no enum \"mood\"");

	m = mistaken(&ctx);
	t = mig_model_table(m, NULL, "t");
	mig_column_references(mig_table_column(t, "a", "integer"), "u", "id", "DESTROY");
	assert_mistake(ctx, MIG_EINVAL,
		       "table t: a foreign key cannot \"DESTROY\" (CASCADE, SET NULL, SET DEFAULT, "
		       "RESTRICT, NO ACTION)");

	m = mistaken(&ctx);
	t = mig_model_table(m, NULL, "t");
	assert_int_equal(mig_table_option(t, "sqlite", "strikt", "yes"), MIG_EINVAL);
	assert_mistake(ctx, MIG_EINVAL, "table t: there is no option \"strikt\" for sqlite");

	m = mistaken(&ctx);
	assert_int_equal(mig_model_naming(m, MIG_KIND_VIEW, "x"), MIG_EINVAL);
	assert_mistake(ctx, MIG_EINVAL, "there is no naming convention for kind 18");
}

/* Single calls on a model with table t and column a of it. */
#define WRONG(name, expression)                                           \
	static mig_status name(mig_model *m, mig_table *t, mig_column *c) \
	{                                                                 \
		(void)m, (void)t, (void)c;                                \
		return (expression);                                      \
	}

static mig_status status_of(const mig_model *m, const void *handle)
{
	assert_null(handle);
	return mig_model_status(m);
}

static mig_status key_with(mig_table *t, const char *on_update, const char *deferrable,
			   const char *const *referred)
{
	return mig_table_foreign_key(t, &(mig_foreign_key){ .struct_size = sizeof(mig_foreign_key),
							    .columns = COLUMNS("a"),
							    .referred_table = "u",
							    .referred_columns = referred,
							    .on_update = on_update,
							    .deferrable = deferrable });
}

static mig_status index_of_none(mig_table *t)
{
	return mig_table_index(t, &(mig_index){ .struct_size = sizeof(mig_index) });
}

WRONG(no_table_name, status_of(m, mig_model_table(m, NULL, NULL)))
WRONG(empty_table_name, status_of(m, mig_model_table(m, NULL, "")))
WRONG(no_column_name, status_of(m, mig_table_column(t, NULL, "text")))
WRONG(no_column_type, status_of(m, mig_table_column(t, "b", NULL)))
WRONG(a_view_as_a_table, mig_model_view(m, NULL, "t", "SELECT 1"))
WRONG(no_view_query, mig_model_view(m, NULL, "v", NULL))
WRONG(no_enum_values, mig_model_enum(m, NULL, "e", NULL))
WRONG(enum_twice, mig_model_enum(m, NULL, "mood", COLUMNS("x")))
WRONG(no_sql, mig_model_sql(m, NULL, "x", NULL, 0))
WRONG(no_file, mig_model_file(m, NULL, NULL))
WRONG(no_url, mig_model_database(m, NULL))
WRONG(no_pattern, mig_model_naming(m, MIG_KIND_CHECK, NULL))
WRONG(no_key_columns, mig_table_primary_key(t, NULL, NULL))
WRONG(no_unique_columns, mig_table_unique(t, NULL, COLUMNS(NULL)))
WRONG(no_check, mig_table_check(t, NULL, NULL))
WRONG(check_twice, mig_table_check(t, "positive", "a > 1"))
WRONG(no_key, mig_table_foreign_key(t, NULL))
WRONG(wrong_action, key_with(t, "EXPLODE", NULL, COLUMNS("id")))
WRONG(wrong_deferrable, key_with(t, NULL, "later", COLUMNS("id")))
WRONG(too_many_referred, key_with(t, NULL, NULL, COLUMNS("id", "x")))
WRONG(none_referred, key_with(t, NULL, NULL, NULL))
WRONG(no_index, mig_table_index(t, NULL))
WRONG(no_index_columns, index_of_none(t))
WRONG(no_table_comment, mig_table_comment(t, NULL))
WRONG(no_table_rename, mig_table_renamed_from(t, NULL))
WRONG(no_option_key, mig_table_option(t, "sqlite", NULL, "yes"))
WRONG(no_option_value, mig_table_option(t, "sqlite", "strict", NULL))
WRONG(no_default, mig_column_default(c, NULL))
WRONG(no_default_for, mig_column_default_for(c, "sqlite", NULL))
WRONG(no_default_text, mig_column_default_text(c, NULL))
WRONG(no_generated, mig_column_generated(c, NULL, 1))
WRONG(no_references, mig_column_references(c, NULL, "id", NULL))
WRONG(no_referred_column, mig_column_references(c, "u", NULL, NULL))
WRONG(no_collation, mig_column_collation(c, NULL))
WRONG(no_comment, mig_column_comment(c, NULL))
WRONG(no_rename, mig_column_renamed_from(c, NULL))
WRONG(no_type_for, mig_column_type_for(c, "sqlite", NULL))
WRONG(no_dialect_for, mig_column_type_for(c, NULL, "BLOB"))

static const struct {
	mig_status (*call)(mig_model *m, mig_table *t, mig_column *c);
	mig_status status;
	const char *message;
} wrong_calls[] = {
	{ no_table_name, MIG_EINVAL, "a table has no name" },
	{ empty_table_name, MIG_EINVAL, "a table has no name" },
	{ no_column_name, MIG_EINVAL, "a column of table t has no name or no type" },
	{ no_column_type, MIG_EINVAL, "a column of table t has no name or no type" },
	{ a_view_as_a_table, MIG_EEXISTS, "view t is declared twice" },
	{ no_view_query, MIG_EINVAL, "a view has no name or no query" },
	{ no_enum_values, MIG_EINVAL, "an enum has no name or no values" },
	{ enum_twice, MIG_EEXISTS, "enum mood is declared twice" },
	{ no_sql, MIG_EINVAL, "the SQL of the model is missing" },
	{ no_file, MIG_EINVAL, "the model's file has no name" },
	{ no_url, MIG_EINVAL, "the URL of the model's database is missing" },
	{ no_pattern, MIG_EINVAL, "there is no naming convention for kind 15" },
	{ no_key_columns, MIG_EINVAL, "table t: a primary key has no columns" },
	{ no_unique_columns, MIG_EINVAL, "table t: a unique constraint has no columns" },
	{ no_check, MIG_EINVAL, "table t: a check has no expression" },
	{ check_twice, MIG_EEXISTS, "check t.positive is declared twice" },
	{ no_key, MIG_EINVAL, "table t: a foreign key refers to no table" },
	{ wrong_action, MIG_EINVAL,
	  "table t: a foreign key cannot \"EXPLODE\" (CASCADE, SET NULL, SET DEFAULT, RESTRICT, NO "
	  "ACTION)" },
	{ wrong_deferrable, MIG_EINVAL,
	  "table t: a foreign key cannot be \"later\" (DEFERRABLE, DEFERRABLE INITIALLY "
	  "DEFERRED)" },
	{ too_many_referred, MIG_EINVAL,
	  "table t: the number of columns of a foreign key is 1, of those it refers to in table u "
	  "2" },
	{ none_referred, MIG_EINVAL,
	  "table t: the number of columns of a foreign key is 1, of those it refers to in table u "
	  "0" },
	{ no_index, MIG_EINVAL, "table t: an index is declared wrongly" },
	{ no_index_columns, MIG_EINVAL, "table t: an index has no columns" },
	{ no_table_comment, MIG_EINVAL, "table t: the comment is missing" },
	{ no_table_rename, MIG_EINVAL, "table t: the name before is missing" },
	{ no_option_key, MIG_EINVAL, "table t: an option has no key or no value" },
	{ no_option_value, MIG_EINVAL, "table t: an option has no key or no value" },
	{ no_default, MIG_EINVAL, "column t.a: the default is missing" },
	{ no_default_for, MIG_EINVAL, "column t.a: the default is missing" },
	{ no_default_text, MIG_EINVAL, "column t.a: the default is missing" },
	{ no_generated, MIG_EINVAL, "column t.a: the expression is missing" },
	{ no_references, MIG_EINVAL, "table t: a foreign key refers to no table" },
	{ no_referred_column, MIG_EINVAL,
	  "table t: the number of columns of a foreign key is 1, of those it refers to in table u "
	  "0" },
	{ no_collation, MIG_EINVAL, "column t.a: the collation is missing" },
	{ no_comment, MIG_EINVAL, "column t.a: the comment is missing" },
	{ no_rename, MIG_EINVAL, "column t.a: the name before is missing" },
	{ no_type_for, MIG_EINVAL, "column t.a: the type is missing" },
	{ no_dialect_for, MIG_EINVAL, "column t.a: a type for which dialect?" },
};

/* Each is kept, and returned by the call that uses the model. */
static void test_wrong_calls(void **user)
{
	(void)user;
	for (size_t i = 0; i < sizeof wrong_calls / sizeof *wrong_calls; i++) {
		mig_ctx *ctx;
		mig_model *m = mistaken(&ctx);
		mig_table *t = mig_model_table(m, NULL, "t");
		mig_column *c = mig_table_column(t, "a", "integer");

		mig_table_check(t, "positive", "a > 0");
		mig_model_enum(m, NULL, "mood", COLUMNS("x"));
		assert_int_equal(mig_model_status(m), MIG_OK);
		if (wrong_calls[i].call(m, t, c) != wrong_calls[i].status)
			fail_msg("%s: another status", wrong_calls[i].message);
		assert_int_equal(mig_model_status(m), wrong_calls[i].status);
		assert_mistake(ctx, wrong_calls[i].status, wrong_calls[i].message);
	}
}

/* What other tools call a type. */
static void test_types_meant(void **user)
{
	static const struct {
		const char *given, *meant;
	} types[] = { { "int", "integer" },
		      { "INT(11)", "integer" },
		      { "bool", "boolean" },
		      { "bool[]", "boolean" },
		      { "string", "text" },
		      { "datetime", "timestamp" },
		      { "int64", "bigint" },
		      { "double precision", "double" },
		      { "timestamp with time zone", "timestamptz" },
		      { "blob", "bytes" },
		      { "decimal(10,2)", "numeric" },
		      { "Real", "float" },
		      { "integr", "integer" },
		      { "varchra(10)", "varchar" } };

	(void)user;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		char message[120];
		mig_ctx *ctx;
		mig_model *m = mistaken(&ctx);

		assert_null(mig_table_column(mig_model_table(m, NULL, "t"), "a", types[i].given));
		snprintf(message, sizeof message,
			 "column t.a: there is no type \"%s\" (did you mean \"%s\"?)",
			 types[i].given, types[i].meant);
		assert_mistake(ctx, MIG_EINVAL, message);
	}
}

static void test_null_handles(void **user)
{
	(void)user;
	assert_int_equal(mig_model_status(NULL), MIG_EINVAL);
	assert_null(mig_model_table(NULL, NULL, "t"));
	assert_null(mig_table_column(NULL, "a", "text"));
	assert_int_equal(mig_column_not_null(NULL), MIG_EINVAL);
	assert_int_equal(mig_column_default_text(NULL, "x"), MIG_EINVAL);
	assert_int_equal(mig_column_generated(NULL, "x", 1), MIG_EINVAL);
	assert_int_equal(mig_table_check(NULL, NULL, "x"), MIG_EINVAL);
	assert_int_equal(mig_table_index(NULL, NULL), MIG_EINVAL);
	assert_int_equal(mig_op_list_count(NULL), 0);
	assert_null(mig_op_list_at(NULL, 0));
	assert_null(mig_op_list_sql(NULL, MIG_UPGRADE, NULL));
	mig_op_list_free(NULL);
}

static void sql_mistake(const struct base *base)
{
	static const char text[] = "CREATE TABLE a (id integer);\nCREATE TABEL b (id integer);\n";
	mig_op_list *list = NULL;
	mig_ctx *ctx = open_base(base);
	mig_model *m;

	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "models.sql", text, strlen(text)));
	expect(ctx, MIG_ESQL, mig_diff(ctx, NULL, &list));
	assert_string_equal(mig_error_file(ctx), "models.sql");
	assert_int_equal(mig_error_line(ctx), 2);
	assert_non_null(strstr(mig_error_message(ctx), "models.sql:2:8: "));
	mig_close(ctx);

	ctx = open_base(base);
	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_file(m, NULL, "/nonexistent/models.sql"));
	expect(ctx, MIG_EIO, mig_diff(ctx, NULL, &list));
	mig_close(ctx);
}

static void test_sql_mistakes(void **user)
{
	(void)user;
	on_all(sql_mistake);
}

/* -- the list of operations, and what a caller may say about it */

static void model_of(mig_ctx *ctx, const char *sql)
{
	mig_model *m;

	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_sql(m, NULL, "model", sql, strlen(sql)));
}

/* All operations in words, joined by "; ". */
static const char *words_of(const mig_op_list *list)
{
	static char text[2048];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < mig_op_list_count(list); i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? "; " : "",
				      mig_op_list_text(list, i));
	return text;
}

static const char *diff_words(const struct base *base, const char *model,
			      const mig_diff_options *options)
{
	static char text[2048];
	mig_op_list *list;
	mig_ctx *ctx = open_base(base);

	model_of(ctx, model);
	ok(ctx, mig_diff(ctx, options, &list));
	snprintf(text, sizeof text, "%s", words_of(list));
	mig_op_list_free(list);
	mig_close(ctx);
	return text;
}

static int32_t without_b(void *user, const mig_object *database, const mig_object *model)
{
	(void)user;
	return strcmp((database ? database : model)->name, "b") != 0;
}

static int32_t same_types(void *user, const mig_object *database, const mig_object *model,
			  const char *attribute)
{
	(void)user, (void)database, (void)model;
	return strcmp(attribute, "type") ? -1 : 0;
}

static int32_t no_drops(void *user, const mig_op *op, int32_t direction)
{
	(void)user;
	return !(direction == MIG_UPGRADE && op->type == MIG_OP_DROP) &&
	       !(direction == MIG_DOWNGRADE && op->type == MIG_OP_CREATE);
}

static void what_is_said(const struct base *base)
{
	mig_diff_options o = { .struct_size = sizeof o };
	mig_op_list *list;
	mig_ctx *ctx;

	run_sql(base, "CREATE TABLE a (id integer, x integer)");
	run_sql(base, "CREATE TABLE b (id integer)");
	assert_string_equal(diff_words(base, "CREATE TABLE a (id integer, x integer);", NULL),
			    "drop table b");
	o.exclude = COLUMNS("b");
	assert_string_equal(diff_words(base, "CREATE TABLE a (id integer, x integer);", &o), "");
	o.exclude = COLUMNS("table:?");
	assert_string_equal(diff_words(base, "CREATE VIEW v AS SELECT 1 AS one;", &o),
			    "create view v");
	o.exclude = NULL;
	o.include = COLUMNS("a*");
	assert_string_equal(diff_words(base, "CREATE TABLE c (id integer);", &o), "drop table a");
	o.include = NULL;
	o.include_fn = without_b;
	assert_string_equal(diff_words(base, "CREATE TABLE a (id integer, x integer);", &o), "");
	o.include_fn = NULL;
	o.compare_fn = same_types;
	assert_string_equal(diff_words(base,
				       "CREATE TABLE a (id integer, x text); CREATE TABLE b (id "
				       "integer);",
				       &o),
			    "");
	o.compare_fn = NULL;
	o.operation_fn = no_drops;
	assert_string_equal(
		diff_words(base, "CREATE TABLE a (id integer, x integer, y integer);", &o),
		"create column a.y");
	o.operation_fn = NULL;
	o.renames = COLUMNS("b=bee", "a.x=ex");
	assert_string_equal(
		diff_words(base,
			   "CREATE TABLE a (id integer, ex integer); CREATE TABLE bee (id "
			   "integer);",
			   &o),
		"rename table b to bee; rename column a.x to ex");
	o.renames = COLUMNS("nothing=bee");
	ctx = open_base(base);
	model_of(ctx, "CREATE TABLE bee (id integer);");
	expect(ctx, MIG_ENOTFOUND, mig_diff(ctx, &o, &list));
	o.renames = COLUMNS("a.b.c=d=e");
	expect(ctx, MIG_EINVAL, mig_diff(ctx, &o, &list));
	mig_close(ctx);
}

static void test_what_is_said(void **user)
{
	(void)user;
	on_all(what_is_said);
}

static void list_of_operations(const struct base *base)
{
	mig_op_list *list;
	mig_ctx *ctx = open_base(base);
	size_t size;

	run_sql(base, "CREATE TABLE a (id integer, x integer)");
	model_of(ctx, "CREATE TABLE a (id integer, y text);");
	ok(ctx, mig_diff(ctx, NULL, &list));
	assert_int_equal(mig_op_list_count(list), 2);
	for (size_t i = 0; i < 2; i++) {
		const mig_op *op = mig_op_list_at(list, i);
		const mig_object *o = op->to ? op->to : op->from;

		assert_int_equal(o->kind, MIG_KIND_COLUMN);
		assert_string_equal(o->parent->name, "a");
		assert_string_equal(mig_object_attribute(o, "nothing") ? "?" : "none", "none");
		assert_int_equal(op->flags & MIG_OP_DESTRUCTIVE,
				 op->type == MIG_OP_DROP ? MIG_OP_DESTRUCTIVE : 0);
	}
	assert_null(mig_op_list_at(list, 2));
	assert_null(mig_op_list_text(list, 2));
	assert_non_null(strstr(mig_op_list_sql(list, MIG_UPGRADE, &size),
			       "destructive: drops column a.x and its values"));
	for (size_t i = 0; i < 2; i++) {
		int drop = mig_op_list_at(list, i)->type == MIG_OP_DROP;
		const char *loss = mig_op_list_loss(list, i);

		assert_string_equal(loss ? loss : "", drop ? "drops column a.x and its values" : "");
		assert_string_equal(mig_op_list_change(list, i, 0)->key, "type");
		assert_string_equal(drop ? mig_op_list_change(list, i, 0)->from
					 : mig_op_list_change(list, i, 0)->to, drop ? "integer" : "text");
		assert_null(drop ? mig_op_list_change(list, i, 0)->to : mig_op_list_change(list, i, 0)->from);
		assert_null(mig_op_list_change(list, i, 1));
	}
	assert_null(mig_op_list_change(list, 2, 0));
	assert_null(mig_op_list_loss(list, 2));
	assert_null(mig_op_list_remark(list, 0));
	assert_int_equal(size, strlen(mig_op_list_sql(list, MIG_UPGRADE, NULL)));
	assert_int_equal(mig_op_list_section(list, MIG_UPGRADE)->no_transaction, 0);
	/* nothing was written */
	assert_string_equal(diff_words(base, "CREATE TABLE a (id integer, x integer);", NULL), "");
	mig_op_list_free(list);
	mig_close(ctx);
}

static void test_list(void **user)
{
	(void)user;
	on_all(list_of_operations);
}

static void behind(const struct base *base)
{
	mig_revision_options revision = { .struct_size = sizeof revision,
					  .rev_id = "one",
					  .upgrade_sql = "CREATE TABLE a (id integer);" };
	mig_revision_list *list;
	mig_ctx *ctx = open_base(base);

	ok(ctx, mig_revision_create(ctx, &revision, &list));
	mig_revision_list_free(list);
	model_of(ctx, "CREATE TABLE a (id integer);");
	expect(ctx, MIG_EBEHIND, mig_autogenerate(ctx, NULL, &list));
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_autogenerate(ctx, NULL, &list));
	assert_int_equal(mig_revision_list_count(list), 0);
	mig_revision_list_free(list);
	mig_close(ctx);
}

static void test_behind(void **user)
{
	(void)user;
	on_all(behind);
}

/* What others were granted is no business of a model in C. */
static void declare_one(mig_model *m)
{
	mig_column_primary_key(mig_table_column(mig_model_table(m, NULL, "t"), "id", "integer"));
}

static void privileges(const struct base *base, const void *with)
{
	(void)with;
	assert_int_equal(generate(base, declare_one, "one"), 1);
	move(base, 1, "head");
	run_sql(base, "GRANT SELECT ON t TO PUBLIC; GRANT CREATE ON SCHEMA public TO PUBLIC");
	assert_same(base, declare_one);
}

static void test_privileges(void **user)
{
	(void)user;
	if (!on_one("postgresql", privileges, NULL))
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),         cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_wrong_calls),  cmocka_unit_test(test_types_meant),
		cmocka_unit_test(test_other_dialects),
		cmocka_unit_test(test_null_handles), cmocka_unit_test(test_sql_mistakes),
		cmocka_unit_test(test_what_is_said), cmocka_unit_test(test_list),
		cmocka_unit_test(test_behind),       cmocka_unit_test(test_privileges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
