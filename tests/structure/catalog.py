"""catalog.py ROOT: the dialect's own SQL resolves its names in pg_catalog alone.

A session's search path belongs to its user, and whoever may create objects in a schema of it can
supply an operator, a function or a type that fits better than the server's own. So in SQL that runs
under that path, operators are written OPERATOR(pg_catalog.=), functions and types with pg_catalog
in front, and forms that look up an operator by themselves (IN, LIKE, BETWEEN, NULLIF, IS DISTINCT
FROM, CASE x WHEN, USING) are not used.

This reads the string literals of the dialect's C sources; those that are not SQL are told apart by
their words. It leaves out the inspector's queries, which run under a path of pg_catalog alone, and the
DDL of users' objects. Programs on a server with hostile objects on the path test the same."""
import glob
import os
import re
import sys

# the grammar's own functions and types: they are resolved in pg_catalog
FUNCTIONS = {"coalesce", "exists", "extract", "values", "array", "any", "all", "operator", "in",
             "and", "or", "not", "as", "select", "where", "from", "then", "when", "else", "on",
             "materialized", "concurrently", "force", "with", "o"}
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
SQL = re.compile(r"\b(SELECT|WHERE|FROM pg_catalog|OPERATOR\(|PERFORM|INSERT INTO|UPDATE|DELETE FROM|"
                 r"JOIN|CREATE TABLE|pg_catalog\.|EXISTS)|^\s*(AND|ON|OR|SET) ")
CHECKS = [
    (re.compile(r"(?<![.\w])(IN) *\("), "IN looks up an operator"),
    (re.compile(r"\b(I?LIKE|SIMILAR|BETWEEN|NULLIF|nullif)\b"), "looks up an operator"),
    (re.compile(r"(IS (NOT )?DISTINCT FROM)"), "looks up an operator"),
    (re.compile(r"\b(USING) *\("), "looks up an operator"),
    (re.compile(r"\b(CASE) (?!WHEN|$)"), "CASE x WHEN looks up an operator"),
    (re.compile(r"(\|\||<>|!=|!~|<=|>=|@>|<@|&&|<<|>>|~)"), "a bare operator"),
    (re.compile(r"(?<![\w.:])(?<!state )(=)(?!>)"), "a bare operator"),
    (re.compile(r"[\w')] ([<>*/+|&-]) ?[\w'($]"), "a bare operator"),
    (re.compile(r"::(?!pg_catalog\.)(\"?\w+)"), "a bare type"),
    (re.compile(r"(?<![.\w\"%])([a-z_]\w*)\("), "a bare function"),
    (re.compile(r"(COLLATE) (?!pg_catalog\.)"), "a bare collation"),
    (re.compile(r"(?:FROM|JOIN) (?!pg_catalog\.)(pg_\w+)"), "a bare catalogue"),
]
LEFT_OUT = re.compile(r"inspect_|ddl|native|compare|split")
QUOTED = re.compile(r"'(?:[^']|'')*'")
OPERATOR = re.compile(r"OPERATOR\(pg_catalog\.[^)]*\)")
ASSIGNED = re.compile(r"\b(SET [^W]*|AS OF|:=|USING ERRCODE = )")


def literals(text):
    """Neighbouring literals as one text, with the line of the first; comments are dropped."""
    text = re.sub(r'\bCATALOG(\s*)"', r'"pg_catalog."\1"', text)
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
    end, whole, line = None, "", 0
    for m in LITERAL.finditer(text):
        between = text[end:m.start()] if end is not None else None
        if between is not None and re.fullmatch(r"[\s\\]*", between):
            whole += m.group(1)
        else:
            if whole:
                yield line, whole
            whole, line = m.group(1), text.count("\n", 0, m.start()) + 1
        end = m.end()
    if whole:
        yield line, whole


def complaints(sql):
    sql = sql.replace("\\n", " ").replace("\\t", " ").replace('\\"', '"')
    sql = OPERATOR.sub(" ", QUOTED.sub("''", sql))
    sql = re.sub(r"(USING ERRCODE|SET \w+|, \w+) =", r"\1", sql) if "SET " in sql or "ERRCODE" in sql else sql
    for check, why in CHECKS:
        for m in check.finditer(sql):
            if why == "a bare function" and m.group(1).lower() in FUNCTIONS:
                continue
            yield f"{why}: {m.group(1)}"


bad = 0
seen = 0
for path in sorted(glob.glob(os.path.join(sys.argv[1], "lib/dialect/postgresql/**/*.[ch]"), recursive=True)):
    if LEFT_OUT.match(os.path.basename(path)):
        continue
    with open(path, encoding="utf-8") as f:
        source = f.read()
    for line, text in literals(source):
        if not SQL.search(text) or "to end it:" in text:  # a hint, for people
            continue
        seen += 1
        for what in complaints(text):
            print(f"{path}:{line}: {what}\n    {text}")
            bad = 1
if not bad and seen < 20:
    print(f"only {seen} texts were found")
    bad = 1
# what it must find
for probe in ("SELECT a = b", "SELECT a||b", "WHERE x IN (1)", "SELECT length(s)", "SELECT x::text",
              "SELECT CASE a WHEN 1 THEN 2 END", "WHERE a LIKE 'x'", "SELECT 1 FROM pg_class c",
              "WHERE a IS DISTINCT FROM b", "SELECT a > b", "AND a <> 'x'"):
    if not list(complaints(probe)):
        print(f"this test is blind to: {probe}")
        bad = 1
sys.exit(bad)
