"""libmig for Python, by cffi, with the declarations that are installed beside the headers.

    with Migrations("sqlite:notes.db") as migrations:
        migrations.add_script("0001.sql", text)
        migrations.upgrade()

An error of the library is raised as MigError; an exception inside a callback stops the run, which is
rolled back, and comes out of the call that ran it."""
import os
from collections import namedtuple

from cffi import FFI

ffi = FFI()
with open(os.environ.get("MIG_FLAT_HEADER", "/usr/local/include/mig/mig.flat.h"), encoding="ascii") as file:
    ffi.cdef(file.read())
lib = ffi.dlopen(os.environ.get("MIG_LIBRARY", "libmig.so.0"))

STEP_BEGIN, STATEMENT, STEP_END = (lib.MIG_EVENT_STEP_BEGIN, lib.MIG_EVENT_STATEMENT,
                                   lib.MIG_EVENT_STEP_END)

Progress = namedtuple("Progress", "event direction revision message step steps statement sql elapsed_us")
LogEntry = namedtuple("LogEntry", [name for name, _ in ffi.typeof("mig_history_entry").fields[1:]])


def plain(value):
    """A str for a string of C, None for NULL; numbers as they are."""
    if not isinstance(value, ffi.CData):
        return value
    return ffi.string(value).decode() if value else None


def version():
    return plain(lib.mig_version())


def url_display(url):
    """What may be shown of a URL: no password, no parameters."""
    size = lib.mig_url_display(url.encode(), ffi.NULL, 0) + 1
    shown = ffi.new("char[]", size)
    lib.mig_url_display(url.encode(), shown, size)
    return plain(shown)


class MigError(Exception):
    """An error of the library, with what it tells about the place."""

    def __init__(self, status, ctx):
        super().__init__(plain(lib.mig_error_message(ctx)))
        self.status = status
        self.name = plain(lib.mig_status_name(status))
        self.meaning = plain(lib.mig_status_message(status))
        for field in "revision", "file", "line", "column", "statement", "sqlstate", "hint":
            setattr(self, field, plain(getattr(lib, "mig_error_" + field)(ctx)))
        self.report = plain(lib.mig_error_report(ctx))  # the last: it ends what the fields borrow


class Cancelled(MigError):
    """MIG_ECANCELLED: the run was asked to stop, and rolled back."""


class StepFailed(Exception):
    """A call on a step failed; the run that it belongs to tells why."""

    def __init__(self, status):
        super().__init__(plain(lib.mig_status_message(status)))
        self.status = status


def check_step(status):
    if status:
        raise StepFailed(status)


class Step:
    """A revision while it runs: good inside its callback alone."""

    def __init__(self, pointer):
        self._pointer = pointer

    def execute(self, sql):
        """Runs statements without parameters or rows."""
        check_step(lib.mig_step_exec(self._pointer, sql.encode()))

    def query(self, sql, *parameters):
        """The rows of one statement, as tuples. Parameters are written $1, $2, ..."""
        out = ffi.new("mig_stmt **")
        check_step(lib.mig_step_prepare(self._pointer, sql.encode(), out))
        return rows_of(out[0], parameters, check_step)


def rows_of(stmt, parameters, check):
    """Runs a statement to its end and frees it. check raises what a status stands for."""
    more, rows = ffi.new("int32_t *"), []
    try:
        for i, value in enumerate(parameters, 1):
            check(bind(stmt, i, value))
        while not check(lib.mig_stmt_step(stmt, more)) and more[0]:
            rows.append(tuple(column(stmt, i) for i in range(lib.mig_stmt_column_count(stmt))))
        return rows
    finally:
        lib.mig_stmt_free(stmt)


def bind(stmt, i, value):
    if value is None:
        return lib.mig_stmt_bind_null(stmt, i)
    if isinstance(value, int):
        return lib.mig_stmt_bind_int64(stmt, i, value)
    if isinstance(value, float):
        return lib.mig_stmt_bind_double(stmt, i, value)
    if isinstance(value, str):
        return lib.mig_stmt_bind_text(stmt, i, value.encode())
    return lib.mig_stmt_bind_blob(stmt, i, ffi.from_buffer(value), len(value))


def blob(stmt, i):
    size = ffi.new("size_t *")
    return bytes(ffi.buffer(lib.mig_stmt_blob(stmt, i, size), size[0]))


COLUMN = {
    lib.MIG_NULL: lambda stmt, i: None,
    lib.MIG_INTEGER: lib.mig_stmt_int64,
    lib.MIG_REAL: lib.mig_stmt_double,
    lib.MIG_TEXT: lambda stmt, i: plain(lib.mig_stmt_text(stmt, i)),
    lib.MIG_BLOB: blob,
}


def column(stmt, i):
    return COLUMN[lib.mig_stmt_type(stmt, i)](stmt, i)


