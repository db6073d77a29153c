/* Differences turned into SQL: what the SQL says, that it can be run on a database with rows, up
 * and down, and what becomes of the rows. That both ways give exactly what they should is proved by
 * mig_diff() itself. */
#include "change.h"

static const struct change columns[] = {
	{ .name = "a column and its default come and go",
	  .old = "CREATE TABLE t (id integer)",
	  .new = "CREATE TABLE t (id integer, \"Odd Name\" text DEFAULT 'x' NOT NULL)",
	  .rows = "INSERT INTO t VALUES (1)",
	  .has = { "ALTER TABLE public.t ADD COLUMN \"Odd Name\" text DEFAULT 'x'::text NOT "
		   "NULL;" },
	  .lacks = { "fails" },
	  .question = "SELECT t::text FROM t",
	  .up = "(1,x)",
	  .down = "(1)" },
	{ .name = "a column that rows cannot have is warned of",
	  .old = "CREATE TABLE t (id integer)",
	  .new = "CREATE TABLE t (id integer, a text NOT NULL)",
	  .has = { "-- a: fails if the table has rows\nALTER TABLE public.t ADD COLUMN a text NOT "
		   "NULL;" } },
	{ .name = "wider types convert in place, in one statement",
	  .old = "CREATE TABLE t (a integer DEFAULT 7, b varchar(10) DEFAULT 'q', c integer)",
	  .new = "CREATE TABLE t (a bigint DEFAULT 7, b text DEFAULT 'q', c bigint)",
	  .rows = "INSERT INTO t VALUES (1, 'b', 3)",
	  .has = { "ALTER TABLE public.t\n\t", "ALTER COLUMN a TYPE bigint",
		   "ALTER COLUMN c TYPE "
		   "bigint" },
	  .lacks = { "USING" },
	  .question = "SELECT a || b || c FROM t",
	  .up = "1b3",
	  .down = "1b3" },
	{ .name = "text to a number is cast, and its default with it",
	  .old = "CREATE TABLE t (a text DEFAULT '0')",
	  .new = "CREATE TABLE t (a integer DEFAULT 0)",
	  .rows = "INSERT INTO t VALUES ('12')",
	  .has = { "DROP DEFAULT", "TYPE integer USING a::integer", "SET DEFAULT 0" },
	  .question = "SELECT (a::text || pg_typeof(a)::text) FROM t",
	  .up = "12integer",
	  .down = "12text" },
	{ .name = "a boolean from an integer by its explicit cast; a uuid from an integer by text",
	  .old = "CREATE TABLE t (a integer DEFAULT 1, b integer)",
	  .new = "CREATE TABLE t (a boolean DEFAULT true, b uuid)",
	  .rows = "INSERT INTO t VALUES (1, NULL)",
	  .has = { "USING a::boolean", "USING b::text::uuid" },
	  .question = "SELECT a::text FROM t",
	  .up = "true",
	  .down = "1" },
	{ .name = "a value becomes an array of one",
	  .old = "CREATE TABLE t (a integer)",
	  .new = "CREATE TABLE t (a integer[])",
	  .has = { "USING CASE WHEN a IS NOT NULL THEN ARRAY[a]::integer[] END" } },
	{ .name = "a view, a policy, a trigger and a generated column make room for a type",
	  .old = "CREATE TABLE t (a integer, g integer GENERATED ALWAYS AS (a * 2) STORED);"
		 "CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a + 1 AS b FROM v;"
		 "CREATE POLICY p ON t USING (a > 0);"
		 "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
		 "CREATE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f();"
		 "CREATE STATISTICS s ON a, g FROM t;"
		 "CREATE INDEX i ON t (a) WHERE a > 5",
	  .new = "CREATE TABLE t (a bigint, g bigint GENERATED ALWAYS AS (a * 2) STORED);"
		 "CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a + 1 AS b FROM v;"
		 "CREATE POLICY p ON t USING (a > 0);"
		 "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
		 "CREATE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f();"
		 "CREATE STATISTICS s ON a, g FROM t;"
		 "CREATE INDEX i ON t (a) WHERE a > 5",
	  .rows = "INSERT INTO t VALUES (21)",
	  .has = { "DROP VIEW public.w", "DROP POLICY p ON public.t", "DROP TRIGGER tr" },
	  .question = "SELECT g || ' ' || (SELECT b FROM w) FROM t",
	  .up = "42 22",
	  .down = "42 22" },
	{ .name = "keys whose types change on both sides",
	  .old = "CREATE TABLE a (id integer PRIMARY KEY);"
		 "CREATE TABLE b (a integer REFERENCES a)",
	  .new = "CREATE TABLE a (id text PRIMARY KEY); CREATE TABLE b (a text REFERENCES a)",
	  .rows = "INSERT INTO a VALUES (5); INSERT INTO b VALUES (5)",
	  .has = { "DROP CONSTRAINT b_a_fkey", "ADD CONSTRAINT b_a_fkey FOREIGN KEY" },
	  .question = "SELECT a FROM b",
	  .up = "5",
	  .down = "5" },
	{ .name = "storage, compression, statistics, options",
	  .old = "CREATE TABLE t (a text, b numeric, c integer)",
	  .new = "CREATE TABLE t (a text, b numeric, c integer);"
		 "ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL, "
		 "ALTER a SET COMPRESSION pglz, ALTER c SET STATISTICS 500, "
		 "ALTER c SET (n_distinct = 5, n_distinct_inherited = 7)",
	  .has = { "SET STORAGE EXTERNAL", "SET COMPRESSION pglz", "SET STATISTICS 500",
		   "ALTER COLUMN c SET (n_distinct" },
	  .since = 14 },
	{ .name = "a type forgets storage and compression, which are set again",
	  .old = "CREATE TABLE t (a varchar(9)); ALTER TABLE t ALTER a SET STORAGE EXTERNAL, "
		 "ALTER a SET COMPRESSION pglz",
	  .new = "CREATE TABLE t (a text); ALTER TABLE t ALTER a SET STORAGE EXTERNAL, "
		 "ALTER a SET COMPRESSION pglz",
	  .has = { "TYPE text", "SET STORAGE EXTERNAL", "SET COMPRESSION pglz" },
	  .since = 14 },
	{ .name = "a generated column becomes a plain one and keeps its values; and is computed "
		  "again",
	  .old = "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED)",
	  .new = "CREATE TABLE t (a integer, b integer)",
	  .rows = "INSERT INTO t VALUES (1)",
	  .has = { "DROP EXPRESSION" },
	  .question = "SELECT b FROM t",
	  .up = "2",
	  .down = "2",
	  .since = 13 },
	{ .name = "a generated column becomes a plain one and loses its values",
	  .old = "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED)",
	  .new = "CREATE TABLE t (a integer, b integer)",
	  .rows = "INSERT INTO t VALUES (1)",
	  .has = { "DROP COLUMN b", "ADD COLUMN b" },
	  .question = "SELECT b FROM t",
	  .up = "NULL",
	  .down = "2",
	  .until = 13 },
	{ .name = "collations",
	  .old = "CREATE TABLE t (a text COLLATE \"C\", b text)",
	  .new = "CREATE TABLE t (a text, b text COLLATE \"POSIX\")",
	  .has = { "ALTER COLUMN a TYPE text", "b TYPE text COLLATE \"POSIX\"" } },
};

