/* What a host in the user's locale gets from libmig: the same numbers, and the same differences, as
 * one in the locale C. Run in de_DE (a decimal comma) and tr_TR (the small I has no dot). */
#include <mig/mig.h>
#include <mig/model.h>

#ifdef TEST_POSTGRESQL
#include "cluster.h"
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ok(ctx, call)                                                                        \
	do {                                                                                 \
		mig_status got_ = (call);                                                    \
		if (got_)                                                                    \
			fail_msg("%s: %s: %s", #call, mig_status_name(got_),                 \
				 mig_error_message(ctx));                                    \
	} while (0)

static const double numbers[] = { 19.95, 0.5, -2.25, 1e300, 1.7976931348623157e308, 5e-324, 0.1, 42 };

/* Each number goes through a table and comes back as it was. */
static mig_status move_numbers(void *user, mig_step *step)
{
	mig_stmt *put = NULL, *get = NULL;
	double *read = user;
	int32_t more = 0;
	mig_status rc = mig_step_exec(step, "CREATE TABLE prices (n INTEGER, price DOUBLE PRECISION);");

	if (!rc)
		rc = mig_step_prepare(step, "INSERT INTO prices VALUES ($1, $2)", &put);
	for (int i = 0; !rc && i < 8; i++) {
		rc = mig_stmt_bind_int64(put, 1, i);
		if (!rc)
			rc = mig_stmt_bind_double(put, 2, numbers[i]);
		if (!rc)
			rc = mig_stmt_step(put, &more);
		if (!rc)
			rc = mig_stmt_reset(put);
	}
	mig_stmt_free(put);
	if (!rc)
		rc = mig_step_prepare(step, "SELECT price FROM prices ORDER BY n", &get);
	for (int i = 0; !rc && i < 8; i++) {
		rc = mig_stmt_step(get, &more);
		if (!rc)
			read[i] = mig_stmt_double(get, 0);
	}
	/* a number with an exponent or a point, read as an integer */
	mig_stmt_free(get);
	get = NULL;
	if (!rc)
		rc = mig_step_prepare(step, "SELECT '12.75', '3e2'", &get);
	if (!rc)
		rc = mig_stmt_step(get, &more);
	if (!rc) {
		read[8] = mig_stmt_double(get, 0);
		read[9] = (double)mig_stmt_int64(get, 0);
	}
	mig_stmt_free(get);
	return rc;
}

static void check_numbers(const char *url)
{
	double read[10] = { 0 };
	mig_revision_def def = {
		.struct_size = sizeof def, .id = "a", .upgrade = move_numbers, .user = read
	};
	mig_ctx *ctx = NULL;

	ok(ctx, mig_open(&ctx, url));
	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_upgrade(ctx, "head"));
	for (int i = 0; i < 8; i++)
		assert_memory_equal(&read[i], &numbers[i], sizeof read[i]);
	assert_memory_equal(&read[8], &(double){ 12.75 }, sizeof read[8]);
	assert_memory_equal(&read[9], &(double){ 12 }, sizeof read[9]);
	mig_close(ctx);
}

static void test_numbers(void **state)
{
	(void)state;
	check_numbers("sqlite::memory:");
}

/* Words in another case are the same words. */
static void test_no_difference(void **state)
{
	static const char now[] =
		"create table t (id integer primary key, u text unique, x int not null,"
		" y int references t(id) on delete set null, check (x in (1, 2)));"
		"create index xi on t(x);";
	static const char wanted[] =
		"CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, x INT NOT NULL,"
		" y INT REFERENCES t(id) ON DELETE SET NULL, CHECK (x IN (1, 2)));"
		"CREATE INDEX xi ON t(x);";
	mig_open_options o = { .struct_size = sizeof o, .dialect_name = "sqlite" };
	mig_op_list *list = NULL;
	mig_model *model = NULL;
	mig_ctx *ctx = NULL;
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, now, NULL, NULL, NULL), SQLITE_OK);
	o.connection = db;
	ok(ctx, mig_open_with(&ctx, &o));
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, NULL, "model.sql", wanted, strlen(wanted)));
	ok(ctx, mig_diff(ctx, NULL, &list));
	if (mig_op_list_count(list))
		fail_msg("%s", mig_op_list_sql(list, MIG_UPGRADE, NULL));
	mig_op_list_free(list);
	mig_close(ctx);
	sqlite3_close(db);
}

/* The directives and the keys of a revision file. */
static void test_script(void **state)
{
	static const char text[] = "-- one\n-- revision: i\n-- revises:\n\n-- MIG:UPGRADE\n"
				   "CREATE TABLE t (x INTEGER);\n";
	mig_ctx *ctx = NULL;
	mig_status rc;

	(void)state;
	ok(ctx, mig_open(&ctx, "sqlite::memory:"));
	rc = mig_add_script(ctx, "i.sql", text, sizeof text - 1);
	if (!rc)
		rc = mig_upgrade(ctx, "head");
	/* refused for its capitals, and not passed over as another comment */
	assert_int_equal(rc, MIG_ESYNTAX);
	if (!strstr(mig_error_message(ctx), "i.sql:5:"))
		fail_msg("%s", mig_error_message(ctx));
	mig_close(ctx);
}

#ifdef TEST_POSTGRESQL
static void test_postgresql(void **state)
{
	(void)state;
	pg_require();
	check_numbers(pg_fresh_database());
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_no_difference),
		cmocka_unit_test(test_script),
#ifdef TEST_POSTGRESQL
		cmocka_unit_test(test_postgresql),
#endif
	};
	const char *name = setlocale(LC_ALL, "");

	/* without this the test would show nothing */
	if (!name || (!strstr(name, "de_DE") && !strstr(name, "tr_TR")) ||
	    strcmp(localeconv()->decimal_point, ",")) {
		fprintf(stderr, "the locale is not there: %s\n", name ? name : "none");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
