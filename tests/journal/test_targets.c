/* Targets that start from the rows mean the same when an interrupted command is repeated, after a
 * kill as after an error, and for a second host. */
#include "place.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

/* c runs outside a transaction, both ways, in five statements, three of them in a unit. */
#define C_UP                                                                                       \
	"CREATE TABLE c1 (x INTEGER);\nVACUUM;\nBEGIN;\nINSERT INTO c1 VALUES (1);\nCREATE TABLE " \
	"c2 "                                                                                      \
	"(x INTEGER);\nCOMMIT;\nINSERT INTO c1 VALUES (2);"
#define C_DOWN "DROP TABLE c2;\nVACUUM;\nBEGIN;\nDELETE FROM c1;\nDROP TABLE c1;\nCOMMIT;\nVACUUM;"
enum { C_STATEMENTS = 7 };

static const struct revision line[] = {
	{ .id = "a", .up = "CREATE TABLE a1 (x INTEGER);", .down = "DROP TABLE a1;" },
	{ .id = "b",
	  .revises = "a",
	  .up = "CREATE TABLE b1 (x INTEGER);",
	  .down = "DROP TABLE b1;" },
	{ .id = "c", .revises = "b", .attributes = " transaction=no", .up = C_UP, .down = C_DOWN },
	{ .id = "d",
	  .revises = "c",
	  .up = "CREATE TABLE d1 (x INTEGER);",
	  .down = "DROP TABLE d1;" },
	{ 0 },
};

static void upgrade_to(const struct place *p, const struct revision *revisions, const char *target)
{
	mig_ctx *ctx = open_with(p, revisions);

	ok(ctx, mig_upgrade(ctx, target));
	mig_close(ctx);
}

static void repeat(const struct place *p, const struct revision *revisions, int direction,
		   const char *target)
{
	mig_ctx *ctx = open_with(p, revisions);

	ok(ctx, go(ctx, direction, target));
	mig_close(ctx);
}

static void check_c(const struct place *p, int applied)
{
	assert_string_equal(rows(p), applied ? "c" : "b");
	assert_int_equal(there(p, "b1"), 1);
	assert_int_equal(there(p, "c1"), applied);
	assert_int_equal(there(p, "c2"), applied);
	assert_int_equal(there(p, "d1"), 0);
	if (applied)
		assert_answer(p, "SELECT x FROM c1 ORDER BY x", "1|2");
}

static void test_downgrade_repeated(void **state)
{
	static const char *const targets[] = { "-1", "c-1", "b" };

	(void)state;
	for (size_t t = 0; t < 3; t++)
		for (uint64_t n = 1; n <= C_STATEMENTS; n++) {
			struct place p;

			place_begin(&p);
			upgrade_to(&p, line, "c");
			assert_int_equal(killed_at(&p, line, DOWN, targets[t], "c", n), 1);
			assert_string_equal(rows(&p), "c");
			repeat(&p, line, DOWN, targets[t]);
			check_c(&p, 0);
			place_end(&p);
		}
}

static void test_upgrade_repeated(void **state)
{
	static const char *const targets[] = { "+1", "b+1", "c" };

	(void)state;
	for (size_t t = 0; t < 3; t++)
		for (uint64_t n = 1; n <= C_STATEMENTS; n++) {
			struct place p;

			place_begin(&p);
			upgrade_to(&p, line, "b");
			assert_int_equal(killed_at(&p, line, UP, targets[t], "c", n), 1);
			assert_string_equal(rows(&p), "b");
			repeat(&p, line, UP, targets[t]);
			check_c(&p, 1);
			place_end(&p);
		}
}

/* The repeated command is killed as well, and again, at every statement. */
static void test_killed_again_and_again(void **state)
{
	struct place p;

	(void)state;
	place_begin(&p);
	upgrade_to(&p, line, "b");
	for (uint64_t n = 1; n <= C_STATEMENTS; n++)
		assert_int_equal(killed_at(&p, line, UP, "+1", "c", n), 1);
	repeat(&p, line, UP, "+1");
	check_c(&p, 1);
	for (uint64_t n = 1; n <= C_STATEMENTS; n++)
		assert_int_equal(killed_at(&p, line, DOWN, "-1", "c", n), 1);
	repeat(&p, line, DOWN, "-1");
	check_c(&p, 0);
	place_end(&p);
}

/* A plain error, whose hint says "run again". */
static void test_after_an_error(void **state)
{
	struct revision broken[5];
	struct place p;
	mig_ctx *ctx;

	(void)state;
	memcpy(broken, line, sizeof broken);
	broken[2].up = "CREATE TABLE c1 (x INTEGER);\nINSERT INTO later VALUES (1);";
	broken[2].down = "DROP TABLE c1;\nDELETE FROM later;";
	place_begin(&p);
	upgrade_to(&p, broken, "b");
	ctx = open_with(&p, broken);
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "+1"));
	assert_has(mig_error_hint(ctx), "run again");
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "+1"));
	tell(&p, "CREATE TABLE later (x INTEGER)");
	ok(ctx, mig_upgrade(ctx, "+1"));
	assert_string_equal(rows(&p), "c");
	tell(&p, "DROP TABLE later");
	expect(ctx, MIG_ESQL, mig_downgrade(ctx, "-1"));
	assert_has(mig_error_hint(ctx), "run again");
	tell(&p, "CREATE TABLE later (x INTEGER)");
	ok(ctx, mig_downgrade(ctx, "-1"));
	assert_string_equal(rows(&p), "b");
	assert_int_equal(there(&p, "b1"), 1);
	mig_close(ctx);
	place_end(&p);
}

