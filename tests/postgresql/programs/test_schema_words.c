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

static const struct change renames[] = {
	{ .name = "what differs by its name alone is renamed",
	  .old = "CREATE TABLE o (a integer PRIMARY KEY);"
		 "CREATE TABLE t (a integer CONSTRAINT k PRIMARY KEY, b text CONSTRAINT u UNIQUE, "
		 "c integer CONSTRAINT c CHECK (c > 0), d integer CONSTRAINT f REFERENCES o ON DELETE CASCADE, "
		 "r int4range, CONSTRAINT x EXCLUDE USING gist (r WITH &&)); CREATE INDEX i ON t (lower(b)) WHERE a > 0;"
		 "COMMENT ON INDEX i IS 'one'",
	  .new = "CREATE TABLE o (a integer PRIMARY KEY);"
		 "CREATE TABLE t (a integer CONSTRAINT k2 PRIMARY KEY, b text CONSTRAINT u2 UNIQUE, "
		 "c integer CONSTRAINT c2 CHECK (c > 0), d integer CONSTRAINT f2 REFERENCES o ON DELETE CASCADE, "
		 "r int4range, CONSTRAINT x2 EXCLUDE USING gist (r WITH &&)); CREATE INDEX i2 ON t (lower(b)) WHERE a > 0;"
		 "COMMENT ON INDEX i2 IS 'one'",
	  .rows = "INSERT INTO t VALUES (1, 'b', 1)",
	  .has = { "ALTER TABLE public.t RENAME CONSTRAINT k TO k2;", "RENAME CONSTRAINT u TO u2;",
		   "RENAME CONSTRAINT c TO c2;", "RENAME CONSTRAINT f TO f2;", "RENAME CONSTRAINT x TO x2;",
		   "ALTER INDEX public.i RENAME TO i2;" },
	  .lacks = { "DROP", "ADD", "-- " } },
	{ .name = "one that another refers to, and one that is the replica identity",
	  .old = "CREATE TABLE o (a integer CONSTRAINT k PRIMARY KEY, b integer NOT NULL);"
		 "CREATE UNIQUE INDEX i ON o (b); ALTER TABLE o REPLICA IDENTITY USING INDEX i;"
		 "CREATE TABLE t (a integer REFERENCES o)",
	  .new = "CREATE TABLE o (a integer CONSTRAINT k2 PRIMARY KEY, b integer NOT NULL);"
		 "CREATE UNIQUE INDEX i2 ON o (b); ALTER TABLE o REPLICA IDENTITY USING INDEX i2;"
		 "CREATE TABLE t (a integer REFERENCES o, b integer REFERENCES o)",
	  .has = { "RENAME CONSTRAINT k TO k2;", "RENAME TO i2;" },
	  .lacks = { "DROP" } },
	{ .name = "a check of a domain",
	  .old = "CREATE DOMAIN d AS integer CONSTRAINT c CHECK (VALUE > 0); CREATE TABLE t (a d)",
	  .new = "CREATE DOMAIN d AS integer CONSTRAINT c2 CHECK (VALUE > 0); CREATE TABLE t (a d)",
	  .has = { "ALTER DOMAIN public.d RENAME CONSTRAINT c TO c2;" },
	  .lacks = { "DROP" } },
	{ .name = "a name that something else has or gets is no rename",
	  .old = "CREATE TABLE t (a integer, b integer); CREATE INDEX i ON t (a); CREATE INDEX j ON t (b)",
	  .new = "CREATE TABLE t (a integer, b integer); CREATE INDEX j ON t (a); CREATE INDEX i ON t (b);"
		 "CREATE TABLE n (a integer)",
	  .lacks = { "RENAME" } },
	{ .name = "an old name that a new table gets",
	  .old = "CREATE TABLE t (a integer, b integer); CREATE INDEX i ON t (a)",
	  .new = "CREATE TABLE t (a integer, b integer); CREATE INDEX j ON t (a); CREATE TABLE i (a integer)",
	  .lacks = { "RENAME" } },
	{ .name = "checks of one name in two tables",
	  .old = "CREATE TABLE t (a integer CONSTRAINT c CHECK (a > 0)); CREATE TABLE s (a integer CONSTRAINT c CHECK (a > 0))",
	  .new = "CREATE TABLE t (a integer CONSTRAINT d CHECK (a > 0)); CREATE TABLE s (a integer CONSTRAINT c CHECK (a > 0))",
	  .has = { "ALTER TABLE public.t RENAME CONSTRAINT c TO d;" },
	  .lacks = { "DROP" } },
	{ .name = "one of a parent goes on to its children",
	  .old = "CREATE TABLE t (a integer CONSTRAINT c CHECK (a > 0)); CREATE TABLE s () INHERITS (t)",
	  .new = "CREATE TABLE t (a integer CONSTRAINT d CHECK (a > 0)); CREATE TABLE s () INHERITS (t)",
	  .has = { "RENAME CONSTRAINT c TO d;" } },
	{ .name = "those of partitioned tables",
	  .old = "CREATE TABLE p (a integer CONSTRAINT k PRIMARY KEY, b integer) PARTITION BY RANGE (a);"
		 "CREATE TABLE q PARTITION OF p FOR VALUES FROM (0) TO (9); CREATE INDEX i ON p (b)",
	  .new = "CREATE TABLE p (a integer CONSTRAINT k2 PRIMARY KEY, b integer) PARTITION BY RANGE (a);"
		 "CREATE TABLE q PARTITION OF p FOR VALUES FROM (0) TO (9); CREATE INDEX i2 ON p (b)" },
	{ .name = "a column and its index in one",
	  .old = "CREATE TABLE t (a integer, b varchar(5)); CREATE INDEX i ON t (b)",
	  .new = "CREATE TABLE t (a integer, b text); CREATE INDEX i2 ON t (b)",
	  .has = { "RENAME TO i2;", "TYPE text" },
	  .lacks = { "DROP", "CREATE" } },
};

