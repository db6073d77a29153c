"""schemas_postgresql: PostgreSQL for schemas.py, by psql and pg_dump. A database is its name."""
import itertools
import json
import os
import re
import subprocess
import threading

import catalogue
import postgresql
from postgresql import PG_DUMP, PSQL
from schemas_common import (ROWS, Column, Schema, Snapshot, Table, chooser, in_order, literals,
                            mentions)

# ---- dumps -------------------------------------------------------------------------------------

HEAD = re.compile(r"^--\n-- Name: .*?; Type: (.*?); Schema: .*\n--\n", re.MULTILINE)
TOKEN = re.compile(r"""
    E'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
  | \$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?P=tag)?\$ | [\w$]+ | \s+ | .
""", re.VERBOSE | re.DOTALL)
DOLLAR = re.compile(r"\$([A-Za-z_]\w*)?\$")


def tokens(sql):
    at = 0
    while at < len(sql):
        m = DOLLAR.match(sql, at)
        if m:
            end = sql.find(m.group(), m.end())
            end = len(sql) if end < 0 else end + len(m.group())
        else:
            end = TOKEN.match(sql, at).end()
        yield sql[at:end]
        at = end


def split(sql, separator):
    """Parts between separators that stand outside of parentheses."""
    parts, depth = [""], 0
    for token in tokens(sql):
        depth += (token in "([") - (token in ")]") if len(token) == 1 else 0
        if token == separator and depth == 0:
            parts.append("")
        elif not token.startswith("--") or token == "-":
            parts[-1] += token
    return [p.strip() for p in parts if p.strip()]


def same_table(statement):
    """CREATE TABLE with its columns and constraints in order of their text."""
    open_ = statement.find("(\n")
    if not re.match(r"CREATE (UNLOGGED |FOREIGN )?TABLE ", statement) or open_ < 0:
        return statement
    depth = 0
    end = open_
    for token in tokens(statement[open_:]):
        depth += (token == "(") - (token == ")")
        end += len(token)
        if depth == 0:
            break
    items = sorted(split(statement[open_ + 1:end - 1], ","))
    return "\n".join([statement[:open_ + 1], *items, statement[end - 1:]])


def statements(dump):
    """A dump's statements, without what pg_dump sets for itself."""
    parts = HEAD.split(dump)
    for kind, body in zip(parts[1::2], parts[2::2]):
        if kind in ("FUNCTION", "PROCEDURE"):  # its body may have semicolons
            body = re.sub(r"(?m)^SET default_\w+ = .*;\n", "", body)
            end = body.find("\n--\n-- PostgreSQL database dump complete")
            body = body if end < 0 else body[:end]
            body = re.sub(r"(?m)^\\(un)?restrict .*$", "", body)
            yield body.strip().rstrip(";").rstrip()
            continue
        for statement in split(re.sub(r"(?m)^\\(un)?restrict .*$", "", body), ";"):
            if not re.match(r"SET |SELECT pg_catalog\.set_config\(", statement):
                yield statement


def same(dump):
    exact = list(statements(dump))
    return Schema([same_table(s) for s in exact], exact)


# ---- what a database has -----------------------------------------------------------------------

USER = """n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND c.relname NOT IN ('mig_version', 'mig_history')
    AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_class'::regclass
                    AND e.objid = c.oid AND e.deptype = 'e')"""

