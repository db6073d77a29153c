/* Sixty-four processes bring one fresh database to the head at the same moment: each revision is
 * applied once, and all sixty-four succeed. Also with indexes that are built concurrently, and that
 * such a build never waits for a process that waits for it.
 *
 * MIG_CRASH_ROUNDS sets how often each race is repeated. How long the slowest process took is
 * printed beside the time of a process that has the database for itself. */
#include "../support.h"
#include "cluster.h"
#include "pg_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PROCESSES 64
#define ALONE 5 /* measurements of one process */
#define BUILDERS 4

/* One of the processes; the pipe is closed when all are there. The exit status is minus the
 * library's. */
static _Noreturn void racer(const struct pg_world *world, const char *url, int gate)
{
	struct pg_outcome outcome;
	char byte;

	pg_world_child();
	if (read(gate, &byte, 1) != 0)
		_exit(255);
	pg_world_upgrade(world, url, &outcome);
	if (outcome.status)
		fprintf(stderr, "%s: %s\n", mig_status_name(outcome.status), outcome.message);
	_exit(-outcome.status);
}

/* Microseconds from the gate's opening to the end of the last process; all must have succeeded. */
static int64_t race(const struct pg_world *world, const char *url, size_t count)
{
	pid_t children[PROCESSES];
	size_t failed = 0;
	int gate[2], status;
	int64_t began;

	assert_int_equal(pipe(gate), 0);
	for (size_t i = 0; i < count; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			close(gate[1]);
			racer(world, url, gate[0]);
		}
	}
	close(gate[0]);
	began = clock_us();
	close(gate[1]);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		failed += status != 0;
	}
	began = clock_us() - began;
	if (failed)
		fail_msg("%zu of %zu processes failed", failed, count);
	return began;
}

