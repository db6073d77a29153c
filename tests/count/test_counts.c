/* What a run costs, in numbers that no busy machine moves: statements, syncs, files opened, memory.
 *
 * A bound here is what the design promises, or what was measured plus some room; when one breaks,
 * the work has grown. */
#include "../bench/gen.h"
#include "../crash/faultfs.h"
#include "../crash/support.h"
#include "heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- statements --------------------------------------------------------------------------- */

static int count_statement(unsigned kind, void *user, void *stmt, void *sql)
{
	(void)kind;
	(void)stmt;
	/* What a trigger runs is told as a comment. */
	if (strncmp(sql, "--", 2) != 0)
		(*(uint64_t *)user)++;
	return 0;
}

static sqlite3 *traced(const char *path, uint64_t *count)
{
	sqlite3 *db = sql_open(path);

	*count = 0;
	sqlite3_trace_v2(db, SQLITE_TRACE_STMT, count_statement, count);
	return db;
}

static mig_ctx *open_lent(sqlite3 *db, const mig_bundle *bundle)
{
	mig_open_options options = { .struct_size = sizeof(options),
				     .connection = db,
				     .dialect_name = "sqlite" };
	mig_ctx *ctx = NULL;

	if (mig_open_with(&ctx, &options) || mig_add_bundle(ctx, bundle))
		fail_msg("%s", mig_error_message(ctx));
	return ctx;
}

static void upgrade(mig_ctx *ctx, int mode)
{
	mig_run_options options = { .struct_size = sizeof(options), .transaction_mode = mode };

	if (mig_upgrade_with(ctx, "head", &options))
		fail_msg("%s", mig_error_message(ctx));
}

static void test_noop_is_one_statement(void **unused)
{
	struct gen gen;
	mig_bundle bundle;
	uint64_t statements;
	int32_t at_head = 0;
	mig_revision_list *list = NULL;
	sqlite3 *db = traced(":memory:", &statements);
	mig_ctx *ctx;

	(void)unused;
	assert_int_equal(gen_make(&gen, 20, 0), 0);
	assert_int_equal(gen_bundle(&gen, &bundle), 0);
	ctx = open_lent(db, &bundle);
	upgrade(ctx, MIG_TRANSACTION_RUN);
	mig_close(ctx);

	statements = 0;
	ctx = open_lent(db, &bundle);
	assert_int_equal(mig_upgrade(ctx, "head"), MIG_OK);
	assert_int_equal(statements, 1);
	assert_int_equal(mig_upgrade(ctx, "head"), MIG_OK);
	assert_int_equal(statements, 2);
	assert_int_equal(mig_is_at_head(ctx, &at_head), MIG_OK);
	assert_int_equal(at_head, 1);
	assert_int_equal(statements, 3);
	assert_int_equal(mig_current(ctx, &list), MIG_OK);
	assert_int_equal(statements, 4);
	mig_revision_list_free(list);
	assert_int_equal(mig_verify(ctx, NULL), MIG_OK); /* the revisions are in memory by now */
	assert_int_equal(statements, 5);
	mig_close(ctx);
	ctx = open_lent(db, &bundle);
	assert_int_equal(mig_verify(ctx, "head"), MIG_OK); /* and here they are not looked at */
	assert_int_equal(statements, 6);
	mig_close(ctx);
	assert_int_equal(statements, 6);
	sqlite3_close(db);
	gen_free(&gen);
}

/* The scripts' own statements, as SQLite counts them. */
static uint64_t statements_by_hand(const struct gen *gen)
{
	uint64_t statements;
	sqlite3 *db = traced(":memory:", &statements);

	for (size_t i = 0; i < gen->count; i++)
		sql_exec(db, gen->at[i].up);
	sqlite3_close(db);
	return statements;
}

/* What an upgrade of n revisions sends beyond those. */
static uint64_t overhead(size_t n, int mode)
{
	struct gen gen;
	mig_bundle bundle;
	uint64_t statements;
	sqlite3 *db = traced(":memory:", &statements);
	mig_ctx *ctx;

	assert_int_equal(gen_make(&gen, n, 0), 0);
	assert_int_equal(gen_bundle(&gen, &bundle), 0);
	ctx = open_lent(db, &bundle);
	upgrade(ctx, mode);
	mig_close(ctx);
	sqlite3_close(db);
	statements -= statements_by_hand(&gen);
	gen_free(&gen);
	return statements;
}

