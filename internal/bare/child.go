package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Kill kills a child that has not been waited for.
func Kill(pid int) {
	_, _ = Call(unix.SYS_KILL, fd(pid), uintptr(unix.SIGKILL), 0, 0, 0, 0) // gone already
}

// Pipe makes a pipe; its ends are closed at execve(2).
func Pipe() (r, w int, e Errno) {
	var p [2]int32
	if _, e = Call(unix.SYS_PIPE2, uintptr(unsafe.Pointer(&p)), unix.O_CLOEXEC, 0, 0, 0, 0); e != 0 {
		return -1, -1, e
	}
	r, e = Away(int(p[0]))
	w, e2 := Away(int(p[1]))
	if e == 0 {
		e = e2
	}
	if e != 0 {
		Close(r)
		Close(w)
		return -1, -1, e
	}
	return r, w, 0
}

// ReadFor reads to the end of a pipe for a number of milliseconds. What does not
// fit into buf is read and forgotten. ETIMEDOUT: it has not ended.
func ReadFor(n int, buf []byte, ms int64) (have int, e Errno) {
	now, e := monotonic()
	for end := now + ms; e == 0; now, e = monotonic() {
		if now >= end {
			return have, Errno(unix.ETIMEDOUT)
		}
		p := [1]unix.PollFd{{Fd: int32(n), Events: unix.POLLIN}}
		if e = Poll(p[:], end-now); e != 0 {
			break
		}
		if p[0].Revents == 0 {
			continue
		}
		var rest [256]byte
		into := buf[have:]
		if len(into) == 0 {
			into = rest[:]
		}
		got, e := Read(n, into)
		if e != 0 || got == 0 {
			return have, e
		}
		have = min(have+got, len(buf))
	}
	return have, e
}

// Milliseconds is the monotonic clock.
func Milliseconds() int64 {
	now, _ := monotonic() // EFAULT, EINVAL alone
	return now
}

// monotonic is the monotonic clock in milliseconds.
func monotonic() (int64, Errno) {
	var t Time
	e := clock(unix.CLOCK_MONOTONIC, &t)
	return t.Sec*1000 + int64(t.Nsec/1e6), e
}

// Dup makes a descriptor with a number of one that is open; it stays open at
// execve(2).
func Dup(n, as int) Errno {
	return errno(Call(unix.SYS_DUP3, fd(n), fd(as), 0, 0, 0, 0))
}

// CloseFrom closes all descriptors from a number on (Linux 5.9; before, those
// that the caller has left open stay so).
func CloseFrom(n int) {
	_, _ = Call(unix.SYS_CLOSE_RANGE, fd(n), uintptr(^uint32(0)), 0, 0, 0, 0)
}

// RaiseLimit raises a soft limit to the hard one.
func RaiseLimit(resource int) {
	var l [2]uint64 // struct rlimit64: soft, hard
	p := uintptr(unsafe.Pointer(&l))
	if _, e := Call(unix.SYS_PRLIMIT64, 0, uintptr(resource), 0, p, 0, 0); e == 0 && l[0] != l[1] {
		l[0] = l[1]
		_, _ = Call(unix.SYS_PRLIMIT64, 0, uintptr(resource), p, 0, 0, 0) // as it was, then
	}
}

// DefaultSignal gives a signal its default action.
func DefaultSignal(n unix.Signal) {
	var a sigaction
	_, _ = Call(unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(&a)), 0, 8, 0, 0)
}
