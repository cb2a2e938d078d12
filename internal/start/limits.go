package start

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The limits that the runtime meets: it reserves about 1.2 GB of address space,
// maps about 40 MB of it writable and makes four threads. The others do not
// matter: its first stack is in the program's own data (RLIMIT_STACK), package
// syscall sees to RLIMIT_NOFILE, and nothing here writes files or lasts long
// enough for RLIMIT_FSIZE and RLIMIT_CPU.
var limits = [...]struct {
	resource uintptr
	was      unix.Rlimit
	raised   bool
}{
	{resource: unix.RLIMIT_AS},
	{resource: unix.RLIMIT_DATA},
	{resource: unix.RLIMIT_NPROC},
}

// files is RLIMIT_NOFILE at the start.
var files unix.Rlimit

//go:nosplit
//go:norace
func keepFiles() { prlimit(unix.RLIMIT_NOFILE, nil, &files) }

// restoreFiles puts back what package syscall raises in its init, to one below
// the hard limit. Any other value is not its, and stays (syscall/rlimit.go).
//
//go:nosplit
//go:norace
func restoreFiles() {
	var now unix.Rlimit
	if prlimit(unix.RLIMIT_NOFILE, nil, &now) == 0 && now.Max == files.Max && now.Cur == now.Max-1 {
		prlimit(unix.RLIMIT_NOFILE, &files, nil)
	}
}

// raiseLimits raises each soft limit to the hard one, for the program's own
// life. What a hard limit forbids shows when the runtime asks for it, see
// runtimeWrote: trying it out beforehand would cost every login what four
// threads cost, about 80 µs.
//
//go:nosplit
//go:norace
func raiseLimits() {
	for i := range limits {
		limit := &limits[i]
		if limit.raised || prlimit(limit.resource, nil, &limit.was) != 0 || limit.was.Cur >= limit.was.Max {
			continue
		}
		limit.raised = prlimit(limit.resource, &unix.Rlimit{Cur: limit.was.Max, Max: limit.was.Max}, nil) == 0
	}
}

// restoreLimits puts the soft limits back.
//
//go:nosplit
//go:norace
func restoreLimits() syscall.Errno {
	for i := range limits {
		limit := &limits[i]
		if !limit.raised {
			continue
		}
		if errno := prlimit(limit.resource, &limit.was, nil); errno != 0 {
			return errno
		}
		limit.raised = false
	}
	return 0
}

//go:nosplit
//go:norace
func prlimit(resource uintptr, set, old *unix.Rlimit) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_PRLIMIT64, 0, resource,
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), 0, 0)
	return errno
}
