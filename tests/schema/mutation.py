#!/usr/bin/env python3
"""mutation.py MIG ROOT DIALECT [URL]: every attribute of every kind of object is changed alone. Each row of the tables
below is a schema and the same with one attribute changed; mig must find exactly one operation, on that kind, in which
that attribute differs and no other. All rows of a dialect are in one database, each under names of its own, so the
whole is a few runs of mig; then the revision is applied, and nothing may differ any more.

Which attributes there are is not said here: those of mig/attribute.h by docs/attributes.py, and the dialect's own as its
sources name them. One that no row changes, and that is not among the exceptions, is an error."""
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

mig, root, dialect = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
sys.path.insert(0, os.path.join(root, "docs"))
import attributes  # noqa: E402

Row = collections.namedtuple("Row", "kind key old new found since", defaults=("alter", 0))

# "@" in a row is a name that no other row has. What is found: "alter", "replace" (dropped and created), "create", "drop".
SQLITE = [
    Row("table", "strict", "CREATE TABLE @ (a INTEGER);", "CREATE TABLE @ (a INTEGER) STRICT;"),
    Row("table", "without_rowid", "CREATE TABLE @ (a INT NOT NULL, CONSTRAINT k PRIMARY KEY (a));",
        "CREATE TABLE @ (a INT NOT NULL, CONSTRAINT k PRIMARY KEY (a)) WITHOUT ROWID;"),
    Row("table", "virtual", "CREATE VIRTUAL TABLE @ USING fts5(a);", "CREATE VIRTUAL TABLE @ USING fts5(a, b);",
        "replace"),
    Row("column", "type", "CREATE TABLE @ (a INTEGER);", "CREATE TABLE @ (a BIGINT);"),
    Row("column", "not_null", "CREATE TABLE @ (a TEXT);", "CREATE TABLE @ (a TEXT NOT NULL);"),
    Row("column", "not_null_conflict", "CREATE TABLE @ (a TEXT NOT NULL);",
        "CREATE TABLE @ (a TEXT NOT NULL ON CONFLICT IGNORE);"),
    Row("column", "collation", "CREATE TABLE @ (a TEXT);", "CREATE TABLE @ (a TEXT COLLATE NOCASE);"),
    Row("column", "generated", "CREATE TABLE @ (a INTEGER, b INTEGER AS (a + 1));",
        "CREATE TABLE @ (a INTEGER, b INTEGER AS (a + 2));"),
    Row("column", "generated_kind", "CREATE TABLE @ (a INTEGER, b INTEGER AS (a + 1));",
        "CREATE TABLE @ (a INTEGER, b INTEGER AS (a + 1) STORED);"),
    Row("default", "expression", "CREATE TABLE @ (a INTEGER DEFAULT 1);", "CREATE TABLE @ (a INTEGER DEFAULT 2);"),
    Row("primary key", "columns", "CREATE TABLE @ (a INT NOT NULL, b INT NOT NULL, CONSTRAINT k PRIMARY KEY (a));",
        "CREATE TABLE @ (a INT NOT NULL, b INT NOT NULL, CONSTRAINT k PRIMARY KEY (a, b));"),
    Row("primary key", "order", "CREATE TABLE @ (a INTEGER CONSTRAINT k PRIMARY KEY);",
        "CREATE TABLE @ (a INTEGER CONSTRAINT k PRIMARY KEY DESC);"),
    Row("primary key", "autoincrement", "CREATE TABLE @ (a INTEGER CONSTRAINT k PRIMARY KEY);",
        "CREATE TABLE @ (a INTEGER CONSTRAINT k PRIMARY KEY AUTOINCREMENT);"),
    Row("unique constraint", "columns", "CREATE TABLE @ (a INT, b INT, CONSTRAINT u UNIQUE (a));",
        "CREATE TABLE @ (a INT, b INT, CONSTRAINT u UNIQUE (b));"),
    Row("unique constraint", "conflict", "CREATE TABLE @ (a INT, CONSTRAINT u UNIQUE (a));",
        "CREATE TABLE @ (a INT, CONSTRAINT u UNIQUE (a) ON CONFLICT REPLACE);"),
    Row("check", "expression", "CREATE TABLE @ (a INT, CONSTRAINT c CHECK (a > 0));",
        "CREATE TABLE @ (a INT, CONSTRAINT c CHECK (a > 1));"),
] + [
    Row("foreign key", key, "CREATE TABLE @o (x INT UNIQUE, y INT UNIQUE); CREATE TABLE @p (x INT UNIQUE);"
        "CREATE TABLE @ (a INT, b INT, CONSTRAINT f FOREIGN KEY " + old + ");",
        "CREATE TABLE @o (x INT UNIQUE, y INT UNIQUE); CREATE TABLE @p (x INT UNIQUE);"
        "CREATE TABLE @ (a INT, b INT, CONSTRAINT f FOREIGN KEY " + new + ");") for key, old, new in [
            ("columns", "(a) REFERENCES @o (x)", "(b) REFERENCES @o (x)"),
            ("referred", "(a) REFERENCES @o (x)", "(a) REFERENCES @p (x)"),
            ("referred_columns", "(a) REFERENCES @o (x)", "(a) REFERENCES @o (y)"),
            ("on_delete", "(a) REFERENCES @o (x)", "(a) REFERENCES @o (x) ON DELETE CASCADE"),
            ("on_update", "(a) REFERENCES @o (x)", "(a) REFERENCES @o (x) ON UPDATE SET NULL"),
            ("match", "(a) REFERENCES @o (x)", "(a) REFERENCES @o (x) MATCH FULL"),
            ("deferrable", "(a) REFERENCES @o (x)", "(a) REFERENCES @o (x) DEFERRABLE INITIALLY DEFERRED")]
] + [
    Row("index", key, "CREATE TABLE @ (a INT, b INT); CREATE " + old + ";", "CREATE TABLE @ (a INT, b INT); CREATE " +
        new + ";", "replace") for key, old, new in [
            ("columns", "INDEX @i ON @ (a)", "INDEX @i ON @ (a DESC)"),
            ("unique", "INDEX @i ON @ (a)", "UNIQUE INDEX @i ON @ (a)"),
            ("where", "INDEX @i ON @ (a)", "INDEX @i ON @ (a) WHERE b > 0")]
] + [
    Row("view", "columns", "CREATE VIEW @ (a) AS SELECT 1;", "CREATE VIEW @ (b) AS SELECT 1;", "replace"),
    Row("view", "query", "CREATE VIEW @ AS SELECT 1 AS a;", "CREATE VIEW @ AS SELECT 2 AS a;", "replace"),
    Row("trigger", "definition", "CREATE TABLE @ (a INT); CREATE TRIGGER @t AFTER INSERT ON @ BEGIN SELECT 1; END;",
        "CREATE TABLE @ (a INT); CREATE TRIGGER @t AFTER INSERT ON @ BEGIN SELECT 2; END;", "replace"),
]
SQLITE_EXCEPTIONS = {"sql": "of a table that was made in a way that only its text tells"}
SQLITE_KEYS = (r'put\([^;"]*?"([a-z_]+)"', r'\(mig_attribute\)\{ "([a-z_]+)"', r'mig_attribute at\[2\] = \{ \{ "([a-z_]+)"')


