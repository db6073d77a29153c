/* A process that upgrades is killed: at random moments, and at each of its writes and syncs. What
 * it leaves must open, be sound, be at a whole state, and the next run must finish the rest.
 *
 * MIG_CRASH_ROUNDS sets the number of random kills for each of the cases. */
#include "faultfs.h"
#include "support.h"
#include "world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define REVISIONS 50

/* The whole life of the process that is killed. */
static _Noreturn void upgrade_and_exit(const struct world *world, const char *url, int mode)
{
	mig_run_options options = { .struct_size = sizeof(options), .transaction_mode = mode };
	mig_ctx *ctx = NULL;
	mig_status rc = mig_open(&ctx, url);

	if (!rc)
		rc = world_add(world, ctx);
	if (!rc)
		rc = mig_upgrade_with(ctx, "head", &options);
	if (rc)
		fprintf(stderr, "upgrade: %s\n", mig_error_message(ctx));
	mig_close(ctx);
	_exit(rc ? 1 : 0);
}

/* Waits for the child; 1 if it was killed, 0 if it came to its end. */
static int reap(pid_t child)
{
	int status = 0;

	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return 1;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	return 0;
}

/* Microseconds of a run that nobody stops. */
static int64_t time_of_run(const struct world *world, const struct folder *folder, int mode)
{
	char url[PATH_SIZE];
	int64_t start = clock_us();
	pid_t child;

	folder_url(folder, "whole.db", url);
	child = fork();
	if (child == 0)
		upgrade_and_exit(world, url, mode);
	assert_int_equal(reap(child), 0);
	folder_drop_database(folder, "whole.db");
	return clock_us() - start;
}

static void kill_at_random(int flags, int mode, size_t rounds)
{
	const struct world world = { REVISIONS, flags };
	uint32_t seed = chance_seed();
	size_t killed = 0, between = 0, unfinished = 0;
	struct world_state state;
	struct folder folder;
	char url[PATH_SIZE], path[PATH_SIZE];
	int64_t whole;

	folder_make(&folder);
	folder_url(&folder, "kill.db", url);
	folder_path(&folder, "kill.db", path);
	whole = time_of_run(&world, &folder, mode);
	for (size_t i = 0; i < rounds; i++) {
		int64_t wait = chance(&seed, (uint32_t)whole + 1);
		pid_t child = fork();

		if (child == 0)
			upgrade_and_exit(&world, url, mode);
		sleep_us(wait);
		kill(child, SIGKILL);
		killed += (size_t)reap(child);
		world_check(&world, path, mode, &state);
		between += state.at > 0 && state.at < REVISIONS;
		unfinished += (size_t)state.unfinished;
		/* Every third time the killed run is taken up by one that is killed as well. */
		if (i % 3 == 2)
			continue;
		world_finish(&world, path, mode);
		folder_drop_database(&folder, "kill.db");
	}
	print_message("%zu rounds: %zu killed, %zu between revisions, %zu inside one outside a "
		      "transaction\n",
		      rounds, killed, between, unfinished);
	assert_true(killed > 0);
	folder_remove(&folder);
}

static void test_kill_revision_mode(void **unused)
{
	(void)unused;
	kill_at_random(WORLD_PLAIN, MIG_TRANSACTION_REVISION, rounds_of("MIG_CRASH_ROUNDS", 20));
}

static void test_kill_run_mode(void **unused)
{
	(void)unused;
	kill_at_random(WORLD_PLAIN, MIG_TRANSACTION_RUN, rounds_of("MIG_CRASH_ROUNDS", 20));
}

static void test_kill_split_revision_mode(void **unused)
{
	(void)unused;
	kill_at_random(WORLD_SPLIT | WORLD_LONE, MIG_TRANSACTION_REVISION,
		       rounds_of("MIG_CRASH_ROUNDS", 20));
}

static void test_kill_split_run_mode(void **unused)
{
	(void)unused;
	kill_at_random(WORLD_SPLIT, MIG_TRANSACTION_RUN, rounds_of("MIG_CRASH_ROUNDS", 20));
}

/* Kills at the n-th write, sync, truncation or deletion, for n = 1, 1 + stride, … until a run
 * comes to its end. */
static void kill_at_calls(size_t count, int flags, int mode, uint64_t stride)
{
	const struct world world = { count, flags };
	struct folder folder;
	char url[PATH_SIZE], path[PATH_SIZE];
	size_t killed = 0;

	folder_make(&folder);
	folder_url(&folder, "calls.db", url);
	folder_path(&folder, "calls.db", path);
	for (uint64_t at = 1;; at += stride) {
		pid_t child = fork();
		int dead;

		if (child == 0) {
			if (faultfs_install())
				_exit(3);
			faultfs_set(FAULT_KILL, at);
			upgrade_and_exit(&world, url, mode);
		}
		dead = reap(child);
		killed += (size_t)dead;
		world_check(&world, path, mode, NULL);
		world_finish(&world, path, mode);
		folder_drop_database(&folder, "calls.db");
		if (!dead)
			break;
	}
	print_message("killed at %zu places\n", killed);
	assert_true(killed > count / (size_t)stride);
	folder_remove(&folder);
}

static void test_kill_at_each_call(void **unused)
{
	(void)unused;
	kill_at_calls(6, WORLD_SPLIT | WORLD_LONE, MIG_TRANSACTION_REVISION, 1);
	kill_at_calls(6, WORLD_SPLIT, MIG_TRANSACTION_RUN, 1);
	kill_at_calls(30, WORLD_SPLIT, MIG_TRANSACTION_REVISION, 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill_revision_mode),
		cmocka_unit_test(test_kill_run_mode),
		cmocka_unit_test(test_kill_split_revision_mode),
		cmocka_unit_test(test_kill_split_run_mode),
		cmocka_unit_test(test_kill_at_each_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
