/* Types that are made of other types: what has values of one keeps them when the inner one changes.
 * Each change is proved and run both ways. */
#include "change.h"

#define VALUES "SELECT string_agg(t::text, ' ' ORDER BY id) FROM t"

/* An enum or a domain that is made anew. */
static const struct change replaced[] = {
	{ .name = "an enum in a composite type, and its array",
	  .old = "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TYPE c AS (x e, y int);"
		 "CREATE TABLE t (id int, c c, cs c[])",
	  .new = "CREATE TYPE e AS ENUM ('a', 'z'); CREATE TYPE c AS (x e, y int);"
		 "CREATE TABLE t (id int, c c, cs c[])",
	  .rows = "INSERT INTO t VALUES (1, '(a,2)', '{\"(a,3)\"}')",
	  .lacks = { "DROP ATTRIBUTE" },
	  .question = VALUES,
	  .up = "(1,\"(a,2)\",\"{\"\"(a,3)\"\"}\")",
	  .down = "(1,\"(a,2)\",\"{\"\"(a,3)\"\"}\")" },
	{ .name = "an enum under a domain, and its array",
	  .old = "CREATE TYPE e AS ENUM ('a', 'b'); CREATE DOMAIN d AS e CHECK (VALUE <> 'b');"
		 "CREATE TABLE t (id int, c d DEFAULT 'a', cs d[]); CREATE VIEW v AS SELECT c FROM t",
	  .new = "CREATE TYPE e AS ENUM ('z', 'a'); CREATE DOMAIN d AS e CHECK (VALUE <> 'z');"
		 "CREATE TABLE t (id int, c d DEFAULT 'a', cs d[]); CREATE VIEW v AS SELECT c FROM t",
	  .rows = "INSERT INTO t VALUES (1, 'a', '{a}')",
	  .lacks = { "DROP COLUMN" },
	  .question = VALUES,
	  .up = "(1,a,{a})",
	  .down = "(1,a,{a})" },
	{ .name = "a domain in an array gets another base and check",
	  .old = "CREATE DOMAIN d AS varchar(200) CHECK (VALUE LIKE '%@%') DEFAULT 'a@b';"
		 "CREATE TABLE t (id int, e d, es d[])",
	  .new = "CREATE DOMAIN d AS text CHECK (VALUE LIKE '%@%') DEFAULT 'a@b';"
		 "CREATE TABLE t (id int, e d, es d[])",
	  .rows = "INSERT INTO t VALUES (1, 'x@y', '{z@w}')",
	  .question = VALUES,
	  .up = "(1,x@y,{z@w})",
	  .down = "(1,x@y,{z@w})" },
	{ .name = "a domain in a composite type under a view",
	  .old = "CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TYPE c AS (x d, y int);"
		 "CREATE TABLE t (id int, c c, CHECK ((c).x < 9)); CREATE VIEW v AS SELECT (c).x, id FROM t",
	  .new = "CREATE DOMAIN d AS bigint CHECK (VALUE > 0); CREATE TYPE c AS (x d, y int);"
		 "CREATE TABLE t (id int, c c, CHECK ((c).x < 9)); CREATE VIEW v AS SELECT (c).x, id FROM t",
	  .rows = "INSERT INTO t VALUES (1, '(4,5)')",
	  .lacks = { "DROP ATTRIBUTE" },
	  .question = VALUES,
	  .up = "(1,\"(4,5)\")",
	  .down = "(1,\"(4,5)\")" },
	{ .name = "a domain over a domain",
	  .old = "CREATE DOMAIN d AS int; CREATE DOMAIN d2 AS d CHECK (VALUE > 1) DEFAULT 3;"
		 "COMMENT ON DOMAIN d2 IS 'of d'; CREATE TABLE t (id int, c d[], e d2)",
	  .new = "CREATE DOMAIN d AS bigint CHECK (VALUE > 0); CREATE DOMAIN d2 AS d CHECK (VALUE > 1) "
		 "DEFAULT 3; COMMENT ON DOMAIN d2 IS 'of d'; CREATE TABLE t (id int, c d[], e d2)",
	  .rows = "INSERT INTO t VALUES (1, '{2}', 3)",
	  .question = VALUES,
	  .up = "(1,{2},3)",
	  .down = "(1,{2},3)" },
};
TEST_ALL(replaced)

static const struct change altered[] = {
	{ .name = "a composite type in a domain and in arrays",
	  .old = "CREATE TYPE c AS (x int, y int); CREATE DOMAIN dc AS c;"
		 "CREATE TABLE t (id int, c c, d c[], e dc); CREATE VIEW v AS SELECT c FROM t",
	  .new = "CREATE TYPE c AS (x text, y int); CREATE DOMAIN dc AS c;"
		 "CREATE TABLE t (id int, c c, d c[], e dc); CREATE VIEW v AS SELECT c FROM t",
	  .rows = "INSERT INTO t VALUES (1, '(2,3)', '{\"(4,5)\"}', '(6,7)')",
	  .question = VALUES,
	  .up = "(1,\"(2,3)\",\"{\"\"(4,5)\"\"}\",\"(6,7)\")",
	  .down = "(1,\"(2,3)\",\"{\"\"(4,5)\"\"}\",\"(6,7)\")" },
	{ .name = "a check of a domain that an array has",
	  .old = "CREATE DOMAIN d AS int; CREATE TABLE t (id int, c d[])",
	  .new = "CREATE DOMAIN d AS int NOT NULL CHECK (VALUE > 0); CREATE TABLE t (id int, c d[])",
	  .rows = "INSERT INTO t VALUES (1, '{2}')",
	  .question = VALUES,
	  .up = "(1,{2})",
	  .down = "(1,{2})" },
};
TEST_ALL(altered)

