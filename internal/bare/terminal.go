package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// PTY makes a pseudo-terminal (pty(7)): the two ends of it. Its size is not known.
func PTY() (master, slave int, e Errno) {
	master, e = Open("/dev/ptmx", unix.O_RDWR)
	if e != 0 {
		return -1, -1, e
	}
	var unlocked int32
	if _, e = Call(unix.SYS_IOCTL, fd(master), unix.TIOCSPTLCK, uintptr(unsafe.Pointer(&unlocked)), 0, 0, 0); e == 0 {
		var r uintptr
		// Not by its name: /dev/pts may be another one (Linux 4.13).
		r, e = Call(unix.SYS_IOCTL, fd(master), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0, 0, 0)
		slave = int(r)
	}
	if e == 0 {
		slave, e = Away(slave)
	}
	if e != 0 {
		Close(master)
		return -1, -1, e
	}
	return master, slave, 0
}

// TakeTerminal makes a terminal the controlling one of a session that has none.
func TakeTerminal(n int) Errno {
	return errno(Call(unix.SYS_IOCTL, fd(n), unix.TIOCSCTTY, 0, 0, 0, 0))
}

// Foreground returns the foreground group of the controlling terminal, 0 if that
// is not n.
func Foreground(n int) int {
	var group int32
	if _, e := Call(unix.SYS_IOCTL, fd(n), unix.TIOCGPGRP, uintptr(unsafe.Pointer(&group)), 0, 0, 0); e != 0 {
		return 0
	}
	return int(group)
}

// SetForeground makes a group the foreground one. SIGTTOU has to be blocked, or
// only the foreground may.
func SetForeground(n, group int) {
	g := int32(group)
	_, _ = Call(unix.SYS_IOCTL, fd(n), unix.TIOCSPGRP, uintptr(unsafe.Pointer(&g)), 0, 0, 0)
}
