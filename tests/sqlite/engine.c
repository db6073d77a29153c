/* engine: libmig opens a database with the SQLite that is loaded, or says what that SQLite lacks.
 *
 * In the environment: MIG_TEST_REFUSED, what the error names (unset: it works); MIG_TEST_SQLITE, the
 * version that must be loaded. */
#include <mig/mig.h>

/* cmocka needs these in front of it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64], url[80];

static int make_folder(void **state)
{
	static char dir[32];

	strcpy(dir, "/tmp/mig-engine-XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof path, "%s/db", dir);
	snprintf(url, sizeof url, "sqlite:%s", path);
	*state = dir;
	return 0;
}

static int remove_folder(void **state)
{
	unlink(path);
	return rmdir(*state);
}

static void test_version(void **state)
{
	const char *want = getenv("MIG_TEST_SQLITE");

	(void)state;
	if (!want)
		skip();
	assert_string_equal(sqlite3_libversion(), want);
}

static void expect_refused(mig_ctx *ctx, mig_status rc)
{
	const char *want = getenv("MIG_TEST_REFUSED");

	if (!want) {
		if (rc)
			fail_msg("%s", mig_error_message(ctx));
		return;
	}
	assert_int_equal(rc, MIG_EUNSUPPORTED);
	if (!strstr(mig_error_message(ctx), want))
		fail_msg("%s does not name %s", mig_error_message(ctx), want);
	assert_non_null(mig_error_hint(ctx));
	assert_int_equal(access(path, F_OK), -1);
}

static void test_own(void **state)
{
	static const char script[] = "-- a\n--\n-- revision: aaa\n\n-- mig:upgrade\nCREATE TABLE t (x);\n";
	mig_ctx *ctx;
	mig_status rc = mig_open(&ctx, url);

	(void)state;
	if (!rc)
		rc = mig_add_script(ctx, "a.sql", script, sizeof script - 1);
	if (!rc)
		rc = mig_upgrade(ctx, "head");
	expect_refused(ctx, rc);
	mig_close(ctx);
}

static void test_lent(void **state)
{
	sqlite3 *db;
	mig_ctx *ctx;
	mig_status rc;

	(void)state;
	sqlite3_initialize();
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		assert_non_null(getenv("MIG_TEST_REFUSED")); /* nothing was made */
		sqlite3_close(db);
		sqlite3_open_v2("file:x?mode=memory", &db,
				SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI |
					SQLITE_OPEN_MEMORY, NULL);
	}
	rc = mig_open_with(&ctx, &(mig_open_options){ .struct_size = sizeof(mig_open_options),
						      .connection = db,
						      .dialect_name = "sqlite" });
	expect_refused(ctx, rc);
	mig_close(ctx);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_lent),
	};

	return cmocka_run_group_tests_name("sqlite engine", tests, make_folder, remove_folder);
}
