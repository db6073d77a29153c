/* Differences in what only later versions of the server have, turned into SQL. What is not for the
 * server at hand is left out. */
#include "change.h"

/* -- of every version */

static const struct change of_all[] = {
	{ .name = "a schema public that was made anew",
	  .old = "DROP SCHEMA public; CREATE SCHEMA public; CREATE TABLE t (a integer);"
		 "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE TYPE e AS ENUM ('a')",
	  .new = "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a integer, b e);"
		 "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'" },
};

/* -- PostgreSQL 13 and 14 */

static const struct change of_14[] = {
	{ .name = "B-trees that keep duplicates",
	  .old = "CREATE TABLE t (a integer); CREATE INDEX i ON t (a); "
		 "CREATE INDEX j ON t (a) WITH (deduplicate_items = off)",
	  .new = "CREATE TABLE t (a integer); CREATE INDEX i ON t (a) WITH (deduplicate_items = off); "
		 "CREATE INDEX j ON t (a)",
	  .question = "SELECT string_agg(coalesce(reloptions[1], '-'), ' ' ORDER BY relname) "
		      "FROM pg_class WHERE relkind = 'i' AND oid >= 16384",
	  .up = "deduplicate_items=off -",
	  .down = "- deduplicate_items=off",
	  .since = 13 },
	{ .name = "a trigger before rows of a partitioned table",
	  .old = "CREATE TABLE p (a integer) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p DEFAULT;"
		 "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
	  .new = "CREATE TABLE p (a integer) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p DEFAULT;"
		 "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
		 "CREATE TRIGGER g BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()",
	  .question = "SELECT count(*) FROM pg_trigger WHERE tgname = 'g'",
	  .up = "2",
	  .down = "0",
	  .since = 13 },
	{ .name = "compression of columns, old and new",
	  .old = "CREATE TABLE t (a text COMPRESSION pglz, b text)",
	  .new = "CREATE TABLE t (a text, b text COMPRESSION pglz);"
		 "CREATE TABLE u (a text COMPRESSION pglz, b text[] COMPRESSION pglz)",
	  .has = { "ALTER COLUMN a SET COMPRESSION DEFAULT", "ALTER COLUMN b SET COMPRESSION pglz",
		   "a text COMPRESSION pglz" },
	  .question = "SELECT string_agg(attname || attcompression::text, ' ' ORDER BY attname) FROM "
		      "pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0",
	  .up = "a bp",
	  .down = "ap b",
	  .since = 14 },
	{ .name = "names of multiranges",
	  .old = "CREATE TYPE r AS RANGE (subtype = float8); CREATE TABLE t (a integer)",
	  .new = "CREATE TYPE r AS RANGE (subtype = float8, multirange_type_name = many);"
		 "CREATE TYPE s AS RANGE (subtype = int, multirange_type_name = \"More\");"
		 "CREATE TABLE t (a integer, b many, c \"More\", d datemultirange DEFAULT '{}')",
	  .has = { "multirange_type_name = public.many", "b public.many" },
	  .question = "SELECT string_agg(typname, ' ' ORDER BY typname) FROM pg_type WHERE typtype = 'm' "
		      "AND oid >= 16384",
	  .up = "More many",
	  .down = "r_multirange",
	  .since = 14 },
	{ .name = "statistics over expressions",
	  .old = "CREATE TABLE t (a integer, b integer); CREATE STATISTICS s ON (a + b) FROM t",
	  .new = "CREATE TABLE t (a integer, b integer); CREATE STATISTICS s (mcv) ON (a - b), a FROM t;"
		 "CREATE STATISTICS v ON (a % 2) FROM t",
	  .has = { "CREATE STATISTICS public.s (mcv) ON a, (a - b) FROM" },
	  .question = "SELECT count(*) FROM pg_statistic_ext WHERE stxexprs IS NOT NULL",
	  .up = "2",
	  .down = "1",
	  .since = 14 },
	{ .name = "procedures with results, and functions that the server has parsed",
	  .old = "CREATE TABLE t (a integer); CREATE PROCEDURE p(a integer, OUT b integer) LANGUAGE plpgsql "
		 "AS 'BEGIN b := a; END';"
		 "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM t; END",
	  .new = "CREATE TABLE t (a bigint); CREATE PROCEDURE p(a integer, OUT c bigint) LANGUAGE plpgsql "
		 "AS 'BEGIN c := a; END'; CREATE PROCEDURE p(OUT x text) LANGUAGE sql BEGIN ATOMIC "
		 "SELECT 'x' AS x; END;"
		 "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT max(a) FROM t; END;"
		 "CREATE FUNCTION g(a integer) RETURNS integer LANGUAGE sql RETURN a + 1",
	  .has = { "BEGIN ATOMIC", "RETURN (a + 1)" },
	  .question = "SELECT count(*) FROM pg_proc WHERE prosqlbody IS NOT NULL AND oid >= 16384",
	  .up = "3",
	  .down = "1",
	  .since = 14 },
};

