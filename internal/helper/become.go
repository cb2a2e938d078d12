package helper

import (
	"errors"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/capset"
)

// ignored are signals that the caller's other processes, timers or limits can have
// sent before the process is root's. SIGKILL and SIGSTOP end or delay it, and do
// nothing else.
var ignored = []unix.Signal{
	unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGPIPE, unix.SIGALRM, unix.SIGTERM,
	unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGXCPU, unix.SIGXFSZ, unix.SIGVTALRM, unix.SIGPROF, unix.SIGIO, unix.SIGPWR,
}

// sigaction is the kernel's structure, see rt_sigaction(2).
type sigaction struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

// ignoreSignals ignores them for the whole process, and takes it out of the
// caller's session. The runtime's handlers are not needed: package os/signal would
// start a goroutine for the rest.
func ignoreSignals() {
	const sigIgn = 1
	for _, s := range ignored {
		a := sigaction{handler: sigIgn}
		_, _, _ = syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&a)), 0, unsafe.Sizeof(a.mask), 0, 0)
	}
	var off unix.Itimerval
	for _, which := range []unix.ItimerWhich{unix.ITIMER_REAL, unix.ITIMER_VIRTUAL, unix.ITIMER_PROF} {
		_, _ = unix.Setitimer(which, off) // they outlive execve(2); EINVAL alone
	}
	_, _ = unix.Setsid() // EPERM: it leads a session already, or its group
}

// becomeRoot makes the process root's, on all of its threads, and takes from it
// every capability that it does not need. From then on no process of the caller's
// can signal it, trace it, change its limits or read what is in its memory. It
// returns why that cannot be, and the exit code.
func becomeRoot(uid uint32) (why string, code int) {
	have, t := capset.Get()
	if !t.OK() {
		return t.Err().Error(), ExitKept
	}
	if uid != 0 && !have.Permitted.Has(capset.Helper) {
		return unprivileged()
	}
	if err := roomForSignals(); err != nil {
		return err.Error(), ExitKept
	}
	permitted := have.Permitted & capset.Helper
	all := func(effective capset.Set) error {
		return setCaps(capset.State{Effective: effective, Permitted: permitted})
	}
	err := all(permitted & (capset.SetUID | capset.SetGID))
	if err == nil {
		err = identity(permitted)
	}
	if err == nil {
		err = all(0)
	}
	if err == nil {
		err = verify(permitted, uid == 0)
	}
	if err != nil {
		code := ExitKept
		if !isKept(err) {
			code = ExitFailed // such as a user namespace without a root
		}
		return "it cannot become root's: " + err.Error(), code
	}
	unix.Umask(0o022)
	if err := unix.Chdir("/"); err != nil {
		return "chdir /: " + err.Error(), ExitKept
	}
	return "", ExitOK
}

// identity sets the ids of all threads: the standard library's functions do.
func identity(permitted capset.Set) error {
	if permitted.Has(capset.SetGID) {
		// Root's groups are root's affair, and in a user namespace may not be
		// changed (user_namespaces(7), setgroups).
		if err := syscall.Setgroups(nil); err != nil && unix.Getuid() != 0 {
			return err
		}
	}
	if err := syscall.Setresgid(0, 0, 0); err != nil {
		return err
	}
	return syscall.Setresuid(0, 0, 0)
}

// setCaps sets the capabilities of all threads; capset(2) is for one.
func setCaps(s capset.State) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	for i := range data {
		shift := 32 * i
		data[i] = unix.CapUserData{Effective: uint32(s.Effective >> shift), Permitted: uint32(s.Permitted >> shift)}
	}
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data[0])), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

var errIdentity = errors.New("the ids read back are not those set")

// verify reads again what was set.
func verify(permitted capset.Set, ofRoot bool) error {
	ru, eu, su := unix.Getresuid()
	rg, eg, sg := unix.Getresgid()
	if ru|eu|su|rg|eg|sg != 0 {
		return errIdentity
	}
	groups, err := unix.Getgroups()
	if err != nil || len(groups) > 0 && permitted.Has(capset.SetGID) && !ofRoot {
		return errIdentity
	}
	now, t := capset.Get()
	if !t.OK() || now.Permitted != permitted || now.Effective != 0 || now.Inheritable != 0 {
		return errors.New("the capabilities read back are not those set")
	}
	return nil
}

// unprivileged says why there are no capabilities.
func unprivileged() (string, int) {
	if n, _ := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); n == 1 {
		return "no_new_privs is set, and therefore its capabilities do nothing", ExitFailed
	}
	if capset.Bounding(capset.Helper) != capset.Helper {
		return "this process may not have its capabilities (bounding set)", ExitFailed
	}
	var fs unix.Statfs_t
	if unix.Statfs(build.Helper(), &fs) == nil && fs.Flags&unix.ST_NOSUID != 0 {
		return "it is on a file system mounted nosuid, and therefore its capabilities do nothing", ExitFailed
	}
	return "it has no capabilities", ExitSetup
}
