package start

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// overrideWrite is the runtime's: if set, everything that the runtime itself
// prints goes there (go.dev/issue/67401 says that it stays). It prints only
// when the process is about to end: a thread or memory that it cannot have, a
// panic, a deadlock.
//
//go:linkname overrideWrite runtime.overrideWrite
var overrideWrite func(fd uintptr, p unsafe.Pointer, n int32) int32

var (
	disarmed atomic.Bool
	lastLine [256]byte // what the runtime has printed of its first line
	lastSize uint
)

// Disarm ends the promise that a failure of the runtime, or a panic, ends in a
// shell. It MUST be called before the process takes up anything that the
// shell may not have: capabilities, another namespace, another identity. After
// it such a failure ends the process with its one line and status 125.
func Disarm() { disarmed.Store(true) }

// Disarmed reports whether Disarm has been called.
func Disarmed() bool { return disarmed.Load() }

// runtimeWrote is where the output of a runtime in trouble goes. Nobody must be
// locked out by it: a user at the limit on processes, or under ulimit -v, gets a
// shell from any other program. When the first line is complete, so are the
// reason and the runtime's attempts, and the process becomes the shell.
//
// It runs on whatever stack and thread the runtime fails on, so it needs no more
// of Go than the code before the runtime does, and stores no pointers.
//
//go:nosplit
//go:norace
func runtimeWrote(fd uintptr, p unsafe.Pointer, n int32) int32 {
	awaitExec()
	if fd != 2 {
		written, _, errno := syscall.RawSyscall(unix.SYS_WRITE, fd, uintptr(p), uintptr(n))
		if errno != 0 {
			return -int32(errno)
		}
		return int32(written)
	}
	for i := 0; i < int(n); i++ {
		c := at(p, i)
		if c == '\n' && lastSize == 0 {
			continue
		}
		if c == '\n' || lastSize >= uint(len(lastLine)) {
			lastResort()
		}
		if lastSize < uint(len(lastLine)) {
			lastLine[lastSize] = c
			lastSize++
		}
	}
	return n
}

// explain says why the launcher cannot go on, in the terms of the user's
// limits where the runtime's line is about one of them.
//
//go:nosplit
//go:norace
func explain() {
	put("tmpshell: no private directory: ")
	switch {
	case mentions("new OS thread") && !mentions("errno=11)"):
		put("the launcher may have no threads")
	case mentions("new OS thread"):
		put("the limit on processes is too small for the launcher")
	case mentions("reserve"), mentions("cannot allocate"), mentions("out of memory"), mentions("cannot map"):
		put("the limit on memory is too small for the launcher")
	default:
		putBytes(unsafe.Pointer(&lastLine), int(lastSize))
	}
	put("\n")
	sendMessage()
}

// mentions reports whether the runtime's line contains text.
//
//go:nosplit
//go:norace
func mentions(text string) bool {
	for from := 0; from+len(text) <= int(lastSize); from++ {
		if prefixed(unsafe.Add(unsafe.Pointer(&lastLine), from), text) {
			return true
		}
	}
	return false
}
