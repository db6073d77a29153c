"""record.py DIR TABLE [DATABASE]: runs the revisions of an environment of Alembic on a scratch SQLite
database, and prints what the engine was given, in the form in which "alembic upgrade --sql" prints.

mig runs it for "mig import alembic --record", in the Python that has the project's Alembic. The
environment's env.py is not run, and no other database is opened. Each revision's downgrade runs on a
copy of the database as its upgrade left it, so that one that fails does not hide the others.
DATABASE: the name that the functions of a multidb environment take.
Exit status 3: there is no Alembic.
"""
import datetime
import math
import os
import shutil
import sqlite3
import sys
import tempfile
import traceback

out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
os.dup2(2, 1)  # what a revision prints must not get among the SQL
sys.stdout = sys.stderr
sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())

try:
    import sqlalchemy
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import RevisionStep
    from alembic.script import ScriptDirectory
except ImportError as error:
    print(f"mig: {sys.executable}: {error}", file=sys.stderr)
    sys.exit(3)


def warn(text):
    print(f"mig: warning: {text}", file=sys.stderr)


# -- values as SQL


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, float) and not math.isnan(value):
        return "9e999" if value > 0 else "-9e999"
    if isinstance(value, str) and "\0" not in value:
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "X'" + bytes(value).hex() + "'"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return literal(sqlite3.adapt(value))  # as the driver writes it
    raise ValueError(f"a value cannot be written as SQL: {value!r:.80}")


def end_of_token(sql, at):
    """Past a string, a name in quotes, or a comment at `at`; else past one character."""
    if sql.startswith("--", at):
        end = sql.find("\n", at)
    elif sql.startswith("/*", at):
        end = sql.find("*/", at + 2) + 1
    elif sql[at] in "'\"`[":
        end = sql.find("]" if sql[at] == "[" else sql[at], at + 1)
    else:
        return at + 1
    return end + 1 if end > 0 else len(sql)


def with_values(sql, values):
    """Puts the values in the places of the question marks."""
    if not values:
        return sql
    if isinstance(values, dict):
        raise ValueError("parameters by name, given to the driver itself")
    parts, at, left = [], 0, list(values)
    while at < len(sql):
        end = end_of_token(sql, at)
        parts.append(literal(left.pop(0)) if sql[at] == "?" and left else sql[at:end])
        at = end
    if left:
        raise ValueError("more values than question marks")
    return "".join(parts)


# -- what is recorded


class Recorder:
    """Prints the statements that change something; notes which revisions read rows."""

    def __init__(self, table):
        self.table, self.lines, self.reads = table, None, None

    def begin(self, step):
        self.lines, self.reads = [f"-- Running {step.short_log}"], None

    def on_execute(self, conn, cursor, statement, parameters, context, executemany):
        if self.lines is None:
            return
        words = statement.lstrip(" \t\r\n(;").split(None, 2)
        first = words[0].upper() if words else ""
        if first in ("SELECT", "VALUES", "EXPLAIN"):
            if not any(name in statement for name in ("sqlite_master", "sqlite_schema", "sqlite_temp", self.table)):
                self.reads = self.reads or statement
            return
        if first == "PRAGMA":  # foreign keys are off while a revision runs, with mig as with Alembic
            return
        for values in parameters if executemany else [parameters]:
            text = with_values(statement, values).strip().rstrip(";").rstrip()
            if text:
                comment = "--" in text.rsplit("\n", 1)[-1]
                self.lines.append(text + ("\n;" if comment else ";"))

    def end(self):
        out.write("\n\n".join(self.lines) + "\n\n")
        self.lines = None


def place(error, folder):
    """Where in the environment it happened, e.g. "versions/1a2b_x.py:17: "."""
    found = ""
    for frame in traceback.extract_tb(error.__traceback__):
        inside = os.path.relpath(frame.filename, folder)
        if not inside.startswith(".."):
            found = f"{os.path.join(folder, inside)}:{frame.lineno}: "
    return found


def told(error):
    return f"{type(error).__name__}: {error}".splitlines()[0]


# -- the environment


def read_config(folder):
    own = os.path.join(folder, "alembic.ini")  # Flask-Migrate's
    config = Config(own if os.path.exists(own) else "alembic.ini" if os.path.exists("alembic.ini") else None)
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


def read_metadata():
    """The naming conventions of a Flask application, which name constraints. FLASK_APP says which."""
    if not os.environ.get("FLASK_APP"):
        return None
    from flask.cli import ScriptInfo

    app = ScriptInfo().load_app()
    app.app_context().push()
    extension = app.extensions.get("migrate")
    return extension.db.metadata if extension else None


def run_step(config, scripts, recorder, path, step, options, arguments):
    engine = sqlalchemy.create_engine("sqlite:///" + path, poolclass=sqlalchemy.pool.NullPool)
    with engine.connect():  # what is asked once
        pass
    sqlalchemy.event.listen(engine, "after_cursor_execute", recorder.on_execute)
    with EnvironmentContext(config, scripts, fn=lambda revision, context: [step]) as environment:
        with engine.connect() as connection:
            environment.configure(connection=connection, **options)
            recorder.begin(step)
            with environment.begin_transaction():
                environment.run_migrations(**arguments)
            recorder.end()
    engine.dispose()


def tell_reads(recorder, revision, direction):
    if recorder.reads:
        start = " ".join(recorder.reads.split())[:60]
        warn(f"the {direction} of revision {revision.revision} reads rows: it saw only those that revisions "
             f"had inserted, so check the statements that were recorded ({start} ...)")


def main():
    folder, table = sys.argv[1], sys.argv[2]
    arguments = {"engine_name": sys.argv[3]} if len(sys.argv) > 3 else {}
    config = read_config(folder)
    scripts = ScriptDirectory.from_config(config)
    recorder = Recorder(table)
    options = {"version_table": table, "target_metadata": read_metadata()}
    with tempfile.TemporaryDirectory(prefix="mig-record-") as scratch:
        path, copy = os.path.join(scratch, "scratch.db"), os.path.join(scratch, "copy.db")
        for step in scripts._upgrade_revs("heads", ()):
            try:
                run_step(config, scripts, recorder, path, step, options, arguments)
            except Exception as error:  # of the revision's own
                print(f"mig: {place(error, folder)}the upgrade to {step.revision.revision} failed: "
                      f"{told(error)}", file=sys.stderr)
                return 1
            tell_reads(recorder, step.revision, "upgrade")
            shutil.copyfile(path, copy)
            back = RevisionStep(scripts.revision_map, step.revision, False)
            try:
                run_step(config, scripts, recorder, copy, back, options, arguments)
            except Exception as error:
                warn(f"{place(error, folder)}the downgrade of {step.revision.revision} failed, and is left "
                     f"out: {told(error)}")
                continue
            tell_reads(recorder, step.revision, "downgrade")
    out.flush()
    return 0


try:
    status = main()
except Exception as error:
    print(f"mig: {told(error)}", file=sys.stderr)
    status = 1
sys.exit(status)
