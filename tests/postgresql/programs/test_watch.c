/* While a statement takes long, a second connection tells how far it is. */
#include "support.h"

#include <unistd.h>

/* What the callback was told. */
struct told {
	char work[100];
	uint64_t first, last, total;
	int count, backwards;
	PGconn *other; /* commits when it is waited for */
};

static int32_t note(void *user, const mig_progress *p)
{
	struct told *t = user;

	if (!p->work)
		return 0;
	assert_int_equal(p->event, MIG_EVENT_WORKING);
	if (!t->count++)
		t->first = p->work_done;
	t->backwards += p->work_done < t->last;
	t->last = p->work_done;
	t->total = p->work_total;
	snprintf(t->work, sizeof t->work, "%s", p->work);
	if (t->other)
		pg_exec(t->other, "COMMIT");
	t->other = NULL;
	return 0;
}

/* A table of 60 blocks, and an index whose building takes some five seconds. */
static void add_slow_index(mig_ctx *ctx)
{
	ADD(ctx, .id = "a",
	    .up = "CREATE TABLE t (x INTEGER, wide TEXT) WITH (fillfactor = 10);\n"
		  "INSERT INTO t SELECT n, repeat('w', 500) FROM generate_series(1, 60) AS n;\n"
		  "CREATE FUNCTION slow(INTEGER) RETURNS INTEGER IMMUTABLE LANGUAGE plpgsql AS\n"
		  "'BEGIN PERFORM pg_sleep(0.08); RETURN $1; END';\n"
		  "CREATE INDEX i ON t (slow(x));");
}

#define CLIENTS                                                                         \
	"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND " \
	"application_name = 'libmig'"

static void test_index(void **state)
{
	struct place p;
	struct told told = { .count = 0 };
	mig_open_options o = { .watch = 1 };
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, &o);
	add_slow_index(ctx);
	ok(ctx, mig_set_progress(ctx, note, &told));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_in_range(told.count, 2, 6);
	assert_string_equal(told.work, "building index: scanning table");
	assert_int_equal(told.total, 60);
	assert_int_equal(told.backwards, 0);
	assert_in_range(told.first, 1, 59);
	assert_in_range(told.last, told.first + 1, 60);
	/* the second connection is gone again; the server needs a moment to notice */
	wait_until(p.db, "SELECT (" CLIENTS ") = 1");
	mig_close(ctx);
	place_end(&p);
}

/* Nobody else is connected unless that was asked for. */
static void test_only_if_wanted(void **state)
{
	struct place p;
	struct told told = { .count = 0 };
	struct runner runner;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	add_slow_index(ctx);
	ok(ctx, mig_set_progress(ctx, note, &told));
	runner_start(&runner, ctx, NULL);
	sleep_ms(2500);
	assert_answer(p.db, CLIENTS, "1");
	assert_int_equal(runner_join(&runner), MIG_OK);
	assert_int_equal(told.count, 0);
	mig_close(ctx);
	place_end(&p);
}

static void test_who_is_in_the_way(void **state)
{
	struct place p;
	struct told told = { .count = 0 };
	mig_open_options o = { .watch = 1 };
	char want[60];
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (x INTEGER)");
	pg_exec(p.db, "BEGIN");
	pg_exec(p.db, "LOCK TABLE t");
	told.other = p.db;
	ctx = open_place(&p, &o);
	ok(ctx, mig_set_progress(ctx, note, &told));
	ADD(ctx, .id = "a", .keys = "-- lock_timeout: 30s\n", .up = "ALTER TABLE t ADD y INTEGER;");
	ok(ctx, mig_upgrade(ctx, "head"));
	snprintf(want, sizeof want, "waiting for process %d", PQbackendPID(p.db));
	assert_string_equal(told.work, want);
	assert_int_equal(told.total, 0);
	mig_close(ctx);
	place_end(&p);
}

/* A role that may not connect twice: nothing is told, and nothing else happens. */
static void test_no_second_connection(void **state)
{
	struct place p;
	struct told told = { .count = 0 };
	mig_open_options o = { .watch = 1 };
	struct log log;
	struct place alone;
	char user[64], sql[200];
	const char *role;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	snprintf(user, sizeof user, "user=mig_test_single_%ld", (long)getpid());
	role = user + sizeof("user=") - 1;
	snprintf(sql, sizeof sql, "CREATE ROLE %s LOGIN CONNECTION LIMIT 1", role);
	pg_exec(p.db, sql);
	snprintf(sql, sizeof sql, "GRANT CREATE ON SCHEMA public TO %s", role);
	pg_exec(p.db, sql);
	alone = p;
	snprintf(alone.url, sizeof alone.url, "%s", url_with(&p, user));
	ctx = open_place(&alone, &o);
	log_to(ctx, &log);
	add_slow_index(ctx);
	ok(ctx, mig_set_progress(ctx, note, &told));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(told.count, 0);
	assert_string_equal(log.text, "");
	mig_close(ctx);
	snprintf(sql, sizeof sql, "DROP OWNED BY %s; DROP ROLE %s", role, role);
	pg_exec(p.db, sql);
	place_end(&p);
}

static void test_cancel(void **state)
{
	struct place p;
	struct told told = { .count = 0 };
	mig_open_options o = { .watch = 1 };
	struct runner runner;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, &o);
	ADD(ctx, .id = "a", .up = "SELECT pg_sleep(30);");
	ok(ctx, mig_set_progress(ctx, note, &told));
	runner_start(&runner, ctx, NULL);
	wait_until(p.db, "SELECT (" CLIENTS ") = 2");
	mig_cancel(ctx);
	assert_int_equal(runner_join(&runner), MIG_ECANCELLED);
	wait_until(p.db, "SELECT (" CLIENTS ") = 1");
	assert_int_equal(told.count, 0);
	mig_close(ctx);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_only_if_wanted),
		cmocka_unit_test(test_who_is_in_the_way),
		cmocka_unit_test(test_no_second_connection),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