static const struct change views[] = {
	{ .name = "a view that gains a last column is replaced, and what stands on it stays",
	  .old = "CREATE TABLE t (a integer, b text); CREATE VIEW v AS SELECT a FROM t; GRANT SELECT ON v TO PUBLIC;"
		 "COMMENT ON VIEW v IS 'one'; COMMENT ON COLUMN v.a IS 'two'; CREATE VIEW w AS SELECT a FROM v;"
		 "CREATE MATERIALIZED VIEW m AS SELECT a FROM w; CREATE RULE r AS ON INSERT TO v DO INSTEAD NOTHING",
	  .new = "CREATE TABLE t (a integer, b text, c integer); CREATE VIEW v AS SELECT a, c FROM t;"
		 "GRANT SELECT ON v TO PUBLIC;"
		 "COMMENT ON VIEW v IS 'one'; COMMENT ON COLUMN v.a IS 'two'; CREATE VIEW w AS SELECT a FROM v;"
		 "CREATE MATERIALIZED VIEW m AS SELECT a FROM w; CREATE RULE r AS ON INSERT TO v DO INSTEAD NOTHING",
	  .rows = "INSERT INTO t VALUES (5)",
	  .has = { "ADD COLUMN c integer;", "-- public.m: holds what the view showed before, until it is refreshed\n"
		   "CREATE OR REPLACE VIEW public.v AS" },
	  .lacks = { "DROP", "MATERIALIZED VIEW public", "GRANT" },
	  .question = "SELECT count(*)::text FROM m",
	  .up = "0",
	  .down = "1" },
	{ .name = "another query with the same columns, and options",
	  .old = "CREATE TABLE t (a integer); CREATE VIEW v WITH (security_barrier) AS SELECT a FROM t;"
		 "CREATE VIEW w AS SELECT a FROM v",
	  .new = "CREATE TABLE t (a integer); CREATE VIEW v WITH (security_barrier) AS SELECT a FROM t WHERE a > 0;"
		 "CREATE VIEW w AS SELECT a FROM v",
	  .has = { "CREATE OR REPLACE VIEW public.v WITH (security_barrier" },
	  .lacks = { "DROP", "ALTER" } },
	{ .name = "a column of another type, name or place, or one less: it is dropped with what stands on it",
	  .old = "CREATE TABLE t (a integer, b text); CREATE VIEW v AS SELECT a, b FROM t;"
		 "CREATE VIEW w AS SELECT b, a FROM t; CREATE VIEW x AS SELECT a, b FROM t; CREATE VIEW y AS SELECT a FROM v;"
		 "CREATE VIEW z AS SELECT b FROM t",
	  .new = "CREATE TABLE t (a integer, b text); CREATE VIEW v AS SELECT a::bigint AS a, b FROM t;"
		 "CREATE VIEW w AS SELECT a, b FROM t; CREATE VIEW x AS SELECT a FROM t; CREATE VIEW y AS SELECT a FROM v;"
		 "CREATE VIEW z AS SELECT b COLLATE \"C\" AS b FROM t",
	  .has = { "DROP VIEW public.v", "DROP VIEW public.w", "DROP VIEW public.x", "DROP VIEW public.y",
		   "DROP VIEW public.z" },
	  .lacks = { "REPLACE" } },
	{ .name = "one that shows a column no more that goes, and one whose new column others use",
	  .old = "CREATE TABLE t (a integer, b integer); CREATE VIEW v AS SELECT a + b AS s FROM t;"
		 "CREATE VIEW w AS SELECT s FROM v",
	  .new = "CREATE TABLE t (a integer); CREATE VIEW v AS SELECT a + 1 AS s, a FROM t;"
		 "CREATE VIEW w AS SELECT s, a FROM v",
	  .rows = "INSERT INTO t VALUES (5, 6)",
	  .has = { "CREATE OR REPLACE VIEW public.v", "CREATE OR REPLACE VIEW public.w", "DROP COLUMN b" },
	  .lacks = { "DROP VIEW" },
	  .question = "SELECT s::text FROM w",
	  .up = "6",
	  .down = "NULL" },
};

