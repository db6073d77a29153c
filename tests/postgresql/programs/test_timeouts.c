/* Time-outs, and transactions that are repeated since others were in the way. */
#include "support.h"

/* A log that does something at the n-th message. */
struct watch {
	struct log log;
	int64_t at_ms[20]; /* of the messages that tell of another try */
	size_t tries;
	size_t act_at; /* 0: never */
	PGconn *db;
	const char *sql;
};

static void on_log(void *user, int32_t level, const char *message)
{
	struct watch *w = user;

	(void)level;
	if (!strstr(message, "trying again") || w->tries >= 20)
		return;
	snprintf(w->log.text, sizeof w->log.text, "%s", message);
	w->at_ms[w->tries++] = now_ms();
	if (w->tries == w->act_at)
		pg_exec(w->db, w->sql);
}

static mig_ctx *open_watched(const struct place *p, struct watch *w)
{
	mig_ctx *ctx = open_place(p, NULL);

	memset(w, 0, sizeof *w);
	ok(ctx, mig_set_log(ctx, on_log, w));
	return ctx;
}

#define OPTIONS(...) (&(mig_run_options){ .struct_size = sizeof(mig_run_options), __VA_ARGS__ })

/* -- a lock that somebody else has */

static PGconn *hold_table(const struct place *p)
{
	PGconn *db = pg_connect(p->url);

	pg_exec(p->db, "CREATE TABLE busy (x INTEGER)");
	pg_exec(db, "BEGIN; LOCK TABLE busy");
	return db;
}

static void test_repeated(void **state)
{
	struct place p;
	struct watch w;
	mig_ctx *ctx;

	(void)state;
	for (int in_header = 0; in_header < 2; in_header++) {
		place_begin(&p);
		ctx = open_watched(&p, &w);
		w.db = hold_table(&p);
		w.sql = "COMMIT";
		w.act_at = 3;
		ADD(ctx, .id = "a", .up = "CREATE TABLE before (x INTEGER);");
		ADD(ctx, .id = "b", .revises = "a",
		    .keys = in_header ? "-- lock_timeout: 100ms\n" : NULL,
		    .up = "ALTER TABLE busy ADD COLUMN y INTEGER;");
		ok(ctx,
		   mig_upgrade_with(ctx, "head",
				    OPTIONS(.statement_lock_timeout_ms = in_header ? 0 : 100)));
		assert_int_equal(w.tries, 3);
		assert_has(w.log.text, "b.sql:");
		assert_has(w.log.text, "lock timeout");
		assert_has(w.log.text, "(3 of 10)");
		/* each pause, with the 100 ms of the time-out, is longer than the one before */
		assert_in_range(w.at_ms[1] - w.at_ms[0], 150, 800);
		assert_in_range(w.at_ms[2] - w.at_ms[1], 200, 1200);
		assert_string_equal(rows(p.db), "b");
		assert_answer(p.db,
			      "SELECT string_agg(revision, ' ' ORDER BY started_at) FROM "
			      "mig_history",
			      "a b");
		PQfinish(w.db);
		mig_close(ctx);
		place_end(&p);
	}
}

