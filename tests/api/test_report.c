/* test_report: mig_error_report(), an error as one text. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char broken[] = "-- add email\n"
			     "--\n"
			     "-- revision: aaa\n"
			     "\n"
			     "-- mig:upgrade\n"
			     "CREATE TABLE t (x);\n"
			     "ALTER TABLE t ADD\t\xc3\xa4 , y;\n";

static void is(mig_ctx *ctx, const char *want)
{
	assert_string_equal(mig_error_report(ctx), want);
	assert_string_equal(mig_error_report(ctx), want); /* it is the same when it is asked again */
}

/* A text in memory: there is no file of that name. */
static void test_memory(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	ok(ctx, mig_add_script(ctx, "mail.sql", broken, sizeof broken - 1));
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	is(ctx, "mail.sql:7:21: revision aaa: near \",\": syntax error\n"
		"    7 | ALTER TABLE t ADD\t\xc3\xa4 , y;\n"
		"      |                  \t  ^");
	ok(ctx, mig_set_argument(ctx, "a", "b"));
	is(ctx, "no error");
	mig_close(ctx);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void test_file(void **state)
{
	struct place *p = *state;
	char path[128], want[512];
	mig_ctx *ctx = open_place(p);

	snprintf(path, sizeof path, "%s/aaa.sql", p->dir);
	write_file(path, broken);
	ok(ctx, mig_add_directory(ctx, p->dir));
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	snprintf(want, sizeof want,
		 "%s:7:21: revision aaa: near \",\": syntax error\n"
		 "    7 | ALTER TABLE t ADD\t\xc3\xa4 , y;\n"
		 "      |                  \t  ^",
		 path);
	is(ctx, want);
	remove(path); /* then there is the statement */
	assert_non_null(strstr(mig_error_report(ctx), "\n      | ALTER TABLE t ADD\\t"));
	mig_close(ctx);
}

/* A script that cannot be read at all is in no graph, but its text is known. */
static void test_parse(void **state)
{
	static const char text[] = "-- revision: aaa\n\n-- mig:upgrad\nSELECT 1;\n";
	mig_ctx *ctx = open_place(*state);
	mig_plan *plan = NULL;

	ok(ctx, mig_add_script(ctx, "typo.sql", text, sizeof text - 1));
	expect(ctx, MIG_ESYNTAX, mig_plan_upgrade(ctx, "head", &plan));
	assert_non_null(strstr(mig_error_report(ctx), "\n    3 | -- mig:upgrad\n      |    ^"));
	mig_close(ctx);
}

static mig_status long_statement(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "SELECT 1,\n 2\x1b,\r\n3 FROM nowhere");
}

static mig_status many_lines(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "SELECT\n1\n,\n2\n,\n3\n,\n4\n,\n5\n,\n6 FROM nowhere");
}

/* A statement of a function has no file: it is shown itself. */
static void test_function(void **state)
{
	mig_revision_def def = { .struct_size = sizeof def, .id = "ccc", .upgrade = long_statement };
	mig_ctx *ctx = open_place(*state);

	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_report(ctx), "\n      | SELECT 1,\n"
						      "      |  2\\x1b,\n"
						      "      | 3 FROM nowhere"));
	mig_close(ctx);

	ctx = open_place(*state);
	def.upgrade = many_lines;
	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_report(ctx), "\n      | 5\n      | ..."));
	assert_null(strstr(mig_error_report(ctx), "| 6 FROM"));
	mig_close(ctx);
}

static void test_hint(void **state)
{
	mig_ctx *ctx = open_place(*state);
	char want[512];

	add(ctx, "aaa", "", "CREATE TABLE t (x); COMMIT;", NULL);
	expect(ctx, MIG_ETRANSACTION, mig_upgrade(ctx, "head"));
	snprintf(want, sizeof want, "\nhint: %s", mig_error_hint(ctx));
	assert_non_null(strstr(mig_error_report(ctx), want));
	mig_close(ctx);
}

/* Each status has words of its own, which fit into a sentence; others are just errors. */
static void test_status_messages(void **state)
{
	const char *seen[100];
	size_t count = 0;

	(void)state;
	assert_string_equal(mig_status_message(MIG_ELOCKED), "the database is locked");
	assert_string_equal(mig_status_message(MIG_OK), "no error");
	assert_string_equal(mig_status_message(-1000), "error"); /* a program's own */
	assert_string_equal(mig_status_message(1), "error");
	for (mig_status s = -1; s > -1000; s--) {
		const char *text = mig_status_message(s);

		if (s != MIG_ERROR && !strcmp(mig_status_name(s), "MIG_ERROR")) {
			assert_string_equal(text, "error");
			continue;
		}
		assert_true(strlen(text) > 4 && text[strlen(text) - 1] != '.');
		for (size_t i = 0; i < count; i++)
			assert_string_not_equal(seen[i], text);
		assert_true(count < sizeof seen / sizeof *seen);
		seen[count++] = text;
	}
	assert_true(count > 40);
}

static int32_t ask_inside(void *user, const mig_progress *progress)
{
	mig_ctx *ctx = user;

	(void)progress;
	assert_int_equal(mig_upgrade(ctx, "head"), MIG_EMISUSE);
	assert_string_equal(mig_error_report(ctx), mig_error_message(ctx));
	return 1;
}

static void test_corners(void **state)
{
	mig_ctx *ctx = open_place(*state);

	assert_string_equal(mig_error_report(NULL), "out of memory");
	is(ctx, "no error");
	add(ctx, "aaa", "", "CREATE TABLE t (x);", NULL);
	ok(ctx, mig_set_progress(ctx, ask_inside, ctx));
	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	is(ctx, "stopped by the progress callback");
	mig_close(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_memory, place_new, place_free),
		cmocka_unit_test_setup_teardown(test_file, place_new, place_free),
		cmocka_unit_test_setup_teardown(test_parse, place_new, place_free),
		cmocka_unit_test_setup_teardown(test_function, place_new, place_free),
		cmocka_unit_test_setup_teardown(test_hint, place_new, place_free),
		cmocka_unit_test_setup_teardown(test_corners, place_new, place_free),
		cmocka_unit_test(test_status_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