/* MIG_EPARTIAL, and both absolute choices. */
static void test_other_direction(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	upgrade_to(&p, line, "c");
	assert_int_equal(killed_at(&p, line, DOWN, "-1", "c", 3), 1);
	ctx = open_with(&p, line);
	expect(ctx, -85, mig_upgrade(ctx, "+1"));
	assert_has(mig_error_message(ctx), "revision c is only partly undone (2 statements done)");
	assert_has(mig_error_hint(ctx), "downgrade to b ");
	assert_has(mig_error_hint(ctx), "upgrade to c ");
	assert_string_equal(mig_error_revision(ctx), "c");
	/* c itself is no way down any more: not an error when the work is done, but before */
	expect(ctx, -85, mig_downgrade(ctx, "c"));
	assert_int_equal(there(&p, "c1"), 1);
	/* both choices do what they say */
	ok(ctx, mig_upgrade(ctx, "c"));
	check_c(&p, 1);
	assert_answer(&p, "SELECT direction FROM mig_history WHERE state = 'done' ORDER BY id",
		      "upgrade|upgrade|upgrade|downgrade|upgrade");
	mig_close(ctx);
	assert_int_equal(killed_at(&p, line, DOWN, "-1", "c", 3), 1);
	repeat(&p, line, DOWN, "b");
	check_c(&p, 0);
	assert_int_equal(killed_at(&p, line, UP, "c", "c", 3), 1);
	ctx = open_with(&p, line);
	expect(ctx, -85, mig_downgrade(ctx, "-1"));
	assert_has(mig_error_message(ctx), "revision c is only partly applied (2 statements done)");
	assert_has(mig_error_hint(ctx), "upgrade to c ");
	assert_has(mig_error_hint(ctx), "downgrade to b ");
	ok(ctx, mig_downgrade(ctx, "b"));
	check_c(&p, 0);
	mig_close(ctx);
	place_end(&p);
}

/* What a program asks for at its start goes on, whatever was interrupted. */
static void test_head_and_base(void **state)
{
	struct place p;

	(void)state;
	for (uint64_t n = 1; n <= C_STATEMENTS; n++) {
		place_begin(&p);
		upgrade_to(&p, line, "c");
		assert_int_equal(killed_at(&p, line, DOWN, "-1", "c", n), 1);
		repeat(&p, line, UP, "head");
		assert_string_equal(rows(&p), "d");
		assert_answer(&p, "SELECT x FROM c1 ORDER BY x", "1|2");
		repeat(&p, line, DOWN, "base");
		assert_string_equal(rows(&p), "");
		assert_int_equal(killed_at(&p, line, UP, "head", "c", n), 1);
		repeat(&p, line, DOWN, "base");
		assert_string_equal(rows(&p), "");
		assert_int_equal(there(&p, "c1") + there(&p, "b1") + there(&p, "a1"), 0);
		place_end(&p);
	}
}

/* The first revision: there is no row that could show it. */
static void test_from_base(void **state)
{
	static const struct revision one[] = {
		{ .id = "c", .attributes = " transaction=no", .up = C_UP, .down = C_DOWN },
		{ .id = "d", .revises = "c", .up = "SELECT 1;", .down = "SELECT 1;" },
		{ 0 },
	};
	struct place p;
	mig_ctx *ctx;

	(void)state;
	for (uint64_t n = 1; n <= C_STATEMENTS; n++) {
		place_begin(&p);
		assert_int_equal(killed_at(&p, one, UP, "+1", "c", n), 1);
		ctx = open_with(&p, one);
		expect(ctx, -85, mig_downgrade(ctx, "-1"));
		assert_has(mig_error_hint(ctx), "downgrade to base ");
		ok(ctx, mig_upgrade(ctx, "+1"));
		assert_string_equal(rows(&p), "c");
		mig_close(ctx);
		assert_int_equal(killed_at(&p, one, DOWN, "-1", "c", n), 1);
		repeat(&p, one, DOWN, "-1");
		assert_string_equal(rows(&p), "");
		place_end(&p);
	}
}