static const struct change indexes[] = {
	{ .name = "a unique index becomes a constraint",
	  .old = "CREATE TABLE t (a integer NOT NULL, b text, \"C d\" integer); CREATE UNIQUE INDEX i ON t (a);"
		 "CREATE UNIQUE INDEX u ON t (b, \"C d\"); CREATE UNIQUE INDEX k ON t (\"C d\")",
	  .new = "CREATE TABLE t (a integer NOT NULL CONSTRAINT k2 PRIMARY KEY, b text, \"C d\" integer, "
		 "CONSTRAINT u UNIQUE (b, \"C d\") DEFERRABLE, CONSTRAINT k UNIQUE (\"C d\"))",
	  .rows = "INSERT INTO t VALUES (1, 'x', 1)",
	  .has = { "ADD CONSTRAINT k2 PRIMARY KEY USING INDEX i", "ADD CONSTRAINT u UNIQUE USING INDEX u DEFERRABLE",
		   "ADD CONSTRAINT k UNIQUE USING INDEX k" },
	  .lacks = { "DROP", "-- " },
	  .question = "SELECT a::text FROM t",
	  .up = "1",
	  .down = "1" },
	{ .name = "one that has more than a constraint's, and one whose name goes to another",
	  .old = "CREATE TABLE t (a integer, b text, c integer, d integer); CREATE UNIQUE INDEX i ON t (a DESC);"
		 "CREATE UNIQUE INDEX j ON t (b) WHERE a > 0; CREATE UNIQUE INDEX l ON t (c); CREATE UNIQUE INDEX m ON t (d);"
		 "COMMENT ON INDEX m IS 'x'",
	  .new = "CREATE TABLE t (a integer UNIQUE, b text UNIQUE, c integer CONSTRAINT x UNIQUE, d integer UNIQUE); "
		 "CREATE TABLE l (a integer)",
	  .has = { "DROP INDEX public.i;", "DROP INDEX public.j;", "DROP INDEX public.l;", "DROP INDEX public.m;" },
	  .lacks = { "USING" } },
	{ .name = "two equal ones, of which one is taken",
	  .old = "CREATE TABLE t (a integer); CREATE UNIQUE INDEX i ON t (a); CREATE UNIQUE INDEX j ON t (a)",
	  .new = "CREATE TABLE t (a integer CONSTRAINT u UNIQUE)",
	  .has = { "USING INDEX i", "DROP INDEX public.j" } },
	{ .name = "one whose column is made anew",
	  .old = "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a) STORED); CREATE UNIQUE INDEX i ON t (b)",
	  .new = "CREATE TABLE t (a integer, b bigint GENERATED ALWAYS AS (a) STORED CONSTRAINT u UNIQUE)",
	  .lacks = { "USING INDEX" } },
	{ .name = "with INCLUDE, options and a column of another type",
	  .old = "CREATE TABLE t (a integer, b integer); CREATE UNIQUE INDEX i ON t (a) INCLUDE (b) WITH (fillfactor = 70)",
	  .new = "CREATE TABLE t (a bigint, b integer, CONSTRAINT i UNIQUE (a) INCLUDE (b) WITH (fillfactor = 70))",
	  .has = { "ADD CONSTRAINT i UNIQUE USING INDEX i", "TYPE bigint" },
	  .lacks = { "DROP" } },
};

