package start

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// SIGCHLD needs more than being left alone, because the program has children of
// its own: while it is ignored, wait4(2) never learns how a child ended, and
// while it is blocked, the end of a child leaves it pending for the shell.
var childSignal struct {
	action disposition // what it was
	reset  bool        // Restore has to set it
}

// keepChild makes children waitable. A SIGCHLD that is pending already stays:
// every change of the disposition would discard it (sigaction(2), NOTES).
//
//go:nosplit
//go:norace
func keepChild() {
	n := int(unix.SIGCHLD)
	isIgnored(n)
	if (ignored|blocked)&bit(n) == 0 {
		return
	}
	var pending uint64
	syscall.RawSyscall(unix.SYS_RT_SIGPENDING, uintptr(unsafe.Pointer(&pending)), unsafe.Sizeof(pending), 0)
	if pending&bit(n) != 0 {
		return
	}
	childSignal.reset = true
	sigaction(n, nil, &childSignal.action)
	if ignored&bit(n) != 0 {
		sigaction(n, &disposition{handler: sigDefault}, nil)
	}
}

// restoreChild sets SIGCHLD as it was, which also discards one that is pending:
// there was none at the start, so it came from a child of ours.
func restoreChild() {
	if childSignal.reset {
		sigaction(int(unix.SIGCHLD), &childSignal.action, nil)
	}
}

// resumeChild is the reverse, after an exec that failed.
func resumeChild() {
	if childSignal.reset && childSignal.action.handler == sigIgnore {
		sigaction(int(unix.SIGCHLD), &disposition{handler: sigDefault}, nil)
	}
}
