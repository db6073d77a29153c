/* A history in which scripts stand on a revision in C, compiled in by "mig embed --declare 0002". */
#include "mixed.h"

#include <mig/mig.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *folder; /* the same revisions as files */

static mig_status fill(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "INSERT INTO book (title) VALUES ('one'), ('two')");
}

static mig_status clear(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "DELETE FROM book");
}

static void add_fill(mig_ctx *ctx, const char *version)
{
	static const char *const revises[] = { "0001", NULL };
	mig_revision_def def = { .struct_size = sizeof def,
				 .id = "0002",
				 .message = "rows",
				 .revises = revises,
				 .upgrade = fill,
				 .downgrade = clear,
				 .version = version };

	assert_int_equal(mig_add_revision(ctx, &def), MIG_OK);
}

static void make_url(char url[64])
{
	int fd;

	strcpy(url, "sqlite:/tmp/mig-mixed-XXXXXX");
	fd = mkstemp(url + 7);
	assert_true(fd >= 0);
	close(fd);
}

static void remove_database(const char *url)
{
	unlink(url + 7);
}

static mig_ctx *open_bundle(const char *url)
{
	mig_ctx *ctx;

	assert_int_equal(mig_open(&ctx, url), MIG_OK);
	assert_int_equal(mig_add_bundle(ctx, &mixed), MIG_OK);
	return ctx;
}

static mig_ctx *open_folder(const char *url)
{
	mig_ctx *ctx;

	assert_int_equal(mig_open(&ctx, url), MIG_OK);
	assert_int_equal(mig_add_directory(ctx, folder), MIG_OK);
	return ctx;
}

static void ok(mig_ctx *ctx, mig_status rc)
{
	if (rc)
		fail_msg("%s", mig_error_message(ctx));
}

static void test_bundle(void **user)
{
	(void)user;
	assert_int_equal(mixed.count, 4);
	assert_string_equal(mixed.declared[0], "0002");
	assert_null(mixed.declared[1]);
	assert_int_equal(mixed.head_count, 0);
	for (size_t i = 0; i < mixed.count; i++) {
		static const uint8_t zeros[32];
		const char *id = mixed.revisions[i].id;

		assert_int_equal(!memcmp(mixed.revisions[i].chain, zeros, 32),
				 !strcmp(id, "0003") || !strcmp(id, "0004"));
		assert_true(memcmp(mixed.revisions[i].digest, zeros, 32) != 0);
	}
}

/* The program has forgotten it: said before anything is touched, by whatever reads the revisions. */
static void test_missing(void **user)
{
	char url[64];
	mig_revision_list *list = NULL;
	mig_plan *plan = NULL;
	mig_ctx *ctx;

	(void)user;
	make_url(url);
	ctx = open_bundle(url);
	assert_int_equal(mig_upgrade(ctx, "head"), MIG_EMISSING_PARENT);
	assert_string_equal(mig_error_revision(ctx), "0002");
	assert_non_null(strstr(mig_error_message(ctx), "revision 0002 is missing"));
	assert_non_null(strstr(mig_error_hint(ctx), "mig_add_revision()"));
	assert_int_equal(mig_heads(ctx, 0, &list), MIG_EMISSING_PARENT);
	assert_int_equal(mig_plan_upgrade(ctx, "0001", &plan), MIG_EMISSING_PARENT);
	add_fill(ctx, "1"); /* not too late */
	ok(ctx, mig_upgrade(ctx, "heads"));
	mig_close(ctx);
	remove_database(url);
}

static void expect_rows(const char *url)
{
	mig_ctx *ctx = open_folder(url);
	int32_t at_head = 0;

	add_fill(ctx, "1");
	/* the files give the same chain of digests, otherwise this is MIG_EEDITED */
	ok(ctx, mig_upgrade(ctx, "heads"));
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 1);
	mig_close(ctx);
}

static void test_upgrade(void **user)
{
	char url[64];
	mig_plan *plan;
	mig_ctx *ctx;

	(void)user;
	for (int first = 0; first < 2; first++) { /* whichever is added first */
		size_t at[6] = { 0 }; /* by the number that an id is */

		make_url(url);
		assert_int_equal(mig_open(&ctx, url), MIG_OK);
		if (first)
			add_fill(ctx, "1");
		assert_int_equal(mig_add_bundle(ctx, &mixed), MIG_OK);
		if (!first)
			add_fill(ctx, "1");
		ok(ctx, mig_plan_upgrade(ctx, "heads", &plan));
		assert_int_equal(mig_plan_count(plan), 5);
		for (size_t i = 0; i < 5; i++)
			at[atoi(mig_revision_id(mig_plan_revision(plan, i)))] = i + 1;
		assert_true(at[1] && at[1] < at[2] && at[2] < at[3] && at[3] < at[4]);
		assert_true(at[5] > at[1]);
		mig_plan_free(plan);
		ok(ctx, mig_upgrade(ctx, "heads"));
		ok(ctx, mig_upgrade(ctx, "heads")); /* nothing to do */
		mig_close(ctx);
		expect_rows(url);
		ctx = open_bundle(url);
		add_fill(ctx, "1");
		ok(ctx, mig_downgrade(ctx, "0001"));
		mig_close(ctx);
		remove_database(url);
	}
}

/* The chain over it notices that it was changed. */
static void test_edited(void **user)
{
	char url[64];
	mig_ctx *ctx;

	(void)user;
	make_url(url);
	ctx = open_bundle(url);
	add_fill(ctx, "1");
	ok(ctx, mig_upgrade(ctx, "heads"));
	mig_close(ctx);
	ctx = open_bundle(url);
	add_fill(ctx, "2");
	assert_int_equal(mig_upgrade(ctx, "heads"), MIG_EEDITED);
	assert_string_equal(mig_error_revision(ctx), "0002");
	mig_close(ctx);
	remove_database(url);
}

static void test_twice(void **user)
{
	mig_revision_def def = { .struct_size = sizeof def, .id = "0003", .upgrade = fill };
	char url[64];
	mig_ctx *ctx;

	(void)user;
	make_url(url);
	ctx = open_bundle(url);
	add_fill(ctx, "1");
	add_fill(ctx, "1");
	assert_int_equal(mig_upgrade(ctx, "heads"), MIG_EDUPLICATE_REVISION);
	mig_close(ctx);
	ctx = open_bundle(url);
	add_fill(ctx, "1");
	assert_int_equal(mig_add_revision(ctx, &def), MIG_OK); /* a file has this id */
	assert_int_equal(mig_upgrade(ctx, "heads"), MIG_EDUPLICATE_REVISION);
	mig_close(ctx);
	remove_database(url);
}

/* Of the files, then what is added after them. */
static void test_load_order(void **user)
{
	static const char *const order[] = { "0001", "0003", "0004", "0005", "0002" };
	mig_revision_list *list = NULL;
	mig_ctx *ctx = open_folder("sqlite::memory:");

	(void)user;
	add_fill(ctx, "1");
	ok(ctx, mig_revisions_in_load_order(ctx, &list));
	assert_int_equal(mig_revision_list_count(list), 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(mig_revision_id(mig_revision_list_at(list, i)), order[i]);
	mig_revision_list_free(list);
	assert_int_equal(mig_revisions_in_load_order(ctx, NULL), MIG_EINVAL);
	mig_close(ctx);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bundle),  cmocka_unit_test(test_missing),
		cmocka_unit_test(test_upgrade), cmocka_unit_test(test_edited),
		cmocka_unit_test(test_twice),   cmocka_unit_test(test_load_order),
	};

	folder = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
