// Package mig is libmig for Go, by cgo.
//
//	notes, err := mig.Open("sqlite:notes.db")
//	...
//	defer notes.Close()
//	err = notes.AddScript("0001.sql", text)
//	err = notes.Upgrade("head")
//
// An error that a callback returns stops the run, which is rolled back; it is what the *Error of the call
// that ran it unwraps to.
package mig

/*
#cgo LDFLAGS: -lmig
#include <mig/mig.h>
#include <stdlib.h>

// Functions of callback.go, as cgo declares them: without const.
extern int32_t migRunStep(void *user, mig_step *step);
extern int32_t migRunProgress(void *user, mig_progress *progress);
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime/cgo"
	"unsafe"
)

// What may be compared with Progress.Event.
const (
	StepBegin = int(C.MIG_EVENT_STEP_BEGIN)
	Statement = int(C.MIG_EVENT_STATEMENT)
	StepEnd   = int(C.MIG_EVENT_STEP_END)
)

// ErrCancelled is what errors.Is finds in the error of a run that was asked to stop.
var ErrCancelled = errors.New("cancelled")

// Error is an error of the library, with what it tells about the place; "" and 0 where a field does not
// apply.
type Error struct {
	Status                        int
	Name, Message, Revision, File string
	Line, Column                  int
	Statement, SQLState, Hint     string
	cause                         error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.cause }

func (e *Error) Is(target error) bool {
	return target == ErrCancelled && e.Status == C.MIG_ECANCELLED
}

// stepFailed is the status of a call on a step; the run that it belongs to tells why.
type stepFailed C.mig_status

func (f stepFailed) Error() string { return C.GoString(C.mig_status_name(C.mig_status(f))) }

func checkStep(status C.mig_status) error {
	if status != C.MIG_OK {
		return stepFailed(status)
	}
	return nil
}

// Step is a revision while it runs: good inside its callback alone.
type Step struct{ step *C.mig_step }

// Exec runs statements without parameters or rows.
func (s Step) Exec(sql string) error {
	text := C.CString(sql)
	defer C.free(unsafe.Pointer(text))
	return checkStep(C.mig_step_exec(s.step, text))
}

// Query returns the rows of one statement. Parameters are written $1, $2, ...; values are nil, int64,
// float64, string and []byte.
func (s Step) Query(sql string, parameters ...any) ([][]any, error) {
	var stmt *C.mig_stmt
	var more C.int32_t
	var rows [][]any

	text := C.CString(sql)
	defer C.free(unsafe.Pointer(text))
	if err := checkStep(C.mig_step_prepare(s.step, text, &stmt)); err != nil {
		return nil, err
	}
	defer C.mig_stmt_free(stmt)
	for i, value := range parameters {
		if err := bind(stmt, C.int32_t(i+1), value); err != nil {
			return nil, err
		}
	}
	for {
		if err := checkStep(C.mig_stmt_step(stmt, &more)); err != nil || more == 0 {
			return rows, err
		}
		row := make([]any, C.mig_stmt_column_count(stmt))
		for i := range row {
			row[i] = column(stmt, C.int32_t(i))
		}
		rows = append(rows, row)
	}
}

func bind(stmt *C.mig_stmt, i C.int32_t, value any) error {
	switch v := value.(type) {
	case nil:
		return checkStep(C.mig_stmt_bind_null(stmt, i))
	case int:
		return checkStep(C.mig_stmt_bind_int64(stmt, i, C.int64_t(v)))
	case int64:
		return checkStep(C.mig_stmt_bind_int64(stmt, i, C.int64_t(v)))
	case float64:
		return checkStep(C.mig_stmt_bind_double(stmt, i, C.double(v)))
	case string:
		text := C.CString(v)
		defer C.free(unsafe.Pointer(text))
		return checkStep(C.mig_stmt_bind_text(stmt, i, text))
	case []byte:
		data := C.CBytes(v)
		defer C.free(data)
		return checkStep(C.mig_stmt_bind_blob(stmt, i, data, C.size_t(len(v))))
	}
	return fmt.Errorf("parameter %d: no column holds a %T", i, value)
}

func column(stmt *C.mig_stmt, i C.int32_t) any {
	switch C.mig_stmt_type(stmt, i) {
	case C.MIG_INTEGER:
		return int64(C.mig_stmt_int64(stmt, i))
	case C.MIG_REAL:
		return float64(C.mig_stmt_double(stmt, i))
	case C.MIG_TEXT:
		return C.GoString(C.mig_stmt_text(stmt, i))
	case C.MIG_BLOB:
		var size C.size_t
		data := C.mig_stmt_blob(stmt, i, &size)
		return C.GoBytes(data, C.int(size))
	}
	return nil
}

// Revision is a revision written in Go. Without Downgrade it is irreversible.
type Revision struct {
	ID, Message string
	Revises     []string
	Upgrade     func(Step) error
	Downgrade   func(Step) error
}

// Progress is what a progress callback is told; "" where a field does not apply.
type Progress struct {
	Event             int
	Revision, Message string
	Step, Steps       uint64
	SQL               string
}

// LogEntry is a row of the history table.
type LogEntry struct {
	Revision, Direction, State, StartedAt string
	Statements, DurationUs                int64
}

// Migrations is a database and the revisions meant for it. It is used by one goroutine at a time, but for
// Cancel.
type Migrations struct {
	ctx      *C.mig_ctx
	self     handle
	kept     []handle
	progress func(Progress) bool
	cause    error
}

type handle struct {
	cgo.Handle
	user unsafe.Pointer
}

// newHandle makes a pointer that C may keep. Go's own it may not, so it points to a number.
func newHandle(value any) handle {
	h := handle{cgo.NewHandle(value), C.malloc(C.size_t(unsafe.Sizeof(cgo.Handle(0))))}
	*(*cgo.Handle)(h.user) = h.Handle
	return h
}

func (h handle) free() {
	h.Delete()
	C.free(h.user)
}

type keptRevision struct {
	owner *Migrations
	Revision
}

// Open opens the database of a URL.
func Open(url string) (*Migrations, error) {
	text := C.CString(url)
	defer C.free(unsafe.Pointer(text))
	m := &Migrations{}
	m.self = newHandle(m)
	if err := m.check(C.mig_open(&m.ctx, text)); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// Close closes the connection and frees what belongs to it. From inside a callback it is an error, and
// the database stays open.
func (m *Migrations) Close() error {
	if err := m.check(C.mig_close(m.ctx)); err != nil {
		return err
	}
	m.ctx = nil
	for _, h := range append(m.kept, m.self) {
		h.free()
	}
	m.kept = nil
	return nil
}

func (m *Migrations) check(status C.mig_status) error {
	cause := m.cause
	m.cause = nil
	if status == C.MIG_OK {
		return nil
	}
	return &Error{
		Status:    int(status),
		Name:      C.GoString(C.mig_status_name(status)),
		Message:   C.GoString(C.mig_error_message(m.ctx)),
		Revision:  C.GoString(C.mig_error_revision(m.ctx)),
		File:      C.GoString(C.mig_error_file(m.ctx)),
		Line:      int(C.mig_error_line(m.ctx)),
		Column:    int(C.mig_error_column(m.ctx)),
		Statement: C.GoString(C.mig_error_statement(m.ctx)),
		SQLState:  C.GoString(C.mig_error_sqlstate(m.ctx)),
		Hint:      C.GoString(C.mig_error_hint(m.ctx)),
		cause:     cause,
	}
}

// AddScript adds a revision in the form of a revision file.
func (m *Migrations) AddScript(name, script string) error {
	file, text := C.CString(name), C.CString(script)
	defer C.free(unsafe.Pointer(file))
	defer C.free(unsafe.Pointer(text))
	return m.check(C.mig_add_script(m.ctx, file, text, C.size_t(len(script))))
}

// AddRevision adds a revision written in Go.
func (m *Migrations) AddRevision(r Revision) error {
	id, message := C.CString(r.ID), C.CString(r.Message)
	defer C.free(unsafe.Pointer(id))
	defer C.free(unsafe.Pointer(message))
	parents := make([]*C.char, len(r.Revises)+1)
	for i, parent := range r.Revises {
		parents[i] = C.CString(parent)
		defer C.free(unsafe.Pointer(parents[i]))
	}
	// the list is of C as well: an argument may not lead from Go's memory to more of it
	size := C.size_t(len(parents)) * C.size_t(unsafe.Sizeof(parents[0]))
	revises := (**C.char)(C.malloc(size))
	defer C.free(unsafe.Pointer(revises))
	copy(unsafe.Slice(revises, len(parents)), parents)

	h := newHandle(keptRevision{m, r})
	m.kept = append(m.kept, h)
	def := C.mig_revision_def{
		id: id, message: message, revises: revises, upgrade: C.mig_step_fn(C.migRunStep), user: h.user,
	}
	def.struct_size = C.size_t(unsafe.Sizeof(def))
	if r.Downgrade != nil {
		def.downgrade = C.mig_step_fn(C.migRunStep)
	}
	return m.check(C.mig_add_revision(m.ctx, &def))
}

// SetProgress sets a function that is told how a run goes, and returns whether to go on. Nil: none.
func (m *Migrations) SetProgress(fn func(Progress) bool) error {
	var run C.mig_progress_fn
	if fn != nil {
		run = C.mig_progress_fn(C.migRunProgress)
	}
	m.progress = fn
	return m.check(C.mig_set_progress(m.ctx, run, m.self.user))
}

// Upgrade brings the database up to a target.
func (m *Migrations) Upgrade(target string) error {
	text := C.CString(target)
	defer C.free(unsafe.Pointer(text))
	return m.check(C.mig_upgrade(m.ctx, text))
}

// Downgrade takes the database down to a target.
func (m *Migrations) Downgrade(target string) error {
	text := C.CString(target)
	defer C.free(unsafe.Pointer(text))
	return m.check(C.mig_downgrade(m.ctx, text))
}

// Cancel stops the run in progress. Any goroutine may call it, until Close.
func (m *Migrations) Cancel() { C.mig_cancel(m.ctx) }

// Current returns the ids of the revisions that the database is at.
func (m *Migrations) Current() ([]string, error) {
	var list *C.mig_revision_list
	if err := m.check(C.mig_current(m.ctx, &list)); err != nil {
		return nil, err
	}
	defer C.mig_revision_list_free(list)
	ids := make([]string, C.mig_revision_list_count(list))
	for i := range ids {
		ids[i] = C.GoString(C.mig_revision_id(C.mig_revision_list_at(list, C.size_t(i))))
	}
	return ids, nil
}

// Log returns the rows of the history table, oldest first.
func (m *Migrations) Log() ([]LogEntry, error) {
	var list *C.mig_history_list
	if err := m.check(C.mig_history_read(m.ctx, &list)); err != nil {
		return nil, err
	}
	defer C.mig_history_list_free(list)
	entries := make([]LogEntry, C.mig_history_list_count(list))
	for i := range entries {
		e := C.mig_history_list_at(list, C.size_t(i))
		entries[i] = LogEntry{
			Revision: C.GoString(e.revision), Direction: C.GoString(e.direction), State: C.GoString(e.state),
			StartedAt: C.GoString(e.started_at), Statements: int64(e.statements),
			DurationUs: int64(e.duration_us),
		}
	}
	return entries, nil
}