static const struct change identities[] = {
	{ .name = "a serial becomes an identity and goes on counting; and back",
	  .old = "CREATE TABLE t (id serial PRIMARY KEY, a text)",
	  .new = "CREATE TABLE t (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, a text)",
	  .rows = "INSERT INTO t (a) SELECT 'x' FROM generate_series(1, 7)",
	  .has = { "ADD GENERATED BY DEFAULT AS IDENTITY", "DROP SEQUENCE public.t_id_seq" },
	  .question = "INSERT INTO t (a) VALUES ('y') RETURNING id",
	  .up = "8",
	  .down = "9" },
	{ .name = "options of an identity",
	  .old = "CREATE TABLE t (id integer GENERATED BY DEFAULT AS IDENTITY, "
		 "k bigint GENERATED ALWAYS AS IDENTITY (INCREMENT BY 3 CACHE 4 CYCLE))",
	  .new = "CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY (START WITH 100 CACHE 5),"
		 "k bigint GENERATED ALWAYS AS IDENTITY)",
	  .has = { "SET GENERATED ALWAYS", "SET START WITH 100", "SET CACHE 5",
		   "ALTER COLUMN k SET INCREMENT BY 1", "SET NO CYCLE" } },
	{ .name = "an identity goes",
	  .old = "CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY)",
	  .new = "CREATE TABLE t (id integer)",
	  .rows = "INSERT INTO t DEFAULT VALUES",
	  .has = { "DROP IDENTITY", "DROP NOT NULL" },
	  .question = "SELECT id FROM t",
	  .up = "1",
	  .down = "1" },
	{ .name = "a sequence with another type, bounds and direction",
	  .old = "CREATE SEQUENCE s AS integer; CREATE SEQUENCE d INCREMENT BY -1",
	  .new = "CREATE SEQUENCE s MINVALUE 50 MAXVALUE 99 CACHE 3 CYCLE; CREATE SEQUENCE d",
	  .has = { "ALTER SEQUENCE public.s AS bigint MINVALUE 50 MAXVALUE 99 START WITH 50 CACHE "
		   "3 CYCLE" } },
};

