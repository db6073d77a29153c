/* The migration lock: who waits for it, what they are told, and that nothing keeps it. */
#include "support.h"

#include <unistd.h>

#define CREATE_T "CREATE TABLE t (x INTEGER);"

static mig_ctx *open_with_work(const struct place *p, mig_open_options o)
{
	mig_ctx *ctx = open_place(p, &o);

	ADD(ctx, .id = "a", .up = CREATE_T);
	return ctx;
}

#define OPEN(p, ...) open_with_work(p, (mig_open_options){ .create = 0, __VA_ARGS__ })

/* -- waiting in vain */

static void test_locked(void **state)
{
	char pid[40], kill[80];
	struct place p;
	struct held *held;
	mig_ctx *holder, *ctx;
	int64_t began;

	(void)state;
	place_begin(&p);
	holder = open_url(url_with(&p, "application_name=deployer"));
	ADD(holder, .id = "a", .up = CREATE_T);
	held = held_start(holder);
	snprintf(pid, sizeof pid, "is held by pid %d (deployer) since 20",
		 PQbackendPID(mig_connection(holder)));
	snprintf(kill, sizeof kill, "pg_terminate_backend(%d)",
		 PQbackendPID(mig_connection(holder)));

	ctx = OPEN(&p, .lock_timeout_ms = 300);
	began = now_ms();
	expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
	assert_in_range(now_ms() - began, 300, 1500);
	assert_has(mig_error_message(ctx), pid);
	assert_has(mig_error_message(ctx), "mig_version");
	assert_has(mig_error_hint(ctx), kill);
	mig_close(ctx);

	ctx = OPEN(&p, .lock_timeout_ms = -1);
	began = now_ms();
	expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
	assert_in_range(now_ms() - began, 0, 250);
	expect(ctx, MIG_ELOCKED, mig_stamp(ctx, "head"));
	/* who only reads does not wait */
	{
		mig_revision_list *list;

		ok(ctx, mig_current(ctx, &list));
		mig_revision_list_free(list);
	}
	assert_int_equal(held_finish(held), MIG_OK);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	mig_close(holder);
	assert_answer(p.db, "SELECT count(*) FROM mig_history", "1");
	place_end(&p);
}

/* The time since when is the holder's, in UTC, whatever zones there are. */
static void test_since(void **state)
{
	char before[32], after[32], *since;
	struct place p;
	struct held *held;
	mig_ctx *holder, *ctx;

	(void)state;
	place_begin(&p);
	pg_text(p.db, "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')", before,
		sizeof before);
	holder = OPEN(&p, .lock_timeout_ms = 0);
	held = held_start(holder);
	pg_text(p.db, "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')", after,
		sizeof after);
	sleep_ms(1100);
	ctx = open_url(url_with(&p, "options=-cTimeZone%3DAsia/Tokyo"));
	mig_close(ctx);
	ctx = OPEN(&p, .lock_timeout_ms = -1);
	expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
	since = strstr(mig_error_message(ctx), "since ");
	assert_non_null(since);
	assert_true(strncmp(since + 6, before, 19) >= 0 && strncmp(since + 6, after, 19) <= 0);
	mig_close(ctx);
	assert_int_equal(held_finish(held), MIG_OK);
	mig_close(holder);
	place_end(&p);
}

/* A run outside a transaction holds a lock of its session. */
static void test_session_lock(void **state)
{
	char pid[40];
	struct place p;
	struct held *held;
	mig_ctx *holder, *ctx;

	(void)state;
	place_begin(&p);
	holder = open_place(&p, NULL);
	ADD(holder, .id = "a", .attributes = " transaction=no", .up = CREATE_T);
	held = held_start(holder);
	snprintf(pid, sizeof pid, "pid %d (libmig) since", PQbackendPID(mig_connection(holder)));
	ctx = open_place(&p, &(mig_open_options){ .lock_timeout_ms = 200 });
	ADD(ctx, .id = "a", .attributes = " transaction=no", .up = CREATE_T);
	expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), pid);
	assert_int_equal(held_finish(held), MIG_OK);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	mig_close(holder);
	place_end(&p);
}

/* -- whose lock it is */

