package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Exit ends the process.
func Exit(code int) {
	for {
		_, _ = Call(unix.SYS_EXIT_GROUP, uintptr(code), 0, 0, 0, 0, 0)
	}
}

// Prctl is prctl(2).
func Prctl(option, a, b uintptr) (int, Errno) {
	r, e := Call(unix.SYS_PRCTL, option, a, b, 0, 0, 0)
	return int(r), e
}

// Getpid returns the process's id.
func Getpid() int {
	r, _ := Call(unix.SYS_GETPID, 0, 0, 0, 0, 0, 0)
	return int(r)
}

// Execve becomes another program and returns only when that fails. The arrays
// end with nil.
func Execve(path string, argv, envp []*byte) Errno {
	var p Path
	if e := p.Set(path); e != 0 {
		return e
	}
	restoreFaults()
	_, e := Call(unix.SYS_EXECVE, uintptr(p.pointer()), uintptr(unsafe.Pointer(unsafe.SliceData(argv))),
		uintptr(unsafe.Pointer(unsafe.SliceData(envp))), 0, 0, 0)
	holdFaults()
	return e
}

// IsTerminal tells whether a descriptor is a terminal.
func IsTerminal(n int) bool {
	var t unix.Termios
	_, e := Call(unix.SYS_IOCTL, fd(n), unix.TCGETS, uintptr(unsafe.Pointer(&t)), 0, 0, 0)
	return e == 0
}

// RealTime returns the seconds since 1970.
func RealTime() (int64, Errno) {
	var t unix.Timespec
	_, e := Call(sysClockGettime, unix.CLOCK_REALTIME, uintptr(unsafe.Pointer(&t)), 0, 0, 0, 0)
	return int64(t.Sec), e
}
