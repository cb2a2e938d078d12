package clean

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/capset"
	"tmpshell/internal/sys"
)

// Inode numbers of the first namespaces of a machine (include/linux/proc_ns.h).
const (
	firstPIDNamespace  = "pid:[4026531836]"
	firstUserNamespace = "user:[4026531837]"
)

// Errors of a process that cannot see every other one.
var (
	errNamespace = errors.New("this is not the first PID namespace of the machine: processes outside of it cannot be seen; " +
		"in a container whose directories nobody outside uses, add --contained")
	errHidden = errors.New("/proc hides processes (hidepid= in proc(5)), and the capability sys_ptrace is missing: whose directories are used cannot be seen")
	errUsers  = errors.New("this is not the first user namespace of the machine: users outside of it cannot be told apart; " +
		"in a container whose directories nobody outside uses, add --contained")
)

// seesAll tells why not every process can be seen: rule (k). contained: those of
// this PID namespace are all that count.
func seesAll(contained bool) error {
	proc, err := sys.OpenPath("/proc")
	if err != nil {
		return err
	}
	defer sys.Close(proc)
	var fs unix.Statfs_t
	if err := unix.Fstatfs(proc, &fs); err != nil {
		return err
	}
	if fs.Type != unix.PROC_SUPER_MAGIC {
		return errors.New("/proc is not mounted")
	}
	for name, want := range map[string]string{"self/ns/pid": firstPIDNamespace, "self/ns/user": firstUserNamespace} {
		is, err := readlink(proc, name)
		switch {
		case err != nil:
			return err
		case is == want || contained:
		case name == "self/ns/pid":
			return errNamespace
		default:
			return errUsers
		}
	}
	// With the capability, hidepid hides nothing (fs/proc/base.c, has_pid_permissions).
	sets, t := capset.Get()
	if !t.OK() {
		return t.Err()
	}
	if sets.Effective.Has(1 << unix.CAP_SYS_PTRACE) {
		return nil
	}
	hides, err := hidesProcesses()
	if err == nil && hides {
		err = errHidden
	}
	return err
}

// SeesMachine tells whether this is in the first PID and user namespaces, from
// which every process of the machine can be seen.
func SeesMachine() bool {
	proc, err := sys.OpenPath("/proc")
	if err != nil {
		return false
	}
	defer sys.Close(proc)
	pids, err := readlink(proc, "self/ns/pid")
	users, err2 := readlink(proc, "self/ns/user")
	return err == nil && err2 == nil && pids == firstPIDNamespace && users == firstUserNamespace
}

// hidesProcesses reads the options of the mount that is on /proc.
func hidesProcesses() (bool, error) {
	fd, err := sys.OpenMountinfo()
	if err != nil {
		return false, err
	}
	defer sys.Close(fd)
	hides := false
	err = sys.EachLine(fd, func(line []byte) bool {
		words := strings.Fields(string(line))
		if len(words) > 5 && words[4] == "/proc" { // the last one is on top
			options := words[len(words)-1]
			hides = strings.Contains(options, "hidepid=") && !strings.Contains(options, "hidepid=0") && !strings.Contains(options, "hidepid=off")
		}
		return true
	})
	return hides, err
}
