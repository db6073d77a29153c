/* Revision files that change between being read and being run: what runs is what the digest in the
 * database is of, or nothing. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

enum { FILES = 6, LARGE = 5, SIZE = 64 * 1024 };

/* One that is read again when it runs: file LARGE is too large to be kept in memory. */
static void write_file(const struct place *p, int i, const char *column)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/r%d.sql", p->dir, i);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "-- revision: r%d\n", i);
	if (i)
		fprintf(f, "-- revises: r%d\n", i - 1);
	fprintf(f, "\n-- mig:upgrade\nCREATE TABLE t%d (%s);\n", i, column);
	for (int n = 0; i == LARGE && n < SIZE; n += 32)
		fputs("-- a line of thirty-two letters\n", f);
	fprintf(f, "-- mig:downgrade\nDROP TABLE t%d;\n", i);
	assert_int_equal(fclose(f), 0);
}

static int begin(void **state)
{
	int rc = place_new(state);

	for (int i = 0; !rc && i < FILES; i++)
		write_file(*state, i, "old");
	return rc;
}

static int end(void **state)
{
	const struct place *p = *state;
	char path[128];

	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof path, "%s/r%d.sql", p->dir, i);
		unlink(path);
	}
	return place_free(state);
}

static mig_ctx *open_files(const struct place *p)
{
	mig_ctx *ctx = open_place(p);

	ok(ctx, mig_add_directory(ctx, p->dir));
	return ctx;
}

/* Somebody edits files, or takes them away, while the first revision runs. */
struct edit {
	const struct place *p;
	int file, gone, done;
};

static int32_t edit(void *user, const mig_progress *progress)
{
	struct edit *e = user;
	char path[128];

	if (progress->event != MIG_EVENT_STEP_BEGIN || e->done)
		return 0;
	e->done = 1;
	write_file(e->p, e->file, "new");
	snprintf(path, sizeof path, "%s/r%d.sql", e->p->dir, e->file);
	if (e->gone)
		unlink(path);
	return 0;
}

static mig_status upgrade_and_edit(mig_ctx *ctx, struct edit *e, const char *target)
{
	mig_run_options options = { .struct_size = sizeof options,
				    .transaction_mode = MIG_TRANSACTION_REVISION };

	ok(ctx, mig_set_progress(ctx, edit, e));
	return mig_upgrade_with(ctx, target, &options);
}

static const char *column_of(const struct place *p, int i)
{
	char sql[80];

	snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('t%d')", i);
	return ask(p, sql);
}

/* The text that was read runs, with its digest, and the edit is seen from then on. */
static void test_edited_small(void **state)
{
	struct place *p = *state;
	struct edit e = { .p = p, .file = 3 };
	mig_ctx *ctx = open_files(p);

	ok(ctx, upgrade_and_edit(ctx, &e, "r4"));
	assert_true(e.done);
	assert_string_equal(rows(p), "r4");
	assert_string_equal(column_of(p, 3), "old");
	mig_close(ctx);
	ctx = open_files(p);
	expect(ctx, MIG_EEDITED, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_error_revision(ctx), "r3");
	write_file(p, 3, "old");
	mig_close(ctx);
	ctx = open_files(p);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

static void test_gone_small(void **state)
{
	struct place *p = *state;
	struct edit e = { .p = p, .file = 3, .gone = 1 };
	mig_ctx *ctx = open_files(p);

	ok(ctx, upgrade_and_edit(ctx, &e, "head"));
	assert_string_equal(column_of(p, 3), "old");
	mig_close(ctx);
}

/* A large one is read again: no longer what the digest is of, it does not run. */
static void test_edited_large(void **state)
{
	struct place *p = *state;
	struct edit e = { .p = p, .file = LARGE };
	mig_ctx *ctx = open_files(p);

	expect(ctx, MIG_EEDITED, upgrade_and_edit(ctx, &e, "head"));
	assert_string_equal(mig_error_revision(ctx), "r5");
	assert_string_equal(rows(p), "r4");
	assert_string_equal(tables(p), "t0|t1|t2|t3|t4");
	mig_close(ctx);
	ctx = open_files(p); /* from here on it is the revision */
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(column_of(p, LARGE), "new");
	mig_close(ctx);
}

/* The next run of the context reads what it runs again; nothing of the first one is left. */
static void test_edited_between_runs(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_files(p);

	ok(ctx, mig_upgrade(ctx, "r2"));
	write_file(p, 3, "new");
	expect(ctx, MIG_EEDITED, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p), "r2");
	write_file(p, 3, "old");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(column_of(p, 3), "old");
	mig_close(ctx);
}

/* Few of many are to run: their texts alone stay in memory. */
static void test_few_of_many(void **state)
{
	struct place *p = *state;
	struct edit e = { .p = p, .file = 4 };
	mig_ctx *ctx = open_files(p);

	ok(ctx, mig_upgrade(ctx, "r2"));
	mig_close(ctx);
	ctx = open_files(p);
	ok(ctx, upgrade_and_edit(ctx, &e, "r4"));
	assert_string_equal(column_of(p, 4), "old");
	mig_close(ctx);
	write_file(p, 4, "old");
	ctx = open_files(p);
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(tables(p), "");
	mig_close(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_edited_small, begin, end),
		cmocka_unit_test_setup_teardown(test_gone_small, begin, end),
		cmocka_unit_test_setup_teardown(test_edited_large, begin, end),
		cmocka_unit_test_setup_teardown(test_edited_between_runs, begin, end),
		cmocka_unit_test_setup_teardown(test_few_of_many, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
