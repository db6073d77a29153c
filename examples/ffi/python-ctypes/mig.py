"""libmig for Python, by ctypes alone.

    with Migrations("sqlite:notes.db") as migrations:
        migrations.add_script("0001.sql", text)
        migrations.upgrade()

An error of the library is raised as MigError; an exception inside a callback stops the run, which is
rolled back, and comes out of the call that ran it."""
import ctypes
import os
from collections import namedtuple
from ctypes import (CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_double, c_int32, c_int64, c_size_t,
                    c_uint64, c_void_p)

lib = ctypes.CDLL(os.environ.get("MIG_LIBRARY", "libmig.so.0"))

ECANCELLED, EREVISION = -74, -77
RUN_BEGIN, STEP_BEGIN, STATEMENT, STEP_END, RUN_END, WAITING, WORKING = range(1, 8)
NULL, INTEGER, REAL, TEXT, BLOB = range(5)


class CProgress(Structure):
    _fields_ = [("struct_size", c_size_t), ("event", c_int32), ("direction", c_int32),
                ("revision", c_char_p), ("message", c_char_p), ("step", c_uint64), ("steps", c_uint64),
                ("statement", c_uint64), ("sql", c_void_p), ("sql_size", c_size_t),
                ("elapsed_us", c_int64)]


ProgressFn = CFUNCTYPE(c_int32, c_void_p, POINTER(CProgress))
StepFn = CFUNCTYPE(c_int32, c_void_p, c_void_p)


class CRevisionDef(Structure):
    _fields_ = [("struct_size", c_size_t), ("id", c_char_p), ("message", c_char_p),
                ("revises", POINTER(c_char_p)), ("branch_labels", POINTER(c_char_p)),
                ("depends_on", POINTER(c_char_p)), ("upgrade", StepFn), ("downgrade", StepFn),
                ("user", c_void_p), ("version", c_char_p), ("no_transaction", c_int32),
                ("derive", c_int32)]


class CLogEntry(Structure):
    _fields_ = [("struct_size", c_size_t)]
    _fields_ += [(name, c_char_p) for name in ("revision", "direction", "state", "digest", "started_at",
                                               "actor", "library")]
    _fields_ += [("statements", c_int64), ("duration_us", c_int64)]


def declare(result, *functions):
    for name, *arguments in functions:
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments


text, handle, out = c_char_p, c_void_p, POINTER(c_void_p)
declare(c_int32, ("mig_open", out, text), ("mig_add_script", handle, text, text, c_size_t),
        ("mig_add_revision", handle, POINTER(CRevisionDef)),
        ("mig_set_progress", handle, ProgressFn, c_void_p), ("mig_upgrade", handle, text),
        ("mig_downgrade", handle, text), ("mig_verify", handle, text), ("mig_query", handle, text, out),
        ("mig_current", handle, out), ("mig_history_read", handle, out),
        ("mig_error_line", handle), ("mig_error_column", handle),
        ("mig_close", handle), ("mig_step_exec", handle, text), ("mig_step_prepare", handle, text, out),
        ("mig_step_fail", handle, text), ("mig_stmt_bind_null", handle, c_int32),
        ("mig_stmt_bind_int64", handle, c_int32, c_int64),
        ("mig_stmt_bind_double", handle, c_int32, c_double),
        ("mig_stmt_bind_text", handle, c_int32, text),
        ("mig_stmt_bind_blob", handle, c_int32, text, c_size_t),
        ("mig_stmt_step", handle, POINTER(c_int32)), ("mig_stmt_column_count", handle),
        ("mig_stmt_type", handle, c_int32))
declare(text, ("mig_version",), ("mig_status_name", c_int32), ("mig_status_message", c_int32),
        ("mig_error_message", handle), ("mig_error_report", handle),
        ("mig_error_revision", handle), ("mig_error_file", handle), ("mig_error_statement", handle),
        ("mig_error_sqlstate", handle), ("mig_error_hint", handle), ("mig_revision_id", handle),
        ("mig_stmt_text", handle, c_int32))
declare(handle, ("mig_revision_list_at", handle, c_size_t),
        ("mig_stmt_blob", handle, c_int32, POINTER(c_size_t)))
declare(POINTER(CLogEntry), ("mig_history_list_at", handle, c_size_t))
declare(c_size_t, ("mig_url_display", text, text, c_size_t), ("mig_revision_list_count", handle), ("mig_history_list_count", handle))
declare(c_int64, ("mig_stmt_int64", handle, c_int32))
declare(c_double, ("mig_stmt_double", handle, c_int32))
declare(None, ("mig_cancel", handle), ("mig_revision_list_free", handle),
        ("mig_history_list_free", handle), ("mig_stmt_free", handle))

Progress = namedtuple("Progress", "event direction revision message step steps statement sql elapsed_us")
LogEntry = namedtuple("LogEntry", [name for name, _ in CLogEntry._fields_[1:]])


def to_str(data):
    return data.decode() if isinstance(data, bytes) else data


def array_of(strings):
    """A NULL-terminated array of strings; NULL for none."""
    return (c_char_p * (len(strings) + 1))(*(s.encode() for s in strings)) if strings else None


def version():
    return to_str(lib.mig_version())


def url_display(url):
    """What may be shown of a URL: no password, no parameters."""
    size = lib.mig_url_display(url.encode(), None, 0) + 1
    shown = ctypes.create_string_buffer(size)
    lib.mig_url_display(url.encode(), shown, size)
    return shown.value.decode()


