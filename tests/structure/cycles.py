#!/usr/bin/env python3
"""cycles.py BUILD [--list]: files of lib/ whose functions call each other in a cycle, by the symbols of their object
files: what one leaves undefined and another defines. Static functions do not matter to it. The cycles that are there
are listed below; a file more in one, or a new one, fails."""
import glob
import os
import subprocess
import sys

# Two halves of one noun.
ACCEPTED = """
cli_alembic cli_alembic_python
cli_fail cli_help
cli_migrate cli_revision
dialect_postgresql_conn_conn dialect_postgresql_schema_scratch
dialect_postgresql_schema_ddl_identity dialect_postgresql_schema_ddl_position
dialect_postgresql_schema_inspect dialect_postgresql_schema_inspect_column
dialect_sqlite_schema_compile dialect_sqlite_schema_sound
dialect_sqlite_schema_ddl dialect_sqlite_schema_rebuild
dialect_sqlite_schema_inspect dialect_sqlite_schema_table
migrate_declare migrate_sound
script_lines script_name
"""


def symbols(paths):
    """What each object file defines and wants, by one nm for all."""
    found = {path: (set(), set()) for path in paths}
    out = subprocess.run(["nm", "-A", *paths], capture_output=True, text=True, check=True).stdout if paths else ""
    for line in out.splitlines():
        path, rest = line.rsplit(":", 1)
        kind, name = rest.split()[-2:]
        if kind == "U":
            found[path][1].add(name)
        elif kind in "TDRBVW":
            found[path][0].add(name)
    return {os.path.basename(path)[:-4]: both for path, both in found.items()}


def components(edges):
    """Tarjan's, without recursion over more than a path of files."""
    index, low, stack, on, found = {}, {}, [], set(), []
    sys.setrecursionlimit(10000)

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        on.add(v)
        for w in edges[v]:
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in on:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            cut = stack.index(v)
            part = stack[cut:]
            del stack[cut:]
            on.difference_update(part)
            if len(part) > 1:
                found.append(" ".join(sorted(part)))

    for v in sorted(edges):
        if v not in index:
            visit(v)
    return sorted(found)


objects = symbols(sorted(glob.glob(os.path.join(sys.argv[1], "lib", "*.p", "*.c.o"))))
where = {name: file for file, (defined, _) in objects.items() for name in defined}
edges = {file: {where[n] for n in wanted if n in where} - {file} for file, (_, wanted) in objects.items()}
found = components(edges)
if "--list" in sys.argv:
    print("\n".join(found))
    sys.exit(0)
accepted = [set(line.split()) for line in ACCEPTED.splitlines()]
new = [line for line in found if not any(set(line.split()) <= known for known in accepted)]
for line in new:
    print(f"a cycle that is not accepted: {line}")
print(f"{len(objects)} files, {len(found)} cycles, {sum(len(f.split()) for f in found)} files in them")
sys.exit(1 if new else 0 if objects else 77)
