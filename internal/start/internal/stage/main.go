// Command stage sets the state that a program starts in, for the tests, and
// executes it:
//
//	stage STEP… -- PATH ARGV0 ARG…
//
// The steps are done in order. Signals are numbers, "all" is 1 to 64; limits are
// SOFT:HARD.
package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/start"
)

func init() { runtime.LockOSThread() }

func main() {
	args := start.Args()
	for i, step := range args[1:] {
		if step == "--" {
			rest := args[i+2:]
			become(rest[0], rest[1:])
		}
		verb, operand, _ := strings.Cut(step, "=")
		do(args, i, verb, operand)
	}
}

func do(args []string, i int, verb, operand string) {
	switch verb {
	case "ignore":
		for _, n := range signals(operand) {
			action := struct{ handler, flags, restorer, mask uintptr }{handler: 1}
			raw(verb, unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(&action)), 0, 8)
		}
	case "block":
		var mask uint64
		for _, n := range signals(operand) {
			mask |= 1 << (n - 1)
		}
		raw(verb, unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, uintptr(unsafe.Pointer(&mask)), 0, 8)
	case "again": // so that every thread has the mask
		become("/proc/self/exe", append([]string{"stage"}, args[i+2:]...))
	case "process": // pending for the process
		for _, n := range signals(operand) {
			raw(verb, unix.SYS_KILL, uintptr(unix.Getpid()), uintptr(n), 0, 0)
		}
	case "thread": // pending for the thread
		for _, n := range signals(operand) {
			raw(verb, unix.SYS_TGKILL, uintptr(unix.Getpid()), uintptr(unix.Gettid()), uintptr(n), 0)
		}
	case "close":
		fd, _ := strconv.Atoi(operand)
		fail(verb, unix.Close(fd))
	case "uid":
		id, _ := strconv.Atoi(operand)
		raw(verb, unix.SYS_SETGROUPS, 0, 0, 0, 0)
		raw(verb, unix.SYS_SETRESGID, uintptr(id), uintptr(id), uintptr(id), 0)
		raw(verb, unix.SYS_SETRESUID, uintptr(id), uintptr(id), uintptr(id), 0)
	case "as", "data", "stack", "nproc", "nofile", "fsize":
		soft, hard, _ := strings.Cut(operand, ":")
		resource := map[string]int{"as": unix.RLIMIT_AS, "data": unix.RLIMIT_DATA, "stack": unix.RLIMIT_STACK,
			"nproc": unix.RLIMIT_NPROC, "nofile": unix.RLIMIT_NOFILE, "fsize": unix.RLIMIT_FSIZE}[verb]
		limits = append(limits, resourceLimit{uintptr(resource), unix.Rlimit{Cur: limit(soft), Max: limit(hard)}})
	case "etc": // a directory in place of /etc
		raw(verb, unix.SYS_UNSHARE, unix.CLONE_FS, 0, 0, 0)
		raw(verb, unix.SYS_UNSHARE, unix.CLONE_NEWNS, 0, 0, 0)
		fail(verb, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		fail(verb, unix.Mount(operand, "/etc", "", unix.MS_BIND, ""))
	case "chroot":
		raw(verb, unix.SYS_UNSHARE, unix.CLONE_FS, 0, 0, 0)
		fail(verb, unix.Chroot(operand))
		fail(verb, unix.Chdir("/"))
	case "print": // for the last in a chain, where there is nothing else to run
		unix.Write(9, []byte(operand))
		os.Exit(0)
	default:
		os.Stderr.WriteString("stage: unknown step " + verb + "\n")
		os.Exit(2)
	}
}

type resourceLimit struct {
	resource uintptr
	limit    unix.Rlimit
}

// limits are set last, since this program could not live with them: its own
// last resort would be a shell.
var limits []resourceLimit

func become(path string, argv []string) {
	if len(limits) == 0 {
		fail(path, syscall.Exec(path, argv, start.Environ()))
	}
	file, err := syscall.BytePtrFromString(path)
	fail(path, err)
	args, err := syscall.SlicePtrFromStrings(argv)
	fail(path, err)
	env, err := syscall.SlicePtrFromStrings(start.Environ())
	fail(path, err)
	for i := range limits {
		l := &limits[i]
		raw("prlimit", unix.SYS_PRLIMIT64, 0, l.resource, uintptr(unsafe.Pointer(&l.limit)), 0)
	}
	raw(path, unix.SYS_EXECVE, uintptr(unsafe.Pointer(file)), uintptr(unsafe.Pointer(&args[0])), uintptr(unsafe.Pointer(&env[0])), 0)
}

func signals(operand string) (list []int) {
	if operand == "all" {
		for n := 1; n <= 64; n++ {
			if n != int(unix.SIGKILL) && n != int(unix.SIGSTOP) {
				list = append(list, n)
			}
		}
		return list
	}
	for _, text := range strings.Split(operand, ",") {
		n, _ := strconv.Atoi(text)
		list = append(list, n)
	}
	return list
}

func limit(text string) uint64 {
	if text == "inf" {
		return unix.RLIM_INFINITY
	}
	n, _ := strconv.ParseUint(text, 10, 64)
	return n
}

func raw(what string, number, a, b, c, d uintptr) {
	if _, _, errno := unix.RawSyscall6(number, a, b, c, d, 0, 0); errno != 0 {
		fail(what, errno)
	}
}

func fail(what string, err error) {
	if err != nil {
		unix.Write(2, []byte("stage: "+what+": "+err.Error()+"\n"))
		os.Exit(2)
	}
}
