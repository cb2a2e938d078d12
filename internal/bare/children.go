package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// ForkTold makes a child as [Fork] does, and SIGCHLD tells of its end.
//
//go:nosplit
func ForkTold() (int, Errno) {
	r, e := clone(uintptr(unix.SIGCHLD))
	if e == 0 && r == 0 {
		faults++ // see Fork
	}
	return int(r), e
}

// PidFD is a descriptor of a process, which can be read when that has ended
// (pidfd_open(2), Linux 5.3).
func PidFD(pid int) (int, Errno) {
	return Opened(Call(unix.SYS_PIDFD_OPEN, fd(pid), 0, 0, 0, 0, 0))
}

// Setsid begins a session of the process's own. EPERM: it leads a group.
func Setsid() Errno {
	return errno(Call(unix.SYS_SETSID, 0, 0, 0, 0, 0, 0))
}

// SetSubreaper makes the process inherit orphans among its descendants, or not,
// and tells whether it did before (PR_SET_CHILD_SUBREAPER of prctl(2)).
func SetSubreaper(on bool) (before bool) {
	var was int32
	if _, e := Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&was)), 0); e != 0 || was != 0 == on {
		return was != 0
	}
	var to uintptr
	if on {
		to = 1
	}
	_, _ = Prctl(unix.PR_SET_CHILD_SUBREAPER, to, 0)
	return was != 0
}

// OwnGroup begins a process group of the process's own.
func OwnGroup() {
	_, _ = Call(unix.SYS_SETPGID, 0, 0, 0, 0, 0, 0) // EPERM: it leads a session
}

// Group returns the group of a process, the caller's for 0; 0 if there is no such
// process (getpgid(2)).
func Group(pid int) int {
	r, e := Call(unix.SYS_GETPGID, fd(pid), 0, 0, 0, 0, 0)
	if e != 0 {
		return 0
	}
	return int(r)
}

// Higher moves a descriptor to a number of at least least; it is closed at
// execve(2).
func Higher(n, least int) (int, Errno) {
	r, e := Call(sysFcntl, fd(n), unix.F_DUPFD_CLOEXEC, uintptr(least), 0, 0, 0)
	Close(n)
	if e != 0 {
		return -1, e
	}
	return int(r), 0
}

// StayOpen lets a descriptor stay open at execve(2).
func StayOpen(n int) Errno {
	return errno(Call(sysFcntl, fd(n), unix.F_SETFD, 0, 0, 0, 0))
}
