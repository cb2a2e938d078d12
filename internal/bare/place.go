package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Chroot changes the root directory, and the working directory with it, to an
// open directory. It needs CAP_SYS_CHROOT.
func Chroot(dir int) Errno {
	if e := Fchdir(dir); e != 0 {
		return e
	}
	dot := [2]byte{'.', 0}
	return errno(Call(unix.SYS_CHROOT, uintptr(unsafe.Pointer(&dot)), 0, 0, 0, 0, 0))
}

// OpenCwd opens the working directory as a path only, also one that the caller
// may not search or that was removed.
func OpenCwd() (int, Errno) {
	const flags = unix.O_PATH | unix.O_DIRECTORY
	n, e := Open(".", flags)
	if e == Errno(unix.EACCES) {
		return Open("/proc/thread-self/cwd", flags)
	}
	return n, e
}

// Getcwd returns the path of the working directory, in buf. ENOENT: it was
// removed. One that is not below the root directory does not begin with "/".
func Getcwd(buf []byte) (string, Errno) {
	r, e := Call(unix.SYS_GETCWD, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0, 0, 0)
	if e != 0 || r == 0 {
		return "", e
	}
	return unsafe.String(unsafe.SliceData(buf), int(r)-1), 0 // without the final NUL
}

// Fork makes a child process, which is a copy of this one: 0 is returned in it.
// No signal tells of its end, whatever the caller wants of SIGCHLD, and [Wait]
// alone waits for it. It does not grow the stack, which a child in a program that
// has the runtime could not.
//
//go:nosplit
func Fork() (int, Errno) {
	r, e := clone(0)
	if e == Errno(unix.EINVAL) { // no kernel's answer
		r, e = forkTold()
	}
	if e == 0 && r == 0 {
		faults++ // a fault of the child's ends it, and begins no session
	}
	return int(r), e
}

// Wait waits for a child and returns its exit code, or -1 where it ended in
// another way.
func Wait(pid int) (int, Errno) {
	var status int32
	_, e := Call(unix.SYS_WAIT4, uintptr(pid), uintptr(unsafe.Pointer(&status)), unix.WALL, 0, 0, 0)
	unhear()
	if e != 0 || status&0x7f != 0 {
		return -1, e
	}
	return int(status>>8) & 0xff, 0
}
