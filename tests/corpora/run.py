#!/usr/bin/env python3
"""run.py HISTORIES_DIR --mig PATH: runs whole migration histories of other projects with libmig.

HISTORIES_DIR/NAME/sqlite is one history in the form that convert.py reads, and besides

    setup.sql             (if meta.json names it) what is there before the first migration
    base_schema.sql       the schema before the first, and
    expected_schema.sql   after the last migration: the CREATE texts of sqlite_schema, each with
                          a semicolon

Each history is run up to the head, the schema compared; then each downgrade alone, and the chain of
them from the head, beside the same scripts executed by SQLite itself: where SQLite fails, mig must
fail with a message and change nothing; where there is no downgrade, it must refuse.
"""
import argparse
import glob
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import convert  # noqa: E402

OURS = ("mig_version", "mig_history")


def same(sql):
    """One CREATE text as it is compared: SQLite's shell, which printed the expected schemas, puts an
    IF NOT EXISTS before quoted names."""
    sql = sql.strip().rstrip(";").rstrip()
    return sql.replace("CREATE TABLE IF NOT EXISTS ", "CREATE TABLE ", 1)


def statements(text):
    """The CREATE statements of a schema file, as a sorted list."""
    out, part = [], ""
    for line in text.splitlines():
        if not part and (not line.strip() or line.startswith("/*")):
            continue  # the shell tells a view's columns in a comment
        part += line + "\n"
        if sqlite3.complete_statement(part):
            out.append(same(part))
            part = ""
    return sorted(out + ([same(part)] if part.strip() else []))


