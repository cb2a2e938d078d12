package start

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The one line on descriptor 2, gathered so that it is one write.
var message struct {
	text [512]byte
	size uint
}

//go:nosplit
//go:norace
func put(s string) { putBytes(chars(s), len(s)) }

//go:nosplit
//go:norace
func putBytes(p unsafe.Pointer, n int) {
	for i := 0; i < n && message.size < uint(len(message.text)); i++ {
		message.text[message.size] = at(p, i)
		message.size++
	}
}

// sendMessage writes the line to descriptor 2. A descriptor nobody reads, or
// a file at RLIMIT_FSIZE, must not kill the process on its way to the shell: the
// signal is held, taken back, and the mask is what it was again.
//
//go:nosplit
//go:norace
func sendMessage() {
	mask := bit(int(unix.SIGPIPE)) | bit(int(unix.SIGXFSZ))
	var before, pending uint64
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK,
		uintptr(unsafe.Pointer(&mask)), uintptr(unsafe.Pointer(&before)), unsafe.Sizeof(mask), 0, 0)
	syscall.RawSyscall(unix.SYS_RT_SIGPENDING, uintptr(unsafe.Pointer(&pending)), unsafe.Sizeof(pending), 0)
	syscall.RawSyscall(unix.SYS_WRITE, 2, uintptr(unsafe.Pointer(&message.text)), uintptr(message.size))
	message.size = 0
	var now unix.Timespec
	if mask &^= pending; mask != 0 {
		syscall.RawSyscall6(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(&mask)), 0,
			uintptr(unsafe.Pointer(&now)), unsafe.Sizeof(mask), 0, 0)
	}
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK,
		uintptr(unsafe.Pointer(&before)), 0, unsafe.Sizeof(before), 0, 0)
}
