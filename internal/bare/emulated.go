package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// heard is what the caller wants of SIGCHLD, while there is a child whose end that
// signal tells of.
var heard struct {
	on, ignored bool
	blocked     Signals
}

// forkTold is [Fork] under qemu-user, which makes no child without a signal at its end
// ("We can't support custom termination signals", linux-user/syscall.c of 10.0). Until
// [Wait] has waited for it, SIGCHLD has its default action and is not blocked: the
// kernel then drops the signal, and keeps the exit code.
//
//go:nosplit
func forkTold() (uintptr, Errno) {
	hear()
	r, e := clone(uintptr(unix.SIGCHLD))
	if r == 0 {
		heard.on = false // what the parent has to put back
	}
	if e != 0 {
		unhear()
	}
	return r, e
}

func hear() {
	child := Signals(1) << (unix.SIGCHLD - 1)
	heard.ignored = SetIgnored(unix.SIGCHLD, false)
	_, _ = Call(unix.SYS_RT_SIGPROCMASK, unix.SIG_UNBLOCK, uintptr(unsafe.Pointer(&child)), uintptr(unsafe.Pointer(&heard.blocked)), sigset, 0, 0)
	heard.on = true
}

// unhear puts back what the caller wants.
func unhear() {
	if !heard.on {
		return
	}
	heard.on = false
	_ = BlockedSignals(heard.blocked)
	if heard.ignored {
		_ = SetIgnored(unix.SIGCHLD, true)
	}
}