def both(before, pairs, kind, found="alter", since=0):
    """Rows of one kind that differ in what comes after `before`."""
    return [Row(kind, key, before + old, before + new, *(rest or (found, since))) for key, old, new, *rest in pairs]


T = "CREATE TABLE @ (a integer NOT NULL, b integer, c text);"
F = "CREATE FUNCTION @() RETURNS integer LANGUAGE sql AS 'SELECT 1';"
TF = "CREATE FUNCTION @f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE @ (a integer);"
EV = "CREATE FUNCTION @f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
EVG = "CREATE FUNCTION @g() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
EVT = EV + EVG + "CREATE EVENT TRIGGER @e ON "
KEYS = "CREATE TABLE @o (x integer UNIQUE, y integer UNIQUE); CREATE TABLE @p (x integer UNIQUE);" \
       "CREATE TABLE @ (a integer, b integer);"
FK = KEYS + "ALTER TABLE @ ADD CONSTRAINT @f FOREIGN KEY "
PARTS = "CREATE TABLE @ (a integer, b integer) PARTITION BY RANGE (a);"
# what COMMENT ON and GRANT are about, and what it needs
OBJECTS = [
    ("schema", "CREATE SCHEMA @;", "SCHEMA @", "USAGE ON SCHEMA @"),
    ("extension", "CREATE EXTENSION IF NOT EXISTS plpgsql;", None, None),
    ("collation", "CREATE COLLATION @ (locale = 'C');", "COLLATION @", None),
    ("enum", "CREATE TYPE @ AS ENUM ('a');", "TYPE @", "!USAGE ON TYPE @"),
    ("domain", "CREATE DOMAIN @ AS integer;", "DOMAIN @", "!USAGE ON DOMAIN @"),
    ("composite type", "CREATE TYPE @ AS (a integer);", "TYPE @", "!USAGE ON TYPE @"),
    ("range type", "CREATE TYPE @ AS RANGE (SUBTYPE = integer);", "TYPE @", "!USAGE ON TYPE @"),
    ("sequence", "CREATE SEQUENCE @;", "SEQUENCE @", "SELECT ON SEQUENCE @"),
    ("table", T, "TABLE @", "SELECT ON TABLE @"),
    ("column", T, "COLUMN @.a", "SELECT (a) ON TABLE @"),
    ("primary key", T + "ALTER TABLE @ ADD CONSTRAINT @k PRIMARY KEY (a);", "CONSTRAINT @k ON @", None),
    ("unique constraint", T + "ALTER TABLE @ ADD CONSTRAINT @k UNIQUE (b);", "CONSTRAINT @k ON @", None),
    ("foreign key", FK + "(a) REFERENCES @o (x);", "CONSTRAINT @f ON @", None),
    ("check", T + "ALTER TABLE @ ADD CONSTRAINT @k CHECK (a > 0);", "CONSTRAINT @k ON @", None),
    ("exclusion constraint", T + "ALTER TABLE @ ADD CONSTRAINT @k EXCLUDE (a WITH =);", "CONSTRAINT @k ON @", None),
    ("index", T + "CREATE INDEX @i ON @ (a);", "INDEX @i", None),
    ("view", "CREATE VIEW @ AS SELECT 1 AS a;", "VIEW @", "SELECT ON TABLE @"),
    ("materialized view", "CREATE MATERIALIZED VIEW @ AS SELECT 1 AS a;", "MATERIALIZED VIEW @", "SELECT ON TABLE @"),
    ("function", F, "FUNCTION @()", "!EXECUTE ON FUNCTION @()"),
    ("procedure", "CREATE PROCEDURE @() LANGUAGE sql AS 'SELECT 1';", "PROCEDURE @()", "!EXECUTE ON PROCEDURE @()"),
    ("aggregate", "CREATE AGGREGATE @(integer) (SFUNC = int4pl, STYPE = integer);", "AGGREGATE @(integer)",
     "!EXECUTE ON FUNCTION @(integer)"),
    ("trigger", TF + "CREATE TRIGGER @t BEFORE INSERT ON @ FOR EACH ROW EXECUTE FUNCTION @f();", "TRIGGER @t ON @", None),
    ("rule", T + "CREATE RULE @r AS ON INSERT TO @ DO ALSO NOTHING;", "RULE @r ON @", None),
    ("policy", T + "CREATE POLICY @p ON @;", "POLICY @p ON @", None),
    ("statistics", T + "CREATE STATISTICS @s ON a, b FROM @;", "STATISTICS @s", None),
    ("event trigger", EV + "CREATE EVENT TRIGGER @e ON ddl_command_end EXECUTE FUNCTION @f();", "EVENT TRIGGER @e", None),
]
POSTGRESQL = [
    Row(kind, "comment", sql, sql + f"COMMENT ON {about} IS 'it is @';") for kind, sql, about, _ in OBJECTS if about
] + [
    # what everybody may do with a new object is revoked
    Row(kind, "privileges", sql, sql + (f"REVOKE {grant[1:]} FROM PUBLIC;" if grant[0] == "!" else
                                        f"GRANT {grant} TO PUBLIC;")) for kind, sql, _, grant in OBJECTS if grant
]
POSTGRESQL += [
    Row("collation", "definition", "CREATE COLLATION @ (locale = 'C');", "CREATE COLLATION @ (locale = 'POSIX');", "replace"),
    Row("enum", "values", "CREATE TYPE @ AS ENUM ('a');", "CREATE TYPE @ AS ENUM ('a', 'b');"),
    Row("enum", "values", "CREATE TYPE @ AS ENUM ('a', 'b');", "CREATE TYPE @ AS ENUM ('a');"),
    Row("domain", "type", "CREATE DOMAIN @ AS integer;", "CREATE DOMAIN @ AS bigint;"),
    Row("domain", "collation", "CREATE DOMAIN @ AS text;", "CREATE DOMAIN @ AS text COLLATE \"C\";"),
    Row("domain", "not_null", "CREATE DOMAIN @ AS integer;", "CREATE DOMAIN @ AS integer NOT NULL;"),
    Row("domain", "not_null_name", "CREATE DOMAIN @ AS integer NOT NULL;",
        "CREATE DOMAIN @ AS integer CONSTRAINT @n NOT NULL;", "alter", 17),
    Row("domain", "not_null_comment", "CREATE DOMAIN @ AS integer NOT NULL;",
        "CREATE DOMAIN @ AS integer NOT NULL; COMMENT ON CONSTRAINT @_not_null ON DOMAIN @ IS 'x';", "alter", 17),
    Row("default", "expression", "CREATE DOMAIN @ AS integer DEFAULT 1;", "CREATE DOMAIN @ AS integer DEFAULT 2;"),
    Row("default", "expression", "CREATE DOMAIN @ AS integer;", "CREATE DOMAIN @ AS integer DEFAULT 2;", "create"),
    Row("check", "expression", "CREATE DOMAIN @ AS integer CONSTRAINT @c CHECK (VALUE > 0);",
        "CREATE DOMAIN @ AS integer CONSTRAINT @c CHECK (VALUE > 1);", "replace"),
    Row("range type", "definition", "CREATE TYPE @ AS RANGE (SUBTYPE = integer);",
        "CREATE TYPE @ AS RANGE (SUBTYPE = bigint);", "replace"),
    Row("sequence", "type", "CREATE SEQUENCE @;", "CREATE SEQUENCE @ AS integer;"),
    Row("sequence", "start", "CREATE SEQUENCE @;", "CREATE SEQUENCE @ START 7;"),
    Row("sequence", "increment", "CREATE SEQUENCE @;", "CREATE SEQUENCE @ INCREMENT 7;"),
    Row("sequence", "min", "CREATE SEQUENCE @ START 9;", "CREATE SEQUENCE @ START 9 MINVALUE 7;"),
    Row("sequence", "max", "CREATE SEQUENCE @;", "CREATE SEQUENCE @ MAXVALUE 7;"),
    Row("sequence", "cache", "CREATE SEQUENCE @;", "CREATE SEQUENCE @ CACHE 7;"),
    Row("sequence", "cycle", "CREATE SEQUENCE @;", "CREATE SEQUENCE @ CYCLE;"),
    Row("sequence", "persistence", "CREATE SEQUENCE @;", "CREATE UNLOGGED SEQUENCE @;", "alter", 15),
    Row("ownership", "column", T + "CREATE SEQUENCE @s OWNED BY @.a;", T + "CREATE SEQUENCE @s OWNED BY @.b;"),
    Row("table", "options", T, T + "ALTER TABLE @ SET (fillfactor = 70);"),
    Row("table", "persistence", T, T.replace("TABLE", "UNLOGGED TABLE")),
    Row("table", "partition_by", "CREATE TABLE @ (a integer, b integer) PARTITION BY RANGE (a);",
        "CREATE TABLE @ (a integer, b integer) PARTITION BY LIST (a);", "replace"),
    Row("table", "replica_identity", T, T + "ALTER TABLE @ REPLICA IDENTITY FULL;"),
    Row("table", "row_security", T, T + "ALTER TABLE @ ENABLE ROW LEVEL SECURITY;"),
    Row("table", "force_row_security", T, T + "ALTER TABLE @ FORCE ROW LEVEL SECURITY;"),
    Row("replica identity", "index", T + "CREATE UNIQUE INDEX @i ON @ (a); CREATE UNIQUE INDEX @j ON @ (a);"
        "ALTER TABLE @ REPLICA IDENTITY USING INDEX @i;", T + "CREATE UNIQUE INDEX @i ON @ (a);"
        "CREATE UNIQUE INDEX @j ON @ (a); ALTER TABLE @ REPLICA IDENTITY USING INDEX @j;"),
    Row("inheritance", "bound", PARTS + "CREATE TABLE @q PARTITION OF @ FOR VALUES FROM (0) TO (9);",
        PARTS + "CREATE TABLE @q PARTITION OF @ FOR VALUES FROM (0) TO (8);", "replace"),
    Row("primary key", "columns", "CREATE TABLE @ (a integer NOT NULL, b integer NOT NULL, CONSTRAINT @k PRIMARY KEY (a));",
        "CREATE TABLE @ (a integer NOT NULL, b integer NOT NULL, CONSTRAINT @k PRIMARY KEY (a, b));", "replace"),
    Row("column", "type", T, T.replace("b integer", "b bigint")),
    Row("column", "collation", T, T.replace("c text", "c text COLLATE \"C\"")),
    Row("column", "not_null", T, T.replace("b integer", "b integer NOT NULL")),
    Row("column", "generated", "CREATE TABLE @ (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED);",
        "CREATE TABLE @ (a integer, b integer GENERATED ALWAYS AS (a + 2) STORED);", "replace|alter"),
    Row("column", "generated_kind", "CREATE TABLE @ (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED);",
        "CREATE TABLE @ (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL);", "replace", 18),
    Row("column", "identity", "CREATE TABLE @ (a integer GENERATED ALWAYS AS IDENTITY);",
        "CREATE TABLE @ (a integer GENERATED BY DEFAULT AS IDENTITY);"),
    Row("column", "identity_options", "CREATE TABLE @ (a integer GENERATED ALWAYS AS IDENTITY);",
        "CREATE TABLE @ (a integer GENERATED ALWAYS AS IDENTITY (START 7));"),
    Row("column", "storage", T, T + "ALTER TABLE @ ALTER c SET STORAGE EXTERNAL;"),
    Row("column", "compression", T, T + "ALTER TABLE @ ALTER c SET COMPRESSION pglz;", "alter", 14),
    Row("column", "statistics", T, T + "ALTER TABLE @ ALTER a SET STATISTICS 7;"),
    Row("column", "options", T, T + "ALTER TABLE @ ALTER a SET (n_distinct = 7);"),
    Row("column", "not_null_name", "CREATE TABLE @ (a integer NOT NULL);",
        "CREATE TABLE @ (a integer CONSTRAINT @n NOT NULL);", "alter", 18),
    Row("column", "not_null_no_inherit", "CREATE TABLE @ (a integer NOT NULL);",
        "CREATE TABLE @ (a integer NOT NULL NO INHERIT);", "alter", 18),
    Row("column", "not_null_not_valid", "CREATE TABLE @ (a integer); ALTER TABLE @ ADD NOT NULL a NOT VALID;",
        "CREATE TABLE @ (a integer NOT NULL);", "alter", 18),
    Row("column", "not_null_comment", "CREATE TABLE @ (a integer NOT NULL);",
        "CREATE TABLE @ (a integer NOT NULL); COMMENT ON CONSTRAINT @_a_not_null ON @ IS 'x';", "alter", 18),
    Row("column", "type", "CREATE TYPE @ AS (a integer);", "CREATE TYPE @ AS (a bigint);"),
    Row("composite type", "attributes", "CREATE TYPE @ AS (a integer, b text);", "CREATE TYPE @ AS (b text, a integer);"),
    Row("default", "expression", T + "ALTER TABLE @ ALTER b SET DEFAULT 1;", T + "ALTER TABLE @ ALTER b SET DEFAULT 2;"),
] + both(T + "ALTER TABLE @ ADD CONSTRAINT @k PRIMARY KEY ", [
    ("include", "(a);", "(a) INCLUDE (c);"),
    ("deferrable", "(a);", "(a) DEFERRABLE;"),
    ("options", "(a);", "(a) WITH (fillfactor = 70);", "alter", 0),
    ("clustered", "(a);", "(a); ALTER TABLE @ CLUSTER ON @k;", "alter", 0),
], "primary key", "replace") + both(T + "ALTER TABLE @ ADD CONSTRAINT @k UNIQUE ", [
    ("columns", "(a);", "(a, b);"),
    ("include", "(a);", "(a) INCLUDE (c);"),
    ("deferrable", "(a);", "(a) DEFERRABLE;"),
    ("nulls_not_distinct", "(b);", "NULLS NOT DISTINCT (b);", "replace", 15),
    ("options", "(a);", "(a) WITH (fillfactor = 70);", "alter", 0),
    ("clustered", "(a);", "(a); ALTER TABLE @ CLUSTER ON @k;", "alter", 0),
], "unique constraint", "replace") + both("CREATE TABLE @ (a int4range, b int4range);"
                                          "ALTER TABLE @ ADD CONSTRAINT @k ", [
    ("without_overlaps", "UNIQUE (a, b);", "UNIQUE (a, b WITHOUT OVERLAPS);", "replace", 18),
], "unique constraint") + both(FK, [
    ("columns", "(a) REFERENCES @o (x);", "(b) REFERENCES @o (x);"),
    ("referred", "(a) REFERENCES @o (x);", "(a) REFERENCES @p (x);"),
    ("referred_columns", "(a) REFERENCES @o (x);", "(a) REFERENCES @o (y);"),
    ("on_delete", "(a) REFERENCES @o (x);", "(a) REFERENCES @o (x) ON DELETE CASCADE;"),
    ("on_update", "(a) REFERENCES @o (x);", "(a) REFERENCES @o (x) ON UPDATE SET NULL;"),
    ("match", "(a) REFERENCES @o (x);", "(a) REFERENCES @o (x) MATCH FULL;"),
    ("deferrable", "(a) REFERENCES @o (x);", "(a) REFERENCES @o (x) DEFERRABLE;", "alter", 0),
    ("not_valid", "(a) REFERENCES @o (x) NOT VALID;", "(a) REFERENCES @o (x);", "alter", 0),
    ("not_enforced", "(a) REFERENCES @o (x);", "(a) REFERENCES @o (x) NOT ENFORCED;", "alter", 18),
], "foreign key", "replace") + both(T + "ALTER TABLE @ ADD CONSTRAINT @c ", [
    ("expression", "CHECK (a > 0);", "CHECK (a > 1);"),
    ("no_inherit", "CHECK (a > 0);", "CHECK (a > 0) NO INHERIT;"),
    ("not_valid", "CHECK (a > 0) NOT VALID;", "CHECK (a > 0);", "alter", 0),
], "check", "replace") + both(T + "ALTER TABLE @ ADD CONSTRAINT @x ", [
    ("definition", "EXCLUDE (a WITH =);", "EXCLUDE (b WITH =);"),
], "exclusion constraint", "replace") + both(T + "CREATE ", [
    ("columns", "INDEX @i ON @ (a);", "INDEX @i ON @ (a DESC);"),
    ("unique", "INDEX @i ON @ (a);", "UNIQUE INDEX @i ON @ (a);"),
    ("include", "INDEX @i ON @ (a);", "INDEX @i ON @ (a) INCLUDE (b);"),
    ("where", "INDEX @i ON @ (a);", "INDEX @i ON @ (a) WHERE b > 0;"),
    ("nulls_not_distinct", "UNIQUE INDEX @i ON @ (b);", "UNIQUE INDEX @i ON @ (b) NULLS NOT DISTINCT;", "replace", 15),
    ("options", "INDEX @i ON @ (a);", "INDEX @i ON @ (a) WITH (fillfactor = 70);", "alter", 0),
    ("clustered", "INDEX @i ON @ (a);", "INDEX @i ON @ (a); ALTER TABLE @ CLUSTER ON @i;", "alter", 0),
], "index", "replace") + [
    Row("index", "statistics", T + "CREATE INDEX @i ON @ ((a + 1));",
        T + "CREATE INDEX @i ON @ ((a + 1)); ALTER INDEX @i ALTER COLUMN 1 SET STATISTICS 7;"),
    Row("index", "extensions", T + "CREATE INDEX @i ON @ (a);",
        T + "CREATE INDEX @i ON @ (a); ALTER INDEX @i DEPENDS ON EXTENSION plpgsql;", since=13),
    Row("index", "method", T + "CREATE INDEX @i ON @ (a);", T + "CREATE INDEX @i ON @ USING hash (a);", "replace"),
    Row("view", "query", "CREATE VIEW @ AS SELECT 1 AS a;", "CREATE VIEW @ AS SELECT 2 AS a;"),
    Row("view", "query", "CREATE VIEW @ AS SELECT 1 AS a;", "CREATE VIEW @ AS SELECT 2 AS b;", "replace"),
    Row("view", "options", "CREATE VIEW @ AS SELECT 1 AS a;", "CREATE VIEW @ WITH (security_barrier) AS SELECT 1 AS a;"),
    Row("materialized view", "query", "CREATE MATERIALIZED VIEW @ AS SELECT 1 AS a;",
        "CREATE MATERIALIZED VIEW @ AS SELECT 2 AS a;", "replace"),
    Row("materialized view", "options", "CREATE MATERIALIZED VIEW @ AS SELECT 1 AS a;",
        "CREATE MATERIALIZED VIEW @ WITH (fillfactor = 70) AS SELECT 1 AS a;"),
    Row("materialized view", "unpopulated", "CREATE MATERIALIZED VIEW @ AS SELECT 1 AS a WITH NO DATA;",
        "CREATE MATERIALIZED VIEW @ AS SELECT 1 AS a;"),
    Row("function", "definition", F, F.replace("SELECT 1", "SELECT 2")),
    Row("function", "arguments+definition", F.replace("()", "(a integer)"), F.replace("()", "(b integer)"), "replace"),
    Row("function", "returns+definition", F, F.replace("RETURNS integer", "RETURNS bigint").replace("SELECT 1", "SELECT 1::bigint"), "replace"),
    Row("procedure", "definition", "CREATE PROCEDURE @() LANGUAGE sql AS 'SELECT 1';",
        "CREATE PROCEDURE @() LANGUAGE sql AS 'SELECT 2';"),
    Row("aggregate", "definition", "CREATE AGGREGATE @(integer) (SFUNC = int4pl, STYPE = integer);",
        "CREATE AGGREGATE @(integer) (SFUNC = int4mul, STYPE = integer);", "replace"),
] + both(TF + "CREATE TRIGGER @t ", [
    ("definition", "BEFORE INSERT ON @ FOR EACH ROW EXECUTE FUNCTION @f();",
     "AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION @f();", "replace", 0),
    ("enabled", "BEFORE INSERT ON @ FOR EACH ROW EXECUTE FUNCTION @f();",
     "BEFORE INSERT ON @ FOR EACH ROW EXECUTE FUNCTION @f(); ALTER TABLE @ DISABLE TRIGGER @t;"),
], "trigger") + both(T + "CREATE RULE @r AS ON ", [
    ("definition", "INSERT TO @ DO ALSO NOTHING;", "INSERT TO @ DO INSTEAD NOTHING;", "replace", 0),
    ("enabled", "INSERT TO @ DO ALSO NOTHING;", "INSERT TO @ DO ALSO NOTHING; ALTER TABLE @ DISABLE RULE @r;"),
], "rule") + both(T + "CREATE POLICY @p ON @ ", [
    ("permissive", ";", "AS RESTRICTIVE;", "replace", 0),
    ("command", "FOR SELECT;", "FOR DELETE;", "replace", 0),
    ("roles", ";", "TO CURRENT_USER;"),
    ("using", "USING (a > 0);", "USING (a > 1);"),
    ("check", "WITH CHECK (a > 0);", "WITH CHECK (a > 1);"),
], "policy") + both(T, [
    ("definition", "CREATE STATISTICS @s ON a, b FROM @;", "CREATE STATISTICS @s ON a, c FROM @;", "replace", 0),
    ("target", "CREATE STATISTICS @s ON a, b FROM @;",
     "CREATE STATISTICS @s ON a, b FROM @; ALTER STATISTICS @s SET STATISTICS 7;", "alter", 13),
], "statistics") + both(EVT, [
    ("event", "ddl_command_end EXECUTE FUNCTION @f();", "ddl_command_start EXECUTE FUNCTION @f();", "replace", 0),
    ("tags", "ddl_command_end EXECUTE FUNCTION @f();",
     "ddl_command_end WHEN TAG IN ('COMMENT') EXECUTE FUNCTION @f();", "replace", 0),
    ("function", "ddl_command_end EXECUTE FUNCTION @f();", "ddl_command_end EXECUTE FUNCTION @g();", "replace", 0),
    ("enabled", "ddl_command_end EXECUTE FUNCTION @f();",
     "ddl_command_end EXECUTE FUNCTION @f(); ALTER EVENT TRIGGER @e DISABLE;"),
], "event trigger")
POSTGRESQL_EXCEPTIONS = {
    "extension.comment": "plpgsql, which every server has, has one from the start",
    "schema": "of an extension: there is none on every server that can move",
    "tablespace": "takes a folder on the server",
    "invalid": "an index whose building has failed cannot be declared",
    "triggers": "of a foreign key: a model cannot have them disabled (postgresql schema_quiet disables them by hand)",
    "valid_checks": "a partition that is created has its checks valid (postgresql schema_partitions has one that is not)",
    "period": "of a foreign key and of the key that it refers to, never alone",
}
POSTGRESQL_EXCEPTIONS.update({f"{kind}.only": "changes with the indexes of the partitions" for kind in (
    "primary key", "unique constraint", "index")})
