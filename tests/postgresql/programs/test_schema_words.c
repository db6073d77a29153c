/* The SQL that an expert would write: what is said of tables with rows, and what is changed in place. Both
 * ways are proved by mig_diff() itself. */
#include "change.h"

static const struct change remarks[] = {
	{ .name = "an index locks, a unique one may fail",
	  .old = "CREATE TABLE t (a integer, b text)",
	  .new = "CREATE TABLE t (a integer, b text); CREATE INDEX i ON t (a); CREATE UNIQUE INDEX u ON t (b)",
	  .has = { "-- i: locks the table against writes while it is built\nCREATE INDEX i ",
		   "-- u: fails if there are duplicates; locks the table against writes while it is built\n"
		   "CREATE UNIQUE INDEX u " } },
	{ .name = "nothing is said of a table that comes with its index",
	  .old = "CREATE TABLE o (a integer)",
	  .new = "CREATE TABLE o (a integer); CREATE TABLE t (a integer UNIQUE REFERENCES t (a), b float DEFAULT random(), "
		 "CHECK (a > 0)); CREATE INDEX i ON t (b)",
	  .lacks = { "-- " } },
	{ .name = "constraints on what is there",
	  .old = "CREATE TABLE o (a integer PRIMARY KEY); CREATE TABLE t (a integer, b text, c integer, r int4range)",
	  .new = "CREATE TABLE o (a integer PRIMARY KEY); CREATE TABLE t (a integer CONSTRAINT f REFERENCES o, "
		 "b text CONSTRAINT u UNIQUE, c integer CONSTRAINT c CHECK (c > 0), "
		 "r int4range, CONSTRAINT x EXCLUDE USING gist (r WITH &&))",
	  .has = { "-- f: fails if a row refers to one that is not there; locks both tables against writes while it "
		   "looks\n",
		   "-- u: fails if there are duplicates; locks the table while its index is built\n",
		   "-- c: fails if a row violates it; locks the table while it looks\n",
		   "-- x: fails if a row violates it; locks the table while its index is built\n" } },
	{ .name = "a key of a new column has no values",
	  .old = "CREATE TABLE o (a integer PRIMARY KEY); CREATE TABLE t (a integer)",
	  .new = "CREATE TABLE o (a integer PRIMARY KEY); CREATE TABLE t (a integer, f integer UNIQUE REFERENCES o)",
	  .lacks = { "-- " } },
	{ .name = "a key of a new column with a default has",
	  .old = "CREATE TABLE o (a integer PRIMARY KEY); CREATE TABLE t (a integer)",
	  .new = "CREATE TABLE o (a integer PRIMARY KEY); CREATE TABLE t (a integer, f integer DEFAULT 1 REFERENCES o)",
	  .has = { "-- t_f_fkey: fails if a row refers to one that is not there" } },
	{ .name = "what is not validated says nothing",
	  .old = "CREATE TABLE t (a integer)",
	  .new = "CREATE TABLE t (a integer); ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
	  .lacks = { "-- " } },
	{ .name = "a default that is another one in each row rewrites the table",
	  .old = "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (a integer)",
	  .new = "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (a integer, "
		 "b double precision DEFAULT random(), c timestamptz DEFAULT clock_timestamp() NOT NULL, "
		 "d integer DEFAULT f(), e integer GENERATED ALWAYS AS (a + 1) STORED, "
		 "g integer GENERATED ALWAYS AS IDENTITY)",
	  .has = { "-- b: rewrites the table\n", "-- c: rewrites the table\n", "-- d: rewrites the table\n",
		   "-- e: rewrites the table\n", "-- g: rewrites the table\n" } },
	{ .name = "one that is the same for all does not",
	  .old = "CREATE FUNCTION f() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'; CREATE TABLE t (a integer)",
	  .new = "CREATE FUNCTION f() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'; CREATE TABLE t (a integer, "
		 "b timestamptz DEFAULT now() NOT NULL, c text DEFAULT 'random()', d integer DEFAULT f())",
	  .lacks = { "-- b", "-- c", "-- d" } },
	{ .name = "an index holds what its function gave before",
	  .old = "CREATE FUNCTION f(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';"
		 "CREATE TABLE t (a integer); CREATE INDEX i ON t (f(a)); CREATE INDEX j ON t (a)",
	  .new = "CREATE FUNCTION f(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN -$1; END';"
		 "CREATE TABLE t (a integer); CREATE INDEX i ON t (f(a)); CREATE INDEX j ON t (a)",
	  .rows = "INSERT INTO t VALUES (1), (2); SET enable_seqscan = off",
	  .has = { "\n\n-- public.f(integer): the index holds what it gave before; locks the table while it is built "
		   "again\nREINDEX INDEX public.i;\n" },
	  .lacks = { "REINDEX INDEX public.j" },
	  .question = "SELECT a FROM t ORDER BY f(a) LIMIT 1",
	  .up = "2",
	  .down = "1" },
	{ .name = "an index that is made anew needs no REINDEX",
	  .old = "CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';"
		 "CREATE TABLE t (a integer); CREATE INDEX i ON t (f(a))",
	  .new = "CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT -$1';"
		 "CREATE TABLE t (a integer); CREATE INDEX i ON t (f(a) DESC); CREATE TABLE n (a integer);"
		 "CREATE INDEX k ON n (f(a))",
	  .lacks = { "REINDEX" } },
	{ .name = "a name with a line of its own is no directive",
	  .old = "CREATE TABLE t (a integer)",
	  .new = "CREATE TABLE t (a integer, \"b\nmig:check b\" text NOT NULL)",
	  .has = { "-- \"b\\nmig:check b\": fails if the table has rows\n" } },
};

TEST_ALL(remarks)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remarks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