/* Opened with A's options somebody is at work; with B's, there is a wait or not. */
static const struct {
	const char *name;
	mig_open_options a, b;
	int same;
} pairs[] = {
	{ "the same", { .create = 0 }, { .create = 0 }, 1 },
	{ "the same, named", { .create = 0 }, { .schema = "public" }, 1 },
	{ "the same by the search path", { .schema = "one" }, { .search_path = "one" }, 1 },
	{ "another schema", { .schema = "one" }, { .schema = "two" }, 0 },
	{ "another path", { .search_path = "one, two" }, { .search_path = "two, one" }, 0 },
	{ "another table", { .create = 0 }, { .version_table = "other" }, 0 },
	{ "upper case", { .version_table = "V" }, { .version_table = "v" }, 0 },
	{ "names that join alike",
	  { .schema = "one", .version_table = "two.v" },
	  { .schema = "one.two", .version_table = "v" },
	  0 },
};

static void test_whose(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		mig_open_options a = pairs[i].a, b = pairs[i].b;
		struct place p;
		struct held *held;
		mig_ctx *holder, *ctx;
		mig_status rc;

		place_begin(&p);
		pg_exec(p.db, "CREATE SCHEMA one; CREATE SCHEMA two; CREATE SCHEMA \"one.two\"");
		holder = open_place(&p, &a);
		ADD(holder, .id = "a", .up = "SELECT 1;");
		held = held_start(holder);
		b.lock_timeout_ms = -1;
		b.history_table = "another_history";
		ctx = open_place(&p, &b);
		ADD(ctx, .id = "a", .up = "SELECT 1;");
		rc = mig_upgrade(ctx, "head");
		if (rc != (pairs[i].same ? MIG_ELOCKED : MIG_OK))
			fail_msg("%s: %s: %s", pairs[i].name, mig_status_name(rc),
				 mig_error_message(ctx));
		mig_close(ctx);
		assert_int_equal(held_finish(held), MIG_OK);
		mig_close(holder);
		place_end(&p);
	}
}

/* -- nothing keeps it */

static int32_t stop_at(void *user, const mig_progress *now)
{
	return now->event == *(const int *)user;
}

static mig_status fail_hook(void *user, mig_step *step)
{
	(void)user;
	return mig_step_fail(step, "no");
}

static mig_status fail_it(void *user, mig_step *step)
{
	(void)user;
	(void)mig_step_exec(step, "SELECT nothing");
	return MIG_ERROR;
}

static int32_t cancel_at_statement(void *user, const mig_progress *now)
{
	if (now->event == MIG_EVENT_STATEMENT)
		mig_cancel(user);
	return 0;
}

enum ending {
	SUCCESS,
	FAILURE,
	CANCEL,
	HOOK,
	FUNCTION,
	AT_RUN_BEGIN,
	AT_STEP_BEGIN,
	AT_STATEMENT,
	AT_STEP_END,
	ENDINGS
};

static mig_status run_to_its_end(mig_ctx *ctx, enum ending ending, const char *attributes)
{
	static const int events[] = { [AT_RUN_BEGIN] = MIG_EVENT_RUN_BEGIN,
				      [AT_STEP_BEGIN] = MIG_EVENT_STEP_BEGIN,
				      [AT_STATEMENT] = MIG_EVENT_STATEMENT,
				      [AT_STEP_END] = MIG_EVENT_STEP_END };
	mig_revision_def def = { .struct_size = sizeof def,
				 .id = "b",
				 .revises = (const char *const[]){ "a", NULL },
				 .upgrade = fail_it,
				 .no_transaction = *attributes,
				 .idempotent = 1 };
	int event = 0;

	ADD(ctx, .id = "a", .attributes = attributes,
	    .up = ending == FAILURE ? "SELECT 1;\nSELECT nothing;" : "SELECT 1;\nSELECT 2;");
	if (ending == CANCEL)
		ok(ctx, mig_set_progress(ctx, cancel_at_statement, ctx));
	if (ending == HOOK)
		ok(ctx, mig_set_step_hooks(ctx, NULL, fail_hook, NULL));
	if (ending == FUNCTION)
		ok(ctx, mig_add_revision(ctx, &def));
	if (ending >= AT_RUN_BEGIN) {
		event = events[ending];
		ok(ctx, mig_set_progress(ctx, stop_at, &event));
	}
	return mig_upgrade(ctx, "head");
}

