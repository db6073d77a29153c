#!/usr/bin/env python3
"""run.py HISTORIES_DIR --mig PATH: runs whole migration histories of other projects with libmig.

HISTORIES_DIR/NAME/DIALECT is one history in the form that convert.py reads, and besides

    setup.sql             (if meta.json names it) what is there before the first migration
    base_schema.sql       the schema before the first, and
    expected_schema.sql   after the last migration: for sqlite the CREATE texts of sqlite_schema,
                          each with a semicolon; for postgresql the output of pg_dump -s --no-owner

Each history is run up to the head, the schema compared; then each downgrade alone, and the chain of
them from the head, beside the same scripts executed by the engine itself: where that fails, mig
must fail with a message and change nothing; where there is no downgrade, it must refuse.

sqlite.py and postgresql.py know the engines: to add one, write the same class for it.
"""
import argparse
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import convert  # noqa: E402
import postgresql  # noqa: E402
import sqlite  # noqa: E402

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # databases need no disk
ENGINES = {"sqlite": sqlite.Engine, "postgresql": postgresql.Engine}


class History:
    def __init__(self, folder, work, mig, engine):
        self.folder, self.mig, self.engine = folder, mig, engine
        self.name = os.path.basename(os.path.dirname(folder))
        self.env = os.path.join(work, "env")
        self.meta = convert.convert_all(folder, self.env)
        self.migrations = self.meta["migrations"]
        self.schemas = {}  # as long as a database is not changed
        self.problems, self.compared, self.refused, self.faulty = [], 0, 0, 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def problem(self, text):
        self.problems.append(text)

    # -- databases

    def schema(self, database):
        if database not in self.schemas:
            self.schemas[database] = self.engine.schema(database)
        return self.schemas[database]

    def expected(self, name):
        return self.engine.expected(convert.read(self.path(name)))

    def run(self, database, *args):
        """mig's exit status and what it said of an error."""
        self.schemas.pop(database, None)
        env = dict(os.environ, MIG_URL=self.engine.url(database), MIG_DIRECTORY=self.env)
        done = subprocess.run([self.mig, *args], env=env, text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        died = f"signal {-done.returncode} " if done.returncode < 0 else ""
        return done.returncode, died + done.stderr.strip()

    def execute(self, database, name, transaction):
        self.schemas.pop(database, None)
        return self.engine.execute(database, self.path(name), transaction)

    def fresh(self, name):
        database = self.engine.fresh(name, self.meta)
        if self.meta["setup"]:
            error = self.execute(database, self.meta["setup"], False)
            if error:
                self.problem(f"setup: {error}")
        return database

    def copy(self, source, name):
        database = self.engine.copy(source, name)
        self.schemas[database] = self.schema(source)
        return database

    # -- the same by the engine alone

    def native_up(self, database, migration):
        own = convert.outside(migration["transaction"], migration["up"].get("own_transaction"))
        error = self.execute(database, migration["file"] + ".up.sql", not own)
        if error:
            self.problem(f"{migration['file']}: {self.engine.name} itself: {error}")

    def native_down(self, database, migration):
        down = migration["down"]
        own = convert.outside(down.get("transaction"), down.get("own_transaction"))
        return self.execute(database, migration["file"] + ".down.sql", not own)

    # -- checks

    def check_head(self):
        """All up in one run; then nothing is left to do. Returns the database."""
        database = self.fresh("head")
        if self.schema(database) != self.expected("base_schema.sql"):
            self.problem("the schema before the first migration is another")
        status, said = self.run(database, "upgrade", "head")
        if status:
            self.problem(f"upgrade: {said}")
        elif self.schema(database) != self.expected("expected_schema.sql"):
            self.problem("the schema at the head is another")
        status, said = self.run(database, "upgrade", "head")
        if status:
            self.problem(f"upgrade at the head: {said}")
        return database

    def down_one(self, ours, native, migration, where):
        """One downgrade by libmig and by the engine. Returns True if it worked in both."""
        before, rows = self.schema(ours), self.engine.rows(ours)
        status, said = self.run(ours, "downgrade")
        what = f"{where} {migration['file']}"
        if migration.get("down") is None:
            self.refused += 1
            if status != 1 or not said:
                self.problem(f"{what}: no downgrade, but exit status {status}, \"{said}\"")
        else:
            error = self.native_down(native, migration)
            if error is None:
                self.compared += 1
                if status:
                    self.problem(f"{what}: {said}")
                elif self.schema(ours) != self.schema(native):
                    self.problem(f"{what}: leads to another schema than {self.engine.name} alone")
                return status == 0
            self.faulty += 1
            if status != 1 or not said:
                self.problem(f"{what}: faulty ({error}), but exit status {status}, \"{said}\"")
        if self.schema(ours) != before or self.engine.rows(ours) != rows:
            self.problem(f"{what}: failed, and changed the database")
        return False

    def check_each(self):
        """Step by step up; from each step down once, on a copy. Returns the engine's own head."""
        ours, native = self.fresh("ours"), self.fresh("native")
        for migration in self.migrations:
            before = self.schema(native)
            self.native_up(native, migration)
            status, said = self.run(ours, "upgrade", "+1")
            if status:
                self.problem(f"upgrade +1 to {migration['file']}: {said}")
                break
            if self.schema(ours) != self.schema(native):
                self.problem(f"{migration['file']}: leads to another schema than "
                             f"{self.engine.name} alone")
            copy = self.copy(ours, "down")
            worked = self.down_one(copy, self.copy(native, "native_down"), migration, "single")
            # What was measured: down_exact is stricter than the comparison of a SQLite database,
            # which knows no order of objects; down_same_lines is laxer, since it knows no order of
            # lines.
            measured, back = migration["measured"], self.schema(copy) == before
            if worked and (measured.get("down_exact") and not back or
                           measured.get("down_same_lines") is False and back):
                self.problem(f"{migration['file']}: its downgrade gives back the schema before: "
                             f"{back}")
        return native

    def check_chain(self, head, native):
        """From the head down, as far as it goes."""
        ours = self.copy(head, "chain")
        steps = 0
        for migration in reversed(self.migrations):
            if not self.down_one(ours, native, migration, "chain"):
                break
            steps += 1
        chain = self.meta["downs_chain"]
        if chain and chain["ran"] != steps:
            self.problem(f"the chain of downgrades ran {steps} steps, not {chain['ran']}")
        if steps == len(self.migrations) and self.engine.rows(ours):
            self.problem("at the base there are version rows left")
        # And in one run: all or nothing.
        whole = self.copy(head, "whole")
        before = self.schema(whole)
        status, said = self.run(whole, "downgrade", "base")
        if (status == 0) != (steps == len(self.migrations)):
            self.problem(f"downgrade base: exit status {status}, {said}")
        if status and self.migrations[-1].get("down") is None and self.schema(whole) != before:
            self.problem("downgrade base: refused, and changed the database")
        return steps

    def check(self):
        """How many steps the chain of downgrades ran."""
        head = self.check_head()
        return self.check_chain(head, self.check_each())


def check_history(folder, mig, engine):
    """Prints its line; True if all is well."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as work:
        history = History(folder, work, mig, engine)
        steps = history.check()
    print(f"{history.name:<16} {os.path.basename(folder):<10} {len(history.migrations):>9} "
          f"{history.compared:>11} {history.faulty:>7} {history.refused:>7} {steps:>6}  "
          f"{'FAILED' if history.problems else 'ok'}", flush=True)
    for text in history.problems:
        print(f"    {text}")
    return not history.problems


def check_dialect(dialect, folders, mig):
    """Passed and failed."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as work:
        try:
            engine = ENGINES[dialect](work)
        except postgresql.Missing as e:
            print(f"{dialect}: left out: {e}")
            return 0, 0
        try:
            passed = sum(check_history(folder, mig, engine) for folder in folders)
        finally:
            engine.close()
    return passed, len(folders) - passed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories")
    parser.add_argument("--mig", default="mig", help="the mig program")
    parser.add_argument("--only", default="*/*", metavar="NAME/DIALECT", help="a pattern")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers are stopped all the same
    folders = [f for f in sorted(glob.glob(os.path.join(args.histories, args.only)))
               if os.path.exists(os.path.join(f, "meta.json"))]
    mig = shutil.which(args.mig)
    if not folders or not mig:
        sys.exit(f"run.py: no {'histories in ' + args.histories if mig else args.mig}")
    print(f"{'history':<16} {'dialect':<10} {'revisions':>9} {'downs equal':>11} {'faulty':>7} "
          f"{'refused':>7} {'chain':>6}  result")
    passed = failed = 0
    for dialect in ENGINES:
        its = [f for f in folders if os.path.basename(f) == dialect]
        counts = check_dialect(dialect, its, os.path.abspath(mig)) if its else (0, 0)
        passed, failed = passed + counts[0], failed + counts[1]
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