static const struct change types[] = {
	{ .name = "values are added to an enum where they belong",
	  .old = "CREATE TYPE m AS ENUM ('b', 'd', 'it''s'); CREATE TABLE t (a m, l m[])",
	  .new = "CREATE TYPE m AS ENUM ('a', 'b', 'b2', 'c', 'd', 'it''s', 'z');"
		 "CREATE TABLE t (a m, l m[])",
	  .rows = "INSERT INTO t VALUES ('d', ARRAY['b', 'd']::m[])",
	  .has = { "ADD VALUE 'a' BEFORE 'b';", "ADD VALUE 'b2' BEFORE 'd';",
		   "ADD VALUE 'c' BEFORE 'd';", "ADD VALUE 'z';" },
	  .lacks = { "CREATE TYPE" },
	  .question = "SELECT t::text FROM t",
	  .up = "(d,\"{b,d}\")",
	  .down = "(d,\"{b,d}\")" },
	{ .name = "an enum loses a value, with all that hangs on it",
	  .old = "CREATE TYPE m AS ENUM ('a', 'b', 'c'); COMMENT ON TYPE m IS 'moods';"
		 "CREATE TABLE t (a m DEFAULT 'b' CHECK (a <> 'c'), l m[] DEFAULT '{a}');"
		 "CREATE INDEX i ON t (a) WHERE a = 'b'; CREATE VIEW v AS SELECT a FROM t;"
		 "CREATE FUNCTION f(m) RETURNS m LANGUAGE sql AS 'SELECT $1'",
	  .new = "CREATE TYPE m AS ENUM ('b', 'a'); COMMENT ON TYPE m IS 'moods';"
		 "CREATE TABLE t (a m DEFAULT 'b' CHECK (a <> 'a'), l m[] DEFAULT '{a}');"
		 "CREATE INDEX i ON t (a) WHERE a = 'b'; CREATE VIEW v AS SELECT a FROM t;"
		 "CREATE FUNCTION f(m) RETURNS m LANGUAGE sql AS 'SELECT $1'",
	  .rows = "INSERT INTO t VALUES ('b', '{a,b}')",
	  .has = { "ALTER TYPE public.m RENAME TO m_old",
		   "\tALTER COLUMN a TYPE public.m USING a::text::public.m,\n\tALTER COLUMN l TYPE "
		   "public.m[] USING l::text[]::public.m[]",
		   "DROP TYPE public.m_old" },
	  .question = "SELECT t::text || f(a) || (SELECT a FROM v) FROM t",
	  .up = "(b,\"{a,b}\")bb",
	  .down = "(b,\"{a,b}\")bb" },
	{ .name = "a domain gets another type, and checks",
	  .old = "CREATE DOMAIN d AS integer DEFAULT 1 CHECK (VALUE > 0);"
		 "CREATE TABLE t (a d, b d NOT NULL DEFAULT 3)",
	  .new = "CREATE DOMAIN d AS bigint DEFAULT 2 CONSTRAINT small CHECK (VALUE < 100);"
		 "CREATE TABLE t (a d, b d NOT NULL DEFAULT 3)",
	  .rows = "INSERT INTO t VALUES (5)",
	  .has = { "ALTER DOMAIN public.d RENAME TO d_old", "CREATE DOMAIN public.d AS bigint",
		   "DROP DOMAIN public.d_old" },
	  .question = "SELECT t::text FROM t",
	  .up = "(5,3)",
	  .down = "(5,3)" },
	{ .name = "a domain in place",
	  .old = "CREATE DOMAIN d AS text CHECK (VALUE <> ''); CREATE TABLE t (a d)",
	  .new = "CREATE DOMAIN d AS text DEFAULT 'x' NOT NULL CONSTRAINT long CHECK "
		 "(length(VALUE) > 2); CREATE TABLE t (a d); COMMENT ON CONSTRAINT long ON DOMAIN "
		 "d "
		 "IS 'long'",
	  .has = { "ALTER DOMAIN public.d SET NOT NULL", "ALTER DOMAIN public.d SET DEFAULT 'x'",
		   "ALTER DOMAIN public.d DROP CONSTRAINT d_check", "ADD CONSTRAINT long CHECK" } },
	{ .name = "a composite type that a table has",
	  .old = "CREATE TYPE c AS (a integer, b text, d date); CREATE TABLE t (c c, l c[])",
	  .new = "CREATE TYPE c AS (a bigint, b text COLLATE \"C\", e date); CREATE TABLE t (c c, "
		 "l c[])",
	  .rows = "INSERT INTO t VALUES ((1, 'x', NULL), ARRAY[(2, 'y', NULL)::c])",
	  .question = "SELECT ((c).a, (c).b, (l[1]).b)::text FROM t",
	  .up = "(1,x,y)",
	  .down = "(1,x,y)",
	  .has = { "ALTER ATTRIBUTE a TYPE bigint", "DROP ATTRIBUTE d", "ADD ATTRIBUTE e date" } },
};

