package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Pread reads at most len(buf) bytes at an offset.
func Pread(n int, buf []byte, offset int) (int, Errno) {
	r, e := Call(unix.SYS_PREAD64, fd(n), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), uintptr(offset), 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(r), 0
}
