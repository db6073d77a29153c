#!/usr/bin/env python3
"""json_schema.py MIG mig.schema.json: what --json prints is what the schema says, for every command that has it;
nothing less, and no member that the schema does not know."""
import json
import os
import re
import subprocess
import sys
import tempfile

import jsonschema

mig, schema_file = os.path.abspath(sys.argv[1]), sys.argv[2]
schema = json.load(open(schema_file, encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)
for name in [n for n in os.environ if n.startswith("MIG_") and n != "MIG_DIALECT_PATH"]:
    del os.environ[name]
os.environ["MIG_URL"] = "sqlite:a.db"
used = set()


def run(*words, status=0):
    done = subprocess.run([mig, *words], capture_output=True, text=True)
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


def check(kind, *words, status=0, env=None):
    made = json.loads(run(*words, "--json", status=status))
    rule = {"$ref": "#/$defs/" + kind, "$defs": schema["$defs"]}
    jsonschema.validate(made, rule, cls=jsonschema.Draft202012Validator)
    used.add(words[0])
    return made


def write(name, text):
    with open(name, "w", encoding="utf-8") as f:
        f.write(text)


run("init")
write("model.sql", "CREATE TABLE t (x INTEGER UNIQUE, y TEXT);\nCREATE VIEW v AS SELECT x FROM t;\n")
check("migrate", "migrate", "--models", "model.sql", "-m", "one", "--rev-id", "aaaa")
check("plan", "plan")
check("plan", "plan", "--sql")
check("plan", "upgrade", "--dry-run")
run("upgrade")
check("plan", "plan")
check("plan", "downgrade", "--dry-run", "base")
check("check", "check", "--models", "model.sql")
write("model.sql", "CREATE TABLE t (x INTEGER UNIQUE);\nCREATE TABLE u (x REFERENCES t (x));\n")
assert check("check", "check", "--models", "model.sql", status=3)["operations"]
write("model.sql", "CREATE TABLE t (x INTEGER UNIQUE, y VARCHAR DEFAULT 'a');\nCREATE VIEW v AS SELECT y FROM t;\n")
changes = {(o["type"], o["kind"]): o["changes"] for o in
           check("check", "check", "--models", "model.sql", status=3)["operations"]}
view = [{"attribute": "query", "from": "select x from t", "to": "select y from t"}]
assert changes == {("alter", "column"): [{"attribute": "type", "from": "text", "to": "varchar"}],
                   ("create", "default"): [{"attribute": "expression", "from": None, "to": "'a'"}],
                   ("drop", "view"): view, ("create", "view"): view}, changes
write("model.sql", "CREATE TABLE t (x INTEGER UNIQUE);\nCREATE TABLE u (x REFERENCES t (x));\n")
check("migrate", "migrate", "--models", "model.sql", "--dry-run")
check("migrate", "migrate", "--models", "model.sql", "-m", "two", "--rev-id", "bbbb")
run("upgrade")
assert check("migrate", "migrate", "--models", "model.sql")["revision"] is None
check("created", "revision", "-m", "side", "--rev-id", "cccc", "--head", "aaaa", "--splice", "--branch-label", "side",
      "--depends-on", "bbbb")
check("created", "merge", "-m", "both", "--rev-id", "dddd")
check("current", "current")
run("upgrade", "--per-revision")
assert check("current", "current")["at_head"]
check("revisions", "history")
check("revisions", "history", "-i")
check("heads", "heads")
check("branches", "branches")
check("revisions", "show", "aaaa")
check("log", "log")
assert check("revisions", "show", "aaaa")["revisions"][0]["text"].startswith("-- one")
assert check("status", "status")["next"] is None
assert [o["name"] for o in check("dump", "dump")["objects"]] == ["t", "u"]
write("mig.ini", "[mig]\ndatabases = a, b\n[a]\nurl = sqlite:a.db\nmodels = model.sql\n"
      "[b]\nurl = sqlite:b.db\nmodels = model.sql\n")
del os.environ["MIG_URL"]
both = json.loads(run("current", "--json"))
assert list(both) == ["a", "b"], both
for one in both.values():
    jsonschema.validate(one, {"$ref": "#/$defs/current", "$defs": schema["$defs"]})
run("upgrade", "heads")
made = check("migrate", "migrate")
assert [o["database"] for o in made["others"]] == ["b"], made

# every command that has --json was looked at
for command in re.findall(r"^  ([a-z-]+) ", run("help").split("Commands:")[1].split("Options of")[0], re.M):
    text = subprocess.run([mig, command, "--json"], capture_output=True, text=True, stdin=subprocess.DEVNULL).stderr
    assert "has no --json" in text or command in used, command
print(len(used), "commands print what the schema says")