/* -- PostgreSQL 15 and 16 */

#define METHOD "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;"
#define METHODS \
	"SELECT string_agg(c.relname || '=' || coalesce(a.amname, '-'), ' ' ORDER BY c.relname) " \
	"FROM pg_class c LEFT JOIN pg_am a ON a.oid = c.relam WHERE c.relkind IN ('r', 'p', 'm') " \
	"AND c.oid >= 16384"

static const struct change of_16[] = {
	{ .name = "nulls that are equal",
	  .old = "CREATE TABLE t (a integer, b integer, CONSTRAINT k UNIQUE (a));"
		 "CREATE UNIQUE INDEX i ON t (b)",
	  .new = "CREATE TABLE t (a integer, b integer, CONSTRAINT k UNIQUE NULLS NOT DISTINCT (a));"
		 "CREATE UNIQUE INDEX i ON t (b) NULLS NOT DISTINCT;"
		 "CREATE TABLE u (a integer UNIQUE NULLS NOT DISTINCT)",
	  .has = { "UNIQUE NULLS NOT DISTINCT (a)", "(b) NULLS NOT DISTINCT" },
	  .question = "SELECT count(*) FROM pg_index WHERE indnullsnotdistinct",
	  .up = "3",
	  .down = "0",
	  .since = 15 },
	{ .name = "keys that set some columns to null",
	  .old = "CREATE TABLE a (x integer, y integer, PRIMARY KEY (x, y));"
		 "CREATE TABLE b (x integer, y integer, CONSTRAINT f FOREIGN KEY (x, y) REFERENCES a "
		 "ON DELETE SET NULL)",
	  .new = "CREATE TABLE a (x integer, y integer, PRIMARY KEY (x, y));"
		 "CREATE TABLE b (x integer, y integer, CONSTRAINT f FOREIGN KEY (x, y) REFERENCES a "
		 "ON DELETE SET NULL (y))",
	  .has = { "ON DELETE SET NULL (y)" },
	  .question = "SELECT confdelsetcols FROM pg_constraint WHERE conname = 'f'",
	  .up = "{2}",
	  .down = "NULL",
	  .since = 15 },
	{ .name = "views with the rights of who asks",
	  .old = "CREATE TABLE t (a integer); CREATE VIEW v AS SELECT a FROM t; "
		 "CREATE VIEW w WITH (security_invoker = true) AS SELECT a FROM t",
	  .new = "CREATE TABLE t (a integer); CREATE VIEW v WITH (security_invoker = true) AS SELECT a FROM t; "
		 "CREATE VIEW w AS SELECT a FROM t;"
		 "CREATE VIEW x WITH (security_invoker, security_barrier) AS SELECT a FROM t",
	  .question = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class "
		      "WHERE reloptions::text ~ 'invoker=true'",
	  .up = "v x",
	  .down = "w",
	  .since = 15 },
	{ .name = "sequences that are not logged, and a scale below nought",
	  .old = "CREATE SEQUENCE s; CREATE TABLE t (a numeric(5,2))",
	  .new = "CREATE UNLOGGED SEQUENCE s; CREATE TABLE t (a numeric(3,-2))",
	  .has = { "SET UNLOGGED", "numeric(3,-2)" },
	  .question = "SELECT relpersistence FROM pg_class WHERE relname = 's'",
	  .up = "u",
	  .down = "p",
	  .since = 15 },
	{ .name = "access methods",
	  .old = METHOD "CREATE TABLE a (x integer); CREATE TABLE b (x integer) USING heap2;"
			"CREATE MATERIALIZED VIEW m AS SELECT 1 AS x",
	  .new = METHOD "CREATE TABLE a (x integer) USING heap2; CREATE TABLE b (x integer);"
			"CREATE MATERIALIZED VIEW m USING heap2 AS SELECT 1 AS x;"
			"CREATE TABLE c (x integer) USING heap2",
	  .has = { "SET ACCESS METHOD heap2", "SET ACCESS METHOD heap" },
	  .question = METHODS,
	  .up = "a=heap2 b=heap c=heap2 m=heap2",
	  .down = "a=heap b=heap2 m=heap",
	  .since = 15 },
	{ .name = "storage",
	  .old = "CREATE TABLE t (a text, b text, c numeric, d integer[], e text)",
	  .new = "CREATE TABLE t (a text, b text, c numeric, d integer[], e varchar(9));"
		 "ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE PLAIN, "
		 "ALTER c SET STORAGE EXTENDED, ALTER d SET STORAGE MAIN, ALTER e SET STORAGE MAIN;"
		 "CREATE TABLE u (a text, b numeric); ALTER TABLE u ALTER a SET STORAGE PLAIN, "
		 "ALTER b SET STORAGE EXTERNAL",
	  .question = "SELECT string_agg(attstorage::text, '' ORDER BY attnum) FROM pg_attribute WHERE "
		      "attrelid = 't'::regclass AND attnum > 0",
	  .up = "epxmm",
	  .down = "xxmxx" },
	{ .name = "rules of collations",
	  .old = "CREATE COLLATION c (provider = icu, locale = 'und', rules = '&V << w <<< W')",
	  .new = "CREATE COLLATION c (provider = icu, locale = 'und', rules = '&a < g');"
		 "CREATE COLLATION d (provider = icu, locale = 'und', rules = '&V << ''w''');"
		 "CREATE TABLE t (a text COLLATE d)",
	  .question = "SELECT string_agg(collicurules, '|' ORDER BY collname) FROM pg_collation "
		      "WHERE oid >= 16384",
	  .up = "&a < g|&V << 'w'",
	  .down = "&V << w <<< W",
	  .since = 16 },
};