/* One transaction: a row in the history for each revision, and a fixed number of others. A
 * transaction a revision: its begin and commit, whether others wrote meanwhile, the read of the
 * rows, its two rows, the read of what is in the table then, and the two statements of the foreign
 * key check. */
static void test_upgrade_statements(void **unused)
{
	uint64_t run = overhead(50, MIG_TRANSACTION_RUN);
	uint64_t run2 = overhead(100, MIG_TRANSACTION_RUN);
	uint64_t each = overhead(50, MIG_TRANSACTION_REVISION);
	uint64_t each2 = overhead(100, MIG_TRANSACTION_REVISION);

	(void)unused;
	print_message("statements beyond the scripts' own, 50 and 100 revisions: one transaction "
		      "%d and %d; one each %d and %d\n",
		      (int)run, (int)run2, (int)each, (int)each2);
	assert_int_equal(run2 - run, 50);
	assert_true(run - 50 <= 16);
	assert_true(each2 - each <= 50 * 9);
	assert_true(each <= 50 * 9 + 16);
}

/* ---- syncs -------------------------------------------------------------------------------- */

static void insert_version(sqlite3 *db, const struct gen *gen, size_t i)
{
	char sql[256];

	sql_exec(db, "CREATE TABLE IF NOT EXISTS version (revision TEXT, digest TEXT);"
		     "CREATE TABLE IF NOT EXISTS history (revision TEXT, digest TEXT)");
	snprintf(sql, sizeof(sql),
		 "DELETE FROM version; INSERT INTO version VALUES ('%s', '');"
		 "INSERT INTO history VALUES ('%s', '')",
		 gen->at[i].id, gen->at[i].id);
	sql_exec(db, sql);
}

static struct faultfs_counts syncs_by_hand(const struct gen *gen, const char *path, int mode)
{
	sqlite3 *db = sql_open(path);

	faultfs_set(FAULT_NONE, 0);
	for (size_t i = 0; i < gen->count; i++) {
		if (mode == MIG_TRANSACTION_REVISION || i == 0)
			sql_exec(db, "BEGIN IMMEDIATE");
		sql_exec(db, gen->at[i].up);
		insert_version(db, gen, i);
		if (mode == MIG_TRANSACTION_REVISION || i == gen->count - 1)
			sql_exec(db, "COMMIT");
	}
	sqlite3_close(db);
	return faultfs_counts();
}

static struct faultfs_counts syncs_of_run(const mig_bundle *bundle, const char *url, int mode)
{
	mig_ctx *ctx = NULL;

	faultfs_set(FAULT_NONE, 0);
	if (mig_open(&ctx, url) || mig_add_bundle(ctx, bundle))
		fail_msg("%s", mig_error_message(ctx));
	upgrade(ctx, mode);
	mig_close(ctx);
	return faultfs_counts();
}

static void test_syncs(void **unused)
{
	struct folder folder;
	struct gen gen;
	mig_bundle bundle;
	char path[PATH_SIZE], url[PATH_SIZE];

	(void)unused;
	folder_make(&folder);
	folder_path(&folder, "hand.db", path);
	folder_url(&folder, "run.db", url);
	assert_int_equal(gen_make(&gen, 10, 0), 0);
	assert_int_equal(gen_bundle(&gen, &bundle), 0);
	assert_int_equal(faultfs_install(), SQLITE_OK);
	for (int mode = MIG_TRANSACTION_RUN; mode <= MIG_TRANSACTION_REVISION; mode++) {
		struct faultfs_counts hand = syncs_by_hand(&gen, path, mode);
		struct faultfs_counts run = syncs_of_run(&bundle, url, mode);
		struct faultfs_counts again = syncs_of_run(&bundle, url, mode);

		print_message("%s: by hand %d syncs, %d journals; libmig %d, %d\n",
			      mode ? "a transaction a revision" : "one transaction",
			      (int)hand.syncs, (int)hand.deletes, (int)run.syncs, (int)run.deletes);
		assert_true(hand.syncs > 0);
		assert_int_equal(run.syncs, hand.syncs);
		assert_int_equal(run.deletes, hand.deletes);
		/* At the head, nothing is written. */
		assert_int_equal(again.calls, 0);
		folder_drop_database(&folder, "hand.db");
		folder_drop_database(&folder, "run.db");
	}
	faultfs_uninstall();
	gen_free(&gen);
	folder_remove(&folder);
}

/* ---- files -------------------------------------------------------------------------------- */

