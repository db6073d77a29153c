//! libmig for Rust, declared by hand.
//!
//!     let mut notes = Migrations::open("sqlite:notes.db")?;
//!     notes.add_script("0001.sql", text)?;
//!     notes.upgrade("head")?;
//!
//! What a callback returns as `Err`, and a panic in it, stops the run, which is rolled back.
#![allow(dead_code)] // a program uses a part

use std::ffi::{c_void, CStr, CString};
use std::fmt;
use std::os::raw::c_char;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::{null, null_mut};
use std::sync::Arc;

/// What mig.h says.
mod c {
    use super::*;

    macro_rules! opaque {
        ($($name:ident)*) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* };
    }
    opaque!(Ctx Step Stmt Revision RevisionList LogList);

    pub type Status = i32;
    pub type StepFn = unsafe extern "C" fn(*mut c_void, *mut Step) -> Status;
    pub type ProgressFn = unsafe extern "C" fn(*mut c_void, *const Progress) -> i32;

    #[repr(C)]
    pub struct Progress {
        pub struct_size: usize,
        pub event: i32,
        pub direction: i32,
        pub revision: *const c_char,
        pub message: *const c_char,
        pub step: u64,
        pub steps: u64,
        pub statement: u64,
        pub sql: *const u8,
        pub sql_size: usize,
        pub elapsed_us: i64,
    }

    #[repr(C)]
    pub struct RevisionDef {
        pub struct_size: usize,
        pub id: *const c_char,
        pub message: *const c_char,
        pub revises: *const *const c_char,
        pub branch_labels: *const *const c_char,
        pub depends_on: *const *const c_char,
        pub upgrade: Option<StepFn>,
        pub downgrade: Option<StepFn>,
        pub user: *mut c_void,
        pub version: *const c_char,
        pub no_transaction: i32,
        pub derive: i32,
    }

    #[repr(C)]
    pub struct LogEntry {
        pub struct_size: usize,
        pub revision: *const c_char,
        pub direction: *const c_char,
        pub state: *const c_char,
        pub digest: *const c_char,
        pub started_at: *const c_char,
        pub actor: *const c_char,
        pub library: *const c_char,
        pub statements: i64,
        pub duration_us: i64,
    }

    #[link(name = "mig")]
    extern "C" {
        pub fn mig_status_name(status: Status) -> *const c_char;
        pub fn mig_open(out: *mut *mut Ctx, url: *const c_char) -> Status;
        pub fn mig_close(ctx: *mut Ctx) -> Status;
        pub fn mig_cancel(ctx: *mut Ctx);
        pub fn mig_error_message(ctx: *const Ctx) -> *const c_char;
        pub fn mig_error_revision(ctx: *const Ctx) -> *const c_char;
        pub fn mig_error_file(ctx: *const Ctx) -> *const c_char;
        pub fn mig_error_line(ctx: *const Ctx) -> i32;
        pub fn mig_error_column(ctx: *const Ctx) -> i32;
        pub fn mig_error_statement(ctx: *const Ctx) -> *const c_char;
        pub fn mig_error_sqlstate(ctx: *const Ctx) -> *const c_char;
        pub fn mig_error_hint(ctx: *const Ctx) -> *const c_char;
        pub fn mig_set_progress(ctx: *mut Ctx, f: Option<ProgressFn>, user: *mut c_void) -> Status;
        pub fn mig_add_script(
            ctx: *mut Ctx,
            name: *const c_char,
            text: *const u8,
            size: usize,
        ) -> Status;
        pub fn mig_add_revision(ctx: *mut Ctx, def: *const RevisionDef) -> Status;
        pub fn mig_upgrade(ctx: *mut Ctx, target: *const c_char) -> Status;
        pub fn mig_downgrade(ctx: *mut Ctx, target: *const c_char) -> Status;
        pub fn mig_current(ctx: *mut Ctx, out: *mut *mut RevisionList) -> Status;
        pub fn mig_revision_list_count(list: *const RevisionList) -> usize;
        pub fn mig_revision_list_at(list: *const RevisionList, i: usize) -> *const Revision;
        pub fn mig_revision_list_free(list: *mut RevisionList);
        pub fn mig_revision_id(revision: *const Revision) -> *const c_char;
        pub fn mig_history_read(ctx: *mut Ctx, out: *mut *mut LogList) -> Status;
        pub fn mig_history_list_count(list: *const LogList) -> usize;
        pub fn mig_history_list_at(list: *const LogList, i: usize) -> *const LogEntry;
        pub fn mig_history_list_free(list: *mut LogList);
        pub fn mig_step_direction(step: *const Step) -> i32;
        pub fn mig_step_exec(step: *mut Step, sql: *const c_char) -> Status;
        pub fn mig_step_prepare(step: *mut Step, sql: *const c_char, out: *mut *mut Stmt)
            -> Status;
        pub fn mig_step_fail(step: *mut Step, message: *const c_char) -> Status;
        pub fn mig_stmt_bind_null(stmt: *mut Stmt, index: i32) -> Status;
        pub fn mig_stmt_bind_int64(stmt: *mut Stmt, index: i32, value: i64) -> Status;
        pub fn mig_stmt_bind_double(stmt: *mut Stmt, index: i32, value: f64) -> Status;
        pub fn mig_stmt_bind_text(stmt: *mut Stmt, index: i32, text: *const c_char) -> Status;
        pub fn mig_stmt_bind_blob(
            stmt: *mut Stmt,
            index: i32,
            data: *const c_void,
            size: usize,
        ) -> Status;
        pub fn mig_stmt_step(stmt: *mut Stmt, has_row: *mut i32) -> Status;
        pub fn mig_stmt_column_count(stmt: *const Stmt) -> i32;
        pub fn mig_stmt_type(stmt: *mut Stmt, column: i32) -> i32;
        pub fn mig_stmt_int64(stmt: *mut Stmt, column: i32) -> i64;
        pub fn mig_stmt_double(stmt: *mut Stmt, column: i32) -> f64;
        pub fn mig_stmt_text(stmt: *mut Stmt, column: i32) -> *const c_char;
        pub fn mig_stmt_blob(stmt: *mut Stmt, column: i32, size: *mut usize) -> *const u8;
        pub fn mig_stmt_free(stmt: *mut Stmt);
    }
}

