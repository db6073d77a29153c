/* PostgreSQL: a statement that failed is not taken for done when it is run again, and one that was
 * in flight when the process died only if what is there is what it makes. */
#include "place.h"

#include <stdio.h>
#include <string.h>

static mig_ctx *open_one(const struct place *p, const char *up)
{
	const struct revision one[] = { { .id = "a", .attributes = " transaction=no", .up = up },
					{ 0 } };

	return open_with(p, one);
}

/* An error does not go away by running again, for this host and for others. */
static void test_failed(void **state)
{
	static const struct {
		const char *before, *up;
	} cases[] = {
		{ "CREATE TABLE t (x INTEGER, y INTEGER); CREATE INDEX t_ix ON t (y)",
		  "SELECT 1;\nCREATE UNIQUE INDEX CONCURRENTLY t_ix ON t (x);" },
		{ "CREATE TABLE t (x INTEGER, y INTEGER); CREATE INDEX t_ix ON t (y)",
		  "CREATE UNIQUE INDEX CONCURRENTLY t_ix ON t (x);" },
		{ "CREATE TABLE t (x INTEGER); CREATE TABLE t_ix (x INTEGER)",
		  "CREATE INDEX CONCURRENTLY t_ix ON t (x);" },
		{ "CREATE TABLE t (x INTEGER); CREATE INDEX t_ix ON t (x)",
		  "SELECT 1;\nDROP INDEX CONCURRENTLY misspelt;" },
		{ "CREATE TABLE t (x INTEGER) PARTITION BY LIST (x); CREATE TABLE other (x "
		  "INTEGER)",
		  "SELECT 1;\nALTER TABLE t DETACH PARTITION other CONCURRENTLY;" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct place p;

		place_begin(&p);
		tell(&p, cases[i].before);
		for (int host = 0; host < 3; host++) {
			mig_ctx *ctx = open_one(&p, cases[i].up);

			expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
			mig_close(ctx);
			assert_string_equal(rows(&p), "");
		}
		assert_answer(&p, "SELECT state FROM mig_history", "running");
		place_end(&p);
	}
}

/* Killed when it was in flight, before it began: what has that name is not what it makes. */
static void test_killed_before(void **state)
{
	static const struct {
		const char *before, *up, *meanwhile;
		int ok;
	} cases[] = {
		/* there before */
		{ "CREATE TABLE t (x INTEGER, y INTEGER); CREATE INDEX t_ix ON t (x)",
		  "SELECT 1;\nCREATE INDEX CONCURRENTLY t_ix ON t (x);", "SELECT 1", 0 },
		/* made meanwhile: equal */
		{ "CREATE TABLE t (x INTEGER, y INTEGER)",
		  "SELECT 1;\nCREATE INDEX CONCURRENTLY t_ix ON t (x DESC) INCLUDE (y) WHERE x > "
		  "0;",
		  "CREATE INDEX t_ix ON t USING btree (x DESC) INCLUDE (y) WHERE (0 < x) IS NOT "
		  "NULL AND x "
		  "> 0; DROP INDEX t_ix; CREATE INDEX t_ix ON t USING btree (x DESC) INCLUDE (y) "
		  "WHERE x > "
		  "0",
		  1 },
		{ "CREATE TABLE t (x INTEGER, y INTEGER)",
		  "SELECT 1;\nCREATE UNIQUE INDEX CONCURRENTLY \"T ix\" ON public.t ((x + y));",
		  "CREATE UNIQUE INDEX \"T ix\" ON t ((x + y))", 1 },
		/* another table, column, uniqueness, predicate, method, order */
		{ "CREATE TABLE t (x INTEGER, y INTEGER); CREATE TABLE u (x INTEGER)",
		  "SELECT 1;\nCREATE INDEX CONCURRENTLY t_ix ON t (x);",
		  "CREATE INDEX t_ix ON u (x)", 0 },
		{ "CREATE TABLE t (x INTEGER, y INTEGER)",
		  "SELECT 1;\nCREATE INDEX CONCURRENTLY t_ix ON t (x);",
		  "CREATE INDEX t_ix ON t (y)", 0 },
		{ "CREATE TABLE t (x INTEGER, y INTEGER)",
		  "SELECT 1;\nCREATE UNIQUE INDEX CONCURRENTLY t_ix ON t (x);",
		  "CREATE INDEX t_ix ON t (x)", 0 },
		{ "CREATE TABLE t (x INTEGER, y INTEGER)",
		  "SELECT 1;\nCREATE INDEX CONCURRENTLY t_ix ON t (x) WHERE y > 0;",
		  "CREATE INDEX t_ix ON t (x) WHERE y > 1", 0 },
		{ "CREATE TABLE t (x INTEGER, y INTEGER)",
		  "SELECT 1;\nCREATE INDEX CONCURRENTLY t_ix ON t (x);",
		  "CREATE INDEX t_ix ON t USING hash (x)", 0 },
		{ "CREATE TABLE t (x INTEGER, y INTEGER)",
		  "SELECT 1;\nCREATE INDEX CONCURRENTLY t_ix ON t (x);",
		  "CREATE INDEX t_ix ON t (x DESC)", 0 },
		/* was not there */
		{ "CREATE TABLE t (x INTEGER)", "SELECT 1;\nDROP INDEX CONCURRENTLY misspelt;",
		  "SELECT 1", 0 },
		/* was there, and was dropped */
		{ "CREATE TABLE t (x INTEGER); CREATE INDEX t_ix ON t (x)",
		  "SELECT 1;\nDROP INDEX CONCURRENTLY t_ix;", "DROP INDEX t_ix", 1 },
		{ "CREATE TABLE t (x INTEGER) PARTITION BY LIST (x); CREATE TABLE t1 PARTITION OF "
		  "t FOR "
		  "VALUES IN (1)",
		  "SELECT 1;\nALTER TABLE t DETACH PARTITION t1 CONCURRENTLY;",
		  "ALTER TABLE t DETACH PARTITION t1", 1 },
		{ "CREATE TABLE t (x INTEGER) PARTITION BY LIST (x); CREATE TABLE t1 (x INTEGER)",
		  "SELECT 1;\nALTER TABLE t DETACH PARTITION t1 CONCURRENTLY;", "SELECT 1", 0 },
		/* the server chooses the name */
		{ "CREATE TABLE t (x INTEGER); CREATE INDEX ON t (x)",
		  "SELECT 1;\nCREATE INDEX CONCURRENTLY ON t (x);", "CREATE INDEX ON t (x)", 1 },
		{ "CREATE TABLE t (x INTEGER); CREATE INDEX ON t (x)",
		  "SELECT 1;\nCREATE INDEX CONCURRENTLY ON t (x);", "SELECT 1", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct revision one[] = {
			{ .id = "a", .attributes = " transaction=no", .up = cases[i].up }, { 0 }
		};
		struct place p;
		mig_ctx *ctx;
		mig_status rc;

		place_begin(&p);
		tell(&p, cases[i].before);
		assert_int_equal(killed_at(&p, one, UP, "head", "a", 2), 1);
		assert_answer(&p, "SELECT done_digest LIKE '% in flight:%' FROM mig_history", "t");
		tell(&p, cases[i].meanwhile);
		ctx = open_one(&p, cases[i].up);
		rc = mig_upgrade(ctx, "head");
		if ((rc == MIG_OK) != cases[i].ok)
			fail_msg("%zu: %s: %s", i, cases[i].up,
				 rc ? mig_error_message(ctx) : "taken for done");
		assert_string_equal(rows(&p), cases[i].ok ? "a" : "");
		mig_close(ctx);
		if (strstr(cases[i].up, "CONCURRENTLY ON"))
			assert_answer(
				&p, "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass",
				"2");
		place_end(&p);
	}
}

/* What may be run twice is run again from its start; where it was killed does not matter. */
static void test_idempotent(void **state)
{
	static const struct revision one[] = {
		{ .id = "a",
		  .attributes = " transaction=no",
		  .up = "CREATE TABLE t (x INTEGER PRIMARY KEY);\n-- mig:idempotent\nDO $$ BEGIN "
			"FOR i IN "
			"1..3 LOOP INSERT INTO t VALUES (i) ON CONFLICT DO NOTHING; COMMIT; END "
			"LOOP; END "
			"$$;\nINSERT INTO t VALUES (4);" },
		{ 0 },
	};

	(void)state;
	for (uint64_t n = 1; n <= 3; n++) {
		struct place p;
		mig_ctx *ctx;

		place_begin(&p);
		assert_int_equal(killed_at(&p, one, UP, "head", "a", n), 1);
		ctx = open_with(&p, one);
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_answer(&p, "SELECT x FROM t ORDER BY x", "1|2|3|4");
		mig_close(ctx);
		place_end(&p);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_killed_before),
		cmocka_unit_test(test_idempotent),
	};

	if (argc < 2 || !places_are(argv[1]) || !on_postgresql)
		return 77;
	return cmocka_run_group_tests_name(argv[1], tests, NULL, NULL);
}
