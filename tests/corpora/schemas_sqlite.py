"""schemas_sqlite: SQLite for schemas.py. A database is the path of its file."""
import os
import re
import sqlite3
import tempfile
import threading

from schemas_common import (ROWS, Column, Schema, Snapshot, Table, chooser, in_order, literals,
                            mentions)

OURS = ("mig_version", "mig_history")

TOKEN = re.compile(r"""
    (?P<blank>\s+ | --[^\n]* | /\*.*?(?:\*/|\Z))
  | (?P<text>x?'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\])
  | (?P<word>[\w$]+(?:\.\d+)?(?:(?<=[eE])[+-]\d+)?)
  | (?P<sign>->> | -> | \|\| | << | >> | <= | >= | <> | != | == | .)
""", re.VERBOSE | re.DOTALL | re.IGNORECASE)


def tokens(sql):
    """Without comments, blanks, quotes of names and capital letters."""
    out = []
    for m in TOKEN.finditer(sql):
        kind, text = m.lastgroup, m.group()
        if kind == "quoted":
            out.append(text[1:-1].replace(text[-1] * 2, text[-1]).lower() or '""')
        elif kind == "text":
            out.append(text)
        elif kind != "blank":
            out.append(text.lower())
    return out


def group_end(t, i):
    """Behind the parenthesis that opens at i."""
    depth = 0
    while i < len(t):
        depth += (t[i] == "(") - (t[i] == ")")
        i += 1
        if depth == 0:
            break
    return i


def split_commas(t):
    parts, depth = [[]], 0
    for token in t:
        depth += (token == "(") - (token == ")")
        if token == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


STARTS = {"constraint", "primary", "not", "null", "unique", "check", "default", "collate",
          "references", "generated", "as"}
TABLE_STARTS = {"constraint", "primary", "unique", "check", "foreign"}


def conflict_end(t, i):
    return i + 3 if t[i:i + 2] == ["on", "conflict"] else i


def reference_end(t, i):
    i += 2
    if t[i:i + 1] == ["("]:
        i = group_end(t, i)
    while i < len(t):
        if t[i] == "on":
            i += 4 if t[i + 2] in ("set", "no") else 3
        elif t[i] == "match":
            i += 2
        elif t[i] == "deferrable" or t[i:i + 2] == ["not", "deferrable"]:
            i += 1 + (t[i] == "not")
            if t[i:i + 1] == ["initially"]:
                i += 2
        else:
            break
    return i


def constraint_end(t, i):
    """Behind the column constraint at i."""
    if t[i] == "primary":
        i += 2
        if t[i:i + 1] in (["asc"], ["desc"]):
            i += 1
        i = conflict_end(t, i)
        return i + (t[i:i + 1] == ["autoincrement"])
    if t[i] == "not":
        return conflict_end(t, i + 2)
    if t[i] in ("null", "unique"):
        return conflict_end(t, i + 1)
    if t[i] == "check":
        return group_end(t, i + 1)
    if t[i] == "default":
        if t[i + 1] == "(":
            return group_end(t, i + 1)
        return i + 2 + (t[i + 1] in "+-")
    if t[i] == "collate":
        return i + 2
    if t[i] == "references":
        return reference_end(t, i)
    i = group_end(t, i + (3 if t[i] == "generated" else 1))
    return i + (t[i:i + 1] in (["stored"], ["virtual"]))


def same_constraint(column, c):
    """(where, tokens): a constraint of a column as it is compared, as one of the table if it can
    be one."""
    if c == ["null"]:
        return None, []
    if c[0] == "generated":
        c = c[2:]
    if c[0] == "as" and c[-1] not in ("stored", "virtual"):
        c = c + ["virtual"]
    if c[0] == "default" and c[1] == "(" and len(c) == 4 + (c[2] in "+-"):
        c = ["default", *c[2:-1]]
    if c[0] == "check":
        return "table", c
    if c[0] == "unique":
        return "table", ["unique", "(", column, ")", *c[1:]]
    if c[0] == "references":
        return "table", ["foreign", "key", "(", column, ")", *c]
    if c[0] == "primary" and "desc" not in c and "autoincrement" not in c:
        return "table", ["primary", "key", "(", column, ")", *[x for x in c[2:] if x != "asc"]]
    return "column", c


def same_column(t):
    """(the column, constraints that a table may have) as they are compared."""
    i = 1
    while i < len(t) and t[i] not in STARTS:
        i = group_end(t, i) if t[i] == "(" else i + 1
    head, own, table = t[:i], [], []
    while i < len(t):
        begin = i
        while t[i:i + 1] == ["constraint"]:
            i += 2
        name = t[begin:i]
        if i >= len(t):
            break
        end = constraint_end(t, i)
        where, text = same_constraint(t[0], t[i:end])
        if where:
            (table if where == "table" else own).append(" ".join(name[-2:] + text))
        i = max(end, i + 1)
    return " ".join([*head, *sorted(own)]), table


