package bare

import (
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Call makes one system call. EINTR is retried: no handler of ours runs, but a
// stopped and continued process gets it from some calls (signal(7)).
//
// It does not grow the stack: in a program that has the runtime, growing it moves
// what is on it, and an address that was converted for this call would be a
// stale one. Convert in the argument list of Call, and nowhere else.
//
//go:nosplit
func Call(number, a, b, c, d, e, f uintptr) (uintptr, Errno) {
	for {
		r, _, errno := syscall.RawSyscall6(number, a, b, c, d, e, f)
		if errno != syscall.EINTR {
			return r, Errno(errno)
		}
	}
}

// errno is what a system call has come to.
func errno(_ uintptr, e Errno) Errno { return e }

// count is what a system call has come to that returns a number.
func count(r uintptr, e Errno) (int, Errno) {
	if e != 0 {
		return 0, e
	}
	return int(r), 0
}

// Opened is the descriptor that a system call has made, see [Away].
func Opened(r uintptr, e Errno) (int, Errno) {
	if e != 0 {
		return -1, e
	}
	return Away(int(r))
}

// fd is a descriptor, or AT_FDCWD, as an argument.
func fd(n int) uintptr { return uintptr(n) }

// Path is a NUL-terminated path, copied from a string.
type Path struct{ buf [unix.PathMax]byte }

// Set copies s. One that is too long, or has a NUL byte in it, is an error.
func (p *Path) Set(s string) Errno { return set(p.buf[:], s) }

func set(buf []byte, s string) Errno {
	if len(s) >= len(buf) {
		return Errno(unix.ENAMETOOLONG)
	}
	if strings.IndexByte(s, 0) >= 0 {
		return Errno(unix.EINVAL)
	}
	buf[copy(buf, s)] = 0
	return 0
}

// shortPath is more than the usual paths have. A buffer for them on the stack touches
// one page, and one for any path two.
const shortPath = 128

func (p *Path) pointer() unsafe.Pointer { return unsafe.Pointer(&p.buf) }

// name is one component of a path, NUL-terminated.
type name struct{ buf [unix.NAME_MAX + 1]byte }

// set rejects what is not a single component: with one, openat(2) and its kin
// cannot leave the directory.
func (n *name) set(dir int, s string) Errno {
	switch {
	case dir < 0:
		return Errno(unix.EBADF)
	case s == "" || s == "." || s == ".." || strings.IndexByte(s, '/') >= 0 || strings.IndexByte(s, 0) >= 0:
		return Errno(unix.EINVAL)
	case len(s) >= len(n.buf):
		return Errno(unix.ENAMETOOLONG)
	}
	n.buf[copy(n.buf[:], s)] = 0
	return 0
}

func (n *name) pointer() unsafe.Pointer { return unsafe.Pointer(&n.buf) }

// callAt makes a system call on a name in a directory.
func callAt(number uintptr, dir int, entry string, a uintptr) (uintptr, Errno) {
	var n name
	if e := n.set(dir, entry); e != 0 {
		return 0, e
	}
	return Call(number, fd(dir), uintptr(n.pointer()), a, 0, 0, 0)
}
