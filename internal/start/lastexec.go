package start

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

var (
	execPath  [unix.PathMax]byte
	execError syscall.Errno // EACCES if a candidate was there but not executable
)

// setPath makes execPath of a directory of the given size, which may end in a
// slash, and a name. It reports whether that fits.
//
//go:nosplit
//go:norace
func setPath(directory unsafe.Pointer, size int, name unsafe.Pointer) bool {
	n := uint(0)
	for i := 0; i < size; i++ {
		n = pathByte(n, at(directory, i))
	}
	if size > 0 && at(directory, size-1) != '/' {
		n = pathByte(n, '/')
	}
	for i := 0; at(name, i) != 0; i++ {
		n = pathByte(n, at(name, i))
	}
	return pathByte(n, 0) <= uint(len(execPath))
}

// pathByte sets byte n of execPath, if there is one, and returns n+1.
//
//go:nosplit
//go:norace
func pathByte(n uint, c byte) uint {
	if n < uint(len(execPath)) {
		execPath[n] = c
	}
	return n + 1
}

// execve executes execPath and returns if that fails.
//
//go:nosplit
//go:norace
func execve(argv unsafe.Pointer) {
	_, _, errno := syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(&execPath)),
		uintptr(argv), uintptr(kernel.envp))
	if errno == unix.EACCES || errno == unix.ENOEXEC {
		execError = unix.EACCES
	}
}

var selfStat, pathStat unix.Stat_t

// isSelf reports whether execPath is the program that is running, under
// whatever name: same device, same inode.
//
//go:nosplit
//go:norace
func isSelf() bool {
	if !stat(chars("/proc/self/exe\x00"), &selfStat) {
		name := kernel.auxiliary(AtExecFn)
		if name == nil || !stat(name, &selfStat) {
			return false
		}
	}
	return stat(unsafe.Pointer(&execPath), &pathStat) &&
		pathStat.Dev == selfStat.Dev && pathStat.Ino == selfStat.Ino
}

//go:nosplit
//go:norace
func stat(path unsafe.Pointer, into *unix.Stat_t) bool {
	_, _, errno := syscall.RawSyscall6(sysFstatat, atCwd, uintptr(path), uintptr(unsafe.Pointer(into)), 0, 0, 0)
	return errno == 0
}

// getenv returns the value of the first entry that begins with name, which
// includes the "=", nil if there is none.
//
//go:nosplit
//go:norace
func getenv(name string) unsafe.Pointer {
	for i := 0; i < kernel.envc; i++ {
		if entry := pointer(kernel.envp, i); prefixed(entry, name) {
			return unsafe.Add(entry, len(name))
		}
	}
	return nil
}

// unsetenv takes every entry that begins with name out of the kernel's block.
//
//go:nosplit
//go:norace
func unsetenv(name string) {
	kept := 0
	for i := 0; i < kernel.envc; i++ {
		if !prefixed(pointer(kernel.envp, i), name) {
			*word(kernel.envp, kept) = *word(kernel.envp, i)
			kept++
		}
	}
	*word(kernel.envp, kept) = 0
	kernel.envc = kept
}
