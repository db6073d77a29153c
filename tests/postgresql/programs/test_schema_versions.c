/* Differences in what only later versions of the server have, turned into SQL. What is not for the
 * server at hand is left out. */
#include "change.h"

static const struct change generated[] = {
	{ .name = "a stored column is computed when it is read, and back",
	  .old = "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED)",
	  .new = "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL)",
	  .rows = "INSERT INTO t VALUES (1)",
	  .has = { "DROP COLUMN b", "ADD COLUMN b integer GENERATED ALWAYS AS (a + 1) VIRTUAL" },
	  .question = "SELECT attgenerated::text || (SELECT b FROM t) FROM pg_attribute "
		      "WHERE attrelid = 't'::regclass AND attname = 'b'",
	  .up = "v2",
	  .down = "s2",
	  .since = 18 },
	{ .name = "virtual columns come, go, and become plain",
	  .old = "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL)",
	  .new = "CREATE TABLE t (a integer, b integer);"
		 "CREATE TABLE u (c text, d text GENERATED ALWAYS AS (c || 'x') NOT NULL)",
	  .rows = "INSERT INTO t VALUES (1)",
	  .has = { "GENERATED ALWAYS AS (c || 'x'::text) VIRTUAL NOT NULL" },
	  .since = 18 },
	{ .name = "a type under a virtual column",
	  .old = "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL)",
	  .new = "CREATE TABLE t (a bigint, b bigint GENERATED ALWAYS AS (a + 2) VIRTUAL)",
	  .rows = "INSERT INTO t VALUES (1)",
	  .question = "SELECT b FROM t",
	  .up = "3",
	  .down = "2",
	  .since = 18 },
};

#define ENFORCED "SELECT string_agg(conenforced::text || convalidated, ' ' ORDER BY conname) " \
		 "FROM pg_constraint WHERE contype IN ('c', 'f') AND conrelid >= 16384"

static const struct change enforcement[] = {
	{ .name = "constraints that are not enforced come",
	  .old = "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a integer)",
	  .new = "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a integer,"
		 "CONSTRAINT c CHECK (a > 0) NOT ENFORCED,"
		 "CONSTRAINT f FOREIGN KEY (a) REFERENCES a NOT ENFORCED);"
		 "CREATE TABLE n (a integer REFERENCES a NOT ENFORCED CHECK (a > 1) NOT ENFORCED)",
	  .rows = "INSERT INTO b VALUES (-1)",
	  .has = { "CHECK (a > 0) NOT ENFORCED", "REFERENCES public.a (id) NOT ENFORCED" },
	  .lacks = { "NOT VALID", "fails if" },
	  .question = ENFORCED,
	  .up = "falsefalse falsefalse falsefalse falsefalse",
	  .down = "NULL",
	  .since = 18 },
	{ .name = "keys are enforced in place, checks anew",
	  .old = "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a integer,"
		 "CONSTRAINT c CHECK (a > 0) NOT ENFORCED,"
		 "CONSTRAINT f FOREIGN KEY (a) REFERENCES a NOT ENFORCED)",
	  .new = "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a integer,"
		 "CONSTRAINT c CHECK (a > 0), CONSTRAINT f FOREIGN KEY (a) REFERENCES a)",
	  .has = { "ALTER CONSTRAINT f ENFORCED", "DROP CONSTRAINT c" },
	  .lacks = { "DROP CONSTRAINT f" },
	  .question = ENFORCED,
	  .up = "truetrue truetrue",
	  .down = "falsefalse falsefalse",
	  .since = 18 },
	{ .name = "not valid is something else",
	  .old = "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a integer);"
		 "ALTER TABLE b ADD CONSTRAINT c CHECK (a > 0) NOT VALID,"
		 "ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES a NOT VALID",
	  .new = "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a integer,"
		 "CONSTRAINT c CHECK (a > 0) NOT ENFORCED,"
		 "CONSTRAINT f FOREIGN KEY (a) REFERENCES a NOT ENFORCED)",
	  .question = ENFORCED,
	  .up = "falsefalse falsefalse",
	  .down = "truefalse truefalse",
	  .since = 18 },
};

#define ROOMS "CREATE EXTENSION btree_gist; CREATE TABLE rooms (id integer, \"At\" daterange, price integer"
#define BOOKED "CREATE TABLE booked (room integer, during daterange"
#define PERIODS "SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint WHERE conperiod"

