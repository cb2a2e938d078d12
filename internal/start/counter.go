package start

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// needCounter sees to it that the runtime can read the time stamp counter,
// which it does before it can handle a fault. A caller may have forbidden that
// with prctl(2), PR_SET_TSC, and execve keeps it.
//
//go:nosplit
//go:norace
func needCounter() {
	const why = "the time stamp counter must not be read"
	var mode int32
	_, _, errno := syscall.RawSyscall(unix.SYS_PRCTL, unix.PR_GET_TSC, uintptr(unsafe.Pointer(&mode)), 0)
	if errno != 0 || mode != unix.PR_TSC_SIGSEGV {
		return
	}
	for i := 0; i < len(why); i++ {
		lastLine[i] = *(*byte)(unsafe.Add(chars(why), i))
	}
	lastSize = uint(len(why))
	lastResort()
}
