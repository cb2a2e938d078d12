package start

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The state at the start, one bit for each signal, signal 1 in bit 0.
var (
	ignored uint64
	blocked uint64

	table *signalTable          // the runtime's
	flags [lastSignal + 1]int32 // what it held
)

// keepSignals takes every signal out of the runtime's table but those that the
// program needs a handler for while it runs.
//
// This leaves nothing to put back: an ignored signal stays ignored, a blocked
// one stays blocked and, if it is pending, pending; a signal that arrives while
// the program runs does to it what it would have done to the shell. Recording
// and restoring could not do that: the runtime unblocks HUP, INT, QUIT, TERM
// and others in every thread, and what was pending is gone.
//
// Without the table, signals are what the runtime makes of them; the tests fail
// then.
//
//go:nosplit
//go:norace
func keepSignals() {
	table = findSignalTable()
	if table == nil {
		return
	}
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, 0,
		uintptr(unsafe.Pointer(&blocked)), unsafe.Sizeof(blocked), 0, 0)
	for n := 1; n <= lastSignal; n++ {
		flags[n] = table[n].flags
		if !handled(n) || isIgnored(n) || blocked&bit(n) != 0 {
			table[n].flags = 0
		}
	}
	keepChild()
}

// handled reports whether the runtime handles signal n also under the entry
// point, unless it is ignored or blocked: the synchronous signals that become Go
// panics, SIGPIPE (a write to a broken descriptor 2 must not kill the
// login), and the signal that syscall.AllThreadsSyscall is made of. Execve sets
// all of them to the default again, which is what they had.
//
//go:nosplit
//go:norace
func handled(n int) bool {
	const allThreads = 33 // SIGSETXID; no libc lets a program block or ignore it
	switch unix.Signal(n) {
	case unix.SIGBUS, unix.SIGFPE, unix.SIGSEGV, unix.SIGPIPE, allThreads:
		return true
	}
	return false
}

//go:nosplit
//go:norace
func bit(n int) uint64 { return 1 << (uint(n-1) & 63) }

// disposition is the kernel's struct sigaction, the same on amd64 and arm64.
type disposition struct {
	handler  uintptr // SIG_DFL or SIG_IGN here
	flags    uint64
	restorer uintptr
	mask     uint64
}

const (
	sigDefault = 0
	sigIgnore  = 1
)

//go:nosplit
//go:norace
func sigaction(n int, set, old *disposition) {
	syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(set)),
		uintptr(unsafe.Pointer(old)), unsafe.Sizeof(set.mask), 0, 0)
}

//go:nosplit
//go:norace
func isIgnored(n int) bool {
	var now disposition
	sigaction(n, nil, &now)
	if now.handler == sigIgnore {
		ignored |= bit(n)
		return true
	}
	return false
}

// Ignored reports whether signal n was ignored at the start. It is for programs
// that stay, see CatchSignals; call it before the signal is caught.
func Ignored(n syscall.Signal) bool {
	if n < 1 || n > lastSignal {
		return false
	}
	return ignored&bit(int(n)) != 0 || isIgnored(int(n))
}

// CatchSignals lets os/signal.Notify work again, for a program that stays as
// the session's parent. Call it, and Notify, after the session's process has
// been started: what Notify catches is set to the default in a child. Signals
// that were ignored or blocked at the start stay so, and Notify has no effect
// on them; do not wait for SIGCHLD, then, but in wait4(2). What is not given to
// Notify keeps the kernel's default action.
func CatchSignals() {
	if table == nil {
		return
	}
	for n := 1; n <= lastSignal; n++ {
		if !Ignored(syscall.Signal(n)) && blocked&bit(n) == 0 {
			table[n].flags = flags[n]
		}
	}
}