static int64_t race_on_fresh(const struct pg_world *world, size_t count)
{
	const char *url = pg_fresh_database();
	int64_t us = race(world, url, count);

	pg_world_check_head(world, url);
	pg_drop_database(url);
	return us;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Sorts them. */
static double median_ms(int64_t *us, size_t count)
{
	qsort(us, count, sizeof(us[0]), by_value);
	return (double)us[count / 2] / 1000;
}

static void run_races(const char *name, const struct pg_world *world)
{
	size_t rounds = rounds_of("MIG_CRASH_ROUNDS", 3);
	int64_t alone[ALONE], *slowest;
	double median;

	pg_require();
	slowest = calloc(rounds, sizeof(*slowest));
	assert_non_null(slowest);
	for (size_t i = 0; i < ALONE; i++)
		alone[i] = race_on_fresh(world, 1);
	for (size_t i = 0; i < rounds; i++)
		slowest[i] = race_on_fresh(world, PROCESSES);
	median = median_ms(slowest, rounds);
	print_message("%s: one process %.1f ms; the slowest of %d %.1f ms, at worst %.1f ms "
		      "(%zu rounds)\n",
		      name, median_ms(alone, ALONE), PROCESSES, median,
		      (double)slowest[rounds - 1] / 1000, rounds);
	free(slowest);
}

static void test_one_transaction(void **unused)
{
	(void)unused;
	run_races("one transaction", &(struct pg_world){ .count = 10 });
}

static void test_revision_mode(void **unused)
{
	(void)unused;
	run_races("a transaction a revision",
		  &(struct pg_world){ .count = 10, .mode = MIG_TRANSACTION_REVISION });
}

static void test_slow(void **unused)
{
	(void)unused;
	run_races("slow revisions", &(struct pg_world){ .count = 10, .flags = PG_WORLD_SLOW });
}

static void test_split(void **unused)
{
	(void)unused;
	run_races("two outside transactions",
		  &(struct pg_world){ .count = 10, .flags = PG_WORLD_SPLIT });
	run_races("two outside, a transaction a revision",
		  &(struct pg_world){ .count = 10,
				      .flags = PG_WORLD_SPLIT | PG_WORLD_SLOW,
				      .mode = MIG_TRANSACTION_REVISION });
}

/* Nobody has anything to do: that must not take turns either. */
static void test_at_head(void **unused)
{
	const struct pg_world world = { .count = 10 };
	const char *url;

	(void)unused;
	pg_require();
	url = pg_fresh_database();
	race(&world, url, 1);
	print_message("at head: one process %.1f ms", (double)race(&world, url, 1) / 1000);
	print_message(", the slowest of %d %.1f ms\n", PROCESSES,
		      (double)race(&world, url, PROCESSES) / 1000);
	pg_world_check_head(&world, url);
}

/* -- concurrent builds
 *
 * CREATE INDEX CONCURRENTLY waits for every transaction that is older than it, so a process that
 * waits for the migration lock inside a transaction, and the builder, would wait for each other. */

static const char build[] = "-- revision: b1\n-- mig:upgrade transaction=no\n"
			    "CREATE INDEX CONCURRENTLY big_x ON big (x);\n";

enum { BUILDER, WAITERS, GATES };

static _Noreturn void builder(const char *url, int gate)
{
	mig_ctx *ctx = NULL;
	mig_status rc;
	char byte;

	pg_world_child();
	if (read(gate, &byte, 1) != 0)
		_exit(255);
	rc = mig_open(&ctx, url);
	if (!rc)
		rc = mig_add_script(ctx, "b1.sql", build, strlen(build));
	if (!rc)
		rc = mig_upgrade(ctx, "head");
	if (rc)
		fprintf(stderr, "%s: %s\n", mig_status_name(rc), mig_error_message(ctx));
	mig_close(ctx);
	_exit(-rc);
}

/* The first builds when its gate is closed, the others when theirs is. */
static void start_builders(const char *url, pid_t children[BUILDERS], int gates[GATES])
{
	int ends[GATES][2];

	for (int g = 0; g < GATES; g++)
		assert_int_equal(pipe(ends[g]), 0);
	for (size_t i = 0; i < BUILDERS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			close(ends[BUILDER][1]);
			close(ends[WAITERS][1]);
			builder(url, ends[i ? WAITERS : BUILDER][0]);
		}
	}
	for (int g = 0; g < GATES; g++) {
		close(ends[g][0]);
		gates[g] = ends[g][1];
	}
}

static void wait_until(PGconn *db, const char *condition)
{
	int64_t until = clock_us() + 20000000;

	while (!pg_int(db, condition)) {
		if (clock_us() > until)
			fail_msg("it never came to this: %s", condition);
		sleep_us(5000);
	}
}

static void test_build_and_wait(void **unused)
{
	pid_t children[BUILDERS];
	int gates[GATES], status;
	PGconn *db, *writer;
	const char *url;

	(void)unused;
	pg_require();
	url = pg_fresh_database();
	start_builders(url, children, gates);
	db = pg_connect(url);
	pg_exec(db, "CREATE TABLE big (x INTEGER)");
	/* an open transaction holds the build up, until the others wait for it */
	writer = pg_connect(url);
	pg_exec(writer, "BEGIN");
	pg_exec(writer, "INSERT INTO big VALUES (1)");
	close(gates[BUILDER]);
	wait_until(db, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%INDEX CONC%' "
		       "AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'");
	close(gates[WAITERS]);
	wait_until(db, "SELECT (count(*) = 6)::int FROM pg_stat_activity "
		       "WHERE datname = current_database() AND backend_type = 'client backend'");
	sleep_us(200000);
	pg_exec(writer, "COMMIT");
	for (size_t i = 0; i < BUILDERS; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(pg_int(db, "SELECT count(*) FROM pg_index WHERE indisvalid AND "
				    "indexrelid = 'big_x'::regclass"),
			 1);
	assert_int_equal(pg_int(db, "SELECT count(*) FROM mig_history"), 1);
	PQfinish(writer);
	PQfinish(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_transaction),
		cmocka_unit_test(test_revision_mode),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_at_head),
		cmocka_unit_test(test_build_and_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
