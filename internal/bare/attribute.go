package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Attribute reads an extended attribute (xattr(7)) of an open file as a number. The
// name ends in a NUL. One of another length is EINVAL or ERANGE.
func Attribute(n int, name *byte) (uint64, Errno) {
	var value uint64
	got, e := Call(unix.SYS_FGETXATTR, fd(n), uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&value)), unsafe.Sizeof(value), 0, 0)
	if e == 0 && got != unsafe.Sizeof(value) {
		e = Errno(unix.EINVAL)
	}
	return value, e
}