/* Values have attributes in an order, which is the type's meaning. */
static const struct change reordered[] = {
	{ .name = "a composite type that nothing has, with comments",
	  .old = "CREATE TYPE c AS (y text, x int); COMMENT ON COLUMN c.x IS 'of x'",
	  .new = "CREATE TYPE c AS (x int, y text); COMMENT ON COLUMN c.x IS 'of x'",
	  .has = { "ADD ATTRIBUTE x integer,\n\tADD ATTRIBUTE y text" },
	  .question = "SELECT '(1,2)'::c::text || col_description('c'::regclass, min(attnum)) FROM pg_attribute "
		      "WHERE attrelid = 'c'::regclass AND attname = 'x'",
	  .up = "(1,2)of x",
	  .down = "(1,2)of x" },
	{ .name = "in columns, arrays, domains and other types, under views and indexes",
	  .old = "CREATE TYPE c AS (y text, x int); CREATE DOMAIN dc AS c; CREATE TYPE o AS (i c, j int);"
		 "CREATE TABLE t (id int, c c DEFAULT ROW('d', 1)::c, d c[], e dc, f o, g o[], UNIQUE (c));"
		 "CREATE INDEX i ON t (((c).x)); CREATE VIEW v AS SELECT (c).x FROM t;"
		 "CREATE FUNCTION f(a c) RETURNS int LANGUAGE sql AS 'SELECT a.x'",
	  .new = "CREATE TYPE c AS (x int, y text); CREATE DOMAIN dc AS c; CREATE TYPE o AS (i c, j int);"
		 "CREATE TABLE t (id int, c c DEFAULT ROW(1, 'd')::c, d c[], e dc, f o, g o[], UNIQUE (c));"
		 "CREATE INDEX i ON t (((c).x)); CREATE VIEW v AS SELECT (c).x FROM t;"
		 "CREATE FUNCTION f(a c) RETURNS int LANGUAGE sql AS 'SELECT a.x'",
	  .rows = "INSERT INTO t VALUES (1, '(b,2)', '{\"(,4)\",NULL}', '(q,6)', '(\"(r,7)\",8)', '{\"(\\\"(s,9)\\\",)\"}'),"
		  "(2, NULL, NULL, NULL, NULL, NULL), (3, '(,)', '{}', '(,)', '(,)', '{NULL}')",
	  .question = "SELECT string_agg(concat_ws(' ', id, (c).x, (c).y, to_json(d), (e).x, (e).y, to_json(f), to_json(g), "
		      "c IS NOT DISTINCT FROM NULL), '; ' ORDER BY id) FROM t",
	  .up = "1 2 b [{\"x\":4,\"y\":null},null] 6 q {\"i\":{\"x\":7,\"y\":\"r\"},\"j\":8} "
		"[{\"i\":{\"x\":9,\"y\":\"s\"},\"j\":null}] f; 2 t; 3 [] {\"i\":null,\"j\":null} [null] f",
	  .down = "1 2 b [{\"y\":null,\"x\":4},null] 6 q {\"i\":{\"y\":\"r\",\"x\":7},\"j\":8} "
		  "[{\"i\":{\"y\":\"s\",\"x\":9},\"j\":null}] f; 2 t; 3 [] {\"i\":null,\"j\":null} [null] f" },
	{ .name = "a new attribute in the middle, of a new type",
	  .old = "CREATE TYPE c AS (x int, y text); CREATE TABLE t (id int, c c)",
	  .new = "CREATE TYPE e AS ENUM ('a'); CREATE TYPE c AS (x int, z e, y text); CREATE TABLE t (id int, c c)",
	  .rows = "INSERT INTO t VALUES (1, '(2,b)')",
	  .question = VALUES,
	  .up = "(1,\"(2,,b)\")",
	  .down = "(1,\"(2,b)\")" },
	{ .name = "one goes, one comes in front, one gets another type",
	  .old = "CREATE TYPE c AS (x int, y text, w int); CREATE TABLE t (id int, c c)",
	  .new = "CREATE TYPE c AS (n int, w bigint, x int); CREATE TABLE t (id int, c c)",
	  .rows = "INSERT INTO t VALUES (1, '(2,b,3)')",
	  .question = VALUES,
	  .up = "(1,\"(,3,2)\")",
	  .down = "(1,\"(2,,3)\")" },
	{ .name = "a new attribute at the end: nothing is made anew",
	  .old = "CREATE TYPE c AS (x int, y text); CREATE TABLE t (id int, c c)",
	  .new = "CREATE TYPE c AS (y text, z int); CREATE TABLE t (id int, c c)",
	  .rows = "INSERT INTO t VALUES (1, '(2,b)')",
	  .lacks = { "DROP ATTRIBUTE y", "to_json" },
	  .question = VALUES,
	  .up = "(1,\"(b,)\")",
	  .down = "(1,\"(,b)\")" },
};
TEST_ALL(reordered)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_altered),
		cmocka_unit_test(test_reordered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