def same_table(t):
    """A CREATE TABLE as it is compared."""
    begin = t.index("(")
    end = group_end(t, begin)
    items = []
    for part in split_commas(t[begin + 1:end - 1]):
        if part and part[0] in TABLE_STARTS and (part[1:2] == ["("] or part[0] in (
                "constraint", "primary", "foreign")):
            items.append(" ".join(part))
        else:
            column, constraints = same_column(part)
            items += [column, *constraints]
    options = sorted(" ".join(o) for o in split_commas(t[end:]) if o)
    return "\n".join([" ".join(t[:begin]) + " (", *sorted(items), ") " + ", ".join(options)])


def same(sql):
    """(compared, exact)"""
    t = tokens(sql)
    exact = " ".join(t)
    if t[:2] == ["create", "table"] and "(" in t:
        try:
            return same_table(t), exact
        except (IndexError, ValueError):
            pass
    return exact, exact


def quote(name):
    return '"' + name.replace('"', '""') + '"'


class Engine:
    name = "SQLite"

    def __init__(self, work):
        self.work = work
        self.natives = {}
        self.lock = threading.Lock()

    def close(self):
        pass

    def leftovers(self):
        return []

    def role(self, name):
        pass

    def url(self, path):
        return "sqlite:" + path

    def open(self, path):
        return sqlite3.connect(path, isolation_level=None)

    def make(self, texts):
        path = os.path.join(tempfile.mkdtemp(dir=self.work), "db")
        db = self.open(path)
        try:
            db.execute("PRAGMA synchronous = off")
            for text in texts:
                db.executescript(text)
        finally:
            db.close()
        return path

    def drop(self, path):
        for suffix in ("", "-journal", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.remove(path + suffix)
        os.rmdir(os.path.dirname(path))

    def native(self, texts):
        """The schema that SQLite alone makes."""
        key = tuple(texts)
        with self.lock:
            if key not in self.natives:
                try:
                    path = self.make(texts)
                    self.natives[key] = self.schema(path)
                    self.drop(path)
                except (sqlite3.Error, sqlite3.Warning) as e:
                    self.natives[key] = Schema(error=str(e))
            return self.natives[key]

    @staticmethod
    def shadows(db):
        return {r[1] for r in db.execute("PRAGMA table_list") if r[2] == "shadow"}

    def schema(self, path):
        db = self.open(path)
        shadows = self.shadows(db)
        both = [same(sql) for name, table, sql in db.execute(
            "SELECT name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
                if table not in OURS and not name.startswith("sqlite_") and name not in shadows]
        error = db.execute("PRAGMA integrity_check").fetchone()[0]
        broken = self.orphans(db) if error == "ok" else []
        db.close()
        if error != "ok":
            raise RuntimeError(f"integrity_check: {error}")
        if broken:
            raise RuntimeError(f"foreign_key_check: {broken[0]}")
        return Schema([c for c, _ in both], [e for _, e in both])

    # -- rows

    @staticmethod
    def orphans(db):
        try:
            return db.execute("PRAGMA foreign_key_check").fetchall()
        except sqlite3.Error:
            return []  # a key refers to what is no key

    def tables(self, db):
        """name: its CREATE text"""
        shadows = self.shadows(db)
        return {name: sql for name, sql in db.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
                if name not in OURS and not name.startswith("sqlite_") and name not in shadows}

    def fill(self, path, nulls=True):
        """How many tables got rows, and of how many."""
        db = self.open(path)
        tables = self.tables(db)
        parents = {}
        for name in tables:
            rows = db.execute(f"PRAGMA foreign_key_list({quote(name)})").fetchall()
            parents[name] = [next((n for n in tables if n.lower() == r[2].lower()), r[2])
                             for r in rows]
        filled = set()
        for name in in_order(list(tables), parents) * 2:
            if name not in filled and Filler(db, name, tables[name], nulls).fill():
                filled.add(name)
        while orphans := self.orphans(db):  # e.g. parents that triggers deleted
            for table in {row[0] for row in orphans}:
                self.delete(db, [table])
                filled.discard(table)
        if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone():
            db.execute("UPDATE sqlite_sequence SET seq = seq + 100")
        db.close()
        return len(filled), len(tables)

    def empty(self, path):
        db = self.open(path)
        self.delete(db, self.tables(db))
        db.close()

    @staticmethod
    def delete(db, tables):
        """All rows, without triggers."""
        triggers = db.execute("SELECT name, sql FROM sqlite_schema "
                              "WHERE type = 'trigger'").fetchall()
        db.execute("BEGIN")
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {quote(name)}")
        for name in tables:
            db.execute(f"DELETE FROM {quote(name)}")
        for _, sql in triggers:
            db.execute(sql)
        db.execute("COMMIT")

    def snapshot(self, path):
        db = self.open(path)
        tables, positions = {}, {}
        for name, sql in self.tables(db).items():
            t = tokens(sql)
            virtual = t[1] == "virtual"
            columns = {r[1].lower(): Column(" ".join(tokens(r[2])), bool(r[3]), r[6] > 1)
                       for r in db.execute(f"PRAGMA table_xinfo({quote(name)})") if r[6] != 1}
            names = [quote(c) for c in columns]
            if not virtual and t[-2:] != ["without", "rowid"] and "rowid" not in t[-4:]:
                free = next((c for c in ("rowid", "_rowid_", "oid") if c not in columns), None)
                if free:
                    columns["the rowid"] = Column("rowid", True, False)
                    names.append(free)
            rows = [dict(zip(columns, map(repr_null, r))) for r in db.execute(
                f"SELECT {', '.join(names)} FROM {quote(name)}")]
            tables[name.lower()] = Table(" ".join(t) if virtual else "table", columns, rows)
            if "autoincrement" in t:
                seq = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ? COLLATE NOCASE",
                                 (name,)).fetchone()
                positions[name.lower()] = seq and seq[0]
        db.close()
        return Snapshot(tables, positions)


def repr_null(value):
    """Tells 1 from 1.0."""
    return None if value is None else repr(value)


class Filler:
    """Puts rows into one table."""

    def __init__(self, db, name, sql, nulls):
        self.nulls = nulls
        self.db, self.name, self.sql = db, name, sql
        self.strict = "strict" in tokens(sql)[-4:]
        self.virtual = tokens(sql)[1] == "virtual"
        self.columns = [r for r in db.execute(f"PRAGMA table_xinfo({quote(name)})").fetchall()
                        if r[6] == 0]
        t = tokens(sql)
        self.checks = [" ".join(t[i:group_end(t, i + 1)]) for i in range(len(t))
                       if t[i] == "check" and t[i + 1:i + 2] == ["("]]
        self.keys = {}
        for r in db.execute(f"PRAGMA foreign_key_list({quote(name)})").fetchall():
            self.keys.setdefault(r[0], (r[2], []))[1].append((r[3], r[4], r[1]))

    def fill(self):
        made = 0
        for i in range(ROWS):
            for attempt in range(40):
                row = self.row(i, attempt)
                try:
                    self.db.execute(
                        f"INSERT INTO {quote(self.name)} ({', '.join(map(quote, row))}) VALUES "
                        f"({', '.join('?' * len(row))})", list(row.values()))
                    made += 1
                    break
                except sqlite3.Error:
                    pass
        return made > 0

    def row(self, i, attempt):
        pick = chooser(self.name, i, attempt)
        row = {}
        for _, name, type_, not_null, default, key, _ in self.columns:
            null = (self.nulls and i == ROWS - 1 if attempt < 6 else
                    attempt > 10 and pick.random() < 0.5)
            if null and not not_null and not key:
                continue  # NULL or its default
            if attempt > 30 and (not not_null and not key or default is not None):
                continue
            row[name] = self.value(name, type_, i, attempt, pick)
        for referred, pairs in self.keys.values():
            row.update(self.referred(referred, pairs, i, row))
        return row or {self.columns[0][1]: None}

    def referred(self, table, pairs, i, row):
        """Values of an existing row, or NULLs."""
        to = [p[1] for p in sorted(pairs, key=lambda p: p[2])]
        if None in to:
            info = self.db.execute(f"PRAGMA table_info({quote(table)})").fetchall()
            to = [r[1] for r in sorted(info, key=lambda r: r[5]) if r[5]]
        try:
            rows = self.db.execute(f"SELECT {', '.join(map(quote, to))} "
                                   f"FROM {quote(table)}").fetchall()
        except sqlite3.Error:
            rows = []
        if not rows and table.lower() == self.name.lower():
            values = [row.get(c) for c in to]  # refers to itself
            if any(self.columns[j][1] in [p[0] for p in pairs] and self.columns[j][3]
                   for j in range(len(self.columns))):
                return {p[0]: v for p, v in zip(pairs, values)}
        values = rows[i % len(rows)] if rows else [None] * len(pairs)
        names = [p[0] for p in sorted(pairs, key=lambda p: p[2])]
        real = {c[1].lower(): c[1] for c in self.columns}
        return {real.get(n.lower(), n): v for n, v in zip(names, values)}

    def value(self, name, type_, i, attempt, pick):
        kind = type_.lower()
        words, numbers = [], []
        for check in self.checks:
            if mentions(check, name):
                w, n = literals(check)
                words, numbers = words + w, numbers + n
        if attempt and words + numbers:
            choices = words + numbers + ["a" * n for n in numbers if 0 < n < 1000] + [
                bytes([i]) * n for n in numbers if 0 < n < 1000]
            return choices[(i + attempt) % len(choices)] if attempt < 10 else pick.choice(choices)
        if 20 < attempt < 30 and "int" not in kind:
            return "{}"  # what JSON functions take
        if "int" in kind:
            return i + 1 if attempt < 6 else pick.randint(1, 99)
        if "char" in kind or "text" in kind or "clob" in kind or self.virtual:
            return f"{name[:20]} {i}"
        if "bool" in kind:
            return i % 2
        if "date" in kind or "time" in kind:
            return f"2020-01-0{i + 1} 12:00:00"
        if "blob" in kind or not kind:
            return bytes([i + 1, 0, 255])
        if "json" in kind:
            return "{}"
        return i + 0.5 if attempt % 2 == 0 else i
