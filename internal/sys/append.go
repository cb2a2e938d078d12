package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Append writes a line to a file that was opened with O_APPEND, with one
// write(2). Where RLIMIT_FSIZE forbids it, there is an error, as if SIGXFSZ were
// ignored, and nothing left of the signal: the thread, which must be locked,
// holds it and takes it back.
func Append(fd int, line []byte) error {
	fileSize := signals(unix.SIGXFSZ)
	var before unix.Sigset_t
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &fileSize, &before); err != nil {
		return err
	}
	pending := isPending(unix.SIGXFSZ) // the caller's own
	err := Retry(func() error {
		_, err := unix.Write(fd, line)
		return err
	})
	if err == unix.EFBIG && !pending {
		now := unix.Timespec{}
		_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&fileSize)), 0,
			uintptr(unsafe.Pointer(&now)), unsafe.Sizeof(fileSize.Val[0]), 0, 0) // none, if it is ignored
	}
	if back := unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil); back != nil {
		return back
	}
	return err
}

// signals is a set of one.
func signals(n unix.Signal) unix.Sigset_t {
	var s unix.Sigset_t
	s.Val[0] = 1 << (n - 1)
	return s
}

func isPending(n unix.Signal) bool {
	var s unix.Sigset_t
	_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGPENDING, uintptr(unsafe.Pointer(&s)), unsafe.Sizeof(s.Val[0]), 0)
	return errno == 0 && s.Val[0]&(1<<(n-1)) != 0
}