pub const ECANCELLED: i32 = -74;
pub const STEP_BEGIN: i32 = 2;
pub const STATEMENT: i32 = 3;
const UPGRADE: i32 = 0;

/// A copy of borrowed text; NULL is "".
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    CStr::from_ptr(pointer).to_string_lossy().into_owned()
}

/// Text for C, which ends at a NUL.
fn c_text(text: &str) -> CString {
    CString::new(text.split('\0').next().unwrap_or("")).unwrap_or_default()
}

/// An error of the library, with what it tells about the place; "" and 0 where a field does not apply.
#[derive(Debug, Default)]
pub struct Error {
    pub status: i32,
    pub name: String,
    pub message: String,
    pub revision: String,
    pub file: String,
    pub line: i32,
    pub column: i32,
    pub statement: String,
    pub sqlstate: String,
    pub hint: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl Error {
    unsafe fn of(status: i32, ctx: *const c::Ctx) -> Error {
        Error {
            status,
            name: text(c::mig_status_name(status)),
            message: text(c::mig_error_message(ctx)),
            revision: text(c::mig_error_revision(ctx)),
            file: text(c::mig_error_file(ctx)),
            line: c::mig_error_line(ctx),
            column: c::mig_error_column(ctx),
            statement: text(c::mig_error_statement(ctx)),
            sqlstate: text(c::mig_error_sqlstate(ctx)),
            hint: text(c::mig_error_hint(ctx)),
        }
    }

    pub fn is_cancelled(&self) -> bool {
        self.status == ECANCELLED
    }
}

/// Why a step fails: what the database said, or the function's own words.
pub enum StepError {
    Status(i32),
    Message(String),
}

impl From<&str> for StepError {
    fn from(message: &str) -> StepError {
        StepError::Message(message.to_string())
    }
}

fn check_step(status: i32) -> Result<(), StepError> {
    if status == 0 {
        Ok(())
    } else {
        Err(StepError::Status(status))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// A statement that frees itself.
struct Stmt(*mut c::Stmt);

impl Drop for Stmt {
    fn drop(&mut self) {
        unsafe { c::mig_stmt_free(self.0) }
    }
}

impl Stmt {
    fn bind(&self, i: i32, value: &Value) -> Result<(), StepError> {
        check_step(unsafe {
            match value {
                Value::Null => c::mig_stmt_bind_null(self.0, i),
                Value::Integer(v) => c::mig_stmt_bind_int64(self.0, i, *v),
                Value::Real(v) => c::mig_stmt_bind_double(self.0, i, *v),
                Value::Text(v) => c::mig_stmt_bind_text(self.0, i, c_text(v).as_ptr()),
                Value::Blob(v) => {
                    c::mig_stmt_bind_blob(self.0, i, v.as_ptr() as *const c_void, v.len())
                }
            }
        })
    }

    fn column(&self, i: i32) -> Value {
        unsafe {
            match c::mig_stmt_type(self.0, i) {
                1 => Value::Integer(c::mig_stmt_int64(self.0, i)),
                2 => Value::Real(c::mig_stmt_double(self.0, i)),
                3 => Value::Text(text(c::mig_stmt_text(self.0, i))),
                4 => {
                    let mut size = 0;
                    let data = c::mig_stmt_blob(self.0, i, &mut size);
                    Value::Blob(if size == 0 {
                        vec![]
                    } else {
                        std::slice::from_raw_parts(data, size).to_vec()
                    })
                }
                _ => Value::Null,
            }
        }
    }
}

/// A revision while it runs.
pub struct Step<'a>(&'a mut c::Step);

impl Step<'_> {
    /// Runs statements without parameters or rows.
    pub fn execute(&mut self, sql: &str) -> Result<(), StepError> {
        check_step(unsafe { c::mig_step_exec(self.0, c_text(sql).as_ptr()) })
    }

    /// The rows of one statement. Parameters are written $1, $2, ...
    pub fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Vec<Value>>, StepError> {
        let (mut out, mut more, mut rows) = (null_mut(), 0, vec![]);
        check_step(unsafe { c::mig_step_prepare(self.0, c_text(sql).as_ptr(), &mut out) })?;
        let stmt = Stmt(out);
        for (i, value) in (1..).zip(parameters) {
            stmt.bind(i, value)?;
        }
        loop {
            check_step(unsafe { c::mig_stmt_step(stmt.0, &mut more) })?;
            if more == 0 {
                return Ok(rows);
            }
            let columns = unsafe { c::mig_stmt_column_count(stmt.0) };
            rows.push((0..columns).map(|i| stmt.column(i)).collect());
        }
    }
}

type StepFunction = fn(&mut Step) -> Result<(), StepError>;

/// A revision written in Rust. Without downgrade it is irreversible.
pub struct Revision<'a> {
    pub id: &'a str,
    pub message: &'a str,
    pub revises: &'a [&'a str],
    pub upgrade: StepFunction,
    pub downgrade: Option<StepFunction>,
}