POSTGRESQL_EXCEPTIONS.update({f"{kind}.comment": "PostgreSQL has no comment on it" for kind in (
    "default", "inheritance", "ownership", "replica identity", "other", "enum value")})
POSTGRESQL_EXCEPTIONS.update({f"{kind}.privileges": "PostgreSQL has no privileges on it" for kind in (
    "extension", "collation", "default", "primary key", "unique constraint", "foreign key", "check", "exclusion constraint",
    "index", "trigger", "rule", "policy", "statistics", "event trigger", "inheritance", "ownership", "replica identity",
    "other", "enum value")})
POSTGRESQL_KEYS = (r'mig__catalog_add(?:_text)?\([^,;"]*, "([a-z_]+)"', r'add_(?:columns|action)\(k, "([a-z_]+)"',
                   r'\? "([a-z_]+)" : "[a-z_]+", "yes"', r'\? "[a-z_]+" : "([a-z_]+)", "yes"',
                   r'\{ "([a-z_]+)", "[A-Z ]+" \}')

DIALECTS = {"sqlite": (SQLITE, SQLITE_EXCEPTIONS, SQLITE_KEYS),
            "postgresql": (POSTGRESQL, POSTGRESQL_EXCEPTIONS, POSTGRESQL_KEYS)}
rows, exceptions, patterns = DIALECTS[dialect]
errors = []


