package session

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/mounts"
)

// Before Linux 6.18 a namespace can be opened only where a process in it is known.
// When no session of the list lives, one may be kept by what a session has left
// running, such as tmux(1) or a FUSE server.

// mostRead is how many names of /proc are read for that, 32 KiB each time: about
// forty thousand processes.
const mostRead = 40

// survivor finds a process of the user's that is in a namespace of this key, and
// makes it the record's. A process that its program has made not dumpable is root's
// for the kernel, and is not found.
func (p *Plan) survivor(key string, r *record) (found bool, t bare.Trouble) {
	proc, e := bare.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY)
	if e != 0 {
		return false, onlyKept(bare.Failed("openat", e, "/proc", ""))
	}
	for read, some := 0, true; read < mostRead && some && !found && t.OK(); read++ {
		names, _ := bare.ReadEntries(proc, bare.EntriesRoom[:])
		some = false
		for name, ok := names.Next(); ok && !found && t.OK(); name, ok = names.Next() {
			some = true
			var st bare.Stat
			pid, isNumber := bare.ParseUint(name, 1<<31-1)
			if isNumber && bare.StatAt(proc, name, &st) == 0 && st.UID == p.UID {
				found, t = p.isSurvivor(pid, key, r)
			}
		}
	}
	bare.Close(proc)
	return found, t
}

// isSurvivor tells whether a process is in a namespace that the list has under the
// key.
func (p *Plan) isSurvivor(pid uint64, key string, r *record) (bool, bare.Trouble) {
	ns, t := ofProcess(pid)
	if ns < 0 && t.OK() {
		pid, ns, t = ofThread(pid)
	}
	if ns < 0 || !t.OK() {
		return false, t
	}
	is, e := mounts.NamespaceOf(ns)
	bare.Close(ns)
	if e != 0 {
		return false, t
	}
	for rest := readList(p.open[0].List); ; {
		one, ok := lastRecord(&rest)
		if !ok {
			return false, t
		}
		if one.key == key && one.namespace == is {
			*r = one
			r.pid = pid
			return true, t
		}
	}
}

// ofThread opens the namespace of a process whose first thread has ended, of which
// the kernel does not tell it any more: that of another thread. /proc has each thread
// by its number, though it lists the first ones alone. A thread that has ended is not
// listed, if it is not the first: a few names are enough.
func ofThread(pid uint64) (thread uint64, ns int, t bare.Trouble) {
	var buf [40]byte
	path := bare.NewText(buf[:])
	path.Add("/proc/")
	path.AddUint(pid, 10)
	path.Add("/task")
	tasks, e := bare.Open(path.String(), unix.O_RDONLY|unix.O_DIRECTORY)
	if e != 0 {
		return pid, -1, onlyKept(bare.Failed("openat", e, "/proc", ""))
	}
	var room [256]byte
	names, e := bare.ReadEntries(tasks, room[:])
	if ns = -1; e != 0 {
		t = onlyKept(bare.Failed("getdents64", e, "/proc", ""))
	}
	for name, ok := names.Next(); ok && ns < 0 && t.OK(); name, ok = names.Next() {
		var isNumber bool
		if thread, isNumber = bare.ParseUint(name, 1<<31-1); isNumber && thread != pid {
			ns, t = ofProcess(thread)
		}
	}
	bare.Close(tasks)
	return thread, ns, t
}