struct Functions {
    upgrade: StepFunction,
    downgrade: Option<StepFunction>,
}

/// No panic may pass through C.
unsafe extern "C" fn run_step(user: *mut c_void, step: *mut c::Step) -> i32 {
    let functions = &*(user as *const Functions);
    let function = match functions.downgrade {
        Some(downgrade) if c::mig_step_direction(step) != UPGRADE => downgrade,
        _ => functions.upgrade,
    };
    match catch_unwind(AssertUnwindSafe(|| function(&mut Step(&mut *step)))) {
        Ok(Ok(())) => 0,
        Ok(Err(StepError::Status(status))) => status,
        Ok(Err(StepError::Message(message))) => c::mig_step_fail(step, c_text(&message).as_ptr()),
        Err(_) => c::mig_step_fail(step, c_text("panicked").as_ptr()),
    }
}

/// What a progress callback is told; "" where a field does not apply.
pub struct Progress {
    pub event: i32,
    pub revision: String,
    pub message: String,
    pub step: u64,
    pub steps: u64,
    pub sql: String,
}

/// Returns whether to go on.
type ProgressFunction = Box<dyn FnMut(&Progress) -> bool>;

unsafe extern "C" fn run_progress(user: *mut c_void, progress: *const c::Progress) -> i32 {
    let function = &mut *(user as *mut ProgressFunction);
    let p = &*progress;
    let sql = if p.sql.is_null() {
        &[]
    } else {
        std::slice::from_raw_parts(p.sql, p.sql_size)
    };
    let told = Progress {
        event: p.event,
        revision: text(p.revision),
        message: text(p.message),
        step: p.step,
        steps: p.steps,
        sql: String::from_utf8_lossy(sql).into_owned(),
    };
    i32::from(!catch_unwind(AssertUnwindSafe(|| function(&told))).unwrap_or(false))
}

pub struct LogEntry {
    pub revision: String,
    pub direction: String,
    pub state: String,
    pub statements: i64,
    pub duration_us: i64,
}

struct Context(*mut c::Ctx);

// Of the context, Canceller uses mig_cancel() alone, which any thread may call.
unsafe impl Send for Context {}
unsafe impl Sync for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        unsafe { c::mig_close(self.0) };
    }
}

/// Stops the run in progress, from any thread.
#[derive(Clone)]
pub struct Canceller(std::sync::Weak<Context>);