static void test_given_up(void **state)
{
	static const struct {
		int32_t retries;
		size_t tries;
	} cases[] = { { 2, 2 }, { -1, 0 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct place p;
		struct watch w;
		mig_ctx *ctx;
		PGconn *holder;

		place_begin(&p);
		ctx = open_watched(&p, &w);
		holder = hold_table(&p);
		ADD(ctx, .id = "a", .up = "SELECT 1;\nDROP TABLE busy;");
		expect(ctx, MIG_ELOCKED,
		       mig_upgrade_with(ctx, "head",
					OPTIONS(.statement_lock_timeout_ms = 50,
						.retries = cases[i].retries)));
		assert_int_equal(w.tries, cases[i].tries);
		assert_string_equal(mig_error_sqlstate(ctx), "55P03");
		assert_has(mig_error_message(ctx), "a.sql:8:1: revision a: ");
		assert_has(mig_error_statement(ctx), "DROP TABLE busy");
		assert_has(mig_error_hint(ctx), "another session");
		assert_string_equal(rows(p.db), "none");
		assert_answer(p.db, ADVISORY_LOCKS, "0");
		pg_exec(holder, "ROLLBACK");
		ok(ctx, mig_upgrade(ctx, "head"));
		PQfinish(holder);
		mig_close(ctx);
		place_end(&p);
	}
}

/* Only the transaction that failed is repeated. */
static void test_per_revision(void **state)
{
	struct place p;
	struct watch w;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_watched(&p, &w);
	w.db = hold_table(&p);
	w.sql = "COMMIT";
	w.act_at = 1;
	pg_exec(p.db, "CREATE SEQUENCE ran");
	ADD(ctx, .id = "a", .up = "SELECT nextval('ran');");
	ADD(ctx, .id = "b", .revises = "a", .up = "LOCK TABLE busy;");
	ok(ctx, mig_upgrade_with(ctx, "head",
				 OPTIONS(.statement_lock_timeout_ms = 50,
					 .transaction_mode = MIG_TRANSACTION_REVISION)));
	assert_int_equal(w.tries, 1);
	assert_answer(p.db, "SELECT last_value FROM ran", "1");
	PQfinish(w.db);
	mig_close(ctx);
	place_end(&p);
}

/* A section outside a transaction is taken up again where others were in the way, in the same run; its
 * error says where it stopped. */
static void test_lone_taken_up_again(void **state)
{
	struct place p;
	struct watch w;
	mig_ctx *ctx;
	PGconn *holder;

	(void)state;
	place_begin(&p);
	ctx = open_watched(&p, &w);
	holder = hold_table(&p);
	ADD(ctx, .id = "a", .attributes = " transaction=no", .keys = "-- lock_timeout: 50ms\n",
	    .up = "CREATE TABLE one (x INTEGER);\nALTER TABLE busy ADD COLUMN y INTEGER;\nVACUUM "
		  "busy;");
	expect(ctx, MIG_ELOCKED, mig_upgrade_with(ctx, "head", OPTIONS(.retries = 2)));
	assert_int_equal(w.tries, 2);
	assert_has(mig_error_message(ctx), "a.sql:9:1");
	pg_exec(p.db, "DROP TABLE IF EXISTS unrelated");
	pg_exec(holder, "COMMIT; BEGIN; LOCK TABLE busy IN SHARE MODE");
	/* and the time-out is there for what cannot be in a transaction, too */
	pg_exec(holder, "ROLLBACK");
	ok(ctx, mig_upgrade(ctx, "head"));
	PQfinish(holder);
	mig_close(ctx);
	place_end(&p);
}

static void test_lone_statement_timeout(void **state)
{
	struct place p;
	PGconn *holder;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	holder = hold_table(&p);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .attributes = " transaction=no", .keys = "-- lock_timeout: 50ms\n",
	    .up = "CREATE TABLE one (x INTEGER);\nVACUUM busy;");
	ADD(ctx, .id = "b", .revises = "a", .attributes = " transaction=no",
	    .keys = "-- statement_timeout: 1min\n",
	    .up = "CREATE TABLE seen AS SELECT current_setting('statement_timeout') AS s, "
		  "current_setting('lock_timeout') AS l;");
	expect(ctx, MIG_ELOCKED, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_error_sqlstate(ctx), "55P03");
	pg_exec(holder, "COMMIT");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, "SELECT s || ' ' || l FROM seen", "1min 0");
	assert_answer(mig_connection(ctx), "SHOW statement_timeout", "0");
	PQfinish(holder);
	mig_close(ctx);
	place_end(&p);
}

/* -- deadlocks and serialization failures */

struct rival {
	const struct place *p;
	PGconn *db;
};

/* Has b, and asks for a when libmig, which has a, waits for b. */
static void *want_a(void *user)
{
	struct rival *r = user;

	wait_until(r->p->db, "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = "
			     "database WHERE NOT granted AND datname = current_database()");
	pg_exec(r->db, "LOCK TABLE a");
	pg_exec(r->db, "COMMIT");
	return NULL;
}