/* -- PostgreSQL 17 */

static const struct change of_17[] = {
	{ .name = "the expression of a column that is there",
	  .old = "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED, c integer);"
		 "CREATE INDEX i ON t (b); CREATE VIEW v AS SELECT b FROM t;"
		 "CREATE TABLE p (a integer, b integer GENERATED ALWAYS AS (a) STORED) PARTITION BY LIST (a);"
		 "CREATE TABLE q PARTITION OF p FOR VALUES IN (1)",
	  .new = "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 2) STORED, c integer);"
		 "CREATE INDEX i ON t (b); CREATE VIEW v AS SELECT b FROM t;"
		 "CREATE TABLE p (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED) PARTITION BY LIST (a);"
		 "CREATE TABLE q PARTITION OF p FOR VALUES IN (1)",
	  .rows = "INSERT INTO t VALUES (1)",
	  .has = { "ALTER COLUMN b SET EXPRESSION AS (a + 2)", "rewrites the table" },
	  .lacks = { "DROP" },
	  .question = "SELECT b FROM v",
	  .up = "3",
	  .down = "2",
	  .since = 17 },
	{ .name = "an expression and a type",
	  .old = "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED)",
	  .new = "CREATE TABLE t (a integer, b bigint GENERATED ALWAYS AS (a + 2) STORED)",
	  .rows = "INSERT INTO t VALUES (1)",
	  .question = "SELECT b FROM t",
	  .up = "3",
	  .down = "2" },
	{ .name = "identity of partitioned tables",
	  .old = "CREATE TABLE p (a integer, b integer) PARTITION BY LIST (b);"
		 "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
		 "CREATE TABLE r (a integer GENERATED ALWAYS AS IDENTITY, b integer) PARTITION BY LIST (b);"
		 "CREATE TABLE r1 PARTITION OF r DEFAULT",
	  .new = "CREATE TABLE p (a integer GENERATED BY DEFAULT AS IDENTITY (START WITH 5), b integer) "
		 "PARTITION BY LIST (b); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
		 "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);"
		 "CREATE TABLE r (a integer, b integer) PARTITION BY LIST (b);"
		 "CREATE TABLE r1 PARTITION OF r DEFAULT",
	  .question = "SELECT string_agg(attrelid::regclass::text, ' ' ORDER BY attrelid::regclass::text) "
		      "FROM pg_attribute WHERE attidentity <> ''",
	  .up = "p p1 p2",
	  .down = "r r1",
	  .since = 17 },
	{ .name = "identity, attached and detached",
	  .old = "CREATE TABLE p (a integer GENERATED ALWAYS AS IDENTITY, b integer) PARTITION BY LIST (b);"
		 "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
		 "CREATE TABLE p2 (a integer GENERATED ALWAYS AS IDENTITY, b integer)",
	  .new = "CREATE TABLE p (a integer GENERATED ALWAYS AS IDENTITY, b integer) PARTITION BY LIST (b);"
		 "CREATE TABLE p1 (a integer GENERATED ALWAYS AS IDENTITY, b integer);"
		 "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (1)",
	  .question = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relispartition "
		      "AND relkind = 'r'",
	  .up = "p2",
	  .down = "p1",
	  .since = 17 },
	{ .name = "maintenance by others",
	  .old = "CREATE TABLE t (a integer); CREATE TABLE u (a integer); GRANT MAINTAIN ON u TO PUBLIC",
	  .new = "CREATE TABLE t (a integer); GRANT MAINTAIN, SELECT ON t TO PUBLIC; CREATE TABLE u (a integer);"
		 "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; GRANT MAINTAIN ON m TO PUBLIC",
	  .has = { "MAINTAIN" },
	  .question = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class "
		      "WHERE relacl::text ~ '[{,]=r?m/'",
	  .up = "m t",
	  .down = "u",
	  .since = 17 },
	{ .name = "the server's own collations",
	  .old = "CREATE COLLATION c (provider = builtin, locale = 'C.UTF-8')",
	  .new = "CREATE COLLATION c (provider = builtin, locale = 'C');"
		 "CREATE COLLATION d (provider = builtin, locale = 'C.UTF-8');"
		 "CREATE TABLE t (a text COLLATE d, b text COLLATE pg_c_utf8)",
	  .question = "SELECT string_agg(colllocale || collprovider::text, ' ' ORDER BY collname) "
		      "FROM pg_collation WHERE oid >= 16384",
	  .up = "Cb C.UTF-8b",
	  .down = "C.UTF-8b",
	  .since = 17 },
	{ .name = "access methods of partitioned tables",
	  .old = METHOD "CREATE TABLE p (x integer) PARTITION BY LIST (x);"
			"CREATE TABLE q (x integer) PARTITION BY LIST (x) USING heap2",
	  .new = METHOD "CREATE TABLE p (x integer) PARTITION BY LIST (x) USING heap2;"
			"CREATE TABLE q (x integer) PARTITION BY LIST (x);"
			"CREATE TABLE r (x integer) PARTITION BY LIST (x) USING heap2;"
			"CREATE TABLE r1 PARTITION OF r DEFAULT;"
			"CREATE TABLE r2 PARTITION OF r FOR VALUES IN (1) USING heap;"
			"CREATE TABLE s (x integer) PARTITION BY LIST (x) USING heap",
	  .question = METHODS,
	  .up = "p=heap2 q=- r=heap2 r1=heap2 r2=heap s=heap",
	  .down = "p=- q=heap2",
	  .since = 17 },
	{ .name = "exclusion over partitions",
	  .old = "CREATE EXTENSION btree_gist; CREATE TABLE p (a integer, b int4range) PARTITION BY LIST (a);"
		 "CREATE TABLE q PARTITION OF p FOR VALUES IN (1)",
	  .new = "CREATE EXTENSION btree_gist; CREATE TABLE p (a integer, b int4range, "
		 "CONSTRAINT x EXCLUDE USING gist (a WITH =, b WITH &&)) PARTITION BY LIST (a);"
		 "CREATE TABLE q PARTITION OF p FOR VALUES IN (1)",
	  .question = "SELECT count(*) FROM pg_constraint WHERE contype = 'x'",
	  .up = "2",
	  .down = "0",
	  .since = 17 },
	{ .name = "statistics targets come and go",
	  .old = "CREATE TABLE t (a integer, b integer, c integer); ALTER TABLE t ALTER a SET STATISTICS 7, "
		 "ALTER c SET STATISTICS 0",
	  .new = "CREATE TABLE t (a integer, b integer, c integer); ALTER TABLE t ALTER b SET STATISTICS 9",
	  .question = "SELECT string_agg(coalesce(nullif(attstattarget, -1)::text, '-'), ' ' ORDER BY attnum) "
		      "FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0",
	  .up = "- 9 -",
	  .down = "7 - 0" },
	{ .name = "names of NOT NULL of domains",
	  .old = "CREATE DOMAIN a AS integer NOT NULL; CREATE DOMAIN b AS integer CONSTRAINT bb NOT NULL;"
		 "CREATE DOMAIN c AS integer CONSTRAINT cc NOT NULL; CREATE DOMAIN d AS integer;"
		 "CREATE DOMAIN f AS integer CONSTRAINT ff NOT NULL; CREATE TABLE t (f f)",
	  .new = "CREATE DOMAIN a AS integer CONSTRAINT \"A a\" NOT NULL; CREATE DOMAIN b AS integer NOT NULL;"
		 "CREATE DOMAIN c AS integer; CREATE DOMAIN d AS integer CONSTRAINT dd NOT NULL;"
		 "CREATE DOMAIN e AS integer CONSTRAINT ee NOT NULL CHECK (VALUE > 0);"
		 "CREATE DOMAIN f AS bigint CONSTRAINT ff NOT NULL; CREATE TABLE t (f f);"
		 "COMMENT ON CONSTRAINT ee ON DOMAIN e IS 'never';"
		 "COMMENT ON CONSTRAINT \"A a\" ON DOMAIN a IS 'x'",
	  .question = "SELECT string_agg(conname || coalesce('=' || obj_description(oid, 'pg_constraint'), ''), "
		      "' ' ORDER BY conname) FROM pg_constraint WHERE contype = 'n' AND contypid >= 16384",
	  .up = "A a=x b_not_null dd ee=never ff",
	  .down = "a_not_null bb cc ff",
	  .since = 17 },
};

