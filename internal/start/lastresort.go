package start

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// failureMode is set by the linker (-X) in programs that stand in for no shell,
// tmpshell-helper: they end with status 125 in its place. It has to be known
// before package initialisation, hence a string.
var failureMode string

// lastResort becomes a shell without the runtime, the configuration, the
// account or any allocation: what tmpshell does for a session, as well as it can
// be done with what the kernel passed to the process. It does not return.
//
// Under "OnFailure deny" no session starts without its private directories, and
// none after Disarm, so there the process ends with status 125 instead.
//
//go:nosplit
//go:norace
func lastResort() {
	name, login := chars("\x00"), false
	if kernel.argc > 0 {
		name = pointer(kernel.argv, 0)
		if at(name, 0) == '-' {
			login, name = true, unsafe.Add(name, 1)
		}
		name = base(name)
	}
	program := kernel.argc > 1 && !login && !prefixed(name, link) && equal(pointer(kernel.argv, 1), "--exec")

	explain()
	if len(failureMode) != 0 || disarmed.Load() || denied(program) {
		exit(125)
	}
	restrict(program)
	if childSignal.reset {
		sigaction(int(unix.SIGCHLD), &childSignal.action, nil)
	}
	restoreFiles()
	restoreLimits()

	argv := kernel.argv
	switch {
	case kernel.argc == 0:
		// There is no room for a name in the kernel's block.
		argv = unsafe.Pointer(&newArgs)
	case program:
		becomeProgram(argv)
	case kernel.argc == 1 && !login && getenv("SSH_CONNECTION=") != nil && !passwdShell():
		// sshd's ForceCommand.
		command := getenv("SSH_ORIGINAL_COMMAND=")
		if command == nil {
			login = true
			break
		}
		newArgs[1], newArgs[2] = uintptr(chars("-c\x00")), uintptr(command)
		argv = unsafe.Pointer(&newArgs)
		unsetenv("SSH_ORIGINAL_COMMAND=")
	}
	becomeShell(argv, name, login)
}

// restrict sets no_new_privs if any line of the configuration does so for
// anybody: whoever it is for must not get round it with a limit. As with deny,
// root is exempt unless something is said of that.
//
//go:nosplit
//go:norace
func restrict(program bool) {
	if !scanner.nnp {
		return
	}
	if !scanner.exempt && !program {
		if uid, _, _ := syscall.RawSyscall(unix.SYS_GETUID, 0, 0, 0); uid == 0 {
			return
		}
	}
	_, _, errno := syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
	if errno != 0 {
		exit(125)
	}
}

// newArgs is the argument vector where the kernel's cannot be used.
var newArgs [4]uintptr

// link begins the name of a link that says which shell it is.
const link = "tmpshell-"

// passwdShell reports whether SHELL names this program: it was called as the
// shell of passwd(5), not by one as ForceCommand.
//
//go:nosplit
//go:norace
func passwdShell() bool {
	shell := getenv("SHELL=")
	if shell == nil {
		return false
	}
	return equal(base(shell), "tmpshell") || prefixed(base(shell), link)
}

// becomeShell executes the first of these that can be executed: Shell of the
// configuration; where the
// program was called as tmpshell-NAME, /bin/NAME and /usr/bin/NAME; /bin/bash;
// /bin/sh. Nothing stands in for nologin and false.
//
//go:nosplit
//go:norace
func becomeShell(argv, name unsafe.Pointer, login bool) {
	refused := false
	if shell := unsafe.Pointer(&scanner.shell); at(shell, 0) != 0 {
		tryShell("", shell, argv, login)
	}
	if prefixed(name, link) {
		name = unsafe.Add(name, len(link))
		refused = equal(name, "nologin") || equal(name, "false")
		tryShell("/bin/", name, argv, login)
		tryShell("/usr/bin/", name, argv, login)
		if refused {
			tryShell("/usr/sbin/", name, argv, login)
			tryShell("/sbin/", name, argv, login)
		}
	}
	if !refused {
		tryShell("/bin/", chars("bash\x00"), argv, login)
		tryShell("/bin/", chars("sh\x00"), argv, login)
	}
	put("tmpshell: the shell cannot be executed\n")
	sendMessage()
	exit(127)
}

// tryShell executes directory+name, called -name if it is a login shell. It
// returns if that cannot be done, or would start this program again.
//
//go:nosplit
//go:norace
func tryShell(directory string, name, argv unsafe.Pointer, login bool) {
	if at(name, 0) == 0 || !setPath(chars(directory), len(directory), name) || isSelf() {
		return
	}
	// The name as the shell sees it: in the buffer behind "-".
	name = base(name)
	shellName[0] = '-'
	for i := 0; i < len(shellName)-1; i++ {
		shellName[i+1] = at(name, i)
		if shellName[i+1] == 0 {
			break
		}
	}
	called := unsafe.Pointer(&shellName)
	if !login {
		called = unsafe.Add(called, 1)
	}
	*word(argv, 0) = uintptr(called)
	execve(argv)
}

var shellName [300]byte

//go:nosplit
//go:norace
func exit(status uintptr) {
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, status, 0, 0)
	}
}
