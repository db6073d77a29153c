/* Runs on a database that its application goes on using: how they get through, and how long they hold
 * it up.
 *
 * MIG_LIVE_READ_MS sets how long the report takes that is read over and over; by default it is short,
 * for the sake of the tests' time. */
#include "support.h"

#include <stdatomic.h>

/* -- indexes that are built concurrently */

#define BUILD "CREATE INDEX CONCURRENTLY t_x ON t (x);"

static void *end_later(void *db)
{
	sleep_ms(1500);
	pg_exec(db, "COMMIT");
	return NULL;
}

/* A transaction that has written to the table is in the way for 1.5 s. */
static void build(const char *keys, int32_t lock_timeout_ms, int retried)
{
	mig_run_options options = { .struct_size = sizeof options,
				    .statement_lock_timeout_ms = lock_timeout_ms };
	struct place p;
	struct log log;
	pthread_t thread;
	PGconn *writer;
	mig_ctx *ctx;

	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (x integer)");
	writer = pg_connect(p.url);
	pg_exec(writer, "BEGIN; INSERT INTO t VALUES (1)");
	ctx = open_place(&p, NULL);
	log_to(ctx, &log);
	ADD(ctx, .id = "a", .keys = keys, .attributes = " transaction=no", .up = BUILD);
	assert_int_equal(pthread_create(&thread, NULL, end_later, writer), 0);
	ok(ctx, mig_upgrade_with(ctx, "head", &options));
	pthread_join(thread, NULL);
	assert_answer(p.db, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_x'::regclass", "t");
	assert_answer(p.db, "SELECT count(*) FROM pg_index WHERE NOT indisvalid", "0");
	if (retried)
		assert_true(count_of(log.text, "trying again") > 0);
	else
		assert_int_equal(count_of(log.text, "trying again"), 0);
	assert_answer(p.db, "SELECT count(*) FROM mig_history WHERE state = 'done'", "1");
	mig_close(ctx);
	PQfinish(writer);
	place_end(&p);
}

static void test_concurrently(void **state)
{
	(void)state;
	build("", 200, 0);                     /* the run's time-out is not for them */
	build("-- lock_timeout: 200ms\n", 0, 1); /* the revision's own is, and they are tried again */
}

/* -- deadlocks */

enum { WRITERS = 3 };

struct application {
	const char *url;
	atomic_int stop;
	atomic_llong longest_ms;
	int report_ms;
};

static void timed(struct application *a, PGconn *db, const char *sql)
{
	int64_t began = now_ms(), took;
	long long longest = atomic_load(&a->longest_ms);

	PQclear(PQexec(db, sql));
	took = now_ms() - began;
	while (took > longest && !atomic_compare_exchange_weak(&a->longest_ms, &longest, took))
		;
}

static void *write_on(void *arg)
{
	struct application *a = arg;
	PGconn *db = pg_connect(a->url);

	while (!atomic_load(&a->stop)) {
		timed(a, db, "BEGIN");
		timed(a, db, "UPDATE second SET x = x + 1 WHERE id = 1 + (random() * 900)::integer");
		timed(a, db, "UPDATE first SET x = x + 1 WHERE id = 1 + (random() * 900)::integer");
		timed(a, db, "COMMIT");
	}
	PQfinish(db);
	return NULL;
}

static void *read_on(void *arg)
{
	struct application *a = arg;
	PGconn *db = pg_connect(a->url);
	char sql[200];

	snprintf(sql, sizeof sql,
		 "SELECT (SELECT sum(x) FROM second), (SELECT sum(x) FROM first), pg_sleep(%g)",
		 a->report_ms / 1000.0);
	while (!atomic_load(&a->stop))
		PQclear(PQexec(db, sql));
	PQfinish(db);
	return NULL;
}

static void test_deadlock(void **state)
{
	const char *given = getenv("MIG_LIVE_READ_MS");
	struct application a = { .report_ms = given ? atoi(given) : 2000 };
	pthread_t threads[WRITERS + 1];
	struct place p;
	struct log log;
	int64_t began;
	mig_ctx *ctx;
	mig_status rc;

	(void)state;
	place_begin(&p);
	a.url = p.url;
	pg_exec(p.db, "CREATE TABLE first (id integer PRIMARY KEY, x integer);"
		      "CREATE TABLE second (id integer PRIMARY KEY, x integer);"
		      "INSERT INTO first SELECT i, 0 FROM generate_series(1, 1000) i;"
		      "INSERT INTO second SELECT i, 0 FROM generate_series(1, 1000) i");
	ctx = open_place(&p, NULL);
	log_to(ctx, &log);
	ADD(ctx, .id = "a",
	    .up = "ALTER TABLE first ADD COLUMN y INTEGER;\nUPDATE first SET y = x;\n"
		  "ALTER TABLE second ADD COLUMN y INTEGER;\nUPDATE second SET y = x;");
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_on, &a), 0);
	assert_int_equal(pthread_create(&threads[WRITERS], NULL, read_on, &a), 0);
	sleep_ms(300);
	began = now_ms();
	rc = mig_upgrade(ctx, "head");
	began = now_ms() - began;
	atomic_store(&a.stop, 1);
	for (int i = 0; i <= WRITERS; i++)
		pthread_join(threads[i], NULL);
	print_message("a report of %d ms over and over: ended after %lld ms, %d tries; the longest "
		      "statement of the application took %lld ms\n",
		      a.report_ms, (long long)began, 1 + (int)count_of(log.text, "trying again"),
		      (long long)atomic_load(&a.longest_ms));
	if (rc)
		fail_msg("%s", mig_error_message(ctx));
	/* the first try may wait for a report and for the server to see the deadlock (1 s), those after
	 * it for what they lock first */
	assert_in_range(atomic_load(&a.longest_ms), 0, a.report_ms + 4000);
	assert_in_range(count_of(log.text, "trying again"), 0, 4);
	mig_close(ctx);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_concurrently),
		cmocka_unit_test(test_deadlock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
