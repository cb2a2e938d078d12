package start

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// closed is set for each of the descriptors 0 to 2 that were not open.
var closed [3]bool

// holdStdio puts something on each closed descriptor from 0 to 2. The runtime
// opens /dev/null on them otherwise (it has to, see CVE-2023-29403), the
// program at the end finds that open, and where /dev/null is missing the
// runtime gives up.
//
// The placeholder is an O_PATH descriptor of "/" (Linux 2.6.39): it needs no
// permission and no file but the root directory, a read or a write of it is
// EBADF as on a closed one, and being close-on-exec it goes away by itself. If
// even that fails, the runtime does what it does.
//
//go:nosplit
//go:norace
func holdStdio() {
	for fd := range closed {
		if _, _, errno := syscall.RawSyscall(unix.SYS_FCNTL, uintptr(fd), unix.F_GETFD, 0); errno != unix.EBADF {
			continue
		}
		closed[fd] = true
		// The lowest free descriptor is fd: those below are open by now.
		syscall.RawSyscall6(unix.SYS_OPENAT, atCwd, uintptr(chars("/\x00")),
			unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0, 0, 0)
	}
}

// atCwd is AT_FDCWD, -100, as an argument of a raw system call.
const atCwd = ^uintptr(99)

// Closed reports whether descriptor fd, 0 to 2, was closed at the start. There
// is a placeholder on it that no read or write works on and that no program
// inherits over exec; in syscall.ProcAttr.Files it must be passed as
// ^uintptr(0), or the child gets it.
func Closed(fd int) bool {
	return fd >= 0 && fd < len(closed) && closed[fd]
}
