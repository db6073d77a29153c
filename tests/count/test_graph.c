/* What questions about many revisions cost, in memory: lists and plans borrow from what is loaded, so they
 * cost a few bytes a revision; nothing grows faster than the number of revisions, of heads, of rows.
 *
 *     test_graph [MIG]     the mig program, for its commands
 *
 * A bound here is what was measured plus some room; when one breaks, the work has grown. */
#include "../bench/limit.h"
#include "../bench/shapes.h"
#include "../crash/support.h"
#include "heap.h"

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

static char *mig;

/* ---- a bundle -------------------------------------------------------------------------------- */

struct many {
	struct shape shape;
	mig_bundle_revision *revisions;
	mig_bundle bundle;
};

static void many_make(struct many *m, size_t shape, uint32_t count)
{
	static const char *const none[] = { NULL };
	static const char text[] = "-- mig:upgrade\nSELECT 1;\n";
	static const mig_section section = { .direction = MIG_UPGRADE, .offset = 15, .size = 10 };

	shape_make(&m->shape, shape, count);
	m->revisions = calloc(count, sizeof(*m->revisions));
	assert_non_null(m->revisions);
	for (uint32_t i = 0; i < count; i++)
		m->revisions[i] = (mig_bundle_revision){ .id = m->shape.at[i].id,
							 .file = "f.sql",
							 .message = "a revision",
							 .created = "",
							 .revises = m->shape.at[i].parents,
							 .depends_on = m->shape.at[i].dependencies,
							 .branch_labels = none,
							 .text = text,
							 .text_size = sizeof(text) - 1,
							 .sections = &section,
							 .section_count = 1 };
	m->bundle = (mig_bundle){ .struct_size = sizeof(mig_bundle),
				  .revision_size = sizeof(mig_bundle_revision),
				  .section_size = sizeof(mig_section),
				  .count = count,
				  .revisions = m->revisions };
}

static void many_free(struct many *m)
{
	free(m->revisions);
	shape_free(&m->shape);
}

static mig_ctx *open_counted(struct heap *heap, const char *url)
{
	mig_open_options options = { .struct_size = sizeof(options),
				     .url = url,
				     .allocator = &heap->allocator };
	mig_ctx *ctx = NULL;

	heap_init(heap);
	if (mig_open_with(&ctx, &options))
		fail_msg("%s", mig_error_message(ctx));
	return ctx;
}

/* Bytes that each call asked for, and the most that was live. */
struct cost {
	uint64_t heads, heads_requests, all, plan, plan_requests;
	int64_t peak;
};

static uint64_t taken(struct heap *heap, uint64_t *requests)
{
	uint64_t bytes = heap->bytes;

	if (requests)
		*requests = heap->requests;
	heap_reset(heap, 0, 0);
	return bytes;
}

static struct cost cost_of(size_t shape, uint32_t count)
{
	mig_revision_list *heads, *all;
	struct heap heap;
	struct cost c;
	struct many m;
	mig_plan *plan;
	mig_ctx *ctx;

	many_make(&m, shape, count);
	ctx = open_counted(&heap, "sqlite::memory:");
	assert_int_equal(mig_add_bundle(ctx, &m.bundle), MIG_OK);
	heap_reset(&heap, 0, 0);
	assert_int_equal(mig_heads(ctx, 0, &heads), MIG_OK);
	c.heads = taken(&heap, &c.heads_requests);
	assert_int_equal(mig_revisions(ctx, NULL, &all), MIG_OK);
	c.all = taken(&heap, NULL);
	assert_int_equal(mig_plan_upgrade(ctx, "heads", &plan), MIG_OK);
	assert_int_equal(mig_plan_count(plan), count);
	c.plan = taken(&heap, &c.plan_requests);
	c.peak = heap.peak;
	print_message("shape %zu, %u revisions: heads %d bytes, a list %d, a plan %d; at most %d\n", shape,
		      count, (int)c.heads, (int)c.all, (int)c.plan, (int)c.peak);
	mig_revision_list_free(heads);
	mig_plan_free(plan);
	mig_close(ctx);
	mig_revision_list_free(all); /* the last one that holds what was loaded */
	assert_int_equal(heap.blocks, 0);
	many_free(&m);
	return c;
}

static void test_bundle(void **unused)
{
	enum { COUNT = 20000 };

	(void)unused;
	for (size_t shape = 0; shape < shape_count(); shape++) {
		struct cost half = cost_of(shape, COUNT / 2), c = cost_of(shape, COUNT);

		assert_true(c.heads <= half.heads * 23 / 10);
		assert_true(c.all <= half.all * 23 / 10);
		assert_true(c.plan <= half.plan * 23 / 10);
		assert_true(c.peak <= half.peak * 23 / 10);
		/* each of them is there once, and a list is numbers */
		assert_true(c.heads < 700 * COUNT);
		assert_true(c.all < 100 * COUNT);
		assert_true(c.plan < 250 * COUNT);
		assert_true(c.peak < 750 * COUNT);
		/* no allocation for each of them */
		assert_true(c.heads_requests < COUNT / 20);
		assert_true(c.plan_requests < COUNT / 20);
	}
}

/* ---- a merge of very many heads ---------------------------------------------------------------- */

