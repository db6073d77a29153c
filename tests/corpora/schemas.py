#!/usr/bin/env python3
"""schemas.py SCHEMAS_DIR --mig PATH: measures autogenerate on whole schemas and on small cases.

SCHEMAS_DIR/pairs.jsonl    each line {kind, name, dialect, old, new}: paths of SQL files, relative
                           to the folder above; old null: an empty database
SCHEMAS_DIR/cases/*.jsonl  each line {name, old, new, ...}: SQL texts, or lists of them, run in
                           order; needs_roles: created before all; same_schema: there is no
                           difference. The file's name ends with its dialect

Each is one task: a database that has the old schema and rows in its tables; `mig migrate` with the
new schema as the model, `mig upgrade`, `mig check`, `mig downgrade`. The schema must be after each
what the engine alone makes of the texts, and the rows of what is in both schemas must stay. Where
the rows forbid a change (NULLs in a column that becomes NOT NULL), the upgrade must fail and change
nothing; it is then tried with other rows and without, and a line tells so.

A failure has a kind: generate, no-file, extra-file, upgrade, differs-after-up, second-not-empty,
rows-lost, downgrade, differs-after-down, crash (a program died, or this one did).

PostgreSQL is the cluster of MIG_TEST_POSTGRESQL, or one that is started for the run.
"""
import argparse
import collections
import concurrent.futures
import difflib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import postgresql  # noqa: E402
import schemas_postgresql  # noqa: E402
import schemas_sqlite  # noqa: E402

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # databases need no disk
ENGINES = {"sqlite": schemas_sqlite.Engine, "postgresql": schemas_postgresql.Engine}


class Task:
    def __init__(self, kind, source, name, dialect, old, new, case):
        self.kind, self.source, self.dialect = kind, source, dialect
        self.id = f"{kind}/{source}/{name}"
        self.old, self.new = old, new
        self.roles = [r for r in case.get("needs_roles", []) if r != "PUBLIC"]
        self.same = case.get("same_schema", False)

    def reverse(self):
        self.old, self.new = self.new, self.old
        self.id += "/reverse"


def texts(value):
    """SQL texts in order, empty ones left out."""
    return [t for t in ([value] if isinstance(value, str) else value or []) if t.strip()]


def read_pairs(folder):
    def file(path):
        if path is None:
            return []
        with open(os.path.join(folder, "..", path), encoding="utf-8-sig") as f:
            return texts(f.read())

    def number(path):
        return os.path.splitext(os.path.basename(path))[0] if path else "empty"

    path = os.path.join(folder, "pairs.jsonl")
    for line in open(path, encoding="utf-8") if os.path.exists(path) else ():
        p = json.loads(line)
        yield Task("pair", f"{p['name']}/{p['dialect']}", f"{number(p['old'])}-{number(p['new'])}",
                   p["dialect"], file(p["old"]), file(p["new"]), {})


def read_cases(folder):
    for path in sorted(glob.glob(os.path.join(folder, "cases", "*.jsonl"))):
        source = os.path.splitext(os.path.basename(path))[0]
        dialect = source.rsplit("-", 1)[1]
        with open(path, encoding="utf-8") as f:
            for line in f:
                c = json.loads(line)
                yield Task("case", source, c["name"], dialect, texts(c["old"]), texts(c["new"]), c)


def first_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[0].strip() if lines else ""


class Failed(Exception):
    """The task cannot go on."""


