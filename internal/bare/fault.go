package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	sigIgn    = 1
	saNoDefer = 0x40000000
)

// before are the actions of SIGSEGV and SIGBUS that the caller has left.
var before [2]sigaction

// faultSignal is the number of one of them.
func faultSignal(i int) uintptr {
	if i == 0 {
		return uintptr(unix.SIGSEGV)
	}
	return uintptr(unix.SIGBUS)
}

// faultHandler returns the address of the handler.
func faultHandler() uintptr

// holdFaults takes the two signals that a fault of the program's own brings.
// The mask is not touched (SA_NODEFER), and a handler ends at execve(2), so
// that nothing but an inherited SIG_IGN has to be put back.
func holdFaults() {
	if kernelBlock == nil {
		return
	}
	for i := range before {
		a := faultAction()
		_, _ = Call(unix.SYS_RT_SIGACTION, faultSignal(i), uintptr(unsafe.Pointer(&a)),
			uintptr(unsafe.Pointer(&before[i])), 8, 0, 0) // EFAULT, EINVAL alone
	}
}

// restoreFaults puts back what was ignored.
func restoreFaults() {
	if kernelBlock == nil {
		return
	}
	for i := range before {
		if before[i].handler == sigIgn {
			_, _ = Call(unix.SYS_RT_SIGACTION, faultSignal(i), uintptr(unsafe.Pointer(&before[i])), 0, 8, 0, 0)
		}
	}
}