static const struct change tables[] = {
	{ .name = "two tables that refer to each other, quoted names, all kinds of constraint",
	  .old = "CREATE TABLE keep (id integer)",
	  .new = "CREATE TABLE keep (id integer);"
		 "CREATE TABLE \"user\" (id integer PRIMARY KEY, \"Group\" integer, r int4range, "
		 "CONSTRAINT \"a b\" UNIQUE (\"Group\", id), "
		 "CONSTRAINT x EXCLUDE USING gist (r WITH &&));"
		 "CREATE TABLE g (id integer PRIMARY KEY DEFERRABLE, o integer REFERENCES "
		 "\"user\" ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, "
		 "CHECK (id > 0) NO INHERIT);"
		 "ALTER TABLE \"user\" ADD FOREIGN KEY (\"Group\", id) REFERENCES \"user\" "
		 "(\"Group\", "
		 "id) MATCH FULL ON UPDATE CASCADE NOT VALID;"
		 "ALTER TABLE \"user\" ADD FOREIGN KEY (id) REFERENCES \"user\"",
	  .has = { "CREATE TABLE public.\"user\" (\n\tid integer NOT NULL,\n\t\"Group\" integer",
		   "CONSTRAINT \"a b\" UNIQUE (\"Group\", id)",
		   "MATCH FULL ON UPDATE CASCADE NOT "
		   "VALID" } },
	{ .name = "constraints change in place where they can",
	  .old = "CREATE TABLE a (id integer PRIMARY KEY);"
		 "CREATE TABLE t (a integer, b integer REFERENCES a);"
		 "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
	  .new = "CREATE TABLE a (id integer PRIMARY KEY);"
		 "CREATE TABLE t (a integer, b integer REFERENCES a DEFERRABLE);"
		 "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
	  .has = { "VALIDATE CONSTRAINT c", "ALTER CONSTRAINT t_b_fkey DEFERRABLE" },
	  .lacks = { "DROP CONSTRAINT" } },
	{ .name = "row security, replica identity, logging, options, clustering",
	  .old = "CREATE TABLE t (a integer PRIMARY KEY, b integer NOT NULL);"
		 "CREATE UNIQUE INDEX i ON t (b)",
	  .new = "CREATE UNLOGGED TABLE t (a integer PRIMARY KEY, b integer NOT NULL) WITH "
		 "(fillfactor = 70, autovacuum_enabled = false);"
		 "CREATE UNIQUE INDEX i ON t (b) WITH (fillfactor = 80);"
		 "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, CLUSTER ON i, "
		 "REPLICA IDENTITY USING INDEX i",
	  .has = { "SET UNLOGGED", "ENABLE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY",
		   "CLUSTER ON i", "REPLICA IDENTITY USING INDEX i",
		   "ALTER INDEX public.i SET (fillfactor" } },
	{ .name = "a partition comes, one goes its own way, one gets other bounds",
	  .old = "CREATE TABLE p (a integer NOT NULL, b text DEFAULT 'x' CHECK (b <> '')) "
		 "PARTITION BY RANGE (a);"
		 "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);"
		 "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);"
		 "CREATE INDEX i ON p (b)",
	  .new = "CREATE TABLE p (a integer NOT NULL, b text DEFAULT 'x' CHECK (b <> ''), c "
		 "integer DEFAULT 4) PARTITION BY RANGE (a);"
		 "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (15);"
		 "CREATE TABLE p2 (a integer NOT NULL, b text DEFAULT 'x' CONSTRAINT p_b_check "
		 "CHECK "
		 "(b <> ''));"
		 "CREATE TABLE p3 PARTITION OF p DEFAULT;"
		 "CREATE INDEX i ON p (b); CREATE INDEX p2_b_idx ON p2 (b)",
	  .rows = "INSERT INTO p VALUES (1), (12)",
	  .has = { "ALTER TABLE public.p DETACH PARTITION public.p2",
		   "ALTER TABLE public.p ATTACH PARTITION public.p3 DEFAULT" },
	  .question = "SELECT (SELECT count(*) FROM p) || ' ' || (SELECT count(*) FROM p2)",
	  .up = "1 1",
	  .down = "2 1" },
	{ .name = "what is done to a parent reaches its children once",
	  .old = "CREATE TABLE p (a integer, b integer DEFAULT 1, n integer NOT NULL);"
		 "CREATE TABLE c (own text) INHERITS (p); CREATE TABLE d () INHERITS (c);"
		 "CREATE TABLE q (a integer, b integer) PARTITION BY LIST (a);"
		 "CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1)",
	  .new = "CREATE TABLE p (a bigint, b integer DEFAULT 2, n integer, k text DEFAULT 'k' NOT "
		 "NULL); CREATE TABLE c (own text) INHERITS (p); CREATE TABLE d () INHERITS (c);"
		 "ALTER TABLE c ALTER b SET DEFAULT 1;"
		 "CREATE TABLE q (a integer, b text, e date) PARTITION BY LIST (a);"
		 "CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1)",
	  .rows = "INSERT INTO d VALUES (1, 2, 3, 'o')",
	  .question = "SELECT p::text FROM p",
	  .up = "(1,2,3,k)",
	  .down = "(1,2,3)" },
	{ .name = "comments and privileges of everything",
	  .old = "CREATE TABLE t (a integer PRIMARY KEY, b text); CREATE VIEW v AS SELECT a FROM t;"
		 "CREATE FUNCTION f(x integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
	  .new = "CREATE TABLE t (a integer PRIMARY KEY, b text); CREATE VIEW v AS SELECT a FROM t;"
		 "CREATE FUNCTION f(x integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';"
		 "COMMENT ON TABLE t IS 'it''s \\ one'; COMMENT ON COLUMN t.b IS 'b';"
		 "COMMENT ON CONSTRAINT t_pkey ON t IS 'key'; COMMENT ON VIEW v IS 'v';"
		 "COMMENT ON COLUMN v.a IS 'va'; COMMENT ON FUNCTION f(integer) IS 'f';"
		 "GRANT SELECT, INSERT ON t TO PUBLIC; GRANT UPDATE (a, b) ON t TO pg_monitor WITH "
		 "GRANT OPTION; REVOKE EXECUTE ON FUNCTION f(integer) FROM PUBLIC;"
		 "GRANT SELECT ON v TO pg_monitor",
	  .has = { "IS E'it''s \\\\ one'", "COMMENT ON COLUMN public.v.a IS 'va'",
		   "GRANT UPDATE (b) ON TABLE public.t TO pg_monitor WITH GRANT OPTION",
		   "REVOKE EXECUTE ON FUNCTION public.f(x integer) FROM PUBLIC" } },
};