COLUMNS = f"""
SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (
    SELECT c.oid::int8 AS oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind AS kind,
        (SELECT coalesce(string_agg(format('%s %s', p.parent::regclass,
                                           pg_get_partkeydef(p.parent)), ', '), '')
         FROM (SELECT relid AS parent FROM pg_partition_ancestors(c.oid)
               WHERE relid <> c.oid) p) AS ancestors,
        coalesce(pg_get_partition_constraintdef(c.oid), '') AS bound,
        (SELECT coalesce(json_agg(a ORDER BY a.attnum), '[]') FROM (
            SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnum,
                a.attnotnull OR t.typnotnull AS not_null, a.attgenerated <> '' AS generated,
                a.attidentity AS identity, a.atthasdef OR a.attidentity <> '' AS has_default,
                coalesce(b.typname, t.typname) AS base, coalesce(b.typcategory, t.typcategory)
                    AS category,
                CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod,
                (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum e
                 WHERE e.enumtypid = coalesce(b.oid, t.oid)) AS labels,
                (SELECT coalesce(json_agg(pg_get_constraintdef(k.oid)), '[]') FROM pg_constraint k
                 WHERE k.contypid = t.oid) AS checks
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) a) AS columns,
        (SELECT coalesce(json_agg(pg_get_constraintdef(k.oid)), '[]') FROM pg_constraint k
         WHERE k.conrelid = c.oid AND k.contype = 'c') AS checks,
        (SELECT coalesce(json_agg(json_build_array(k.confrelid::int8,
            (SELECT json_agg(a.attname ORDER BY u.i) FROM unnest(k.conkey) WITH ORDINALITY u(n, i)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n),
            (SELECT json_agg(a.attname ORDER BY u.i) FROM unnest(k.confkey) WITH ORDINALITY u(n, i)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n))), '[]')
         FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f') AS keys
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND {USER} ORDER BY 2) t;
"""

POSITIONS = f"""
SELECT coalesce(json_object_agg(format('%I.%I', n.nspname, c.relname),
                                pg_sequence_last_value(c.oid)::text)::jsonb, '{{}}')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND {USER};
"""

ADVANCE = f"""
DO $mig$ DECLARE s record; BEGIN
    FOR s IN SELECT c.oid, q.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             JOIN pg_sequence q ON q.seqrelid = c.oid WHERE c.relkind = 'S' AND {USER} LOOP
        BEGIN
            PERFORM setval(s.oid, s.seqstart + 10 * s.seqincrement);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
END $mig$;
"""

# Of each element of the outer array the first statement that works.
INSERT = """
SET session_replication_role = replica;
DO $mig_fill$ DECLARE s text; BEGIN
    FOREACH s IN ARRAY ARRAY[{attempts}]::text[] LOOP
        BEGIN
            EXECUTE s;
            EXIT;
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
END $mig_fill$;
"""


def name_of(name):
    return '"' + name.replace('"', '""') + '"'


def text_of(value):
    return "'" + value.replace("'", "''") + "'"