static int64_t peak_of_merge(int count)
{
	mig_revision_options options = { .struct_size = sizeof(options), .message = "merge" };
	const char **heads = calloc((size_t)count + 1, sizeof(*heads));
	char(*ids)[16] = calloc((size_t)count, sizeof(*ids)), path[PATH_SIZE];
	mig_revision_list *made;
	struct folder folder;
	struct heap heap;
	mig_ctx *ctx;
	FILE *f;

	folder_make(&folder);
	for (int i = 0; i < count; i++) {
		snprintf(ids[i], sizeof(ids[i]), "r%06d", i);
		heads[i] = ids[i];
		snprintf(path, sizeof(path), "%s/%s.sql", folder.path, ids[i]);
		f = fopen(path, "w");
		assert_non_null(f);
		fprintf(f, "-- one\n-- revision: %s\n-- revises:\n\n-- mig:upgrade\nSELECT 1;\n", ids[i]);
		assert_int_equal(fclose(f), 0);
	}
	ctx = open_counted(&heap, "sqlite::memory:");
	assert_int_equal(mig_add_directory(ctx, folder.path), MIG_OK);
	options.heads = heads;
	if (mig_revision_create(ctx, &options, &made))
		fail_msg("%s", mig_error_message(ctx));
	assert_int_equal(mig_revision_parent_count(mig_revision_list_at(made, 0)), count);
	mig_revision_list_free(made);
	mig_close(ctx);
	assert_int_equal(heap.blocks, 0);
	print_message("a merge of %d heads: at most %d bytes\n", count, (int)heap.peak);
	folder_remove(&folder);
	free(heads);
	free(ids);
	return heap.peak;
}

static void test_merge(void **unused)
{
	enum { COUNT = 3000 };
	int64_t half, whole;

	(void)unused;
	half = peak_of_merge(COUNT / 2);
	whole = peak_of_merge(COUNT);
	assert_true(whole <= half * 23 / 10);
	assert_true(whole < 2000 * COUNT);
}

/* ---- a long history ---------------------------------------------------------------------------- */

/* A database whose history has so many rows. */
static void make_history(const struct folder *folder, int rows, char url[PATH_SIZE])
{
	char path[PATH_SIZE], sql[1024];
	mig_ctx *ctx = NULL;
	sqlite3 *db;

	folder_url(folder, "history.db", url);
	snprintf(path, sizeof(path), "%s/history.db", folder->path);
	assert_int_equal(mig_open(&ctx, url), MIG_OK);
	assert_int_equal(mig_add_script(ctx, "r1.sql", "-- revision: r1\n-- mig:upgrade\nSELECT 1;\n", 41),
			 MIG_OK);
	assert_int_equal(mig_upgrade(ctx, "head"), MIG_OK);
	mig_close(ctx);
	db = sql_open(path);
	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
		 "INSERT INTO mig_history (revision, direction, state, digest, statements, started_at, "
		 "duration_us, actor, library) SELECT 'r' || i, direction, state, digest, statements, "
		 "started_at, duration_us, actor, library FROM mig_history, n",
		 rows);
	sql_exec(db, sql);
	sqlite3_close(db);
}

static mig_status count_row(void *user, const mig_history_entry *e)
{
	*(int *)user += e->revision[0] == 'r';
	return MIG_OK;
}

static int64_t peak_of_history(int rows)
{
	struct folder folder;
	char url[PATH_SIZE];
	struct heap heap;
	mig_ctx *ctx;
	int seen = 0;

	folder_make(&folder);
	make_history(&folder, rows, url);
	ctx = open_counted(&heap, url);
	assert_int_equal(mig_history_each(ctx, count_row, &seen), MIG_OK);
	assert_int_equal(seen, rows);
	mig_close(ctx);
	print_message("a history of %d rows: at most %d bytes\n", rows, (int)heap.peak);
	folder_remove(&folder);
	return heap.peak;
}

static void test_history(void **unused)
{
	int64_t few = peak_of_history(100), many = peak_of_history(20000);

	(void)unused;
	assert_true(many <= few + 1024);
	assert_true(many < 64 * 1024);
}

/* Peak memory of the program in kB; what this process has counts as well. */
static long peak_of_command(const char *url, const char *verb, const char *option)
{
	char *argv[] = { mig, (char *)verb, (char *)option, NULL };
	posix_spawn_file_actions_t actions;
	struct rusage used;
	int status;
	pid_t child;

	setenv("MIG_URL", url, 1);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawnp(&child, mig, &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	assert_int_equal(wait4(child, &status, 0, &used), child);
	assert_int_equal(status, 0);
	print_message("mig %s %s: at most %ld kB\n", verb, option ? option : "", used.ru_maxrss);
	return used.ru_maxrss;
}

static void test_log_prints_as_it_goes(void **unused)
{
	enum { ROWS = 100000 };
	struct folder folder;
	char url[PATH_SIZE];
	long least = peak_kb();

	(void)unused;
	if (!mig)
		skip();
	folder_make(&folder);
	make_history(&folder, ROWS, url);
	/* a tree of them took 200 MB */
	assert_true(peak_of_command(url, "log", "--json") < (least > 16384 ? least : 16384) + 8192);
	assert_true(peak_of_command(url, "log", NULL) < (least > 16384 ? least : 16384) + 8192);
	folder_remove(&folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		/* before this process has grown */
		cmocka_unit_test(test_log_prints_as_it_goes),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_bundle),
	};

	mig = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