def missing():
    """Attributes that no row changes."""
    changed = {(r.kind, key) for r in rows for key in r.key.split("+")}
    kinds = {name: name.lower().replace("_", " ") for name, _ in
             attributes.read_kinds(os.path.join(root, "include/mig/schema.h"))}
    kinds.update(UNIQUE="unique constraint", EXCLUSION="exclusion constraint", COMPOSITE="composite type", RANGE="range type")
    for key in attributes.read_keys(os.path.join(root, "include/mig/attribute.h")):
        if key.text.startswith("."):  # never compared
            continue
        given = re.search(r"inspect \(([^)]*)\)", key.given)
        if not given or dialect not in given.group(1):
            continue
        of = kinds.values() if key.of == "every kind" else [kinds[k] for k in key.of.split(", ")]
        for kind in of:
            if (kind, key.text) not in changed and f"{kind}.{key.text}" not in exceptions:
                yield f"{kind}.{key.text}, of mig/attribute.h"
    keys = {key for _, key in changed}
    named = set()
    for path in glob.glob(os.path.join(root, "lib/dialect", dialect, "schema/*.c")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for pattern in patterns:
            named.update(re.findall(pattern, text))
    for key in sorted(named - keys - {name.split(".")[-1] for name in exceptions} - {"yes"}):
        yield f"{key}, of lib/dialect/{dialect}"
    for name in exceptions:
        if name.split(".")[-1] not in named | {k.text for k in attributes.read_keys(os.path.join(
                root, "include/mig/attribute.h"))}:
            yield f"{name}, an exception that there is no attribute for"


def run(*words, status=0):
    done = subprocess.run([mig, *words], capture_output=True, text=True)
    if done.returncode != status:
        sys.exit(f"mig {' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def write(name, which, taken):
    with open(name, "w", encoding="utf-8") as f:
        for i, row in enumerate(taken):
            f.write(getattr(row, which).replace("@", f"m{i}_") + "\n")


def place(op):
    """The number of the row that an operation belongs to."""
    found = re.search(r"\bm(\d+)_", op["text"]) or re.search(r"\bm(\d+)_", json.dumps(op["changes"]))
    return int(found.group(1)) if found else -1


def merged(ops):
    """(what, kind, changed keys) of each operation, the two of a pair as one."""
    return [("replace" if op["replace"] else op["type"], op["kind"], "+".join(c["attribute"] for c in op["changes"]))
            for op in ops if not (op["replace"] and op["type"] == "create")]


def compare(taken):
    found = collections.defaultdict(list)
    for op in json.loads(run("check", "--models", "new.sql", "--json", status=3))["operations"]:
        found[place(op)].append(op)
    for i, row in enumerate(taken):
        got = merged(found.pop(i, []))
        if len(got) != 1 or got[0][0] not in row.found.split("|") or got[0][1] != row.kind or \
                set(got[0][2].split("+")) != set(row.key.split("+")):
            errors.append(f"{row.kind}.{row.key}: {got} instead of {row.found}")
    for ops in found.values():
        errors.append(f"found besides: {[op['text'] for op in ops]}")


def walk(url, version):
    """In a folder of its own."""
    taken = [r for r in rows if r.since <= version]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            steps(url, taken)
        finally:
            os.chdir("/")
    return len(taken)


def steps(url, taken):
    """Both schemas; then the revision is applied, and nothing differs."""
    for name in [n for n in os.environ if n.startswith("MIG_") and n not in ("MIG_DIALECT_PATH", "MIG_TEST_POSTGRESQL_BIN")]:
        del os.environ[name]
    os.environ["MIG_URL"] = url
    write("old.sql", "old", taken)
    write("new.sql", "new", taken)
    run("init", "-q")
    run("migrate", "-q", "--models", "old.sql")
    run("upgrade", "-q")
    run("check", "-q", "--models", "old.sql")
    compare(taken)
    run("migrate", "-q", "--models", "new.sql")
    run("upgrade", "-q")
    run("check", "-q", "--models", "new.sql")
    run("downgrade", "-q")
    run("upgrade", "-q")
    run("check", "-q", "--models", "new.sql")


def on_server(url):
    """On the server of that URL, or on one of our own."""
    script, made = os.path.join(root, "tests/postgresql/cluster.sh"), None
    with tempfile.TemporaryDirectory(prefix="mig-mutation-") as folder:
        cluster = os.path.join(folder, "pg")
        os.chmod(folder, 0o755)
        if not url:
            made = subprocess.run(["sh", script, "start", cluster], capture_output=True, text=True)
            if made.returncode:
                sys.stderr.write(made.stderr)
                sys.exit(made.returncode)
            url = made.stdout.strip()
        name = f"mig_mutation_{os.getpid()}"
        at = url.replace("///postgres?", f"///{name}?")
        try:
            psql(url, f"CREATE DATABASE {name}")
            return walk(at, int(psql(url, "SHOW server_version_num")) // 10000)
        finally:
            if made is not None:
                subprocess.run(["sh", script, "stop", cluster], check=True)
            else:
                psql(url, f"DROP DATABASE {name}")


def psql(url, sql):
    return subprocess.run(["psql", "-XAtqc", sql, url], check=True, capture_output=True, text=True).stdout.strip()


errors += [f"no row changes {name}" for name in missing()]
if dialect == "sqlite":
    count = walk("sqlite:a.db", 0)
else:
    count = on_server(os.environ.get("MIG_TEST_POSTGRESQL"))
for error in errors:
    print(error)
print(f"{count} attributes changed alone")
sys.exit(1 if errors else 0)
