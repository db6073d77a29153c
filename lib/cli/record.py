"""record.py DIR TABLE [DATABASE]: runs the revisions of an environment of Alembic on a scratch SQLite
database, and prints what the engine was given, in the form in which "alembic upgrade --sql" prints.

mig runs it for "mig import alembic --record", in the Python that has the project's Alembic. The
environment's env.py is not run, and no other database is opened. Each revision's downgrade runs on a
copy of the database as its upgrade left it, so that one that fails does not hide the others.
DATABASE: the name that the functions of a multidb environment take.
Exit status 3: there is no Alembic.
"""
import math
import os
import re
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
    if value is None or (isinstance(value, float) and math.isnan(value)):  # SQLite has no other
        return "NULL"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float) and math.isinf(value):
        return "9e999" if value > 0 else "-9e999"
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "X'" + bytes(value).hex() + "'"
    if not isinstance(value, str):
        adapted = sqlite3.adapt(value)  # as the driver writes it
        if type(adapted) is type(value):
            raise ValueError(f"a value cannot be written as SQL: {value!r:.80}")
        return literal(adapted)
    if "\0" in value or re.search(r"^[ \t]*--[ \t]*mig:", value, re.M):  # no string in a revision file
        return "CAST(X'" + value.encode().hex() + "' AS TEXT)"
    return "'" + value.replace("'", "''") + "'"


WORD = re.compile(r"[A-Za-z_\x80-\U0010ffff][\w$]*")
PARAMETER = re.compile(r"\?(\d*)|[:@$][\w$]+")


def end_of_token(sql, at):
    """Past a word, a string, a name in quotes, or a comment at `at`; else past one character."""
    word = WORD.match(sql, at)
    if word:
        return word.end()
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
    """Puts the values in the places of the parameters, which count as in SQLite: ?, ?2, :name."""
    if not values:
        return sql
    parts, at, numbers, last = [], 0, {}, 0
    while at < len(sql):
        parameter, end = PARAMETER.match(sql, at), end_of_token(sql, at)
        if parameter:
            end, name = parameter.end(), parameter.group()
            number = int(parameter[1]) if parameter[1] else numbers.get(name, last + 1)
            if name != "?":
                numbers[name] = number
            last = max(last, number)
            parts.append(literal(values[name[1:]] if isinstance(values, dict) else values[number - 1]))
        else:
            parts.append(sql[at:end])
        at = end
    return "".join(parts)


def words_of(sql):
    """The words outside of strings, names in quotes and comments, in capitals."""
    at = 0
    while at < len(sql):
        end = end_of_token(sql, at)
        if WORD.match(sql, at):
            yield sql[at:end].upper()
        at = end


def statements_of(script):
    start = at = 0
    while at < len(script):
        end = end_of_token(script, at)
        if script[at] == ";" and sqlite3.complete_statement(script[start:end]):
            yield script[start:end]
            start = end
        at = end
    yield script[start:]


# -- what is recorded

CHANGES = {"INSERT", "UPDATE", "DELETE", "REPLACE"}
KEPT_PRAGMAS = {"USER_VERSION", "APPLICATION_ID", "JOURNAL_MODE", "AUTO_VACUUM", "PAGE_SIZE", "ENCODING"}
OTHER_PRAGMAS = {"FOREIGN_KEYS", "READ_UNCOMMITTED"}  # off while a revision runs; SQLAlchemy's own
LONE = {"VACUUM", "JOURNAL_MODE"}  # what no transaction may hold


class Recorder:
    """Prints the statements that change something; notes which revisions read rows.

    A revision begins inside a transaction, as in what Alembic prints. It is left for what runs in an
    autocommit_block(), or after a COMMIT of the revision's own. What is rolled back is taken away."""

    def __init__(self, table):
        self.table, self.lines, self.reads = table, None, None

    def begin(self, step):
        self.lines, self.reads = [f"-- Running {step.short_log}", "BEGIN;"], None
        self.outside = self.left = False
        self.settle()

    def reads_rows(self, statement, words):
        names = ("sqlite_master", "sqlite_schema", "sqlite_temp", self.table)
        if words[0] != "EXPLAIN" and not any(name in statement for name in names):
            self.reads = self.reads or statement

    def switch(self, outside):
        if outside != self.outside:
            self.lines.append("COMMIT;" if outside else "BEGIN;")
        self.outside = outside

    def add(self, connection, words, text):
        free = connection.isolation_level is None or self.left or words[0] in LONE or words[1:2] == ["JOURNAL_MODE"]
        self.left &= not connection.in_transaction
        self.switch(free and not connection.in_transaction)
        comment = "--" in text.rsplit("\n", 1)[-1]
        self.lines.append(text + ("\n;" if comment else ";"))

    def note(self, connection, statement, values):
        """A statement that the engine has executed."""
        words = list(words_of(statement))
        if self.lines is None or not words:
            return
        if words[0] in ("SELECT", "VALUES", "EXPLAIN") or (words[0] == "WITH" and not CHANGES & set(words)):
            self.reads_rows(statement, words)
        elif words[0] in ("BEGIN", "COMMIT", "END"):
            self.left = words[0] != "BEGIN"
            self.switch(self.left)
        elif words[0] == "ROLLBACK" and "TO" not in words:
            self.undo()
        elif words[0] != "PRAGMA" or sets_something(statement, words):
            if "RETURNING" in words:
                self.reads_rows(statement, words)
            self.add(connection, words, with_values(statement, values).strip().rstrip(";").rstrip())
        if not connection.in_transaction:
            self.settle()

    def settle(self):
        """What was executed is committed: no rollback takes it away."""
        if self.lines is not None:
            self.settled = len(self.lines), self.outside

    def undo(self):
        if self.lines is not None:
            size, self.outside = self.settled
            del self.lines[size:]

    def end(self):
        self.switch(True)
        out.write("\n\n".join(self.lines) + "\n\n")
        self.lines = None


def sets_something(statement, words):
    """Whether a PRAGMA has to be kept, rather than asks something."""
    value = re.match(r"[^'\"]*?\w\s*(=|\()", statement)
    return bool(value) and not OTHER_PRAGMAS & set(words) and (
        value[1] == "=" or bool(KEPT_PRAGMAS & set(words)))


def recording(recorder):
    """The driver's connection, whose cursors tell the recorder: also what a revision executes through the
    driver itself, and not through SQLAlchemy, passes through it."""

    class Cursor(sqlite3.Cursor):
        def execute(self, sql, values=()):
            super().execute(sql, values)
            recorder.note(self.connection, sql, values)
            return self

        def executemany(self, sql, rows):
            rows = list(rows)
            super().executemany(sql, rows)
            for values in rows:
                recorder.note(self.connection, sql, values)
            return self

        def executescript(self, script):
            recorder.settle()  # it commits what is open
            super().executescript(script)
            for statement in statements_of(script):
                recorder.note(self.connection, statement, ())
            return self

    class Connection(sqlite3.Connection):
        def cursor(self, factory=Cursor):
            return super().cursor(factory)

        def execute(self, *args):
            return self.cursor().execute(*args)

        def executemany(self, *args):
            return self.cursor().executemany(*args)

        def executescript(self, script):
            return self.cursor().executescript(script)

        def commit(self):
            super().commit()
            recorder.settle()

        def rollback(self):
            super().rollback()
            recorder.undo()

    return Connection


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
    engine = sqlalchemy.create_engine("sqlite:///" + path, module=sqlite3, poolclass=sqlalchemy.pool.NullPool,
                                      connect_args={"factory": recording(recorder)})
    with engine.connect():  # what is asked once
        pass
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
