/* An unfinished step is seen by everybody who asks; hooks of steps outside a transaction are called
 * once, whatever dies. */
#include "place.h"

#include <stdio.h>
#include <string.h>

static const struct revision line[] = {
	{ .id = "a", .up = "CREATE TABLE a1 (x INTEGER);", .down = "DROP TABLE a1;" },
	{ .id = "b",
	  .revises = "a",
	  .attributes = " transaction=no",
	  .up = "CREATE TABLE b1 (x INTEGER);\nVACUUM;\nINSERT INTO b1 VALUES (1);",
	  .down = "DELETE FROM b1;\nVACUUM;\nDROP TABLE b1;" },
	{ 0 },
};

static void check_seen(const struct place *p, const struct revision *program, int direction,
		       int can_finish)
{
	mig_ctx *ctx = open_with(p, program);
	mig_unfinished *u = NULL;
	int32_t at_head = 1;

	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 0);
	ok(ctx, mig_unfinished_read(ctx, &u));
	assert_non_null(u);
	assert_string_equal(mig_unfinished_revision(u), "b");
	assert_int_equal(mig_unfinished_direction(u), direction);
	assert_int_equal(mig_unfinished_statements(u), 1);
	assert_int_equal(mig_unfinished_total(u), can_finish ? 3 : -1);
	assert_int_equal(mig_unfinished_can_finish(u), can_finish);
	assert_has(mig_unfinished_actor(u), "@");
	assert_has(mig_unfinished_started_at(u), "T");
	assert_string_equal(mig_unfinished_library(u), mig_version());
	mig_close(ctx);
	assert_string_equal(mig_unfinished_revision(u), "b"); /* outlives the context */
	mig_unfinished_free(u);
}

/* E.g. "down 1/2 up 2/2 " */
static int32_t note_step(void *user, const mig_progress *p)
{
	char *said = user;
	size_t size = strlen(said);

	if (p->event == MIG_EVENT_STEP_END)
		snprintf(said + size, 100 - size, "%s %u/%u ",
			 p->direction == MIG_DOWNGRADE ? "down" : "up", (unsigned)p->step,
			 (unsigned)p->steps);
	return 0;
}

/* Program starts of one whose head lies below, and what a plan says to the others. */
static void test_seen(void **state)
{
	static const struct revision older[] = {
		{ .id = "a", .up = "CREATE TABLE a1 (x INTEGER);", .down = "DROP TABLE a1;" }, { 0 }
	};

	(void)state;
	for (int direction = UP; direction <= DOWN; direction++) {
		struct place p;
		mig_plan *plan;
		mig_ctx *ctx;
		char said[100] = "";

		place_begin(&p);
		ctx = open_with(&p, line);
		ok(ctx, mig_upgrade(ctx, direction == UP ? "a" : "b"));
		mig_close(ctx);
		assert_int_equal(
			killed_at(&p, line, direction, direction == UP ? "b" : "a", "b", 2), 1);
		check_seen(&p, line, direction == UP ? MIG_UPGRADE : MIG_DOWNGRADE, 1);
		ctx = open_with(&p, line);
		ok(ctx, mig_plan_upgrade(ctx, "head", &plan));
		assert_int_equal(mig_plan_count(plan), direction == UP ? 1 : 2);
		assert_string_equal(mig_revision_id(mig_plan_revision(plan, 0)), "b");
		assert_int_equal(mig_plan_step_direction(plan, 0),
				 direction == UP ? MIG_UPGRADE : MIG_DOWNGRADE);
		assert_int_equal(mig_plan_statements_done(plan, 0), 1);
		assert_int_equal(mig_plan_statements_done(plan, 1), -1);
		assert_has(mig_plan_sql(plan, 0, NULL), "VACUUM");
		assert_null(strstr(mig_plan_sql(plan, 0, NULL), "CREATE TABLE"));
		assert_null(strstr(mig_plan_sql(plan, 0, NULL), "DELETE"));
		mig_plan_free(plan);
		mig_close(ctx);
		if (direction == UP) {
			check_seen(&p, older, MIG_UPGRADE, 0);
			ctx = open_with(&p, older);
			expect(ctx, MIG_EPARTIAL, mig_upgrade(ctx, "head"));
			assert_string_equal(mig_error_revision(ctx), "b");
			assert_has(mig_error_message(ctx),
				   "only partly applied (1 statement done)");
			assert_has(mig_error_hint(ctx), "begun by ");
			expect(ctx, MIG_EPARTIAL, mig_plan_upgrade(ctx, "head", &plan));
			mig_close(ctx);
		}
		ctx = open_with(&p, line);
		ok(ctx, mig_set_progress(ctx, note_step, said));
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_string_equal(said, direction == UP ? "up 1/1 " : "down 1/2 up 2/2 ");
		assert_string_equal(rows(&p), "b");
		mig_close(ctx);
		place_end(&p);
	}
}

