/* The disk is full, or fails, at each write, sync, truncation and deletion of a run in turn: the
 * run reports it, the database is at a whole state, and the next run finishes the rest. */
#include "faultfs.h"
#include "support.h"
#include "world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define REVISIONS 6

static mig_status upgrade(mig_ctx *ctx, int mode)
{
	mig_run_options options = { .struct_size = sizeof(options), .transaction_mode = mode };

	return mig_upgrade_with(ctx, "head", &options);
}

/* What an application can tell its user: a status of its own for the engine's troubles, the
 * engine's code, and a text that is not empty. */
static void check_error(const mig_ctx *ctx, mig_status rc, enum fault_kind kind)
{
	int32_t native = mig_error_native_code(ctx) & 0xff;

	assert_int_equal(mig_error_status(ctx), rc);
	if (rc != MIG_ESQL && rc != MIG_EIO)
		fail_msg("%s: %s", mig_status_name(rc), mig_error_message(ctx));
	assert_true(strlen(mig_error_message(ctx)) > 0);
	assert_null(strchr(mig_error_message(ctx), '\n'));
	if (kind == FAULT_FULL)
		assert_int_equal(native, SQLITE_FULL);
	else if (native != SQLITE_IOERR)
		fail_msg("code %d: %s", (int)mig_error_native_code(ctx), mig_error_message(ctx));
}

struct io_case {
	struct world world;
	int mode;
	enum fault_kind kind;
	int same_context; /* the next run is one of the context that failed */
};

/* One run with a fault at the n-th call. Returns 0 once the run does not come that far. */
static int run_with_fault(const struct io_case *c, const char *url, const char *path, uint64_t at,
			  size_t *failed)
{
	mig_ctx *ctx = NULL;
	struct faultfs_counts counts;
	mig_status rc;

	faultfs_set(FAULT_NONE, 0);
	assert_int_equal(mig_open(&ctx, url), MIG_OK);
	assert_int_equal(world_add(&c->world, ctx), MIG_OK);
	faultfs_set(c->kind, at);
	rc = upgrade(ctx, c->mode);
	counts = faultfs_counts();
	faultfs_set(FAULT_NONE, 0);
	if (rc) {
		(*failed)++;
		assert_true(counts.faults > 0);
		check_error(ctx, rc, c->kind);
	}
	if (c->same_context && rc) {
		rc = upgrade(ctx, c->mode);
		if (rc)
			fail_msg("fault %d, the next run: %s", (int)at, mig_error_message(ctx));
	}
	mig_close(ctx);
	world_check(&c->world, path, c->mode, NULL);
	world_finish(&c->world, path, c->mode);
	return counts.faults > 0;
}

static void run_case(const struct io_case *c)
{
	struct folder folder;
	char url[PATH_SIZE], path[PATH_SIZE];
	size_t places = 0, failed = 0;

	folder_make(&folder);
	folder_url(&folder, "io.db", url);
	folder_path(&folder, "io.db", path);
	assert_int_equal(faultfs_install(), SQLITE_OK);
	while (run_with_fault(c, url, path, places + 1, &failed)) {
		places++;
		folder_drop_database(&folder, "io.db");
	}
	faultfs_uninstall();
	folder_remove(&folder);
	print_message("%zu places, %zu runs failed\n", places, failed);
	assert_true(places >= c->world.count);
	assert_true(failed > 0);
}

static void run_kind(enum fault_kind kind)
{
	for (int mode = MIG_TRANSACTION_RUN; mode <= MIG_TRANSACTION_REVISION; mode++) {
		run_case(&(struct io_case){ { REVISIONS, WORLD_PLAIN }, mode, kind, 0 });
		run_case(&(struct io_case){ { REVISIONS, WORLD_SPLIT }, mode, kind, 1 });
	}
}

static void test_disk_full(void **unused)
{
	(void)unused;
	run_kind(FAULT_FULL);
}

static void test_one_error(void **unused)
{
	(void)unused;
	run_kind(FAULT_IOERR);
}

static void test_errors_from_then_on(void **unused)
{
	(void)unused;
	run_kind(FAULT_IOERR_LAST);
}

/* In a process whose files may not grow past a size: the real thing, down to the kernel. The exit
 * status is minus the library's. */
static _Noreturn void upgrade_within(const struct world *world, const char *url, rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };
	mig_ctx *ctx = NULL;
	mig_status rc = mig_open(&ctx, url);

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	if (!rc)
		rc = world_add(world, ctx);
	if (!rc)
		rc = upgrade(ctx, MIG_TRANSACTION_REVISION);
	if (rc && !mig_error_native_code(ctx))
		rc = -255;
	mig_close(ctx);
	_exit(-rc);
}

static void test_file_size_limit(void **unused)
{
	const struct world world = { 20, WORLD_SPLIT };
	struct folder folder;
	char url[PATH_SIZE], path[PATH_SIZE];
	size_t failed = 0;
	int status = 0;

	(void)unused;
	folder_make(&folder);
	folder_url(&folder, "limit.db", url);
	folder_path(&folder, "limit.db", path);
	for (rlim_t bytes = 2048; bytes < 400000; bytes += 9000) {
		pid_t child = fork();

		if (child == 0)
			upgrade_within(&world, url, bytes);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status)) {
			failed++;
			if (WEXITSTATUS(status) != -MIG_ESQL && WEXITSTATUS(status) != -MIG_EIO)
				fail_msg("%d bytes: status -%d", (int)bytes, WEXITSTATUS(status));
		}
		world_check(&world, path, MIG_TRANSACTION_REVISION, NULL);
		world_finish(&world, path, MIG_TRANSACTION_REVISION);
		folder_drop_database(&folder, "limit.db");
	}
	folder_remove(&folder);
	assert_true(failed > 0);
	assert_int_equal(status, 0); /* the largest is enough */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_one_error),
		cmocka_unit_test(test_errors_from_then_on),
		cmocka_unit_test(test_file_size_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