class Run:
    """One task in its database."""

    def __init__(self, task, engine, mig, work):
        self.task, self.engine, self.mig, self.work = task, engine, mig, work
        self.dir = os.path.join(work, "migrations")
        self.problems, self.notes, self.detail = [], [], []
        self.left_out = None
        self.filled = self.tables = 0
        self.in_order = None
        os.makedirs(os.path.join(self.dir, "versions"))

    def problem(self, kind, text, detail=""):
        self.problems.append((kind, first_line(text)))
        if detail:
            self.detail.append(detail)

    def fail(self, kind, text, detail=""):
        self.problem(kind, text, detail)
        raise Failed

    def command(self, *args):
        """mig's exit status and all that it said."""
        env = {k: v for k, v in os.environ.items()
               if k == "MIG_DIALECT_PATH" or not k.startswith(("MIG_", "PG"))}
        try:
            done = subprocess.run([self.mig, "--url", self.engine.url(self.database), "-d",
                                   self.dir, *args], env=env, cwd=self.work, text=True,
                                  errors="replace", timeout=300, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except subprocess.TimeoutExpired:
            self.fail("crash", f"{args[0]}: no end within 300 s")
        said = (done.stderr + done.stdout).strip().removeprefix("mig: ")
        if done.returncode < 0 or "Sanitizer" in said or "runtime error:" in said:
            self.fail("crash", f"{args[0]}: signal {-done.returncode}: {said}", said)
        return done.returncode, said.replace(os.path.join(self.dir, "versions", ""), "")

    def models(self):
        """The new schema as options."""
        options = []
        for i, text in enumerate(self.task.new or [""]):
            path = os.path.join(self.work, f"model{i}.sql")
            with open(path, "w", encoding="utf-8", newline="") as f:
                f.write(text)
            options += ["--models", path]
        return options

    def scripts(self):
        return sorted(glob.glob(os.path.join(self.dir, "versions", "*.sql")))

    # -- steps

    def generate(self, same):
        """True if there is a script now."""
        status, said = self.command("migrate", "-m", "step", *self.models())
        scripts = self.scripts()
        for path in scripts:
            with open(path, encoding="utf-8") as f:
                self.detail.append(f.read())
        if status:
            self.fail("generate", said, said)
        if scripts and same:
            self.problem("extra-file", "the schemas are the same")
        if not scripts and not same:
            diff = self.differences(self.old, self.new)
            self.fail("no-file", diff.strip().splitlines()[0], diff)
        return bool(scripts)

    @staticmethod
    def differences(is_, should):
        """Line by line; of tables each line with the first one before it."""
        def lines(schema):
            for statement in schema.compared:
                head, *rest = statement.splitlines() or [""]
                yield head
                if "TABLE" in head.upper():
                    rest = [f"{head} {line}" for line in rest]
                yield from rest

        diff = difflib.unified_diff(list(lines(is_)), list(lines(should)), lineterm="", n=0)
        return "\n".join(line for line in diff if not line.startswith(("---", "+++", "@@")))

    def compare(self, kind, should):
        is_ = self.engine.schema(self.database)
        if is_.compared != should.compared:
            diff = self.differences(is_, should)
            self.problem(kind, " ".join(diff.split("\n")[0].split())[:200],
                         f"{kind} (- is, + should be)\n{diff}")
        return is_

    def step(self, command, rows):
        """upgrade or downgrade; the rows that were there: as they are, new ones without NULLs, or
        none."""
        status, said = self.command(command)
        if not status:
            return rows
        if rows.any():
            if not rows.equal(self.engine.snapshot(self.database)):
                self.problem("rows-lost", f"{command}: failed, and changed rows: {said}", said)
            self.engine.empty(self.database)
            if command == "upgrade":
                self.engine.fill(self.database, nulls=False)
            rows = self.engine.snapshot(self.database)
            status, again = self.command(command)
            if status and rows.any():
                self.engine.empty(self.database)
                rows = self.engine.snapshot(self.database)
                status, again = self.command(command)
            if not status:
                which = "these" if rows.any() else "any"
                self.notes.append(f"{command} not with {which} rows: {first_line(said)}")
                return rows
            said = again
        self.fail(command, said, said)

    def rows_kept(self, when, before, *after):
        for lost in before.lost(*after):
            self.problem("rows-lost", f"{when}: {lost}")

    def start(self):
        """The database with the old schema and rows."""
        self.old, self.new = (self.engine.native(t) for t in (self.task.old, self.task.new))
        for schema, name in ((self.old, "old"), (self.new, "new")):
            if schema.error:
                self.left_out = f"{name}: {first_line(schema.error)}"
                raise Failed
        self.database = self.engine.make(self.task.old)
        self.filled, self.tables = self.engine.fill(self.database)

    def check(self):
        self.start()
        try:
            self.check_all()
        finally:
            self.engine.drop(self.database)

    def check_all(self):
        before = self.engine.snapshot(self.database)
        same = self.task.same or self.old.compared == self.new.compared
        if not self.generate(same):
            status, said = self.command("check", *self.models())
            if status:
                self.problem("second-not-empty", said, said)
            return
        before = self.step("upgrade", before)
        is_ = self.compare("differs-after-up", self.new)
        self.in_order = is_.exact == self.new.exact
        middle = self.engine.snapshot(self.database)
        self.rows_kept("upgrade", before, middle)
        status, said = self.command("check", *self.models())
        if status:
            self.problem("second-not-empty", said, said)
        kept = self.step("downgrade", middle)
        self.compare("differs-after-down", self.old)
        if kept is middle:
            self.rows_kept("downgrade", before, self.engine.snapshot(self.database), middle)


class Report:
    def __init__(self, verbose):
        self.verbose, self.lock = verbose, threading.Lock()
        self.sources = collections.defaultdict(collections.Counter)
        self.kinds = collections.Counter()
        self.total = collections.Counter()

    def add(self, run):
        with self.lock:
            self.count(run)
            self.tell(run)

    def count(self, run):
        source = self.sources[run.task.kind, run.task.source]
        result = "left out" if run.left_out else "failed" if run.problems else "passed"
        source[result] += 1
        self.total[result] += 1
        self.kinds.update({kind for kind, _ in run.problems})
        self.total["notes"] += bool(run.notes)
        self.total["filled"] += run.filled
        self.total["tables"] += run.tables
        self.total["compared"] += run.in_order is not None
        self.total["in order"] += bool(run.in_order)

    def tell(self, run):
        if run.left_out:
            print(f"left out  {run.task.id}: {run.left_out}")
        for kind, text in run.problems:
            print(f"FAILED    {kind:<18} {run.task.id}: {text[:300]}")
        for text in run.notes:
            print(f"rows      {run.task.id}: {text[:300]}")
        if self.verbose and (run.problems or self.verbose > 1):
            for text in run.detail:
                print("    " + text.replace("\n", "\n    "))
        sys.stdout.flush()

    def end(self, seconds):
        print(f"\n{'source':<36} {'passed':>7} {'failed':>7} {'left out':>9}")
        for (kind, source), c in sorted(self.sources.items()):
            print(f"{kind + '/' + source:<36} {c['passed']:>7} {c['failed']:>7} {c['left out']:>9}")
        for kind, count in self.kinds.most_common():
            print(f"    {kind:<32} {count:>15}")
        t = self.total
        print(f"rows in {t['filled']} of {t['tables']} tables; {t['notes']} tasks not possible "
              f"with their rows; {t['in order']} of {t['compared']} schemas the same even in order")
        print(f"{t['passed']} passed, {t['failed']} failed, {t['left out']} left out, "
              f"{seconds:.0f} s", flush=True)


def run_task(task, engine, mig, work, report):
    folder = tempfile.mkdtemp(dir=work)
    run = Run(task, engine, mig, folder)
    try:
        run.check()
    except Failed:
        pass
    except Exception as e:  # one task must not end the others
        run.problem("crash", f"schemas.py: {type(e).__name__}: {e}", traceback.format_exc())
    shutil.rmtree(folder, ignore_errors=True)
    report.add(run)


def run_dialect(dialect, tasks, roles, args, report):
    with tempfile.TemporaryDirectory(dir=MEMORY) as work:
        try:
            engine = ENGINES[dialect](work)
        except postgresql.Missing as e:
            print(f"{dialect}: left out: {e}")
            return
        pool = concurrent.futures.ThreadPoolExecutor(args.jobs)
        try:
            for role in roles:
                engine.role(role)
            list(pool.map(lambda task: run_task(task, engine, args.mig, work, report), tasks))
            for name in engine.leftovers():
                print(f"FAILED    a scratch database is left: {name}")
                report.total["failed"] += 1
        finally:
            pool.shutdown(cancel_futures=True)
            engine.close()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("schemas")
    parser.add_argument("--mig", default="mig", help="the mig program")
    parser.add_argument("--only", default="", metavar="REGEX", help="tasks whose name has it")
    parser.add_argument("--dialect", choices=ENGINES)
    parser.add_argument("--kind", choices=("pair", "case"))
    parser.add_argument("--reverse", action="store_true",
                        help="from each new schema to its old one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("-v", "--verbose", action="count", default=0,
                        help="scripts and differences of failures; twice: of all")
    args = parser.parse_args()
    mig = shutil.which(args.mig)
    if not mig:
        sys.exit(f"schemas.py: no {args.mig}")
    args.mig = os.path.abspath(mig)
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers are stopped all the same
    tasks = [*read_pairs(args.schemas), *read_cases(args.schemas)]
    if args.reverse:
        for task in tasks:
            task.reverse()
    roles = sorted({role for t in tasks for role in t.roles})  # also others' tasks name them
    tasks = [t for t in tasks if re.search(args.only, t.id) and args.kind in (None, t.kind)]
    report, begin = Report(args.verbose), time.monotonic()
    for dialect in ENGINES:
        its = [t for t in tasks if t.dialect == dialect and args.dialect in (None, dialect)]
        if its:
            run_dialect(dialect, its, roles, args, report)
    report.end(time.monotonic() - begin)
    if not report.total["passed"] + report.total["failed"]:
        sys.exit("schemas.py: no task")
    return 1 if report.total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