static const struct change children[] = {
	{ .name = "a child keeps the check that its parent had, and that the next parent has",
	  .old = "CREATE TABLE p (a integer UNIQUE, CONSTRAINT c CHECK (a > 0)); CREATE INDEX i ON p (a);"
		 "CREATE TABLE q (b integer) INHERITS (p)",
	  .new = "CREATE TABLE p2 (a integer CONSTRAINT p_a_key UNIQUE, CONSTRAINT c CHECK (a > 0)); CREATE INDEX i ON p2 (a);"
		 "CREATE TABLE q (b integer) INHERITS (p2)",
	  .has = { "NO INHERIT public.p", "INHERIT public.p2" } },
	{ .name = "a child leaves, and keeps the check that its parent loses",
	  .old = "CREATE TABLE p (a integer CONSTRAINT c CHECK (a > 0)); CREATE TABLE q (b integer) INHERITS (p)",
	  .new = "CREATE TABLE p (a integer); CREATE TABLE q (a integer CONSTRAINT c CHECK (a > 0), b integer)" },
};

/* The server prints a body that it has parsed, and parses as another what it has printed. */
#define BODY(sql) " LANGUAGE sql BEGIN ATOMIC " sql "; END;"
#define BODIES                                                                                  \
	"CREATE FUNCTION f() RETURNS text" BODY("SELECT 'x'")                                   \
	"CREATE FUNCTION g(a int) RETURNS bigint" BODY("SELECT a + 1")                          \
	"CREATE FUNCTION h() RETURNS numeric" BODY("SELECT '1.50'::numeric(10,2)")              \
	"CREATE FUNCTION i(a int) RETURNS SETOF boolean" BODY("SELECT NULL::bool UNION ALL SELECT a > 1")                         \
	"CREATE FUNCTION j(a varchar(5)) RETURNS SETOF double precision"                        \
	BODY("SELECT 'E''x::text AS text' FROM (SELECT a::text, 'b'::text AS c) s; SELECT 1")

static const struct change bodies[] = {
	{ .name = "they stay",
	  .old = BODIES "CREATE TABLE t (a integer)",
	  .new = BODIES "CREATE TABLE t (a integer, b integer DEFAULT g(1))",
	  .has = { "ADD COLUMN b" },
	  .lacks = { "FUNCTION" },
	  .since = 14 },
	{ .name = "one becomes another",
	  .old = BODIES,
	  .new = "CREATE FUNCTION f() RETURNS text" BODY("SELECT 'y'"),
	  .has = { "'y'", "DROP FUNCTION public.g" },
	  .question = "SELECT f()",
	  .up = "y",
	  .down = "x",
	  .since = 14 },
	{ .name = "the name of a column that is read",
	  .old = "CREATE FUNCTION f(a text) RETURNS json" BODY("SELECT to_json(s) FROM (SELECT a::text) s"),
	  .new = "CREATE FUNCTION f(a text) RETURNS json" BODY("SELECT to_json(s) FROM (SELECT a::text AS text) s"),
	  .question = "SELECT f('x')",
	  .up = "{\"text\":\"x\"}",
	  .down = "{\"a\":\"x\"}",
	  .since = 14 },
};

TEST_ALL(remarks)
TEST_ALL(bodies)
TEST_ALL(children)
TEST_ALL(indexes)
TEST_ALL(views)
TEST_ALL(renames)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remarks),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_renames),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
