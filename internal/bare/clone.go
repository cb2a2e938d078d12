//go:build !s390x

package bare

import "golang.org/x/sys/unix"

// clone makes a child, a copy of the process; signal tells of its end.
//
//go:nosplit
func clone(signal uintptr) (uintptr, Errno) {
	return Call(unix.SYS_CLONE, signal, 0, 0, 0, 0, 0)
}