static const struct change temporal[] = {
	{ .name = "keys over periods come and go",
	  .old = ROOMS "); " BOOKED ")",
	  .new = ROOMS ", CONSTRAINT k PRIMARY KEY (id, \"At\" WITHOUT OVERLAPS),"
		       "CONSTRAINT u UNIQUE (price, \"At\" WITHOUT OVERLAPS));" BOOKED
		       ", CONSTRAINT f FOREIGN KEY (room, PERIOD during) REFERENCES rooms (id, PERIOD \"At\"))",
	  .has = { "PRIMARY KEY (id, \"At\" WITHOUT OVERLAPS)",
		   "UNIQUE (price, \"At\" WITHOUT OVERLAPS)",
		   "FOREIGN KEY (room, PERIOD during) REFERENCES public.rooms (id, PERIOD \"At\")" },
	  .question = PERIODS,
	  .up = "f k u",
	  .down = "NULL",
	  .since = 18 },
	{ .name = "a plain key becomes one over periods, in new tables too",
	  .old = ROOMS ", CONSTRAINT k PRIMARY KEY (id, \"At\"))",
	  .new = ROOMS ", CONSTRAINT k PRIMARY KEY (id, \"At\" WITHOUT OVERLAPS));" BOOKED
		       ", CONSTRAINT f FOREIGN KEY (room, PERIOD during) REFERENCES rooms (id, PERIOD \"At\"))",
	  .rows = "INSERT INTO rooms VALUES (1, '[2020-01-01,2021-01-01)', 5)",
	  .question = PERIODS,
	  .up = "f k",
	  .down = "NULL",
	  .since = 18 },
};

#define NOT_NULLS \
	"SELECT string_agg(conrelid::regclass || '.' || conname || CASE WHEN connoinherit THEN ' n' ELSE '' END || " \
	"CASE WHEN convalidated THEN '' ELSE ' i' END, ', ' ORDER BY conrelid::regclass::text, conname) " \
	"FROM pg_constraint WHERE contype = 'n' AND conrelid >= 16384"

static const struct change not_nulls[] = {
	{ .name = "names of NOT NULL come and go",
	  .old = "CREATE TABLE t (a integer, b integer NOT NULL, c integer CONSTRAINT cc NOT NULL, "
		 "d integer CONSTRAINT dd NOT NULL)",
	  .new = "CREATE TABLE t (a integer CONSTRAINT aa NOT NULL, b integer CONSTRAINT \"B b\" NOT "
		 "NULL, c integer CONSTRAINT c2 NOT NULL, d integer);"
		 "CREATE TABLE u (a integer CONSTRAINT ua NOT NULL, b integer NOT NULL)",
	  .rows = "INSERT INTO t VALUES (1, 2, 3, 4)",
	  .has = { "ADD CONSTRAINT aa NOT NULL a", "RENAME CONSTRAINT t_b_not_null TO \"B b\"",
		   "RENAME CONSTRAINT cc TO c2", "a integer CONSTRAINT ua NOT NULL" },
	  .question = NOT_NULLS,
	  .up = "t.B b, t.aa, t.c2, u.u_b_not_null, u.ua",
	  .down = "t.cc, t.dd, t.t_b_not_null",
	  .since = 18 },
	{ .name = "NO INHERIT and NOT VALID",
	  .old = "CREATE TABLE t (a integer, b integer NOT NULL NO INHERIT, c integer NOT NULL, d integer);"
		 "ALTER TABLE t ADD CONSTRAINT dd NOT NULL d NOT VALID",
	  .new = "CREATE TABLE t (a integer, b integer NOT NULL, c integer NOT NULL NO INHERIT,"
		 "d integer CONSTRAINT dd NOT NULL);"
		 "ALTER TABLE t ADD CONSTRAINT t_a_not_null NOT NULL a NOT VALID;"
		 "CREATE TABLE u (a integer NOT NULL NO INHERIT, b integer);"
		 "ALTER TABLE u ADD NOT NULL b NOT VALID",
	  .rows = "INSERT INTO t VALUES (NULL, 2, 3, 4)",
	  .has = { "VALIDATE CONSTRAINT dd", "ALTER CONSTRAINT t_b_not_null INHERIT",
		   "ALTER CONSTRAINT t_c_not_null NO INHERIT" },
	  .question = NOT_NULLS,
	  .up = "t.dd, t.t_a_not_null i, t.t_b_not_null, t.t_c_not_null n, u.u_a_not_null n, "
		"u.u_b_not_null i",
	  .down = "t.dd i, t.t_b_not_null n, t.t_c_not_null",
	  .since = 18 },
	{ .name = "of parents and partitions",
	  .old = "CREATE TABLE p (a integer NOT NULL, b integer) PARTITION BY LIST (a);"
		 "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
		 "CREATE TABLE q (a integer, b integer); CREATE TABLE q1 () INHERITS (q)",
	  .new = "CREATE TABLE p (a integer CONSTRAINT pa NOT NULL, b integer CONSTRAINT pb NOT NULL) "
		 "PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
		 "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);"
		 "CREATE TABLE q (a integer CONSTRAINT qa NOT NULL, b integer NOT NULL NO INHERIT);"
		 "CREATE TABLE q1 () INHERITS (q)",
	  .question = NOT_NULLS,
	  .up = "p.pa, p.pb, p1.pa, p1.pb, p2.pa, p2.pb, q.q_b_not_null n, q.qa, q1.qa",
	  .down = "p.p_a_not_null, p1.p_a_not_null",
	  .since = 18 },
};