static void test_deadlock(void **state)
{
	struct place p;
	struct rival rival;
	struct watch w;
	pthread_t thread;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE a (x INTEGER); CREATE TABLE b (x INTEGER)");
	rival = (struct rival){ &p, pg_connect(p.url) };
	pg_exec(rival.db, "SET deadlock_timeout = '1min'"); /* libmig is the one to give way */
	pg_exec(rival.db, "BEGIN; LOCK TABLE b");
	ctx = open_watched(&p, &w);
	ADD(ctx, .id = "a", .up = "LOCK TABLE a;\nDROP TABLE b;");
	assert_int_equal(pthread_create(&thread, NULL, want_a, &rival), 0);
	ok(ctx, mig_upgrade(ctx, "head"));
	pthread_join(thread, NULL);
	assert_int_equal(w.tries, 1);
	assert_has(w.log.text, "deadlock detected");
	assert_answer(p.db, TABLES, "a");
	PQfinish(rival.db);
	mig_close(ctx);
	place_end(&p);
}

/* A sequence counts what is rolled back, too. */
#define FAIL_TWICE(code)                                                                         \
	"CREATE TABLE t (x INTEGER);\nDO $$ BEGIN IF nextval('tries') < 3 THEN RAISE EXCEPTION " \
	"'again' USING ERRCODE = '" code "'; END IF; END $$;"

static void test_serialization_failure(void **state)
{
	static const struct {
		const char *up;
		size_t tries;
		mig_status status;
	} cases[] = {
		{ FAIL_TWICE("40001"), 2, MIG_OK },          { FAIL_TWICE("40P01"), 2, MIG_OK },
		{ FAIL_TWICE("55P03"), 2, MIG_OK },          { FAIL_TWICE("40002"), 0, MIG_ESQL },
		{ FAIL_TWICE("23505"), 0, MIG_ECONSTRAINT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct place p;
		struct watch w;
		mig_ctx *ctx;

		place_begin(&p);
		pg_exec(p.db, "CREATE SEQUENCE tries");
		ctx = open_watched(&p, &w);
		ADD(ctx, .id = "a", .up = cases[i].up);
		expect(ctx, cases[i].status, mig_upgrade(ctx, "head"));
		assert_int_equal(w.tries, cases[i].tries);
		assert_answer(p.db, TABLES, cases[i].status ? "" : "t");
		mig_close(ctx);
		place_end(&p);
	}
}

static mig_status try_thrice(void *user, mig_step *step)
{
	++*(int *)user;
	return mig_step_exec(step, "DO $$ BEGIN IF nextval('tries') < 3 THEN RAISE EXCEPTION "
				   "'again' USING ERRCODE = '40001'; END IF; END $$");
}

static mig_status count_call(void *user, mig_step *step)
{
	(void)step;
	++*(int *)user;
	return MIG_OK;
}

static void test_functions_are_called_again(void **state)
{
	int calls = 0, hooks = 0;
	mig_revision_def def = { .struct_size = sizeof def,
				 .id = "b",
				 .revises = (const char *const[]){ "a", NULL },
				 .upgrade = try_thrice,
				 .user = &calls };
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE SEQUENCE tries");
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .up = "CREATE TABLE t (x INTEGER);");
	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_set_step_hooks(ctx, count_call, NULL, &hooks));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(calls, 3);
	assert_int_equal(hooks, 6);
	assert_string_equal(rows(p.db), "b");
	mig_close(ctx);
	place_end(&p);
}

/* -- statement_timeout */

static void test_statement_timeout(void **state)
{
	struct place p;
	mig_ctx *ctx;
	int64_t began = now_ms();

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .keys = "-- statement_timeout: 100ms\n",
	    .up = "SELECT 1;\nSELECT pg_sleep(30);");
	expect(ctx, MIG_ETIMEOUT, mig_upgrade(ctx, "head"));
	assert_in_range(now_ms() - began, 0, 5000);
	assert_string_equal(mig_error_sqlstate(ctx), "57014");
	assert_has(mig_error_message(ctx), "a.sql:9:1: revision a: ");
	assert_has(mig_error_message(ctx), "statement timeout");
	assert_has(mig_error_hint(ctx), "statement_timeout");
	assert_string_equal(rows(p.db), "none");
	assert_answer(mig_connection(ctx), "SHOW statement_timeout", "0");
	mig_close(ctx);
	place_end(&p);
}

