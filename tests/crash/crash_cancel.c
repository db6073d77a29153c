/* Another thread calls mig_cancel() at random moments: the run says so or is done, the database is
 * at a whole state, and a later run finishes.
 *
 * MIG_CRASH_ROUNDS sets the number of cancelled runs for each case. */
#include "support.h"
#include "world.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define REVISIONS 30

struct canceller {
	mig_ctx *ctx;
	int64_t wait_us;
};

static void *cancel_later(void *arg)
{
	struct canceller *c = arg;

	sleep_us(c->wait_us);
	mig_cancel(c->ctx);
	return NULL;
}

static mig_ctx *open_world(const struct world *world, const char *url)
{
	mig_ctx *ctx = NULL;

	if (mig_open(&ctx, url) || world_add(world, ctx))
		fail_msg("%s", mig_error_message(ctx));
	return ctx;
}

static int64_t time_of_run(const struct world *world, const struct folder *folder, int mode)
{
	mig_run_options options = { .struct_size = sizeof(options), .transaction_mode = mode };
	char url[PATH_SIZE];
	int64_t start;
	mig_ctx *ctx;

	folder_url(folder, "whole.db", url);
	ctx = open_world(world, url);
	start = clock_us();
	assert_int_equal(mig_upgrade_with(ctx, "head", &options), MIG_OK);
	start = clock_us() - start;
	mig_close(ctx);
	folder_drop_database(folder, "whole.db");
	return start;
}

/* Returns 1 if the run was cancelled. */
static int cancel_once(const struct world *world, const char *url, const char *path, int mode,
		       int64_t wait)
{
	mig_run_options options = { .struct_size = sizeof(options), .transaction_mode = mode };
	struct world_state state;
	struct canceller c = { open_world(world, url), wait };
	pthread_t thread;
	mig_status rc;

	assert_int_equal(pthread_create(&thread, NULL, cancel_later, &c), 0);
	rc = mig_upgrade_with(c.ctx, "head", &options);
	pthread_join(thread, NULL);
	if (rc != MIG_OK && rc != MIG_ECANCELLED)
		fail_msg("%s: %s", mig_status_name(rc), mig_error_message(c.ctx));
	world_check(world, path, mode, &state);
	if (rc == MIG_OK)
		assert_int_equal(state.at, world->count);
	/* Cancelled once, and once only; a call that came too late is no other run's. */
	if (mig_upgrade_with(c.ctx, "head", &options))
		fail_msg("the next run: %s", mig_error_message(c.ctx));
	mig_close(c.ctx);
	world_finish(world, path, mode);
	return rc != MIG_OK;
}

static void cancel_at_random(int flags, int mode)
{
	const struct world world = { REVISIONS, flags | WORLD_SLOW };
	size_t rounds = rounds_of("MIG_CRASH_ROUNDS", 25), cancelled = 0;
	uint32_t seed = chance_seed();
	struct folder folder;
	char url[PATH_SIZE], path[PATH_SIZE];
	int64_t whole;

	folder_make(&folder);
	folder_url(&folder, "cancel.db", url);
	folder_path(&folder, "cancel.db", path);
	whole = time_of_run(&world, &folder, mode);
	for (size_t i = 0; i < rounds; i++) {
		cancelled += (size_t)cancel_once(&world, url, path, mode,
						 chance(&seed, (uint32_t)whole + 1));
		folder_drop_database(&folder, "cancel.db");
	}
	folder_remove(&folder);
	print_message("%zu of %zu runs cancelled\n", cancelled, rounds);
	assert_true(cancelled > 0);
}

static void test_cancel_run_mode(void **unused)
{
	(void)unused;
	cancel_at_random(WORLD_PLAIN, MIG_TRANSACTION_RUN);
}

static void test_cancel_revision_mode(void **unused)
{
	(void)unused;
	cancel_at_random(WORLD_PLAIN, MIG_TRANSACTION_REVISION);
}

static void test_cancel_split(void **unused)
{
	(void)unused;
	cancel_at_random(WORLD_SPLIT | WORLD_LONE, MIG_TRANSACTION_REVISION);
}

/* A statement that would run for hours stops at once. */
static void test_cancel_in_a_statement(void **unused)
{
	static const char text[] =
		"-- forever\n-- revision: f\n-- revises:\n\n-- mig:upgrade\n"
		"CREATE TABLE before (id INTEGER);\n"
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)\n"
		"SELECT count(*) FROM n;\n";
	struct canceller c = { NULL, 50000 };
	struct folder folder;
	char url[PATH_SIZE];
	pthread_t thread;
	int64_t start = clock_us();

	(void)unused;
	folder_make(&folder);
	folder_url(&folder, "long.db", url);
	assert_int_equal(mig_open(&c.ctx, url), MIG_OK);
	assert_int_equal(mig_add_script(c.ctx, "f.sql", text, sizeof(text) - 1), MIG_OK);
	assert_int_equal(pthread_create(&thread, NULL, cancel_later, &c), 0);
	assert_int_equal(mig_upgrade(c.ctx, "head"), MIG_ECANCELLED);
	assert_true(clock_us() - start < 5000000);
	pthread_join(thread, NULL);
	assert_int_equal(sql_int(mig_connection(c.ctx), "SELECT count(*) FROM sqlite_schema "
							"WHERE name = 'before'"),
			 0);
	mig_close(c.ctx);
	folder_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel_run_mode),
		cmocka_unit_test(test_cancel_revision_mode),
		cmocka_unit_test(test_cancel_split),
		cmocka_unit_test(test_cancel_in_a_statement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
