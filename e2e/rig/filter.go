package rig

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// filterVar asks the test binary to become a program without system calls.
const filterVar = "TMPSHELL_E2E_FILTER"

// WithoutCalls is a program, for Command.Path, that executes its arguments with
// some system calls answering errno, as an older kernel or a container's seccomp
// filter does. It has to be started as root: without no_new_privs, so that file
// capabilities go on working.
func WithoutCalls(errno syscall.Errno, numbers ...int) (env string, path string) {
	words := []string{strconv.Itoa(int(errno))}
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	return filterVar + "=" + strings.Join(words, ","), "/proc/self/exe"
}

// Main is to be called first in TestMain; see WithoutCalls.
func Main() {
	words := os.Getenv(filterVar)
	if words == "" {
		return
	}
	os.Unsetenv(filterVar)
	err := filter(strings.Split(words, ","))
	if err == nil {
		err = syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "filter:", err)
	os.Exit(99)
}

// filter installs a seccomp(2) filter: errno first, then numbers.
func filter(words []string) error {
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}} // the number
	var errno int
	for i, w := range words {
		n, err := strconv.Atoi(w)
		if err != nil {
			return err
		}
		if i == 0 {
			errno = n
			continue
		}
		program = append(program,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: uint32(n)},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	// Every thread gets it: exec keeps only one, whichever that is.
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	if e != 0 {
		return e
	}
	return nil
}
