package start

import (
	"bytes"
	"strconv"
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

	pending    bool // at the start, for the process or for the thread
	threadOnly bool // for the thread, and not for the process
}

// A signal may be pending twice, for the thread and for the process, and the
// end of a child makes it pending for the process. Only /proc tells which of
// them it is.
func init() {
	if childSignal.pending {
		status := readAll("/proc/self/status")
		childSignal.threadOnly = hasChildBit(status, "\nSigPnd:\t") && !hasChildBit(status, "\nShdPnd:\t")
	}
}

func hasChildBit(status []byte, name string) bool {
	const digits = 16
	i := bytes.Index(status, []byte(name))
	if i < 0 || i+len(name)+digits > len(status) {
		return false
	}
	set, err := strconv.ParseUint(string(status[i+len(name):i+len(name)+digits]), 16, 64)
	return err == nil && set&bit(int(unix.SIGCHLD)) != 0
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
		childSignal.pending = true
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
	if childSignal.threadOnly {
		dropProcessChild()
	}
}

// dropProcessChild takes back the SIGCHLD that is pending for the process. The
// thread's own comes first out of the queue, and is put into it again.
func dropProcessChild() {
	var info, other [128]byte // siginfo_t
	set, now := bit(int(unix.SIGCHLD)), unix.Timespec{}
	take := func(into *[128]byte) syscall.Errno {
		_, _, errno := syscall.RawSyscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&set)),
			uintptr(unsafe.Pointer(into)), uintptr(unsafe.Pointer(&now)), unsafe.Sizeof(set), 0, 0)
		return errno
	}
	if take(&info) != 0 {
		return
	}
	take(&other)
	syscall.RawSyscall6(unix.SYS_RT_TGSIGQUEUEINFO, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()),
		uintptr(unix.SIGCHLD), uintptr(unsafe.Pointer(&info)), 0, 0)
}

// resumeChild is the reverse, after an exec that failed.
func resumeChild() {
	if childSignal.reset && childSignal.action.handler == sigIgnore {
		sigaction(int(unix.SIGCHLD), &disposition{handler: sigDefault}, nil)
	}
}