TEST_ALL(generated)
TEST_ALL(enforcement)
TEST_ALL(temporal)
TEST_ALL(not_nulls)

/* -- what libmig does not know */

#define PLAIN "CREATE TABLE t (a integer, b text)"
#define CHANGED "CREATE TABLE t (a integer, b text, c integer)"

/* The status of comparing with a model. */
static mig_status compare(const struct place *p, const char *model_sql, mig_ctx **ctx, mig_op_list **list)
{
	mig_model *model;

	*ctx = open_place(p, NULL);
	ok(*ctx, mig_model_of(*ctx, &model));
	ok(*ctx, mig_model_sql(model, NULL, "model", model_sql, strlen(model_sql)));
	return mig_diff(*ctx, NULL, list);
}

/* A later server's column is played by one of today's that objects do not have. */
static void test_rows(void **state)
{
	struct place p;
	mig_ctx *ctx;
	mig_op_list *list;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, PLAIN);
	assert_int_equal(compare(&p, PLAIN, &ctx, &list), MIG_OK);
	assert_int_equal(mig_op_list_count(list), 0);
	mig_op_list_free(list);
	mig_close(ctx);

	pg_exec(p.db, "UPDATE pg_class SET relispopulated = false WHERE relname = 't'");
	assert_int_equal(compare(&p, PLAIN, &ctx, &list), MIG_EPROOF);
	assert_int_equal(mig_op_list_count(list), 0);
	assert_has(mig_op_list_unproved(list), "table t: pg_class.relispopulated is f, not t");
	assert_has(mig_error_hint(ctx), "by hand");
	mig_op_list_free(list);
	mig_close(ctx);

	/* nor is a copy made that is not one */
	assert_int_equal(compare(&p, CHANGED, &ctx, &list), MIG_EPROOF);
	assert_has(mig_op_list_unproved(list), "pg_class.relispopulated");
	mig_op_list_free(list);
	mig_close(ctx);
	place_end(&p);
}

static void test_unknown_values(void **state)
{
	struct place p;
	mig_ctx *ctx;
	mig_op_list *list;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, PLAIN);
	pg_exec(p.db, "UPDATE pg_attribute SET attstorage = 'z' WHERE attrelid = 't'::regclass AND "
		      "attname = 'b'");
	assert_int_equal(compare(&p, PLAIN, &ctx, &list), MIG_EPROOF);
	assert_string_equal(mig_op_list_uncovered(list, 0), "column public.t.b: storage \"z\" is not "
							    "known to this version of libmig");
	assert_null(strstr(mig_op_list_sql(list, MIG_UPGRADE, NULL), "STORAGE"));
	assert_has(mig_op_list_unproved(list), "column t.b: pg_attribute.attstorage is z, not x");
	mig_op_list_free(list);
	mig_close(ctx);
	place_end(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_enforcement),
		cmocka_unit_test(test_temporal),
		cmocka_unit_test(test_not_nulls),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unknown_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
