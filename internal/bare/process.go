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

// Getppid returns the parent's id, 0 for one outside of the PID namespace.
func Getppid() int {
	r, _ := Call(unix.SYS_GETPPID, 0, 0, 0, 0, 0, 0)
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
	var t Time
	e := clock(unix.CLOCK_REALTIME, &t)
	return t.Sec, e
}

// Memory asks the kernel for some that is empty and the process's own.
func Memory(size int) (unsafe.Pointer, Errno) {
	r, e := mapped(uintptr(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, fd(-1))
	if e != 0 {
		return nil, e
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&r)), 0 // no memory of Go's: nothing moves it
}

// Map shows what is in a file, for reading alone. It costs less than to read a large
// one, of which what is not looked at is not fetched either. Where the file becomes
// shorter, what is beyond its end is a fault.
func Map(file, size int) ([]byte, Errno) {
	r, e := mapped(uintptr(size), unix.PROT_READ, unix.MAP_PRIVATE, fd(file))
	if e != 0 {
		return nil, e
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&r)), size), 0
}

// Groups returns the supplementary groups, in buf if they fit.
func Groups(buf []uint32) ([]uint32, Errno) {
	n, e := getgroups(buf)
	if e == Errno(unix.EINVAL) { // there are more
		if n, e = getgroups(nil); e == 0 {
			var room unsafe.Pointer
			if room, e = Memory(n * 4); e == 0 {
				buf = unsafe.Slice((*uint32)(room), n)
				n, e = getgroups(buf)
			}
		}
	}
	if e != 0 {
		return nil, e
	}
	return buf[:n], 0
}

// getgroups returns the number of groups, with an empty buf without them.
func getgroups(buf []uint32) (int, Errno) {
	return count(Call(sysGetgroups, uintptr(len(buf)), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), 0, 0, 0, 0))
}