static const struct change others[] = {
	{ .name = "functions are replaced in place where PostgreSQL can",
	  .old = "CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT "
		 "1';"
		 "CREATE FUNCTION g(a integer, b text DEFAULT 'x, (y') RETURNS integer LANGUAGE "
		 "sql "
		 "AS 'SELECT 1'; CREATE TABLE t (a integer); CREATE INDEX i ON t (f(a))",
	  .new = "CREATE FUNCTION f(a integer DEFAULT 5) RETURNS integer LANGUAGE sql IMMUTABLE AS "
		 "'SELECT 2'; CREATE TABLE not_there (); CREATE FUNCTION g(c integer, b text) "
		 "RETURNS integer LANGUAGE sql AS "
		 "'SELECT count(*)::integer FROM not_there'; CREATE TABLE t (a integer);"
		 "CREATE INDEX i ON t (f(a))",
	  .has = { "DROP FUNCTION public.g(a integer, b text)", "SET LOCAL check_function_bodies = "
								"off" },
	  .lacks = { "DROP FUNCTION public.f", "DROP INDEX" } },
	{ .name = "an aggregate, a procedure, a range, a collation, statistics, an event trigger",
	  .old = "CREATE TABLE t (a integer, b integer)",
	  .new = "CREATE TABLE t (a integer, b integer); CREATE AGGREGATE total(integer) (SFUNC = "
		 "int4pl, STYPE = integer, INITCOND = '0');"
		 "CREATE PROCEDURE pr(INOUT x integer) LANGUAGE plpgsql AS 'BEGIN x := 2; END';"
		 "CREATE TYPE fr AS RANGE (subtype = float8, subtype_diff = float8mi);"
		 "CREATE COLLATION co (provider = libc, locale = 'C');"
		 "CREATE STATISTICS st (ndistinct) ON a, b FROM t; ALTER STATISTICS st SET "
		 "STATISTICS 50;"
		 "CREATE FUNCTION ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
		 "CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE "
		 "FUNCTION ev(); ALTER EVENT TRIGGER et DISABLE; DROP EVENT TRIGGER et",
	  .since = 13 },
	{ .name = "rules, policies, triggers change",
	  .old = "CREATE TABLE t (a integer, b text);"
		 "CREATE POLICY p ON t FOR SELECT TO PUBLIC USING (a > 0);"
		 "CREATE POLICY q ON t FOR ALL TO pg_monitor USING (a > 0) WITH CHECK (b = ')');"
		 "CREATE RULE r AS ON INSERT TO t DO ALSO NOTIFY x;"
		 "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
		 "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
	  .new = "CREATE TABLE t (a integer, b text);"
		 "CREATE POLICY p ON t FOR SELECT TO pg_monitor USING (true);"
		 "CREATE POLICY q ON t AS RESTRICTIVE FOR ALL TO pg_monitor USING (a > 0);"
		 "CREATE RULE r AS ON INSERT TO t DO ALSO NOTIFY y; ALTER TABLE t DISABLE RULE r;"
		 "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
		 "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();"
		 "ALTER TABLE t ENABLE ALWAYS TRIGGER tr",
	  .has = { "ALTER POLICY p ON public.t TO pg_monitor USING (true)", "DROP POLICY q",
		   "DISABLE RULE r", "ENABLE ALWAYS TRIGGER tr" },
	  .lacks = { "DROP TRIGGER", "DROP POLICY p" } },
	{ .name = "views: options in place, columns anew; a materialized one with its index",
	  .old = "CREATE TABLE t (a integer, b text); CREATE VIEW v AS SELECT a FROM t;"
		 "CREATE VIEW w AS SELECT * FROM v;"
		 "CREATE VIEW o WITH (security_barrier) AS SELECT a FROM t;"
		 "CREATE MATERIALIZED VIEW m AS SELECT a FROM v; CREATE UNIQUE INDEX mi ON m (a)",
	  .new = "CREATE TABLE t (a integer, b text); CREATE VIEW v AS SELECT b, a FROM t;"
		 "CREATE VIEW w AS SELECT a FROM v; COMMENT ON VIEW w IS 'w';"
		 "CREATE VIEW o WITH (check_option = local) AS SELECT a FROM t;"
		 "CREATE MATERIALIZED VIEW m AS SELECT a FROM v WITH NO DATA; CREATE UNIQUE INDEX "
		 "mi "
		 "ON m (a); ALTER VIEW o ALTER a SET DEFAULT 4",
	  .has = { "DROP VIEW public.v", "ALTER VIEW public.o RESET (security_barrier)",
		   "ALTER VIEW public.o SET (check_option",
		   "CREATE UNIQUE INDEX mi ON public.m" } },
	{ .name = "indexes of every shape, in another schema",
	  .old = "CREATE SCHEMA s; CREATE TABLE s.t (a integer, b text, c jsonb)",
	  .new = "CREATE SCHEMA s; CREATE TABLE s.t (a integer, b text, c jsonb);"
		 "CREATE UNIQUE INDEX i1 ON s.t (a DESC NULLS LAST, lower(b) text_pattern_ops) "
		 "INCLUDE "
		 "(c) WHERE a > 0; CREATE INDEX i2 ON s.t USING gin (c jsonb_path_ops) WITH "
		 "(fastupdate = off); CREATE INDEX i3 ON s.t ((a + 1), b COLLATE \"C\")",
	  .has = { "-- i1: fails if there are duplicates; locks the table against writes while it is built\n"
		   "CREATE UNIQUE INDEX i1 ON s.t",
		   "USING gin (c jsonb_path_ops)" } },
};

