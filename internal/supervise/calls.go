package supervise

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// Thin system calls that the launcher has no need of.

// sigsetSize is the size of the kernel's set of signals (rt_sigprocmask(2)).
const sigsetSize = 8

// reapOne takes what one child has come to, without waiting: its number, 0 where
// none has ended or stopped, and its status (wait(2)). ECHILD: there is none.
func reapOne() (pid int, status unix.WaitStatus, e bare.Errno) {
	var s int32
	r, e := bare.Call(unix.SYS_WAIT4, ^uintptr(0), uintptr(unsafe.Pointer(&s)), unix.WALL|unix.WNOHANG|unix.WUNTRACED, 0, 0, 0)
	if e != 0 {
		return 0, 0, e
	}
	return int(r), unix.WaitStatus(uint32(s)), 0
}

// noWaiting has reads and writes of an open file return EAGAIN where they would
// wait.
func noWaiting(n int) {
	flags, e := bare.Call(unix.SYS_FCNTL, uintptr(n), unix.F_GETFL, 0, 0, 0, 0)
	if e == 0 {
		_, _ = bare.Call(unix.SYS_FCNTL, uintptr(n), unix.F_SETFL, flags|unix.O_NONBLOCK, 0, 0, 0)
	}
}

// dieBy ends the process by a signal, which may be blocked. It leaves no core file, see
// [run]: that is the program's to leave.
func dieBy(n unix.Signal) {
	_ = bare.SetIgnored(n, false)
	_ = send(bare.Getpid(), n)
	_ = bare.BlockedSignals(0)
}

// writeSome writes as much as can be.
func writeSome(n int, data []byte) (int, bare.Errno) {
	r, e := bare.Call(unix.SYS_WRITE, uintptr(n), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)), 0, 0, 0)
	return int(r), e
}

// signalFile is a descriptor that signals which are blocked are read from
// (signalfd(2)), see [readSignal].
func signalFile() (int, bare.Errno) {
	all := bare.AllSignals
	r, e := bare.Call(unix.SYS_SIGNALFD4, ^uintptr(0), uintptr(unsafe.Pointer(&all)), sigsetSize, unix.SFD_CLOEXEC|unix.SFD_NONBLOCK, 0, 0)
	if e != 0 {
		return -1, e
	}
	return bare.Away(int(r))
}

// readSignal reads the number of one signal, 0 where there is none.
func readSignal(file int) unix.Signal {
	var info unix.SignalfdSiginfo
	n, e := bare.Call(unix.SYS_READ, uintptr(file), uintptr(unsafe.Pointer(&info)), unsafe.Sizeof(info), 0, 0, 0)
	if e != 0 || n != unsafe.Sizeof(info) {
		return 0
	}
	return unix.Signal(info.Signo)
}

// send sends a signal to a process, or with a negative number to its group; -1 is
// every process that the caller may signal, but for itself and the first one.
func send(pid int, n unix.Signal) bare.Errno {
	_, e := bare.Call(unix.SYS_KILL, uintptr(pid), uintptr(n), 0, 0, 0, 0)
	return e
}

// settings reads those of a terminal (termios(3)).
func settings(n int, t *unix.Termios) bool {
	_, e := bare.Call(unix.SYS_IOCTL, uintptr(n), unix.TCGETS, uintptr(unsafe.Pointer(t)), 0, 0, 0)
	return e == 0
}

// setSettings changes them.
func setSettings(n int, t *unix.Termios) {
	_, _ = bare.Call(unix.SYS_IOCTL, uintptr(n), unix.TCSETS, uintptr(unsafe.Pointer(t)), 0, 0, 0)
}

// windowSize reads it, in characters; false where n is no terminal.
func windowSize(n int, w *unix.Winsize) bool {
	_, e := bare.Call(unix.SYS_IOCTL, uintptr(n), unix.TIOCGWINSZ, uintptr(unsafe.Pointer(w)), 0, 0, 0)
	return e == 0
}

// setWindowSize changes it, and the kernel sends SIGWINCH.
func setWindowSize(n int, w *unix.Winsize) {
	_, _ = bare.Call(unix.SYS_IOCTL, uintptr(n), unix.TIOCSWINSZ, uintptr(unsafe.Pointer(w)), 0, 0, 0)
}
