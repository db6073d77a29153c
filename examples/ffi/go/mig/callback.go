package mig

// The functions that C calls. A file that exports may declare, but not define, anything of C.

/*
#include <mig/mig.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"runtime/cgo"
	"unsafe"
)

// recovered makes an error of a panic, which may not pass through C.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v", p)
	}
}

func (r keptRevision) run(step *C.mig_step) (err error) {
	defer recovered(&err)
	if C.mig_step_direction(step) == C.MIG_UPGRADE {
		return r.Upgrade(Step{step})
	}
	return r.Downgrade(Step{step})
}

//export migRunStep
func migRunStep(user unsafe.Pointer, step *C.mig_step) C.int32_t {
	revision := (*(*cgo.Handle)(user)).Value().(keptRevision)
	err := revision.run(step)
	if err == nil {
		return C.MIG_OK
	}
	if status, ok := err.(stepFailed); ok {
		return C.int32_t(status)
	}
	revision.owner.cause = err
	message := C.CString(err.Error())
	defer C.free(unsafe.Pointer(message))
	return C.mig_step_fail(step, message)
}

func (m *Migrations) tell(p *C.mig_progress) (goOn bool, err error) {
	defer recovered(&err)
	return m.progress(Progress{
		Event: int(p.event), Revision: C.GoString(p.revision), Message: C.GoString(p.message),
		Step: uint64(p.step), Steps: uint64(p.steps), SQL: C.GoStringN(p.sql, C.int(p.sql_size)),
	}), nil
}

//export migRunProgress
func migRunProgress(user unsafe.Pointer, p *C.mig_progress) C.int32_t {
	m := (*(*cgo.Handle)(user)).Value().(*Migrations)
	goOn, err := m.tell(p)
	if err != nil {
		m.cause = err
	}
	if goOn {
		return 0
	}
	return 1
}
