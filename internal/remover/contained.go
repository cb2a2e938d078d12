package remover

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/clean"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
	"tmpshell/internal/syslog"
)

const store = private.Store

// What the kernel calls a program: the first 15 bytes of its name.
const (
	supervise = "tmpshell-superv"
	remover   = "tmpshell-remove"
)

// first is the number of the first process of a PID namespace. It is never given to
// another one.
const first = 1

// supervisor is the first process of a container if that is tmpshell-supervise, which
// has started this process and waits for it: a process of the user's that uses
// nothing. Whoever calls something else by that name harms themselves. Any other
// tmpshell-supervise does not wait for this process, and is waited for.
func supervisor() int {
	if unix.Getppid() != first || comm(first) != supervise {
		return 0
	}
	return first
}

// comm is the name of a process; empty: not known.
func comm(pid int) string {
	text, _ := clean.ProcFile(pid, "comm")
	return strings.TrimSpace(string(text))
}

// contain is for a container, where only its own processes can be seen. What is on
// a file system of its own there may be a volume that another container uses, too:
// it is left, unless an administrator has written that it is to be removed
// (Supervise yes).
func (r *run) contain(o *clean.Options) {
	if clean.SeesMachine() {
		return
	}
	o.Contained = true
	if r.supervised() {
		return
	}
	root, known := mountOf("/")
	volume := func(path string) bool {
		id, ok := mountOf(path)
		return !known || !ok || id != root
	}
	o.Shared = slices.DeleteFunc(o.Shared, volume)
	o.Stores = slices.DeleteFunc(o.Stores, volume)
}

// empty is for a container whose image gives this program no capability: what is in
// the user's directories of method env is theirs to remove, and the directories are
// root's.
func (r *run) empty(o clean.Options) int {
	code := exitOK
	for _, shared := range o.Shared {
		fd, t := private.Env{Parent: shared}.Open(r.uid)
		if !t.OK() {
			continue // it was not there, or is not what a session would have
		}
		if err := clean.EmptyOwn(fd, o.Except); err != nil {
			code = r.tell(syslog.Warning, "cannot empty "+shared+"/"+private.Base+"/"+decimal(r.uid)+": "+err.Error())
		}
		sys.Close(fd)
	}
	return code
}

func mountOf(path string) (uint64, bool) {
	fd, err := sys.OpenPath(path)
	if err != nil {
		return 0, false
	}
	defer sys.Close(fd)
	id, err := sys.MountID(fd)
	return id, err == nil
}
