/* A run is stopped in the middle of a statement, by the program or by others. */
#include "support.h"

#include <signal.h>
#include <sys/time.h>

static void assert_usable(const struct place *p, mig_ctx *ctx)
{
	mig_revision_list *list;

	assert_int_equal(PQtransactionStatus(mig_connection(ctx)), PQTRANS_IDLE);
	assert_answer(mig_connection(ctx), "SELECT 7", "7");
	ok(ctx, mig_current(ctx, &list));
	assert_int_equal(mig_revision_list_count(list), 0);
	mig_revision_list_free(list);
	assert_answer(p->db, ADVISORY_LOCKS, "0");
	assert_answer(p->db,
		      "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' "
		      "AND state = 'active' AND datname = current_database() AND pid <> "
		      "pg_backend_pid()",
		      "0");
}

#define SLEEPING                                                                            \
	"SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = " \
	"current_database()"

static void test_cancel_from_a_thread(void **state)
{
	static const char *const attributes[] = { "", " transaction=no" };

	(void)state;
	for (int lone = 0; lone < 2; lone++) {
		struct place p;
		struct runner runner;
		mig_ctx *ctx;
		int64_t began;

		place_begin(&p);
		ctx = open_place(&p, NULL);
		ADD(ctx, .id = "a", .attributes = attributes[lone],
		    .up = "CREATE TABLE t (x INTEGER);\nSELECT pg_sleep(30);");
		runner_start(&runner, ctx, NULL);
		wait_until(p.db, SLEEPING);
		began = now_ms();
		mig_cancel(ctx);
		assert_int_equal(runner_join(&runner), MIG_ECANCELLED);
		assert_in_range(now_ms() - began, 0, 1000);
		assert_string_equal(mig_error_revision(ctx), "a");
		assert_answer(p.db, TABLES, lone ? "t" : "");
		assert_usable(&p, ctx);
		mig_close(ctx);
		place_end(&p);
	}
}

static mig_ctx *interrupted;

static void on_alarm(int signal)
{
	(void)signal;
	mig_cancel(interrupted);
}

static void test_cancel_from_a_signal_handler(void **state)
{
	struct sigaction act = { .sa_handler = on_alarm }, before;
	struct itimerval soon = { .it_value = { 0, 300000 } };
	struct place p;
	int64_t began;

	(void)state;
	place_begin(&p);
	interrupted = open_place(&p, NULL);
	ADD(interrupted, .id = "a", .up = "CREATE TABLE t (x INTEGER); SELECT pg_sleep(30);");
	sigaction(SIGALRM, &act, &before);
	began = now_ms();
	setitimer(ITIMER_REAL, &soon, NULL);
	expect(interrupted, MIG_ECANCELLED, mig_upgrade(interrupted, "head"));
	assert_in_range(now_ms() - began, 300, 1300);
	sigaction(SIGALRM, &before, NULL);
	assert_answer(p.db, TABLES, "");
	assert_usable(&p, interrupted);
	mig_close(interrupted);
	place_end(&p);
}

/* In the pause before another try, too. */
static void test_cancel_in_a_pause(void **state)
{
	struct sigaction act = { .sa_handler = on_alarm }, before;
	struct itimerval soon = { .it_value = { 2, 0 } };
	struct place p;
	struct log log;
	int64_t began;

	(void)state;
	place_begin(&p);
	interrupted = open_place(&p, NULL);
	log_to(interrupted, &log);
	ADD(interrupted, .id = "a",
	    .up = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$;");
	sigaction(SIGALRM, &act, &before);
	began = now_ms();
	setitimer(ITIMER_REAL, &soon, NULL);
	expect(interrupted, MIG_ECANCELLED, mig_upgrade(interrupted, "head"));
	assert_in_range(now_ms() - began, 2000, 2500);
	assert_in_range(count_of(log.text, "trying again"), 3, 7);
	sigaction(SIGALRM, &before, NULL);
	mig_close(interrupted);
	place_end(&p);
}

static int32_t stop_when_working(void *user, const mig_progress *now)
{
	*(int *)user += now->event == MIG_EVENT_WORKING;
	return now->event == MIG_EVENT_WORKING;
}

static void test_stopped_by_the_callback(void **state)
{
	struct place p;
	mig_ctx *ctx;
	int told = 0;
	int64_t began = now_ms();

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	ok(ctx, mig_set_progress(ctx, stop_when_working, &told));
	ADD(ctx, .id = "a", .up = "SELECT pg_sleep(30);");
	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	assert_in_range(now_ms() - began, 1000, 3000);
	assert_int_equal(told, 1);
	assert_usable(&p, ctx);
	mig_close(ctx);
	place_end(&p);
}

/* Cancelled by an administrator it is not ours. */
static void test_cancelled_by_another(void **state)
{
	struct place p;
	struct runner runner;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .up = "SELECT pg_sleep(30);");
	runner_start(&runner, ctx, NULL);
	wait_until(p.db, SLEEPING);
	pg_exec(p.db, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = "
		      "'PgSleep' AND datname = current_database()");
	assert_int_equal(runner_join(&runner), MIG_ETIMEOUT);
	assert_has(mig_error_message(ctx), "user request");
	assert_has(mig_error_hint(ctx), "administrator");
	assert_usable(&p, ctx);
	mig_close(ctx);
	place_end(&p);
}

static void test_cancelled_before(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	for (int keep = 0; keep < 2; keep++) {
		ctx = open_place(&p, &(mig_open_options){ .keep_cancel = keep });
		ADD(ctx, .id = "a", .up = "SELECT 1;");
		mig_cancel(ctx);
		if (keep)
			expect(ctx, MIG_ECANCELLED, mig_downgrade(ctx, "base"));
		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
	}
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel_from_a_thread),
		cmocka_unit_test(test_cancel_from_a_signal_handler),
		cmocka_unit_test(test_cancel_in_a_pause),
		cmocka_unit_test(test_stopped_by_the_callback),
		cmocka_unit_test(test_cancelled_by_another),
		cmocka_unit_test(test_cancelled_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
