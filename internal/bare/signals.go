package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Signals is a set of signals: bit n-1 stands for signal n.
type Signals uint64

// AllSignals is all that can be blocked.
const AllSignals = ^Signals(0)

// Of tells whether a signal is in the set.
func (s Signals) Of(n unix.Signal) bool { return s&(1<<(n-1)) != 0 }

// BlockedSignals makes a set the one that is blocked, and returns the one before.
func BlockedSignals(set Signals) Signals {
	var before Signals
	_, _ = Call(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&set)), uintptr(unsafe.Pointer(&before)), sigset, 0, 0)
	return before
}

// SignalFile is a descriptor that signals which are blocked are read from
// (signalfd(2)), see [ReadSignal].
func SignalFile() (int, Errno) {
	all := AllSignals
	r, e := Call(unix.SYS_SIGNALFD4, fd(-1), uintptr(unsafe.Pointer(&all)), sigset, unix.SFD_CLOEXEC|unix.SFD_NONBLOCK, 0, 0)
	if e != 0 {
		return -1, e
	}
	return Away(int(r))
}

// ReadSignal reads the number of one signal, 0 where there is none.
func ReadSignal(file int) unix.Signal {
	var info unix.SignalfdSiginfo
	n, e := Call(unix.SYS_READ, fd(file), uintptr(unsafe.Pointer(&info)), unsafe.Sizeof(info), 0, 0, 0)
	if e != 0 || n != unsafe.Sizeof(info) {
		return 0
	}
	return unix.Signal(info.Signo)
}

// Signal sends one to a process, or with a negative number to its group; -1 is
// every process that the caller may signal, but for itself and the first one.
func Signal(pid int, n unix.Signal) Errno {
	_, e := Call(unix.SYS_KILL, fd(pid), uintptr(n), 0, 0, 0, 0)
	return e
}

// SetIgnored has a signal ignored, or gives it its default action, and tells
// whether it was ignored.
func SetIgnored(n unix.Signal, ignored bool) bool {
	var a, before sigaction
	if ignored {
		a.handler = sigIgn
	}
	_, _ = Call(unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(&a)), uintptr(unsafe.Pointer(&before)), sigset, 0, 0)
	return before.handler == sigIgn
}
