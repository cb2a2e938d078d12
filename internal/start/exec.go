package start

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// executing: the process has its caller's limits and is about to be another
// program.
var executing atomic.Bool

// Exec is execve(2) with what the program was started with: whether SIGCHLD is
// ignored, and soft limits that were raised for the runtime. The rest needs
// nothing: signals were never touched, and the placeholders on descriptors 0 to
// 2 are close-on-exec. It returns only if path cannot be executed; the program
// then goes on as before, but under its caller's limit on open files.
//
// Under the caller's limits the runtime's other threads may find that they
// cannot have memory or a thread at any moment, and would end the process
// (runtimeWrote). So one that finds it waits for execve to end it. If execve
// fails, the thread does what it would have done: it cannot go on.
func Exec(path string, argv, env []string) error {
	if !active {
		return syscall.Exec(path, argv, env)
	}
	file, err := syscall.BytePtrFromString(path)
	if err != nil {
		return err
	}
	arguments, err := syscall.SlicePtrFromStrings(argv)
	if err != nil {
		return err
	}
	environment, err := syscall.SlicePtrFromStrings(env)
	if err != nil {
		return err
	}
	restoreChild()
	errno := become(unsafe.Pointer(file), unsafe.Pointer(&arguments[0]), unsafe.Pointer(&environment[0]))
	resumeChild()
	runtime.KeepAlive(arguments)
	runtime.KeepAlive(environment)
	return errno
}

// become needs nothing of the runtime as long as the limits are the caller's.
//
//go:nosplit
//go:norace
func become(path, argv, env unsafe.Pointer) syscall.Errno {
	executing.Store(true)
	restoreFiles()
	errno := restoreLimits()
	if errno == 0 {
		_, _, errno = syscall.RawSyscall(unix.SYS_EXECVE, uintptr(path), uintptr(argv), uintptr(env))
	}
	raiseLimits()
	executing.Store(false)
	return errno
}

// awaitExec returns when there is no execve under way, or never.
//
//go:nosplit
//go:norace
func awaitExec() {
	for executing.Load() {
		pause := unix.Timespec{Nsec: 1e6}
		syscall.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
	}
}