#define SEEN(name)                                                                   \
	"CREATE TABLE " name " AS SELECT current_setting('lock_timeout') || ' ' || " \
	"current_setting('statement_timeout') AS v;"

/* Each revision has its own, then the run's, then the connection's. */
static void test_whose_timeouts(void **state)
{
	static const char *const attributes[] = { "", " transaction=no" };
	static const struct {
		mig_run_options run;
		const char *seen[4];
	} cases[] = {
		{ { .retries = 0 }, { "1s 1h", "9s 2min", "0 8s", "9s 8s" } },
		{ { .statement_lock_timeout_ms = 700, .statement_timeout_ms = 77000 },
		  { "1s 1h", "700ms 2min", "0 77s", "700ms 77s" } },
		{ { .statement_lock_timeout_ms = -1, .statement_timeout_ms = -1 },
		  { "1s 1h", "0 2min", "0 0", "0 0" } },
		{ { .transaction_mode = MIG_TRANSACTION_REVISION, .statement_timeout_ms = 77000 },
		  { "1s 1h", "9s 2min", "0 77s", "9s 77s" } },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		const char *lone = attributes[i % 2];
		mig_run_options run = cases[i / 2].run;
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		ctx = open_url(
			url_with(&p, "options=-clock_timeout%3D9s%20-cstatement_timeout%3D8s"));
		ADD(ctx, .id = "a", .attributes = lone,
		    .keys = "-- lock_timeout: 1s\n-- statement_timeout: 1h\n", .up = SEEN("a"));
		ADD(ctx, .id = "b", .revises = "a", .attributes = lone,
		    .keys = "-- statement_timeout: 2min\n", .up = "SELECT 1;" SEEN("b"));
		ADD(ctx, .id = "c", .revises = "b", .attributes = lone,
		    .keys = "-- lock_timeout: 0\n", .up = SEEN("c"));
		ADD(ctx, .id = "d", .revises = "c", .attributes = lone, .up = SEEN("d"));
		run.struct_size = sizeof run;
		ok(ctx, mig_upgrade_with(ctx, "head", &run));
		for (size_t k = 0; k < 4; k++) {
			char sql[] = "SELECT v FROM x";
			const char *seen;

			sql[sizeof sql - 2] = (char)('a' + k);
			seen = ask(p.db, sql);
			if (strcmp(seen, cases[i / 2].seen[k]) != 0)
				fail_msg("case %zu%s, revision %zu: %s, not %s", i / 2, lone, k,
					 seen, cases[i / 2].seen[k]);
		}
		assert_answer(mig_connection(ctx), "SHOW lock_timeout", "9s");
		assert_answer(mig_connection(ctx), "SHOW statement_timeout", "8s");
		mig_close(ctx);
		place_end(&p);
	}
}

/* The connection's own statement_timeout does not count for a revision that says so. */
static void test_no_timeout(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_url(url_with(&p, "options=-cstatement_timeout%3D200ms"));
	ADD(ctx, .id = "a", .keys = "-- statement_timeout: 0\n", .up = "SELECT pg_sleep(0.5);");
	ADD(ctx, .id = "b", .revises = "a", .up = "SELECT pg_sleep(5);");
	expect(ctx, MIG_ETIMEOUT, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "revision b");
	mig_close(ctx);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_per_revision),
		cmocka_unit_test(test_lone_taken_up_again),
		cmocka_unit_test(test_lone_statement_timeout),
		cmocka_unit_test(test_deadlock),
		cmocka_unit_test(test_serialization_failure),
		cmocka_unit_test(test_functions_are_called_again),
		cmocka_unit_test(test_statement_timeout),
		cmocka_unit_test(test_whose_timeouts),
		cmocka_unit_test(test_no_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