static mig_status audit(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "INSERT INTO audit VALUES (1)");
}

static mig_status fail_after(void *user, mig_step *step)
{
	(void)user;
	return mig_step_fail(step, "not now");
}

static void test_hooks(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	for (uint64_t n = 1; n <= 3; n++) {
		place_begin(&p);
		tell(&p, "CREATE TABLE audit (x INTEGER)");
		ctx = open_with(&p, line);
		ok(ctx, mig_upgrade(ctx, "a"));
		/* the hook before is called with the beginning, which is committed; then it dies */
		ok(ctx, mig_set_step_hooks(ctx, audit, fail_after, NULL));
		expect(ctx, MIG_EREVISION, mig_upgrade(ctx, "b"));
		assert_answer(&p, "SELECT count(*) FROM audit", "1");
		assert_string_equal(rows(&p), "a");
		ok(ctx, mig_set_step_hooks(ctx, audit, audit, NULL));
		ok(ctx, mig_upgrade(ctx, "b"));
		assert_answer(&p, "SELECT count(*) FROM audit", "2");
		assert_answer(&p, "SELECT x FROM b1", "1");
		mig_close(ctx);
		place_end(&p);
	}
}

enum { SCRIPT_SIZE = 1 << 20 };

static mig_status take(void *user, const char *text, size_t size)
{
	assert_true(strlen(user) + size < SCRIPT_SIZE);
	strncat(user, text, size);
	return MIG_OK;
}

/* In a script they are there too. */
static void test_hooks_in_scripts(void **state)
{
	static char script[SCRIPT_SIZE];
	mig_open_options o = { .struct_size = sizeof o, .script = take, .script_user = script };
	struct place p;
	mig_ctx *ctx;
	size_t count = 0;

	(void)state;
	script[0] = '\0';
	place_begin(&p);
	o.url = p.url;
	ok(ctx, mig_open_with(&ctx, &o));
	add_all(ctx, line);
	ok(ctx, mig_set_step_hooks(ctx, audit, audit, NULL));
	ok(ctx, mig_upgrade(ctx, "head"));
	for (const char *at = script; (at = strstr(at, "INSERT INTO audit")); at++)
		count++;
	assert_int_equal(count, 4);
	mig_close(ctx);
	place_end(&p);
}

static mig_status nothing(void *user, mig_step *step)
{
	(void)user;
	(void)step;
	return MIG_OK;
}

static void test_idempotent_in_c(void **state)
{
	mig_revision_def def = {
		.struct_size = sizeof def, .id = "c", .upgrade = nothing, .no_transaction = 1
	};
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ok(ctx, mig_open(&ctx, p.url));
	expect(ctx, MIG_EINVAL, mig_add_revision(ctx, &def));
	assert_has(mig_error_message(ctx), "no_transaction without idempotent");
	def.idempotent = 1;
	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	place_end(&p);
}

/* Running again alone is no help against a failed check. */
static void test_failed_check(void **state)
{
	static const struct revision checked[] = {
		{ .id = "a",
		  .attributes = " transaction=no",
		  .up = "CREATE TABLE t (x INTEGER);\nINSERT INTO t VALUES (7);\n"
			"-- mig:check no row is left\nSELECT x FROM t;\nDROP TABLE t;" },
		{ 0 },
	};
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_with(&p, checked);
	for (int again = 0; again < 2; again++) {
		expect(ctx, MIG_ECHECK, mig_upgrade(ctx, "head"));
		assert_has(mig_error_message(ctx), "no row is left");
		assert_has(mig_error_hint(ctx), "the first 2 statements are done: fix the data");
	}
	tell(&p, "DELETE FROM t");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(there(&p, "t"), 0);
	mig_close(ctx);
	place_end(&p);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_hooks_in_scripts),
		cmocka_unit_test(test_idempotent_in_c),
		cmocka_unit_test(test_failed_check),
	};

	if (argc < 2 || !places_are(argv[1]))
		return 77;
	return cmocka_run_group_tests_name(argv[1], tests, NULL, NULL);
}
