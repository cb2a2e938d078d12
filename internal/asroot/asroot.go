// Package asroot makes a process that a user has started root's: what it then
// does, none of the user's other processes can signal, trace, limit or read.
//
// It is for programs with file capabilities that any user may start: tmpshell-helper
// and tmpshell-remover. They MUST call it before they read or ask anything.
package asroot

import (
	"errors"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
)

// Program is one that becomes root's.
type Program struct {
	// Path is where it is installed.
	Path string
	// Need is what it cannot do without, and More what it keeps where it has
	// it.
	Need, More capset.Set
}

// Patience bounds how long it waits for the caller to read what it says. The process
// counts for root, not for its caller's limits, and the caller could have any number of
// them wait.
const Patience = time.Second

// Refusal says why a process cannot become root's.
type Refusal struct {
	Why string
	// Kept: that says nothing of the program, but of the caller's limits. Setup:
	// it has no capabilities where it could have them.
	Kept, Setup bool
}

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

// IgnoreSignals ignores them for the whole process, and takes it out of the
// caller's session. The runtime's handlers are not needed: package os/signal would
// start a goroutine for the rest.
func IgnoreSignals() {
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

// Become makes the process root's, on all of its threads, and takes from it
// every capability that it does not need; none is effective. From then on no process
// of the caller's can signal it, trace it, change its limits or read what is in its
// memory. uid is the caller's.
func (p Program) Become(uid uint32) *Refusal {
	have, t := capset.Get()
	if !t.OK() {
		return refuse(t.Err(), "")
	}
	if uid != 0 && !have.Permitted.Has(p.Need) {
		return p.unprivileged()
	}
	if err := roomForSignals(); err != nil {
		return &Refusal{Why: err.Error(), Kept: true}
	}
	permitted := have.Permitted & (p.Need | p.More)
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
		return refuse(err, "it cannot become root's: ") // such as a user namespace without a root
	}
	unix.Umask(0o022)
	if err := unix.Chdir("/"); err != nil {
		return &Refusal{Why: "chdir /: " + err.Error(), Kept: true}
	}
	return nil
}

func refuse(err error, before string) *Refusal {
	return &Refusal{Why: before + err.Error(), Kept: IsKept(err)}
}

// Raise makes all that is permitted effective, on all threads.
func Raise() error {
	have, t := capset.Get()
	if !t.OK() {
		return t.Err()
	}
	return setCaps(capset.State{Effective: have.Permitted, Permitted: have.Permitted})
}

// IsKept tells whether an error says nothing of what was asked for.
func IsKept(err error) bool {
	var t bare.TroubleError
	if errors.As(err, &t) {
		return t.Trouble.Kind() != bare.Object
	}
	var errno syscall.Errno
	return errors.As(err, &errno) && bare.Errno(errno).Kind() == bare.Kept
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
func (p Program) unprivileged() *Refusal {
	if n, _ := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); n == 1 {
		return &Refusal{Why: "no_new_privs is set, and therefore its capabilities do nothing"}
	}
	if capset.Bounding(p.Need) != p.Need {
		return &Refusal{Why: "this process may not have its capabilities (bounding set)"}
	}
	var fs unix.Statfs_t
	if unix.Statfs(p.Path, &fs) == nil && fs.Flags&unix.ST_NOSUID != 0 {
		return &Refusal{Why: "it is on a file system mounted nosuid, and therefore its capabilities do nothing"}
	}
	return &Refusal{Why: "it has no capabilities", Setup: true}
}

// leastSignals is more than the threads that there are at this time.
const leastSignals = 8

// roomForSignals raises the limit on queued signals. The runtime tells each of its
// threads by one to change its ids, and waits for ever for a thread that could not
// be told (RLIMIT_SIGPENDING of setrlimit(2), syscall.AllThreadsSyscall).
func roomForSignals() error {
	var have unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_SIGPENDING, &have); err != nil {
		return errors.New("RLIMIT_SIGPENDING: " + err.Error())
	}
	if have.Max < leastSignals {
		return errors.New("RLIMIT_SIGPENDING is " + strconv.FormatUint(have.Max, 10) + ", and has to be " + strconv.Itoa(leastSignals))
	}
	enough := have.Cur >= leastSignals
	have.Cur = have.Max
	if err := unix.Setrlimit(unix.RLIMIT_SIGPENDING, &have); err != nil && !enough {
		return errors.New("RLIMIT_SIGPENDING: " + err.Error())
	}
	return nil
}