/* How often the kernel saw a file of the folder opened since the last call. */
static size_t opened(int watch)
{
	char buffer[64 * 1024] __attribute__((aligned(8)));
	size_t count = 0;
	ssize_t got;

	while ((got = read(watch, buffer, sizeof(buffer))) > 0)
		for (ssize_t at = 0; at < got;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			assert_false(event->mask & IN_Q_OVERFLOW);
			if ((event->mask & IN_OPEN) && event->len)
				count++;
			at += (ssize_t)sizeof(*event) + (ssize_t)event->len;
		}
	return count;
}

static mig_ctx *open_folder(const char *url, const char *folder)
{
	mig_ctx *ctx = NULL;

	if (mig_open(&ctx, url) || mig_add_directory(ctx, folder))
		fail_msg("%s", mig_error_message(ctx));
	return ctx;
}

/* A folder of a thousand small revisions is read once, each file opened once, also to run it: all of
 * them, or the half that is missing. At the head nothing is read again. */
static void test_files_opened(void **unused)
{
	enum { COUNT = 1000 };
	struct folder files, data;
	struct gen gen;
	char url[PATH_SIZE];
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	mig_ctx *ctx;

	(void)unused;
	assert_true(watch >= 0);
	folder_make(&files);
	folder_make(&data);
	folder_url(&data, "files.db", url);
	assert_int_equal(gen_make(&gen, COUNT, 0), 0);
	assert_int_equal(gen_write(&gen, files.path), 0);
	assert_true(inotify_add_watch(watch, files.path, IN_OPEN) >= 0);

	ctx = open_folder(url, files.path);
	upgrade(ctx, MIG_TRANSACTION_RUN);
	mig_close(ctx);
	assert_int_equal(opened(watch), COUNT);

	ctx = open_folder(url, files.path);
	upgrade(ctx, MIG_TRANSACTION_RUN);
	assert_int_equal(opened(watch), COUNT);
	upgrade(ctx, MIG_TRANSACTION_RUN);
	assert_int_equal(opened(watch), 0);
	mig_close(ctx);

	folder_drop_database(&data, "files.db");
	ctx = open_folder(url, files.path);
	assert_int_equal(mig_upgrade(ctx, gen.at[COUNT / 2].id), MIG_OK);
	mig_close(ctx);
	assert_int_equal(opened(watch), COUNT);
	ctx = open_folder(url, files.path);
	upgrade(ctx, MIG_TRANSACTION_RUN);
	assert_int_equal(opened(watch), COUNT);
	mig_close(ctx);
	close(watch);
	gen_free(&gen);
	folder_remove(&files);
	folder_remove(&data);
}

/* ---- memory ------------------------------------------------------------------------------- */

static mig_ctx *open_counted(struct heap *heap, const char *url)
{
	mig_open_options options = { .struct_size = sizeof(options),
				     .url = url,
				     .allocator = &heap->allocator };
	mig_ctx *ctx = NULL;

	if (mig_open_with(&ctx, &options))
		fail_msg("%s", mig_error_message(ctx));
	return ctx;
}

/* A whole no-op: open, add, upgrade, close. */
static struct heap heap_of_noop(const mig_bundle *bundle, const char *url)
{
	struct heap heap;
	mig_ctx *ctx;

	heap_init(&heap);
	ctx = open_counted(&heap, url);
	assert_int_equal(mig_add_bundle(ctx, bundle), MIG_OK);
	upgrade(ctx, MIG_TRANSACTION_RUN);
	mig_close(ctx);
	assert_int_equal(heap.blocks, 0);
	assert_int_equal(heap.live, 0);
	return heap;
}

/* heap[0]: an upgrade of n revisions in one transaction; heap[1]: the no-op after it; heap[2]: the
 * same where the bundle does not tell its heads. */
enum { HEAPS = 3 };

static void heaps_of(size_t n, struct heap heap[HEAPS])
{
	struct folder folder;
	struct gen gen;
	mig_bundle bundle;
	char url[PATH_SIZE];

	folder_make(&folder);
	folder_url(&folder, "heap.db", url);
	assert_int_equal(gen_make(&gen, n, 0), 0);
	assert_int_equal(gen_bundle(&gen, &bundle), 0);
	heap[0] = heap_of_noop(&bundle, url);
	heap[1] = heap_of_noop(&bundle, url);
	bundle.head_count = 0;
	heap[2] = heap_of_noop(&bundle, url);
	gen_free(&gen);
	folder_remove(&folder);
}

static void print_heap(const char *what, size_t n, const struct heap *heap)
{
	print_message("%s, %zu revisions: %d requests, %d bytes, at most %d\n", what, n,
		      (int)heap->requests, (int)heap->bytes, (int)heap->peak);
}

