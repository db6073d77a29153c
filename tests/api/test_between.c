/* A folder that changes between two calls of a context: the second one goes by what the files say then,
 * though the first one has read them already. Files are as old as a folder's usually are, or were written
 * in the same second; edits keep size and modification time where they can. */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two of the same size: only the first runs on SQLite. */
static const char here[] = "dialect=sqlite", elsewhere[] = "dialect=others";

struct folder {
	struct place *p;
	char file[3][128];
};

static void write_text(const char *path, const char *id, const char *revises, const char *attribute)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "-- %s\n-- revision: %s\n-- revises: %s\n\n-- mig:upgrade %s\nCREATE TABLE t_%s (x);\n", id,
		id, revises, attribute, id);
	assert_int_equal(fclose(f), 0);
}

/* Writes the file anew and gives it back the modification time that it had. */
static void edit(const char *path, const char *attribute)
{
	struct stat st;
	struct timespec times[2] = { { 0, UTIME_OMIT } };

	assert_int_equal(stat(path, &st), 0);
	write_text(path, "r2", "r1", attribute);
	times[1] = st.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static mig_ctx *open_folder(const struct folder *f)
{
	mig_ctx *ctx = open_place(f->p);

	ok(ctx, mig_add_directory(ctx, f->p->dir));
	return ctx;
}

static void make_folder(struct folder *f, struct place *p, int old)
{
	f->p = p;
	for (int i = 1; i <= 2; i++)
		snprintf(f->file[i], sizeof f->file[i], "%s/r%d.sql", p->dir, i);
	write_text(f->file[1], "r1", "", here);
	write_text(f->file[2], "r2", "r1", here);
	if (old)
		sleep(3); /* longer than the steps of times */
}

static void look_at_heads(mig_ctx *ctx)
{
	mig_revision_list *heads;

	ok(ctx, mig_heads(ctx, 0, &heads));
	assert_int_equal(mig_revision_list_count(heads), 1);
	assert_string_equal(mig_revision_id(mig_revision_list_at(heads, 0)), "r2");
	mig_revision_list_free(heads);
}

static void expect_plan(mig_ctx *ctx, mig_status want)
{
	mig_plan *plan = NULL;

	expect(ctx, want, mig_plan_upgrade(ctx, "head", &plan));
	if (!want)
		assert_int_equal(mig_plan_count(plan), 2);
	mig_plan_free(plan);
}

/* How often a file of the folder is opened by the call. */
static int opens_of_plan(mig_ctx *ctx, const struct folder *f)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), count = 0;
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t got;

	assert_true(inotify_add_watch(fd, f->p->dir, IN_OPEN) >= 0);
	expect_plan(ctx, MIG_OK);
	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		for (char *at = buffer; at < buffer + got;) {
			const struct inotify_event *e = (void *)at;

			count += e->len && strstr(e->name, ".sql") != NULL;
			at += sizeof *e + e->len;
		}
	close(fd);
	return count;
}

static void test_unchanged(void **state)
{
	struct folder f;
	mig_ctx *ctx;

	make_folder(&f, *state, 1);
	ctx = open_folder(&f);
	look_at_heads(ctx);
	assert_int_equal(opens_of_plan(ctx, &f), 0);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(f.p), "r2");
	mig_close(ctx);
}

static void edited(struct place *p, int old)
{
	struct folder f;
	mig_ctx *ctx;

	make_folder(&f, p, old);
	ctx = open_folder(&f);
	look_at_heads(ctx);
	edit(f.file[2], elsewhere);
	expect_plan(ctx, MIG_ENO_SECTION);
	mig_close(ctx);

	edit(f.file[2], here);
	if (old)
		sleep(3);
	ctx = open_folder(&f);
	look_at_heads(ctx);
	expect_plan(ctx, MIG_OK);
	/* a plan has read them whole: what it promised is what runs, or nothing */
	edit(f.file[2], elsewhere);
	expect(ctx, MIG_EEDITED, mig_upgrade(ctx, "head"));
	assert_string_equal(tables(p), "");
	edit(f.file[2], here);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(rows(p), "r2");
	mig_close(ctx);
}

static void test_edited(void **state)
{
	edited(*state, 1);
}

static void test_edited_in_the_same_second(void **state)
{
	edited(*state, 0);
}

/* Another file, of the same age, size and time, under the old name. */
static void test_replaced(void **state)
{
	struct timespec times[2] = { { 0, UTIME_OMIT } };
	char other[160];
	struct folder f;
	struct stat st;
	mig_ctx *ctx;

	make_folder(&f, *state, 0);
	snprintf(other, sizeof other, "%s/other.txt", f.p->dir);
	write_text(other, "r2", "r1", elsewhere);
	assert_int_equal(stat(f.file[2], &st), 0);
	times[1] = st.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, other, times, 0), 0);
	sleep(3);
	ctx = open_folder(&f);
	look_at_heads(ctx);
	assert_int_equal(rename(other, f.file[2]), 0);
	expect_plan(ctx, MIG_ENO_SECTION);
	mig_close(ctx);
}

static void test_touched(void **state)
{
	struct folder f;
	mig_ctx *ctx;

	make_folder(&f, *state, 1);
	ctx = open_folder(&f);
	look_at_heads(ctx);
	assert_int_equal(utimensat(AT_FDCWD, f.file[2], NULL, 0), 0);
	assert_int_equal(opens_of_plan(ctx, &f), 1);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

/* Files that come are for the next context, and one that goes is missed. */
static void test_added_and_removed(void **state)
{
	char third[128];
	struct folder f;
	mig_ctx *ctx;

	make_folder(&f, *state, 1);
	ctx = open_folder(&f);
	look_at_heads(ctx);
	snprintf(third, sizeof third, "%s/r3.sql", f.p->dir);
	write_text(third, "r3", "r2", here);
	expect_plan(ctx, MIG_OK);
	mig_close(ctx);
	unlink(third);

	ctx = open_folder(&f);
	look_at_heads(ctx);
	assert_int_equal(unlink(f.file[1]), 0);
	expect_plan(ctx, MIG_EIO);
	assert_non_null(strstr(mig_error_message(ctx), "r1.sql"));
	mig_close(ctx);
}

/* One that became a folder, a link to nothing, a pipe. */
static void test_no_file_any_more(void **state)
{
	struct folder f;
	mig_ctx *ctx;

	make_folder(&f, *state, 1);
	ctx = open_folder(&f);
	look_at_heads(ctx);
	unlink(f.file[2]);
	assert_int_equal(mkdir(f.file[2], 0755), 0);
	expect_plan(ctx, MIG_EIO);
	assert_int_equal(rmdir(f.file[2]), 0);
	assert_int_equal(symlink("nowhere", f.file[2]), 0);
	expect_plan(ctx, MIG_EIO);
	unlink(f.file[2]);
	mig_close(ctx);
}

static int end(void **state)
{
	const struct place *p = *state;
	char path[128];

	for (int i = 1; i <= 3; i++) {
		snprintf(path, sizeof path, "%s/r%d.sql", p->dir, i);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/other.txt", p->dir);
	unlink(path);
	return place_free(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unchanged, place_new, end),
		cmocka_unit_test_setup_teardown(test_edited, place_new, end),
		cmocka_unit_test_setup_teardown(test_edited_in_the_same_second, place_new, end),
		cmocka_unit_test_setup_teardown(test_replaced, place_new, end),
		cmocka_unit_test_setup_teardown(test_touched, place_new, end),
		cmocka_unit_test_setup_teardown(test_added_and_removed, place_new, end),
		cmocka_unit_test_setup_teardown(test_no_file_any_more, place_new, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