static void test_freed(void **state)
{
	static const char *const attributes[] = { "", " transaction=no" };

	(void)state;
	for (int lone = 0; lone < 2; lone++)
		for (enum ending ending = SUCCESS; ending < ENDINGS; ending++) {
			struct place p;
			mig_ctx *ctx, *next;
			mig_status rc;

			place_begin(&p);
			ctx = open_place(&p, NULL);
			rc = run_to_its_end(ctx, ending, attributes[lone]);
			if (!rc != (ending == SUCCESS))
				fail_msg("ending %d, lone %d: %s: %s", (int)ending, lone,
					 mig_status_name(rc), mig_error_message(ctx));
			assert_answer(p.db, ADVISORY_LOCKS, "0");
			assert_int_equal(PQtransactionStatus(mig_connection(ctx)), PQTRANS_IDLE);
			next = open_place(&p, &(mig_open_options){ .lock_timeout_ms = -1 });
			ADD(next, .id = "a", .attributes = attributes[lone],
			    .up = "SELECT 1;\nSELECT 2;");
			/* an older program cannot finish what a newer one has begun */
			expect(next, lone && ending == FUNCTION ? MIG_EPARTIAL : MIG_OK,
			       mig_upgrade(next, "head"));
			mig_close(next);
			/* and the one that failed is good for another try */
			mig_close(ctx);
			assert_answer(p.db, ADVISORY_LOCKS, "0");
			place_end(&p);
		}
}

/* -- who waits is in nobody's way */

static void wait_for_many(const struct place *p, mig_ctx **contexts, struct runner *runners,
			  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		contexts[i] = open_url(url_with(p, "application_name=waiting"));
		ADD(contexts[i], .id = "a", .up = CREATE_T);
		runner_start(&runners[i], contexts[i], NULL);
	}
}

static void finish_many(mig_ctx **contexts, struct runner *runners, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (runner_join(&runners[i]))
			fail_msg("%s", mig_error_message(contexts[i]));
		mig_close(contexts[i]);
	}
}

#define WAITING " FROM pg_stat_activity WHERE application_name = 'waiting'"

enum { MANY = 5 };

static void test_wait_holds_nothing(void **state)
{
	mig_ctx *contexts[MANY], *holder;
	struct runner runners[MANY];
	struct held *held;
	struct place p;
	int64_t longest_us = 0;

	(void)state;
	place_begin(&p);
	holder = OPEN(&p, .lock_timeout_ms = 0);
	held = held_start(holder);
	wait_for_many(&p, contexts, runners, MANY);
	sleep_ms(300);
	for (int i = 0; i < 100; i++) {
		int64_t us =
			pg_int(p.db, "SELECT coalesce(max(extract(epoch FROM "
				     "clock_timestamp() - xact_start) * 1e6), 0)::bigint" WAITING);

		longest_us = us > longest_us ? us : longest_us;
		assert_answer(p.db, "SELECT count(*)" WAITING " AND state LIKE 'idle in%'", "0");
		assert_answer(p.db,
			      "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING "
			      "(pid) WHERE application_name = 'waiting' AND (NOT granted OR "
			      "mode LIKE '%Exclusive%') AND locktype NOT IN ('virtualxid')",
			      "0");
		sleep_ms(5);
	}
	assert_in_range(longest_us, 0, 500000);
	assert_int_equal(held_finish(held), MIG_OK);
	finish_many(contexts, runners, MANY);
	mig_close(holder);
	assert_answer(p.db, "SELECT count(*) FROM mig_history", "1");
	place_end(&p);
}

/* The deadlock of many tools: who waits for an advisory lock inside a statement has a snapshot,
 * and CREATE INDEX CONCURRENTLY waits for that. */