impl Canceller {
    pub fn cancel(&self) {
        if let Some(context) = self.0.upgrade() {
            unsafe { c::mig_cancel(context.0) }
        }
    }
}

/// A database and the revisions meant for it.
pub struct Migrations {
    context: Arc<Context>,
    // In boxes, since the context has pointers to them; dropped after it.
    progress: Option<Box<ProgressFunction>>,
    functions: Vec<Box<Functions>>,
    _one_thread: std::marker::PhantomData<*mut ()>,
}

impl Migrations {
    pub fn open(url: &str) -> Result<Migrations, Error> {
        let mut ctx = null_mut();
        let status = unsafe { c::mig_open(&mut ctx, c_text(url).as_ptr()) };
        let migrations = Migrations {
            context: Arc::new(Context(ctx)),
            progress: None,
            functions: vec![],
            _one_thread: std::marker::PhantomData,
        };
        migrations.check(status)?;
        Ok(migrations)
    }

    fn check(&self, status: i32) -> Result<(), Error> {
        if status == 0 {
            Ok(())
        } else {
            Err(unsafe { Error::of(status, self.context.0) })
        }
    }

    pub fn canceller(&self) -> Canceller {
        Canceller(Arc::downgrade(&self.context))
    }

    pub fn add_script(&mut self, name: &str, script: &str) -> Result<(), Error> {
        self.check(unsafe {
            c::mig_add_script(
                self.context.0,
                c_text(name).as_ptr(),
                script.as_ptr(),
                script.len(),
            )
        })
    }

    pub fn add_revision(&mut self, revision: &Revision) -> Result<(), Error> {
        let functions = Box::new(Functions {
            upgrade: revision.upgrade,
            downgrade: revision.downgrade,
        });
        let (id, message) = (c_text(revision.id), c_text(revision.message));
        let parents: Vec<CString> = revision.revises.iter().map(|id| c_text(id)).collect();
        let revises: Vec<_> = parents
            .iter()
            .map(|id| id.as_ptr())
            .chain([null()])
            .collect();
        let def = c::RevisionDef {
            struct_size: std::mem::size_of::<c::RevisionDef>(),
            id: id.as_ptr(),
            message: message.as_ptr(),
            revises: revises.as_ptr(),
            branch_labels: null(),
            depends_on: null(),
            upgrade: Some(run_step),
            downgrade: revision.downgrade.map(|_| run_step as c::StepFn),
            user: &*functions as *const Functions as *mut c_void,
            version: null(),
            no_transaction: 0,
            derive: 0,
        };
        self.functions.push(functions);
        self.check(unsafe { c::mig_add_revision(self.context.0, &def) })
    }

    pub fn set_progress(
        &mut self,
        function: impl FnMut(&Progress) -> bool + 'static,
    ) -> Result<(), Error> {
        let mut function: Box<ProgressFunction> = Box::new(Box::new(function));
        let user = &mut *function as *mut ProgressFunction as *mut c_void;
        self.check(unsafe { c::mig_set_progress(self.context.0, Some(run_progress), user) })?;
        self.progress = Some(function);
        Ok(())
    }

    pub fn upgrade(&mut self, target: &str) -> Result<(), Error> {
        self.check(unsafe { c::mig_upgrade(self.context.0, c_text(target).as_ptr()) })
    }

    pub fn downgrade(&mut self, target: &str) -> Result<(), Error> {
        self.check(unsafe { c::mig_downgrade(self.context.0, c_text(target).as_ptr()) })
    }

    /// The ids of the revisions that the database is at.
    pub fn current(&mut self) -> Result<Vec<String>, Error> {
        let mut list = null_mut();
        unsafe {
            self.check(c::mig_current(self.context.0, &mut list))?;
            let ids = (0..c::mig_revision_list_count(list))
                .map(|i| text(c::mig_revision_id(c::mig_revision_list_at(list, i))))
                .collect();
            c::mig_revision_list_free(list);
            Ok(ids)
        }
    }

    /// The rows of the history table, oldest first.
    pub fn log(&mut self) -> Result<Vec<LogEntry>, Error> {
        let mut list = null_mut();
        unsafe {
            self.check(c::mig_history_read(self.context.0, &mut list))?;
            let entries = (0..c::mig_history_list_count(list))
                .map(|i| &*c::mig_history_list_at(list, i))
                .map(|entry| LogEntry {
                    revision: text(entry.revision),
                    direction: text(entry.direction),
                    state: text(entry.state),
                    statements: entry.statements,
                    duration_us: entry.duration_us,
                })
                .collect();
            c::mig_history_list_free(list);
            Ok(entries)
        }
    }
}