static void test_memory_grows_linearly(void **unused)
{
	struct heap small[HEAPS], large[HEAPS];

	(void)unused;
	heaps_of(500, small);
	heaps_of(1000, large);
	print_heap("upgrade", 500, &small[0]);
	print_heap("upgrade", 1000, &large[0]);
	print_heap("no-op", 500, &small[1]);
	print_heap("no-op", 1000, &large[1]);
	print_heap("no-op without heads", 1000, &large[2]);
	for (int i = 0; i < HEAPS; i++) {
		assert_true(large[i].requests <= small[i].requests * 23 / 10);
		assert_true(large[i].bytes <= small[i].bytes * 23 / 10);
		assert_true(large[i].peak <= small[i].peak * 23 / 10);
	}
	/* The no-op of compiled-in revisions: nothing of it depends on their number. */
	assert_int_equal(large[1].requests, small[1].requests);
	assert_int_equal(large[1].bytes, small[1].bytes);
	assert_true(large[1].peak < 64 * 1024);
	/* no allocation for each of them */
	assert_true(large[2].requests < 200);
	assert_true(large[2].peak < 1024 * 1024);
	assert_true(large[0].peak < 2 * 1024 * 1024);
}

struct bodies {
	struct heap all, last; /* an upgrade of all files, and of the last ten again */
	int64_t left, running; /* bytes: after the first, and while the second one runs */
};

static int32_t note_running(void *user, const mig_progress *progress)
{
	struct bodies *b = user;

	if (progress->event == MIG_EVENT_STEP_BEGIN && b->last.live > b->running)
		b->running = b->last.live;
	return 0;
}

/* `count` files of about `size` bytes. */
static void run_bodies(size_t count, size_t size, struct bodies *b)
{
	struct folder files, data;
	struct gen gen;
	char url[PATH_SIZE];
	mig_ctx *ctx;

	folder_make(&files);
	folder_make(&data);
	folder_url(&data, "bodies.db", url);
	assert_int_equal(gen_make(&gen, count, size), 0);
	assert_int_equal(gen_write(&gen, files.path), 0);
	memset(b, 0, sizeof *b);
	heap_init(&b->all);
	ctx = open_counted(&b->all, url);
	assert_int_equal(mig_add_directory(ctx, files.path), MIG_OK);
	upgrade(ctx, MIG_TRANSACTION_RUN);
	b->left = b->all.live;
	mig_close(ctx);
	assert_int_equal(b->all.blocks, 0);
	ctx = open_folder(url, files.path);
	assert_int_equal(mig_downgrade(ctx, "-10"), MIG_OK);
	mig_close(ctx);
	heap_init(&b->last);
	ctx = open_counted(&b->last, url);
	assert_int_equal(mig_add_directory(ctx, files.path), MIG_OK);
	assert_int_equal(mig_set_progress(ctx, note_running, b), MIG_OK);
	upgrade(ctx, MIG_TRANSACTION_RUN);
	mig_close(ctx);
	gen_free(&gen);
	folder_remove(&files);
	folder_remove(&data);
}

/* Files of 64 KB: their text is not kept when the graph is read, nor after it ran. Files of 8 KB: no
 * more than two megabytes of them, and while they run only those that do. */
static void test_bodies_are_not_kept(void **unused)
{
	enum { COUNT = 100, SIZE = 64 * 1024, SMALL = 8 * 1024, MIB = 1024 * 1024 };
	struct bodies b;

	(void)unused;
	run_bodies(COUNT, SIZE, &b);
	print_heap("upgrade from files of 64 KB", COUNT, &b.all);
	assert_true(b.left < MIB / 2);
	assert_true(b.all.peak < 10 * SIZE);
	assert_true(b.last.peak < 10 * SIZE);
	run_bodies(6 * COUNT, SMALL, &b);
	print_heap("upgrade from files of 8 KB", 6 * COUNT, &b.all);
	print_heap("the last ten of them", 6 * COUNT, &b.last);
	print_message("after all, and while the ten run: %d, %d\n", (int)b.left, (int)b.running);
	assert_true(b.left < MIB);
	assert_true(b.all.peak < 4 * MIB);
	assert_true(b.last.peak < 4 * MIB);
	assert_true(b.running < MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noop_is_one_statement),
		cmocka_unit_test(test_upgrade_statements),
		cmocka_unit_test(test_syncs),
		cmocka_unit_test(test_files_opened),
		cmocka_unit_test(test_memory_grows_linearly),
		cmocka_unit_test(test_bodies_are_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
