package bare

import "golang.org/x/sys/unix"

// clone is that of clone.go. Here the stack comes first, and then the flags.
//
//go:nosplit
func clone(signal uintptr) (uintptr, Errno) {
	return Call(unix.SYS_CLONE, 0, signal, 0, 0, 0, 0)
}
