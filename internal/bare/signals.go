package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Signals is a set of signals: bit n-1 stands for signal n.
type Signals uint64

// sigset is the size of the kernel's set of signals (rt_sigprocmask(2)).
const sigset = 8

// AllSignals is all that can be blocked.
const AllSignals = ^Signals(0)

// BlockedSignals makes a set the one that is blocked, and returns the one before.
func BlockedSignals(set Signals) Signals {
	var before Signals
	_, _ = Call(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&set)), uintptr(unsafe.Pointer(&before)), sigset, 0, 0)
	return before
}

// SetIgnored has a signal ignored, or gives it its default action, and tells
// whether it was ignored.
func SetIgnored(n unix.Signal, ignored bool) bool {
	// qemu-user takes every processor for one whose structure has a restorer (seen with
	// 7.2 for riscv64 and loong64), and so for one word more.
	var a, before struct {
		sigaction
		_ uintptr
	}
	if ignored {
		a.handler = sigIgn
	}
	_, _ = Call(unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(&a)), uintptr(unsafe.Pointer(&before)), sigset, 0, 0)
	return before.handler == sigIgn
}
