#!/usr/bin/env python3
"""table.py MIG commands.md: walks the table that compares mig with Alembic: what it says of mig is there, every
command of mig is in it, every command of the others has a row, and what is missing has a reason."""
import re
import subprocess
import sys

mig, page = sys.argv[1:]
wrong = []


def help_of(*words):
    return subprocess.run([mig, "help", *words], capture_output=True, text=True, check=True).stdout


def options(text):
    return set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", text))


top = help_of()
commands = re.findall(r"^  ([a-z-]+) ", top.split("Commands:")[1].split("Options of")[0], re.M)
of_all = options(top.split("Options of every command:")[1])
of = {c: options(help_of(c).split("Options of every command:")[0]) for c in commands}

seen, theirs, rows = set(), set(), 0
for line in open(page, encoding="utf-8"):
    if not line.startswith("| ") or line.startswith("| `flask db` | `alembic` |"):
        continue
    rows += 1
    flask, alembic, ours, reason = [c.strip() for c in line.strip().strip("|").split("|")]
    for cell in (flask, alembic):
        theirs |= {m.replace("_", "-") for m in re.findall(r"`([a-z][a-z_-]+)", cell)}
    if ours == "–":
        if not reason:
            wrong.append(f"no reason for what is missing: {line.strip()}")
        continue
    spans = re.findall(r"`([^`]*)`", ours)
    if not spans:
        wrong.append(f"nothing of mig: {line.strip()}")
    for span in spans:
        words = span.split()
        if words[0] != "mig" or len(words) > 3:
            wrong.append(f"not a command of mig: {span}")
        elif words[1].startswith("-"):
            if words[1] not in of_all:
                wrong.append(f"there is no {span}")
        elif words[1] not in of:
            wrong.append(f"there is no {span}")
        else:
            seen.add(words[1])
            if len(words) > 2 and words[2] not in of[words[1]]:
                wrong.append(f"there is no {span}")

for command in commands:
    if command not in seen:
        wrong.append(f"mig {command} is not in the table")
# the commands of alembic 1.19 and of Flask-Migrate 4.1
for command in """list-templates init revision merge upgrade downgrade show history heads branches current stamp edit
        check ensure-version migrate""".split():
    if command not in theirs:
        wrong.append(f"the others' {command} is not in the table")
print("\n".join(wrong) if wrong else f"{rows} rows hold")
sys.exit(bool(wrong))