def schema(path):
    """The CREATE statements of a database, libmig's own and the engine's own left out."""
    db = sqlite3.connect(path)
    rows = db.execute("SELECT name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    db.close()
    return sorted(same(sql) for name, table, sql in rows
                  if table not in OURS and not name.startswith("sqlite_"))


def rows_of(path):
    db = sqlite3.connect(path)
    rows = []
    if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'mig_version'").fetchone():
        rows = db.execute("SELECT revision FROM mig_version ORDER BY revision").fetchall()
    check = db.execute("PRAGMA integrity_check").fetchone()[0]
    db.close()
    return [r[0] for r in rows], check


def execute(path, script, transaction):
    """Runs a script with SQLite alone. Returns its error or None; what it began is undone then."""
    db = sqlite3.connect(path, isolation_level=None)
    error = None
    try:
        db.executescript(f"BEGIN;\n{script}\n;COMMIT;" if transaction else script)
    except sqlite3.Error as e:
        error = str(e)
        if db.in_transaction:
            db.rollback()
    db.close()
    return error


class History:
    def __init__(self, folder, work, mig):
        self.folder, self.work, self.mig = folder, work, mig
        self.name = os.path.basename(os.path.dirname(folder))
        self.env = os.path.join(work, "env")
        self.meta = convert.convert_all(folder, self.env)
        self.migrations = self.meta["migrations"]
        self.problems, self.compared, self.refused, self.faulty = [], 0, 0, 0

    def path(self, name):
        return os.path.join(self.work, name)

    def text(self, name):
        return convert.read(os.path.join(self.folder, name))

    def problem(self, text):
        self.problems.append(text)

    def run(self, database, *args):
        """mig's exit status and what it said."""
        env = dict(os.environ, MIG_URL="sqlite:" + database, MIG_DIRECTORY=self.env)
        done = subprocess.run([self.mig, *args], env=env, text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stderr.strip()

    def fresh(self, name):
        path = self.path(name)
        sqlite3.connect(path).close()
        if self.meta["setup"]:
            error = execute(path, self.text(self.meta["setup"]), False)
            if error:
                self.problem(f"setup: {error}")
        return path

    def copy(self, source, name):
        for suffix in ("", "-journal", "-wal", "-shm"):
            if os.path.exists(self.path(name) + suffix):
                os.remove(self.path(name) + suffix)
        shutil.copy(source, self.path(name))
        return self.path(name)

    def native_up(self, path, migration):
        own = convert.outside(migration["transaction"], migration["up"].get("own_transaction"))
        error = execute(path, self.text(migration["file"] + ".up.sql"), not own)
        if error:
            self.problem(f"{migration['file']}: SQLite itself: {error}")

    def native_down(self, path, migration):
        down = migration["down"]
        own = convert.outside(down.get("transaction"), down.get("own_transaction"))
        return execute(path, self.text(migration["file"] + ".down.sql"), not own)

    def check_head(self):
        """All up in one run; then nothing is left to do."""
        path = self.fresh("head.db")
        if schema(path) != statements(self.text("base_schema.sql")):
            self.problem("the schema before the first migration is another")
        status, said = self.run(path, "upgrade", "head")
        if status:
            return self.problem(f"upgrade: {said}")
        if schema(path) != statements(self.text("expected_schema.sql")):
            self.problem("the schema at the head is another")
        status, said = self.run(path, "upgrade", "head")
        if status:
            self.problem(f"upgrade at the head: {said}")

    def down_one(self, ours, native, migration, where):
        """One downgrade by libmig and by SQLite. Returns True if it worked in both."""
        before, rows = schema(ours), rows_of(ours)[0]
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
                elif schema(ours) != schema(native):
                    self.problem(f"{what}: leads to another schema than SQLite alone")
                return status == 0
            self.faulty += 1
            if status != 1 or not said:
                self.problem(f"{what}: faulty ({error}), but exit status {status}, \"{said}\"")
        if schema(ours) != before or rows_of(ours) != (rows, "ok"):
            self.problem(f"{what}: failed, and changed the database")
        return False

    def check_each(self):
        """Step by step up; from each step down once, on a copy."""
        ours, native = self.fresh("ours.db"), self.fresh("native.db")
        for migration in self.migrations:
            before = schema(native)
            self.native_up(native, migration)
            status, said = self.run(ours, "upgrade", "+1")
            if status:
                return self.problem(f"upgrade +1 to {migration['file']}: {said}")
            if schema(ours) != schema(native):
                self.problem(f"{migration['file']}: leads to another schema than SQLite alone")
            copy = self.copy(ours, "down.db")
            worked = self.down_one(copy, self.copy(native, "native-down.db"), migration, "single")
            # What was measured: down_exact is stricter than this comparison, which knows no order
            # of objects; down_same_lines is laxer, since it knows no order of lines.
            measured, back = migration["measured"], schema(copy) == before
            if worked and (measured.get("down_exact") and not back or
                           measured.get("down_same_lines") is False and back):
                self.problem(f"{migration['file']}: its downgrade gives back the schema before: {back}")

    def check_chain(self):
        """From the head down, as far as it goes."""
        ours, native = self.copy(self.path("head.db"), "chain.db"), self.fresh("chain-native.db")
        for migration in self.migrations:
            self.native_up(native, migration)
        steps = 0
        for migration in reversed(self.migrations):
            if not self.down_one(ours, native, migration, "chain"):
                break
            steps += 1
        chain = self.meta["downs_chain"]
        if chain and chain["ran"] != steps:
            self.problem(f"the chain of downgrades ran {steps} steps, not {chain['ran']}")
        if steps == len(self.migrations) and rows_of(ours)[0]:
            self.problem("at the base there are version rows left")
        # And in one run: all or nothing.
        whole = self.copy(self.path("head.db"), "whole.db")
        before = schema(whole)
        status, said = self.run(whole, "downgrade", "base")
        if (status == 0) != (steps == len(self.migrations)):
            self.problem(f"downgrade base: exit status {status}, {said}")
        if status and all(m.get("down") is None for m in self.migrations[-1:]) and \
                schema(whole) != before:
            self.problem("downgrade base: refused, and changed the database")
        return steps

    def check(self):
        self.check_head()
        self.check_each()
        return self.check_chain()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories")
    parser.add_argument("--mig", default="mig", help="the mig program")
    args = parser.parse_args()
    folders = [f for f in sorted(glob.glob(os.path.join(args.histories, "*", "sqlite")))
               if os.path.exists(os.path.join(f, "meta.json"))]
    mig = shutil.which(args.mig)
    if not folders or not mig:
        sys.exit(f"run.py: no {'histories in ' + args.histories if mig else args.mig}")
    passed = failed = 0
    print(f"{'history':<20} {'revisions':>9} {'downs equal':>11} {'faulty':>7} {'refused':>7} "
          f"{'chain':>6}  result")
    for folder in folders:
        with tempfile.TemporaryDirectory() as work:
            history = History(folder, work, os.path.abspath(mig))
            steps = history.check()
        ok = not history.problems
        passed, failed = passed + ok, failed + (not ok)
        print(f"{history.name:<20} {len(history.migrations):>9} {history.compared:>11} "
              f"{history.faulty:>7} {history.refused:>7} {steps:>6}  {'ok' if ok else 'FAILED'}")
        for text in history.problems:
            print(f"    {text}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