class Revision:
    """What a revision written in Python is to the library: a handle of it is its user pointer."""

    def __init__(self, migrations, upgrade, downgrade):
        self.migrations, self.upgrade, self.downgrade = migrations, upgrade, downgrade


# One function of C for all revisions, and one for all progress.

@ffi.callback("mig_step_fn")
def run_step(user, pointer):
    revision = ffi.from_handle(user)
    up = lib.mig_step_direction(pointer) == lib.MIG_UPGRADE
    try:
        (revision.upgrade if up else revision.downgrade)(Step(pointer))
        return lib.MIG_OK
    except StepFailed as failure:
        return failure.status
    except Exception as raised:  # none may pass through C
        revision.migrations._raised = raised
        return lib.mig_step_fail(pointer, str(raised).encode())


@ffi.callback("mig_progress_fn")
def run_progress(user, p):
    migrations = ffi.from_handle(user)
    try:
        sql = ffi.unpack(p.sql, p.sql_size).decode() if p.sql else None
        return bool(migrations._progress(Progress(
            p.event, p.direction, plain(p.revision), plain(p.message), p.step, p.steps, p.statement, sql,
            p.elapsed_us)))
    except Exception as raised:
        migrations._raised = raised
        return 1


class Migrations:
    """A database and the revisions meant for it. Used by one thread at a time, but for cancel()."""

    def __init__(self, url):
        self._handle = ffi.new_handle(self)
        self._kept = []  # handles must live as long as the context may pass them to a callback
        self._raised = None
        out = ffi.new("mig_ctx **")
        status = lib.mig_open(out, url.encode())
        self._ctx = out[0]
        if status:
            error = MigError(status, self._ctx)
            self.close()
            raise error

    def close(self):
        """From inside a callback this is an error, and the database stays open."""
        self._check(lib.mig_close(self._ctx))
        self._ctx = ffi.NULL

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _check(self, status):
        raised, self._raised = self._raised, None
        if status:
            error = (Cancelled if status == lib.MIG_ECANCELLED else MigError)(status, self._ctx)
            raise error from raised

    def add_script(self, name, script):
        script = script.encode()
        self._check(lib.mig_add_script(self._ctx, name.encode(), script, len(script)))

    def add_revision(self, id, upgrade, downgrade=None, message="", revises=()):
        """A revision written in Python: upgrade and downgrade take a Step."""
        handle = ffi.new_handle(Revision(self, upgrade, downgrade))
        text = [ffi.new("char[]", s.encode()) for s in (id, message, *revises)]
        parents = ffi.new("char *[]", [*text[2:], ffi.NULL])
        self._check(lib.mig_add_revision(self._ctx, ffi.new("mig_revision_def *", {
            "struct_size": ffi.sizeof("mig_revision_def"), "id": text[0], "message": text[1],
            "revises": ffi.cast("const char *const *", parents), "upgrade": run_step,
            "downgrade": run_step if downgrade else ffi.NULL, "user": handle})))
        self._kept.append(handle)

    def set_progress(self, function):
        """function takes a Progress; a true result stops the run."""
        fn = run_progress if function else ffi.NULL
        self._check(lib.mig_set_progress(self._ctx, fn, self._handle))
        self._progress = function

    def upgrade(self, target="head"):
        self._check(lib.mig_upgrade(self._ctx, target.encode()))

    def downgrade(self, target):
        self._check(lib.mig_downgrade(self._ctx, target.encode()))

    def verify(self, target=None):
        """Raises MigError unless the database is at the target ("heads"), as the scripts are now."""
        self._check(lib.mig_verify(self._ctx, target.encode() if target else ffi.NULL))

    def query(self, sql, *parameters):
        """The rows of one query outside of runs, as tuples. Parameters are written $1, $2, ..."""
        out = ffi.new("mig_stmt **")
        self._check(lib.mig_query(self._ctx, sql.encode(), out))
        return rows_of(out[0], parameters, self._check)

    def cancel(self):
        """Stops the run in progress. From any thread."""
        lib.mig_cancel(self._ctx)

    def current(self):
        """The ids of the revisions that the database is at."""
        out = ffi.new("mig_revision_list **")
        self._check(lib.mig_current(self._ctx, out))
        revisions = ffi.gc(out[0], lib.mig_revision_list_free)
        return [plain(lib.mig_revision_id(lib.mig_revision_list_at(revisions, i)))
                for i in range(lib.mig_revision_list_count(revisions))]

    def log(self):
        """The rows of the history table, oldest first."""
        out = ffi.new("mig_history_list **")
        self._check(lib.mig_history_read(self._ctx, out))
        rows = ffi.gc(out[0], lib.mig_history_list_free)
        entries = (lib.mig_history_list_at(rows, i) for i in range(lib.mig_history_list_count(rows)))
        return [LogEntry(*(plain(getattr(entry, name)) for name in LogEntry._fields))
                for entry in entries]