class MigError(Exception):
    """An error of the library, with what it tells about the place."""

    def __init__(self, status, ctx):
        super().__init__(to_str(lib.mig_error_message(ctx)))
        self.status = status
        self.name = to_str(lib.mig_status_name(status))
        self.meaning = to_str(lib.mig_status_message(status))
        for field in "revision", "file", "line", "column", "statement", "sqlstate", "hint":
            setattr(self, field, to_str(getattr(lib, "mig_error_" + field)(ctx)))
        self.report = to_str(lib.mig_error_report(ctx))  # the last: it ends what the fields borrow


class Cancelled(MigError):
    """MIG_ECANCELLED: the run was asked to stop, and rolled back."""


class StepFailed(Exception):
    """A call on a step failed; the run that it belongs to tells why."""

    def __init__(self, status):
        super().__init__(to_str(lib.mig_status_message(status)))
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
        stmt = c_void_p()
        check_step(lib.mig_step_prepare(self._pointer, sql.encode(), byref(stmt)))
        return rows_of(stmt, parameters, check_step)


def rows_of(stmt, parameters, check):
    """Runs a statement to its end and frees it. check raises what a status stands for."""
    try:
        for i, value in enumerate(parameters, 1):
            check(bind(stmt, i, value))
        more, rows = c_int32(), []
        while not check(lib.mig_stmt_step(stmt, byref(more))) and more:
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
    return lib.mig_stmt_bind_blob(stmt, i, bytes(value), len(value))


def column(stmt, i):
    kind = lib.mig_stmt_type(stmt, i)
    if kind == INTEGER:
        return lib.mig_stmt_int64(stmt, i)
    if kind == REAL:
        return lib.mig_stmt_double(stmt, i)
    if kind == TEXT:
        return to_str(lib.mig_stmt_text(stmt, i))
    if kind == BLOB:
        size = c_size_t()
        data = lib.mig_stmt_blob(stmt, i, byref(size))
        return ctypes.string_at(data, size.value)
    return None


class Migrations:
    """A database and the revisions meant for it. Used by one thread at a time, but for cancel()."""

    def __init__(self, url):
        self._ctx = c_void_p()
        self._kept = []  # callbacks must live as long as the context may call them
        self._raised = None
        status = lib.mig_open(byref(self._ctx), url.encode())
        if status:
            error = MigError(status, self._ctx)
            self.close()
            raise error

    def close(self):
        """From inside a callback this is an error, and the database stays open."""
        self._check(lib.mig_close(self._ctx))
        self._ctx = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _check(self, status):
        raised, self._raised = self._raised, None
        if status:
            error = (Cancelled if status == ECANCELLED else MigError)(status, self._ctx)
            raise error from raised

    def add_script(self, name, script):
        script = script.encode()
        self._check(lib.mig_add_script(self._ctx, name.encode(), script, len(script)))

    def add_revision(self, id, upgrade, downgrade=None, message=None, revises=()):
        """A revision written in Python: upgrade and downgrade take a Step."""
        up, down = self._step_fn(upgrade), self._step_fn(downgrade)
        self._check(lib.mig_add_revision(self._ctx, byref(CRevisionDef(
            struct_size=ctypes.sizeof(CRevisionDef), id=id.encode(),
            message=message and message.encode(), revises=array_of(revises), upgrade=up,
            downgrade=down))))
        self._kept += up, down

    def _step_fn(self, function):
        def call(_user, pointer):
            try:
                function(Step(pointer))
                return 0
            except StepFailed as failure:
                return failure.status
            except Exception as raised:  # none may pass through C
                self._raised = raised
                return lib.mig_step_fail(pointer, str(raised).encode())
        return StepFn(call) if function else StepFn()

    def set_progress(self, function):
        """function takes a Progress; a true result stops the run."""
        def call(_user, progress):
            try:
                p = progress.contents
                sql = ctypes.string_at(p.sql, p.sql_size).decode() if p.sql else None
                return bool(function(Progress(p.event, p.direction, to_str(p.revision), to_str(p.message),
                                              p.step, p.steps, p.statement, sql, p.elapsed_us)))
            except Exception as raised:
                self._raised = raised
                return 1
        fn = ProgressFn(call) if function else ProgressFn()
        self._check(lib.mig_set_progress(self._ctx, fn, None))
        self._progress = fn

    def upgrade(self, target="head"):
        self._check(lib.mig_upgrade(self._ctx, target.encode()))

    def downgrade(self, target):
        self._check(lib.mig_downgrade(self._ctx, target.encode()))

    def verify(self, target=None):
        """Raises MigError unless the database is at the target ("heads"), as the scripts are now."""
        self._check(lib.mig_verify(self._ctx, target and target.encode()))

    def query(self, sql, *parameters):
        """The rows of one query outside of runs, as tuples. Parameters are written $1, $2, ..."""
        stmt = c_void_p()
        self._check(lib.mig_query(self._ctx, sql.encode(), byref(stmt)))
        return rows_of(stmt, parameters, self._check)

    def cancel(self):
        """Stops the run in progress. From any thread."""
        lib.mig_cancel(self._ctx)

    def current(self):
        """The ids of the revisions that the database is at."""
        revisions = c_void_p()
        self._check(lib.mig_current(self._ctx, byref(revisions)))
        try:
            return [to_str(lib.mig_revision_id(lib.mig_revision_list_at(revisions, i)))
                    for i in range(lib.mig_revision_list_count(revisions))]
        finally:
            lib.mig_revision_list_free(revisions)

    def log(self):
        """The rows of the history table, oldest first."""
        rows = c_void_p()
        self._check(lib.mig_history_read(self._ctx, byref(rows)))
        try:
            entries = (lib.mig_history_list_at(rows, i).contents
                       for i in range(lib.mig_history_list_count(rows)))
            return [LogEntry(*(to_str(getattr(entry, name)) for name in LogEntry._fields))
                    for entry in entries]
        finally:
            lib.mig_history_list_free(rows)