/* Branches and merges: rows that the step does not touch stay as they are. */
static const struct revision tree[] = {
	{ .id = "a", .up = "CREATE TABLE a1 (x INTEGER);", .down = "DROP TABLE a1;" },
	{ .id = "l1",
	  .revises = "a",
	  .keys = "-- branch_labels: left\n",
	  .up = "SELECT 1;",
	  .down = "SELECT 1;" },
	{ .id = "l2",
	  .revises = "l1",
	  .attributes = " transaction=no",
	  .up = C_UP,
	  .down = C_DOWN },
	{ .id = "r1",
	  .revises = "a",
	  .keys = "-- branch_labels: right\n",
	  .up = "SELECT 1;",
	  .down = "SELECT 1;" },
	{ .id = "r2", .revises = "r1", .up = "SELECT 1;", .down = "SELECT 1;" },
	{ .id = "m",
	  .revises = "l2 r2",
	  .attributes = " transaction=no",
	  .up = "CREATE TABLE m1 (x INTEGER);\nVACUUM;",
	  .down = "DROP TABLE m1;\nVACUUM;" },
	{ 0 },
};

static void test_branches(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	for (uint64_t n = 1; n <= C_STATEMENTS; n++) {
		place_begin(&p);
		upgrade_to(&p, tree, "r2");
		upgrade_to(&p, tree, "l1");
		assert_int_equal(killed_at(&p, tree, UP, "left@+1", "l2", n), 1);
		repeat(&p, tree, UP, "left@+1");
		assert_string_equal(rows(&p), "l2|r2");
		assert_int_equal(killed_at(&p, tree, DOWN, "left@-1", "l2", n), 1);
		assert_string_equal(rows(&p), "l2|r2");
		repeat(&p, tree, DOWN, "left@-1");
		assert_string_equal(rows(&p), "l1|r2");
		/* the digests are whole again: nothing was edited */
		ctx = open_with(&p, tree);
		ok(ctx, mig_upgrade(ctx, "heads"));
		assert_string_equal(rows(&p), "m");
		mig_close(ctx);
		place_end(&p);
	}
	for (uint64_t n = 1; n <= 2; n++) {
		place_begin(&p);
		upgrade_to(&p, tree, "l2");
		upgrade_to(&p, tree, "r2");
		assert_int_equal(killed_at(&p, tree, UP, "l2+1", "m", n), 1);
		repeat(&p, tree, UP, "l2+1");
		assert_string_equal(rows(&p), "m");
		assert_int_equal(killed_at(&p, tree, DOWN, "-1", "m", n), 1);
		repeat(&p, tree, DOWN, "-1");
		assert_string_equal(rows(&p), "l2|r2");
		assert_int_equal(there(&p, "c1"), 1);
		place_end(&p);
	}
}

/* -- two hosts */

struct host {
	pthread_t thread;
	mig_ctx *ctx;
	int direction;
	const char *target;
	mig_status status;
	sem_t there, go;
	int held, waits;
};

static int32_t hold(void *user, const mig_progress *now)
{
	struct host *h = user;

	if (now->event == MIG_EVENT_STATEMENT && !h->held) {
		h->held = 1;
		sem_post(&h->there);
		sem_wait(&h->go);
	}
	return 0;
}

static int32_t wait_once(void *user, const mig_progress *now)
{
	struct host *h = user;

	if (now->event == MIG_EVENT_WAITING && !h->waits++)
		sem_post(&h->there);
	return 0;
}

static void *run(void *user)
{
	struct host *h = user;

	h->status = go(h->ctx, h->direction, h->target);
	return NULL;
}

static void host_start(struct host *h, const struct place *p, int direction, const char *target,
		       mig_progress_fn progress)
{
	*h = (struct host){ .direction = direction, .target = target };
	sem_init(&h->there, 0, 0);
	sem_init(&h->go, 0, 0);
	h->ctx = open_with(p, line);
	ok(h->ctx, mig_set_progress(h->ctx, progress, h));
	assert_int_equal(pthread_create(&h->thread, NULL, run, h), 0);
	sem_wait(&h->there);
}

static void host_join(struct host *h)
{
	pthread_join(h->thread, NULL);
	if (h->status)
		fail_msg("%s", mig_error_message(h->ctx));
	mig_close(h->ctx);
}

/* The second one waits for the lock, and finds the work done; in a transaction and outside. */
static void test_two_hosts(void **state)
{
	static const struct {
		int direction;
		const char *from, *target, *to;
	} cases[] = {
		{ DOWN, "d", "-1", "c" },
		{ DOWN, "c", "-1", "b" },
		{ UP, "b", "+1", "c" },
		{ UP, "a", "+1", "b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct host first, second;
		struct place p;

		place_begin(&p);
		upgrade_to(&p, line, cases[i].from);
		host_start(&first, &p, cases[i].direction, cases[i].target, hold);
		host_start(&second, &p, cases[i].direction, cases[i].target, wait_once);
		sem_post(&first.go);
		host_join(&first);
		host_join(&second);
		assert_string_equal(rows(&p), cases[i].to);
		place_end(&p);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_downgrade_repeated),
		cmocka_unit_test(test_upgrade_repeated),
		cmocka_unit_test(test_killed_again_and_again),
		cmocka_unit_test(test_after_an_error),
		cmocka_unit_test(test_other_direction),
		cmocka_unit_test(test_head_and_base),
		cmocka_unit_test(test_from_base),
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_two_hosts),
	};

	if (argc < 2 || !places_are(argv[1]))
		return 77;
	return cmocka_run_group_tests_name(argv[1], tests, NULL, NULL);
}
