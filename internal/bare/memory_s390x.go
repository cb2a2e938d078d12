package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapped is mmap(2) from the beginning of a file. Its arguments are in a structure here.
func mapped(size, protection, flags, file uintptr) (uintptr, Errno) {
	args := [6]uintptr{0, size, protection, flags, file, 0}
	return Call(unix.SYS_MMAP, uintptr(unsafe.Pointer(&args)), 0, 0, 0, 0, 0)
}
