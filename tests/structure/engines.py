#!/usr/bin/env python3
"""engines.py FOLDER: only a dialect speaks SQL. In lib/, but for lib/dialect/NAME/ and the default store
(lib/dialect/store.c), no code knows an engine: none of their names, no default schema or privileges of one, no quoting
of names or texts, no connection strings of another form than a URL, no word of SQL. Comments are not code."""
import glob
import os
import re
import sys

root = sys.argv[1]

# what a text or the code may not have; examples of URLs are taken out before
RULES = (
    ("an engine's name", re.compile(r"(?<![A-Za-z])(?:sqlite|postgres|psql|libpq|mysql|mariadb|mssql|oracle)|\bPQ[a-z]\w+|\bpg_\w+", re.I)),
    ("an engine's schema or catalogue", re.compile(r'"(?:public|acl|main|information_schema|pg_catalog)"')),
    ("quoting", re.compile(r"""'"'|'`'|"''"|"'%s'"|"\\"\\""|quote_ident|quote_literal""")),
    ("a connection string", re.compile(r'conninfo|"(?:dbname|hostaddr|sslmode|service)"', re.I)),
    ("SQL", re.compile(r'"[^"\n]*\b(?:SELECT|INSERT|UPDATE|DELETE|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|CREATE|ALTER|DROP|'
                       r'PRAGMA|FROM(?!:)|WHERE|CASCADE|VALUES)\b[^"\n]*"')),
)
EXAMPLE = re.compile(r"\bsqlite:(?:app\.db|first\.db|second\.db|FILE|PATH|//+(?:abs/)?app\.db)|"
                     r"\bpostgresql://(?:/|user@host/|USER@HOST/)(?:app|NAME)|\bsqlite,postgresql for a sqlite: URL")

# (file, what stands there): why it may
EXCEPTIONS = {
    ("lib/dialect/registry.c", r"a SQLite database is written|a PostgreSQL one"): "a hint: URLs, as examples",
    ("lib/dialect/record.c", r'"(?:BEGIN|COMMIT|ROLLBACK)"'):
        "the transactions of a script for an engine's shell, in the words of standard SQL",
    ("lib/base/quote.c", r"\"\\\"\\\"\"|\"''\""):
        "the marks of standard SQL, for a dialect that names none",
    ("lib/dialect/foreign.c", r'"SELECT f\."|" FROM "'): "a query that every engine takes, as in the default store",
    ("lib/migrate/unit.c", r'"put it before the BEGIN or after the COMMIT"'): "a hint, in the words of the user's script",
    ("lib/migrate/check.c", r"'\\''|\"''\""): "a value in a message, so that a reader sees where it ends",
    ("lib/cli/run.c", r"sqlite3 or psql"): "help: shells, as examples",
    ("lib/cli/stamp.c", r"sqlite3 or psql"): "help: shells, as examples",
    ("lib/cli/ensure_version.c", r"sqlite3 or psql"): "help: shells, as examples",
    ("lib/cli/help.c", r"\(PostgreSQL\)"): "help: an engine that has roles, as an example",
    ("lib/cli/sections.c", r'"sqlite"|"postgresql"'):
        "dialects that come with libmig are asked about sections that name none, if they are installed",
    ("lib/cli/alembic_sql.c", r'"[A-Z; ]+"|\'"\'|\'`\''):
        "reads the SQL that Alembic prints, whatever its engine, and cuts it into sections",
    ("lib/cli/alembic_python.c", r"'\"'"): "strings of Python",
    ("lib/cli/import.c", r"SQLite database| dialect=sqlite"): "what Alembic is run on, and what is then recorded",
    ("lib/api/init.c", r"SQLite database|sqlite:////srv/app\.db|postgresql:///postgres"): "mig.ini's comments: URLs, as examples",
    ("lib/api/init.c", r"'\"'"): "quotes of a list in mig.ini",
    ("lib/cli/config.c", r"'\"'"): "quotes of a list in mig.ini",
    ("lib/cli/ini.c", r"'\"'"): "quotes in an ini file",
    ("lib/cli/init.c", r'"\.sqlite3?"|"sqlite:%s"'): "a guess of which database a file is, shown to who can change it",
    ("lib/cli/words.c", r"'\"'"): "quotes of a command line",
    ("lib/cli/literal.c", r"'\"'"): "strings of C",
}


def code(text):
    """Without comments, includes and examples of URLs; as many lines."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    return EXAMPLE.sub("", re.sub(r"^#include.*$", "", text, flags=re.M))


def found(path, text, used):
    """Lines of a file that know an engine, without the exceptions; those that were needed go into used."""
    out = []
    for number, line in enumerate(code(text).split("\n"), 1):
        for (where, what), _ in EXCEPTIONS.items():
            if where == path:
                less = re.sub(what, "", line)
                if less != line and any(rule.search(line) for _, rule in RULES):
                    used.add((where, what))
                line = less
        out += [f"{path}:{number}: {name}: {line.strip()}" for name, rule in RULES if rule.search(line)]
    return out


def main():
    problems, used, files = [], set(), 0
    for path in sorted(glob.glob(os.path.join(root, "lib/**/*.[ch]"), recursive=True)):
        name = os.path.relpath(path, root)
        if re.match(r"lib/dialect/(\w+/|store\.[ch]$)", name):
            continue
        with open(path, encoding="utf-8") as f:
            problems += found(name, f.read(), used)
        files += 1
    problems += [f"{where}: {what}: the exception is not needed any more" for where, what in EXCEPTIONS.keys() - used]
    for line in ('x = "sqlite3";', 'PQexec(c);', 's = "public";', "put('\"');", 's = "BEGIN";', 's = "SELECT 1";',
                 'parse("conninfo");', "mysql_open();"):
        if not found("lib/api/x.c", line, set()):
            problems.append(f"the check does not find: {line}")
    for line in ("/* sqlite3 */", 'hint("write sqlite:PATH");'):
        if found("lib/api/x.c", line, set()):
            problems.append(f"the check is wrong about: {line}")
    if files < 100:
        problems.append(f"only {files} files were read")
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
