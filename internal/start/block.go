package start

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Tags of the auxiliary vector, see getauxval(3).
const (
	AtNull   = 0  // the end
	AtSecure = 23 // 1 if the exec gave the process more privilege than its caller has
	AtExecFn = 31 // address of the path that was executed
)

// block is what execve(2) leaves at the top of the stack: the arguments, the
// environment and the auxiliary vector, each as the kernel laid it out. The
// strings stay where they are for the life of the process; nothing is copied.
type block struct {
	argc    int
	argv    unsafe.Pointer // argc pointers and a nil one
	envc    int
	envp    unsafe.Pointer // envc pointers and a nil one
	auxv    unsafe.Pointer // pairs of words, up to AT_NULL
	present bool
}

var kernel block

// parse finds the three vectors from the address of argc.
//
//go:nosplit
//go:norace
func (b *block) parse(stack unsafe.Pointer) {
	b.argc = int(*word(stack, 0))
	b.argv = unsafe.Pointer(word(stack, 1))
	b.envp = unsafe.Pointer(word(b.argv, b.argc+1))
	for *word(b.envp, b.envc) != 0 {
		b.envc++
	}
	b.auxv = unsafe.Pointer(word(b.envp, b.envc+1))
	b.present = true
}

// auxiliary returns the value of entry tag as an address, nil when absent.
//
//go:nosplit
//go:norace
func (b *block) auxiliary(tag uintptr) unsafe.Pointer {
	for i := 0; *word(b.auxv, i) != AtNull; i += 2 {
		if *word(b.auxv, i) == tag {
			return pointer(b.auxv, i+1)
		}
	}
	return nil
}

// Args returns the arguments exactly as they were passed; with argc 0 it is
// empty.
func Args() []string {
	if !kernel.present {
		return commandLine()
	}
	return cstrings(kernel.argv, kernel.argc)
}

// Environ returns the environment exactly as it was passed: in order, with
// duplicates, empty entries and entries without "=".
//
// os.Environ and os.Getenv are no substitute: the runtime does not get to see
// this environment.
func Environ() []string {
	if !kernel.present {
		return syscall.Environ()
	}
	return cstrings(kernel.envp, kernel.envc)
}

// Auxv returns the value of the first entry tag ([AtSecure], …) of the
// auxiliary vector, see getauxval(3).
func Auxv(tag uintptr) (uintptr, bool) {
	if !kernel.present {
		pairs, _ := unix.Auxv()
		for _, pair := range pairs {
			if pair[0] == tag {
				return pair[1], true
			}
		}
		return 0, false
	}
	for i := 0; *word(kernel.auxv, i) != AtNull; i += 2 {
		if *word(kernel.auxv, i) == tag {
			return *word(kernel.auxv, i+1), true
		}
	}
	return 0, false
}

// ExecFn returns the path that execve(2) was called with, "" if the kernel did
// not say.
func ExecFn() string {
	address, ok := Auxv(AtExecFn)
	if !ok || address == 0 {
		return ""
	}
	// The address is on the stack, which the collector does not move: reading
	// it as a pointer is sound.
	return cstring(*(*unsafe.Pointer)(unsafe.Pointer(&address)))
}

// commandLine is Args for a program that was not linked with the entry point.
func commandLine() []string {
	all := readAll("/proc/self/cmdline")
	var args []string
	for from, i := 0, 0; i < len(all); i++ {
		if all[i] == 0 {
			args = append(args, string(all[from:i]))
			from = i + 1
		}
	}
	return args
}

// readAll returns what can be read of a file.
func readAll(path string) []byte {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer syscall.Close(fd)
	var all []byte
	buffer := make([]byte, 4096)
	for {
		n, err := syscall.Read(fd, buffer)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 {
			return all
		}
		all = append(all, buffer[:n]...)
	}
}