TEST_ALL(columns)
TEST_ALL(identities)
TEST_ALL(types)
TEST_ALL(tables)
TEST_ALL(others)

/* An enum's new value that the same script uses: it cannot run in one transaction, and says so. */
static void test_used_value(void **state)
{
	static const struct change c = {
		.name = "used",
		.old = "CREATE TYPE m AS ENUM ('a'); CREATE TABLE t (a m)",
		.new = "CREATE TYPE m AS ENUM ('a', 'b'); CREATE TABLE t (a m DEFAULT 'b')",
	};
	struct place p;
	mig_ctx *ctx;
	mig_op_list *list;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, c.old);
	list = change_diff(&p, &c, &ctx);
	assert_has(mig_op_list_sql(list, MIG_UPGRADE, NULL), "ADD VALUE IF NOT EXISTS 'b'");
	assert_int_equal(mig_op_list_section(list, MIG_UPGRADE)->no_transaction, 1);
	assert_int_equal(mig_op_list_section(list, MIG_DOWNGRADE)->no_transaction, 0);
	mig_op_list_free(list);
	mig_close(ctx);
	place_end(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns), cmocka_unit_test(test_identities),
		cmocka_unit_test(test_types),   cmocka_unit_test(test_tables),
		cmocka_unit_test(test_others),  cmocka_unit_test(test_used_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
