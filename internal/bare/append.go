package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// sigset is the kernel's set of signals, which has 64 bits (rt_sigprocmask(2)).
const sigset = 8

// Append writes a line to a file that was opened with O_APPEND, with one
// write(2). Where RLIMIT_FSIZE forbids it, there is an error, as if SIGXFSZ were
// ignored, and nothing is left of the signal: it is held meanwhile and taken
// back. The mask of signals is the caller's again afterwards.
func Append(n int, line string) Errno {
	fileSize := uint64(1) << (unix.SIGXFSZ - 1)
	var before, pending uint64
	_, e := Call(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, uintptr(unsafe.Pointer(&fileSize)),
		uintptr(unsafe.Pointer(&before)), sigset, 0, 0)
	if e != 0 {
		return e
	}
	// One that was there before the write is the caller's own.
	_, e = Call(unix.SYS_RT_SIGPENDING, uintptr(unsafe.Pointer(&pending)), sigset, 0, 0, 0, 0)
	if e == 0 {
		_, e = Call(unix.SYS_WRITE, fd(n), uintptr(unsafe.Pointer(unsafe.StringData(line))), uintptr(len(line)), 0, 0, 0)
		if e == Errno(unix.EFBIG) && pending&fileSize == 0 {
			takeSignal(&fileSize)
		}
	}
	_, back := Call(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&before)), 0, sigset, 0, 0)
	if back != 0 {
		return back
	}
	return e
}

// Empty makes a file empty.
func Empty(n int) Errno {
	_, e := Call(unix.SYS_FTRUNCATE, fd(n), 0, 0, 0, 0, 0)
	return e
}
