package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapped maps empty memory. The arguments of mmap(2) are in a structure here.
func mapped(size uintptr) (uintptr, Errno) {
	args := [6]uintptr{0, size, unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS, fd(-1), 0}
	return Call(unix.SYS_MMAP, uintptr(unsafe.Pointer(&args)), 0, 0, 0, 0, 0)
}