/* -- PostgreSQL 18 */

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
	{ .name = "of a table that leaves its parents",
	  .old = "CREATE TABLE p (a integer NOT NULL, b integer) PARTITION BY LIST (b);"
		 "CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE TABLE q (a integer CONSTRAINT qa NOT NULL);"
		 "CREATE TABLE r (a integer NOT NULL); CREATE TABLE q1 () INHERITS (q);"
		 "CREATE TABLE q2 () INHERITS (q, r)",
	  .new = "CREATE TABLE p (a integer NOT NULL, b integer) PARTITION BY LIST (b);"
		 "CREATE TABLE p1 (a integer NOT NULL, b integer); CREATE TABLE q (a integer CONSTRAINT qa NOT NULL);"
		 "CREATE TABLE r (a integer NOT NULL); CREATE TABLE q1 (a integer CONSTRAINT qq NOT NULL);"
		 "CREATE TABLE q2 () INHERITS (r)",
	  .has = { "RENAME CONSTRAINT p_a_not_null TO p1_a_not_null", "RENAME CONSTRAINT qa TO qq" },
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

TEST_ALL(of_all)
TEST_ALL(of_14)
TEST_ALL(of_16)
TEST_ALL(of_17)
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

/* A later server's column is played by one of today's that objects do not have. Where the model is only
 * read there are no rows of it: that equal by the reader means equal rows is another test's matter. */
static void test_rows(void **state)
{
	static const char run[] = PLAIN "; DO 'BEGIN END'";
	struct place p;
	mig_ctx *ctx;
	mig_op_list *list;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, PLAIN);
	assert_int_equal(compare(&p, run, &ctx, &list), MIG_OK);
	assert_int_equal(mig_op_list_count(list), 0);
	mig_op_list_free(list);
	mig_close(ctx);

	pg_exec(p.db, "UPDATE pg_class SET relispopulated = false WHERE relname = 't'");
	assert_int_equal(compare(&p, run, &ctx, &list), MIG_EPROOF);
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

/* Letters of a later server, of each column whose letters libmig knows: named, and taken for no other. */
static const struct {
	const char *schema, *update;
	const char *warning;  /* that it is not known */
	const char *unproved; /* the row that shows it, or NULL: the object is not compared */
	int since;
} letters[] = {
	{ PLAIN, "pg_attribute SET attstorage = 'z' WHERE attrelid = 't'::regclass AND attname = 'b'",
	  "column public.t.b: storage \"z\"", "column t.b: pg_attribute.attstorage is z, not x", 0 },
	{ PLAIN, "pg_attribute SET attcompression = 'z' WHERE attrelid = 't'::regclass AND attname = 'b'",
	  "column public.t.b: compression \"z\"", "pg_attribute.attcompression is z", 14 },
	{ PLAIN, "pg_attribute SET attidentity = 'z' WHERE attrelid = 't'::regclass AND attname = 'a'",
	  "column public.t.a: identity \"z\"", "pg_attribute.attidentity is z", 0 },
	{ PLAIN, "pg_class SET relreplident = 'z' WHERE relname = 't'",
	  "table public.t: replica identity \"z\"", "pg_class.relreplident is z", 0 },
	{ "CREATE TABLE t (a integer REFERENCES t (a) UNIQUE)",
	  "pg_constraint SET confdeltype = 'z' WHERE contype = 'f'",
	  "foreign key public.t.t_a_fkey: on delete \"z\"", "pg_constraint.confdeltype is z", 0 },
	{ "CREATE TABLE t (a integer REFERENCES t (a) UNIQUE)",
	  "pg_constraint SET confmatchtype = 'z' WHERE contype = 'f'",
	  "foreign key public.t.t_a_fkey: match \"z\"", "pg_constraint.confmatchtype is z", 0 },
	{ "CREATE TABLE t (a integer CONSTRAINT k UNIQUE)",
	  "pg_constraint SET contype = 'z' WHERE conname = 'k'", "constraint public.t.k: kind \"z\"", NULL, 0 },
	{ "CREATE TYPE e AS ENUM ('a')", "pg_type SET typtype = 'z' WHERE typname = 'e'",
	  "type public.e: kind \"z\"", NULL, 0 },
	{ "CREATE VIEW v AS SELECT 1 AS a", "pg_class SET relkind = 'z' WHERE relname = 'v'",
	  "relation public.v: kind \"z\"", NULL, 0 },
	{ "CREATE COLLATION c FROM \"C\"", "pg_collation SET collprovider = 'z' WHERE collname = 'c'",
	  "collation public.c: kind \"z\"", NULL, 0 },
	{ "CREATE TABLE t (a integer); CREATE POLICY p ON t FOR SELECT",
	  "pg_policy SET polcmd = 'z' WHERE polname = 'p'", "policy public.t.p: command \"z\"",
	  "pg_policy.polcmd is", 0 },
	{ "CREATE TABLE t (a integer); CREATE RULE r AS ON INSERT TO t DO ALSO SELECT 1",
	  "pg_rewrite SET ev_enabled = 'z' WHERE rulename = 'r'", "rule public.t.r: enabled \"z\"",
	  "pg_rewrite.ev_enabled is", 0 },
};

static int has_warning(const mig_op_list *list, const char *words)
{
	for (size_t i = 0; mig_op_list_uncovered(list, i); i++)
		if (strstr(mig_op_list_uncovered(list, i), words) &&
		    strstr(mig_op_list_uncovered(list, i), " is not known to this version of libmig"))
			return 1;
	return 0;
}

static void test_unknown_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
		struct place p;
		char update[200];
		mig_status rc;
		mig_ctx *ctx;
		mig_op_list *list = NULL;

		place_begin(&p);
		if (is_left_out(p.db, letters[i].since, letters[i].update)) {
			place_end(&p);
			continue;
		}
		pg_exec(p.db, letters[i].schema);
		snprintf(update, sizeof update, "UPDATE %s", letters[i].update);
		pg_exec(p.db, update);
		rc = compare(&p, letters[i].schema, &ctx, &list);
		if (!list || !has_warning(list, letters[i].warning))
			fail_msg("%s: %s, %s", letters[i].update, mig_status_name(rc),
				 list && mig_op_list_uncovered(list, 0) ? mig_op_list_uncovered(list, 0)
									: mig_error_message(ctx));
		if (letters[i].unproved) {
			assert_int_equal(rc, MIG_EPROOF);
			assert_has(mig_op_list_unproved(list), letters[i].unproved);
		}
		mig_op_list_free(list);
		mig_close(ctx);
		place_end(&p);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_all),
		cmocka_unit_test(test_of_14),
		cmocka_unit_test(test_of_16),
		cmocka_unit_test(test_of_17),
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_enforcement),
		cmocka_unit_test(test_temporal),
		cmocka_unit_test(test_not_nulls),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unknown_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