class Engine(postgresql.Engine):
    def __init__(self, work):
        super().__init__(work)
        self.natives, self.roles = {}, set()
        self.locks = {}
        self.lock = threading.Lock()
        self.numbers = itertools.count()
        self.before = set(self.scratches())
        self.is_newer = self.is_newer_than_pg_dump()

    def close(self):
        if not self.folder:
            for database in list(self.made):
                self.drop(database)
            for role in self.roles:
                self.psql(None, f"DROP ROLE IF EXISTS {name_of(role)}")
        super().close()

    def is_newer_than_pg_dump(self):
        _, server, _ = self.psql(None, "SHOW server_version_num")
        _, program, _ = postgresql.call(PG_DUMP, "--version")
        return int(server) // 10000 > int(re.search(r"(\d+)\.", program).group(1))

    def scratches(self):
        _, out, _ = self.psql(None, "SELECT datname FROM pg_database WHERE datname LIKE 'mig\\_%'")
        return out.split()

    def leftovers(self):
        return sorted(set(self.scratches()) - self.before)

    def role(self, name):
        status, _, _ = self.psql(None, f"CREATE ROLE {name_of(name)}")
        if not status:
            self.roles.add(name)

    def script(self, database, text):
        """Output and error of psql."""
        done = subprocess.run(
            [PSQL, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", self.url(database)],
            input=text, text=True, env=environment(), timeout=300,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.stdout, done.stderr.strip() if done.returncode else None

    def ask(self, database, text):
        out, error = self.script(database, text)
        if error:
            raise RuntimeError(error)
        return [json.loads(line) for line in out.splitlines() if line]

    # -- databases

    def make(self, texts, template="template0"):
        if isinstance(texts, str):
            return super().make(texts, template)
        database = super().make(f"{next(self.numbers)}", template)
        for text in texts:
            _, error = self.script(database, text)
            if error:
                self.drop(database)
                raise RuntimeError(error)
        return database

    def drop(self, database):
        self.drop_now(database)
        self.made.discard(database)

    def native(self, texts):
        """The schema that PostgreSQL alone makes."""
        key = tuple(texts)
        with self.lock:
            lock = self.locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self.natives:
                try:
                    database = self.make(texts)
                    self.natives[key] = self.schema(database)
                    self.drop(database)
                except RuntimeError as e:
                    self.natives[key] = Schema(error=re.sub(r"psql:<stdin>:", "", str(e)))
            return self.natives[key]

    def schema(self, database):
        if self.is_newer:
            lines = [line for lines in self.ask(database, catalogue.QUERY) for line in lines]
            return Schema(lines, lines)
        status, out, error = postgresql.call(PG_DUMP, "-s", "--no-owner", "-T", "*.mig_version",
                                             "-T", "*.mig_history", "-d", self.url(database))
        if status:
            raise RuntimeError(error)
        return same(out)

    # -- rows

    def fill(self, database, nulls=True):
        """How many tables got rows, and of how many."""
        tables = {t["oid"]: t for t in self.ask(database, COLUMNS)[0]}
        leaves = {oid: t for oid, t in tables.items() if t["kind"] == "r"}
        if not leaves:
            return 0, 0
        parents = {oid: [k[0] for k in t["keys"]] for oid, t in tables.items()}
        order = [tables[oid] for oid in in_order(list(tables), parents) if oid in leaves]
        scripts = [Filler(table, tables, nulls).script() for table in order]
        cyclic = [s for t, s in zip(order, scripts) if t["keys"]]
        self.script(database, "".join(scripts + cyclic) + ADVANCE)
        counts = "SELECT json_build_array({});\n"
        rows = self.ask(database, "".join(
            counts.format(f"EXISTS (SELECT 1 FROM ONLY {t['name']})") for t in order))
        return sum(r[0] for r in rows), len(leaves)

    def empty(self, database):
        names = [t["name"] for t in self.ask(database, COLUMNS)[0]]
        _, error = self.script(database, f"TRUNCATE {', '.join(names)} CASCADE;")
        if error:
            raise RuntimeError(error)

    def snapshot(self, database):
        infos, positions = self.ask(database, COLUMNS + POSITIONS)
        infos = [t for t in infos if t["kind"] == "r"]
        rows = self.ask(database, "".join(
            f"SELECT coalesce(jsonb_agg(to_jsonb(mig_row)), '[]') FROM ONLY {t['name']} mig_row;\n"
            for t in infos))
        tables = {}
        for info, its in zip(infos, rows):
            columns = {c["name"]: Column(c["type"], c["not_null"], c["generated"])
                       for c in info["columns"]}
            tables[info["name"]] = Table(info["ancestors"], columns, its)
        return Snapshot(tables, {n: v for n, v in positions.items() if v is not None})


def environment():
    return {k: v for k, v in os.environ.items() if not k.startswith("PG")}


class Filler:
    """Makes INSERTs for one table."""

    def __init__(self, table, tables, nulls):
        self.nulls = nulls
        self.table, self.tables = table, tables
        self.columns = [c for c in table["columns"] if not c["generated"]]

    def script(self):
        out = ""
        for i in range(ROWS):
            attempts = dict.fromkeys(self.insert(i, attempt) for attempt in range(36))
            out += INSERT.format(attempts=", ".join(map(text_of, attempts)))
        return out

    def insert(self, i, attempt):
        pick = chooser(self.table["name"], i, attempt)
        row = {}
        for c in self.columns:
            if attempt >= 30 and (not c["not_null"] or c["has_default"]):
                continue  # NULL or its default
            null = (self.nulls and i == ROWS - 1 if attempt < 6 else
                    attempt > 10 and pick.random() < 0.5)
            if null and not c["not_null"]:
                row[c["name"]] = "NULL"
                continue
            row[c["name"]] = self.value(c, i, attempt, pick)
        for oid, own, to in self.table["keys"]:
            free = [c["name"] for c in self.columns if c["name"] in own and not c["not_null"]]
            if free and 20 <= attempt < 30:
                row.update(dict.fromkeys(free, "NULL"))
                continue
            for column, referred in zip(own, to):
                row[column] = self.referred(oid, referred, row, i, attempt)
        names = ", ".join(map(name_of, row))
        if not row:
            return f"INSERT INTO {self.table['name']} DEFAULT VALUES"
        return (f"INSERT INTO {self.table['name']} ({names}) OVERRIDING SYSTEM VALUE VALUES "
                f"({', '.join(row.values())})")

    def referred(self, oid, column, row, i, attempt):
        """A value of a row that exists; every column of a key takes the same row."""
        if oid == self.table["oid"] and attempt % 2:
            return row.get(column, "NULL")
        table = self.tables[oid]["name"]
        row_number = i if attempt < 10 else 0
        return (f"(SELECT {name_of(column)} FROM {table} ORDER BY tableoid, ctid "
                f"OFFSET {row_number} LIMIT 1)")

    def value(self, c, i, attempt, pick):
        words, numbers = [], []
        for check in [*self.table["checks"], self.table["bound"], *c["checks"]]:
            if mentions(check, c["name"]) or check in c["checks"]:
                w, n = literals(check)
                words, numbers = words + w, numbers + n
        choices = [text_of(w) for w in words] + [f"'{n}'" for n in numbers]
        choices += [f"repeat('{i}', {n})" for n in numbers if 1 < n < 2000]
        if c["base"] == "bytea":
            choices = [f"decode(repeat('0{i}', {n}), 'hex')" for n in numbers if 0 < n < 2000]
        if attempt and choices:
            choice = choices[(i + attempt) % len(choices)] if attempt < 10 else pick.choice(choices)
            return f"({choice})::{c['type']}" if "repeat" in choice else f"{choice}::{c['type']}"
        return self.plain(c, i if attempt < 6 else pick.randint(0, 8))

    @staticmethod
    def plain(c, i):
        base, n = c["base"], i + 1
        if c["labels"]:
            return f"{text_of(c['labels'][i % len(c['labels'])])}::{c['type']}"
        if c["category"] == "A":
            return f"'{{}}'::{c['type']}"
        if c["category"] == "R":
            return f"'{{}}'::{c['type']}" if "multirange" in base else f"'empty'::{c['type']}"
        known = {
            "bool": "true" if i % 2 else "false", "uuid": f"0000000{n}-0000-4000-8000-000000000000",
            "json": f'{{"a": {n}}}', "jsonb": f'{{"a": {n}}}', "bytea": f"\\x0{n}ff00",
            "date": f"2020-01-0{n}", "timestamp": f"2020-01-0{n} 12:00:00",
            "timestamptz": f"2020-01-0{n} 12:00:00+00", "time": f"0{n}:00", "timetz": f"0{n}:00+00",
            "interval": f"{n} days", "inet": f"10.0.0.{n}", "cidr": f"10.0.{n}.0/24",
            "macaddr": f"08:00:2b:01:02:0{n}", "macaddr8": f"08:00:2b:01:02:03:04:0{n}",
            "tsvector": f"word{n}", "tsquery": f"word{n}", "ltree": f"a.b{n}", "xml": f"<a>{n}</a>",
            "money": f"{n}.00", "point": f"({n},{n})", "hstore": f"a=>{n}", "oid": str(n),
            "box": f"(({n},{n}),(0,0))", "circle": f"<(0,0),{n}>", "lseg": f"((0,0),({n},{n}))",
            "path": f"((0,0),({n},{n}))", "polygon": f"((0,0),({n},{n}))", "line": f"{{1,{n},0}}",
        }
        if base in known:
            return f"'{known[base]}'::{c['type']}"
        if base in ("bit", "varbit"):
            return f"'{'1' * max(c['typmod'], 1)}'::{c['type']}"
        if c["category"] == "N":
            return f"'{n}'::{c['type']}"
        if c["category"] in "SU" and (c["category"] == "S" or base == "citext"):
            text = f"{c['name']} {n}"
            room = c["typmod"] - 4 if c["typmod"] > 4 else 100
            return f"{text_of(text[-room:])}::{c['type']}"
        return f"NULL::{c['type']}"
