package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Pread reads at most len(buf) bytes at an offset. A number of 64 bits begins in
// a register with an even number (syscall(2)).
func Pread(n int, buf []byte, offset int) (int, Errno) {
	r, e := Call(unix.SYS_PREAD64, fd(n), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, uintptr(offset), 0)
	if e != 0 {
		return 0, e
	}
	return int(r), 0
}
