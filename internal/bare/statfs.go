//go:build amd64 || arm64 || riscv64 || ppc64le || s390x

package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Statfs looks at the file system of an open descriptor, and at the options of
// the mount that it is on.
func Statfs(n int, s *unix.Statfs_t) Errno {
	_, e := Call(unix.SYS_FSTATFS, fd(n), uintptr(unsafe.Pointer(s)), 0, 0, 0, 0)
	return e
}