static void test_concurrent_index_of_others(void **state)
{
	mig_ctx *contexts[MANY], *holder;
	struct runner runners[MANY];
	struct held *held;
	struct place p;
	int64_t began;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE theirs (x INTEGER)");
	holder = OPEN(&p, .lock_timeout_ms = 0);
	held = held_start(holder);
	wait_for_many(&p, contexts, runners, MANY);
	sleep_ms(100);
	began = now_ms();
	pg_exec(p.db, "SET statement_timeout = '10s'");
	pg_exec(p.db, "CREATE INDEX CONCURRENTLY theirs_x ON theirs (x)");
	assert_in_range(now_ms() - began, 0, 3000);
	assert_int_equal(held_finish(held), MIG_OK);
	finish_many(contexts, runners, MANY);
	mig_close(holder);
	place_end(&p);
}

/* All of them build an index concurrently, and one does. */
static void test_concurrent_index_of_many(void **state)
{
	mig_ctx *contexts[MANY];
	struct runner runners[MANY];
	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (x INTEGER); INSERT INTO t SELECT generate_series(1, 20000)");
	for (int i = 0; i < MANY; i++) {
		contexts[i] = open_place(&p, NULL);
		ADD(contexts[i], .id = "a", .attributes = " transaction=no",
		    .up = "SELECT pg_sleep(0.2);\nCREATE INDEX CONCURRENTLY t_x ON t (x);");
		runner_start(&runners[i], contexts[i], NULL);
	}
	finish_many(contexts, runners, MANY);
	assert_answer(p.db, "SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass", "t");
	assert_answer(p.db, "SELECT count(*) FROM mig_history", "1");
	assert_answer(p.db, ADVISORY_LOCKS, "0");
	place_end(&p);
}

/* Nobody waits much longer than the work takes. */
static void test_wait_ends_soon(void **state)
{
	mig_ctx *contexts[MANY], *holder;
	struct runner runners[MANY];
	struct held *held;
	struct place p;
	int64_t ended;

	(void)state;
	place_begin(&p);
	holder = OPEN(&p, .lock_timeout_ms = 0);
	held = held_start(holder);
	wait_for_many(&p, contexts, runners, MANY);
	sleep_ms(1000);
	ended = now_ms();
	assert_int_equal(held_finish(held), MIG_OK);
	finish_many(contexts, runners, MANY);
	for (int i = 0; i < MANY; i++)
		assert_in_range(runners[i].ended_ms - ended, 0, 1000);
	mig_close(holder);
	place_end(&p);
}

/* -- while waiting */

struct waiter {
	int waits;
	int stop_after;
};

static int32_t count_waits(void *user, const mig_progress *now)
{
	struct waiter *w = user;

	if (now->event != MIG_EVENT_WAITING)
		return 0;
	return ++w->waits >= w->stop_after;
}

static void test_told_and_stopped(void **state)
{
	struct waiter waiter = { 0, 2 };
	struct place p;
	struct held *held;
	mig_ctx *holder, *ctx;
	struct runner runner;
	int64_t began;

	(void)state;
	place_begin(&p);
	holder = OPEN(&p, .lock_timeout_ms = 0);
	held = held_start(holder);
	ctx = OPEN(&p, .lock_timeout_ms = 20000);
	ok(ctx, mig_set_progress(ctx, count_waits, &waiter));
	began = now_ms();
	expect(ctx, MIG_ECANCELLED, mig_upgrade(ctx, "head"));
	assert_int_equal(waiter.waits, 2);
	assert_in_range(now_ms() - began, 1000, 4000);

	ok(ctx, mig_set_progress(ctx, NULL, NULL));
	runner_start(&runner, ctx, NULL);
	sleep_ms(300);
	began = now_ms();
	mig_cancel(ctx);
	assert_int_equal(runner_join(&runner), MIG_ECANCELLED);
	assert_in_range(now_ms() - began, 0, 1000);

	assert_int_equal(held_finish(held), MIG_OK);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	mig_close(holder);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_session_lock),
		cmocka_unit_test(test_whose),
		cmocka_unit_test(test_freed),
		cmocka_unit_test(test_wait_holds_nothing),
		cmocka_unit_test(test_concurrent_index_of_others),
		cmocka_unit_test(test_concurrent_index_of_many),
		cmocka_unit_test(test_wait_ends_soon),
		cmocka_unit_test(test_told_and_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
