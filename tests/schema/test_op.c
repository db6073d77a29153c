/* Operations in revisions written in C: one function for every dialect, and its reverse. */
#include "both.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static mig_status first(void *user, mig_step *step)
{
	mig_model *m;
	mig_table *t, *child;
	mig_column *c;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	if (rc)
		return rc;
	t = mig_model_table(m, NULL, "users");
	mig_column_primary_key(mig_table_column(t, "id", "integer"));
	c = mig_table_column(t, "name", "varchar(20)");
	mig_column_not_null(c);
	child = mig_model_table(m, NULL, "notes");
	mig_column_primary_key(mig_table_column(child, "id", "integer"));
	mig_column_references(mig_table_column(child, "user_id", "integer"), "users", "id",
			      "CASCADE");
	rc = mig_op_create_table(step, t);
	if (!rc)
		rc = mig_op_create_table(step, child);
	return rc ? rc : mig_step_exec(step, "INSERT INTO users (name) VALUES ('ada')");
}

static mig_status drop_first(void *user, mig_step *step)
{
	mig_status rc = mig_op_drop_table(step, NULL, "notes");

	(void)user;
	return rc ? rc : mig_op_drop_table(step, NULL, "users");
}

/* Only operations that have a reverse. */
static mig_status second(void *user, mig_step *step)
{
	mig_model *m;
	mig_table *t;
	mig_column *c;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	if (rc)
		return rc;
	mig_model_enum(m, NULL, "mood", COLUMNS("sad", "happy"));
	t = mig_model_table(m, NULL, "users");
	c = mig_table_column(t, "mood", "enum mood");
	mig_column_default_text(c, "happy");
	rc = mig_op_add_column(step, c);
	if (!rc)
		rc = mig_op_add_column(step, mig_table_column(t, "email", "text"));
	if (!rc)
		rc = mig_op_rename_column(step, NULL, "users", "name", "full_name");
	t = mig_model_table(m, "", "notes");
	mig_table_unique(t, "notes_once", COLUMNS("user_id"));
	mig_table_index(t, &(mig_index){ .struct_size = sizeof(mig_index),
					 .name = "notes_by",
					 .columns = COLUMNS("user_id", "id DESC") });
	if (!rc)
		rc = mig_op_add_constraints(step, t);
	return rc ? rc : mig_op_rename_table(step, NULL, "notes", "remarks");
}

static mig_status third(void *user, mig_step *step)
{
	mig_model *m;
	mig_table *t;
	mig_column *c;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	if (rc)
		return rc;
	t = mig_model_table(m, NULL, "users");
	c = mig_table_column(t, "full_name", "text");
	mig_column_default_text(c, "nobody");
	mig_column_not_null(c);
	rc = mig_op_alter_column(step, c);
	if (!rc)
		rc = mig_op_drop_column(step, NULL, "users", "email");
	return rc ? rc : mig_op_drop_constraint(step, NULL, "remarks", "notes_by");
}

static void add_all(mig_ctx *ctx)
{
	mig_revision_def def = {
		.struct_size = sizeof def, .id = "first", .upgrade = first, .downgrade = drop_first
	};

	ok(ctx, mig_add_revision(ctx, &def));
	def = (mig_revision_def){ .struct_size = sizeof def,
				  .id = "second",
				  .revises = COLUMNS("first"),
				  .upgrade = second,
				  .derive = 1 };
	ok(ctx, mig_add_revision(ctx, &def));
	def = (mig_revision_def){ .struct_size = sizeof def,
				  .id = "third",
				  .revises = COLUMNS("second"),
				  .upgrade = third,
				  .derive = 1 };
	ok(ctx, mig_add_revision(ctx, &def));
}

static void operations(const struct base *base)
{
	mig_ctx *ctx = open_base(base);

	add_all(ctx);
	ok(ctx, mig_upgrade(ctx, "first"));
	assert_string_equal(ask_sql(base, "SELECT name FROM users WHERE id = 1"), "ada");
	ok(ctx, mig_upgrade(ctx, "second"));
	assert_string_equal(ask_sql(base, "SELECT mood FROM users"), "happy");
	assert_string_equal(ask_sql(base, "SELECT full_name FROM users WHERE email IS NULL"),
			    "ada");
	run_sql(base, "INSERT INTO remarks (user_id) VALUES (1)");
	ok(ctx, mig_downgrade(ctx, "first"));
	assert_string_equal(ask_sql(base, "SELECT name FROM users"), "ada");
	assert_string_equal(ask_sql(base, "SELECT user_id FROM notes"), "1");

	ok(ctx, mig_upgrade(ctx, "third"));
	run_sql(base, "INSERT INTO users (mood) VALUES ('sad')");
	assert_string_equal(ask_sql(base, "SELECT full_name FROM users WHERE mood = 'sad'"),
			    "nobody");
	assert_string_equal(ask_sql(base, "SELECT count(*) FROM remarks"), "1");
	/* what it dropped cannot come back, and nothing is touched */
	expect(ctx, MIG_EIRREVERSIBLE, mig_downgrade(ctx, "second"));
	assert_non_null(strstr(mig_error_message(ctx), "alters a column"));
	assert_string_equal(ask_sql(base, "SELECT count(*) FROM users"), "2");
	mig_close(ctx);
}

static void test_operations(void **user)
{
	(void)user;
	on_all(operations);
}

/* -- failures */

static mig_status missing_column(void *user, mig_step *step)
{
	mig_status rc = mig_op_drop_column(step, NULL, "users", "nothing");

	(void)user;
	return rc;
}

static mig_status missing_table(void *user, mig_step *step)
{
	mig_model *m;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	return rc ? rc
		  : mig_op_add_column(step, mig_table_column(mig_model_table(m, NULL, "nowhere"),
							     "a", "text"));
}

static mig_status mistake(void *user, mig_step *step)
{
	mig_model *m;
	mig_status rc = mig_op_model(step, &m);

	(void)user;
	return rc ? rc
		  : mig_op_add_column(
			    step, mig_table_column(mig_model_table(m, NULL, "users"), "a", "txet"));
}

static void failures(const struct base *base)
{
	static const struct {
		mig_step_fn fn;
		mig_status status;
		const char *message;
	} cases[] = {
		{ missing_column, MIG_ENOTFOUND, "revision x: there is no column users.nothing" },
		{ missing_table, MIG_ENOTFOUND, "revision x: there is no table nowhere" },
		{ mistake, MIG_EINVAL, "revision x: column users.a: there is no type \"txet\" (did you mean \"text\"?)" },
	};

	run_sql(base, "CREATE TABLE users (id integer)");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig_revision_def def = { .struct_size = sizeof def,
					 .id = "x",
					 .upgrade = cases[i].fn };
		mig_ctx *ctx = open_base(base);

		ok(ctx, mig_add_revision(ctx, &def));
		expect(ctx, cases[i].status, mig_upgrade(ctx, "head"));
		assert_string_equal(mig_error_message(ctx), cases[i].message);
		mig_close(ctx);
	}
	assert_int_equal(mig_op_drop_table(NULL, NULL, "t"), MIG_EINVAL);
	assert_int_equal(mig_op_model(NULL, NULL), MIG_EINVAL);
}

static void test_failures(void **user)
{
	(void)user;
	on_all(failures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
