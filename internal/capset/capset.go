// Package capset reads, raises, grants and drops the capabilities of this thread.
//
// The launcher is one thread. In a program that has the runtime, the thread MUST
// be locked (runtime.LockOSThread): capset(2) acts on one thread only, and Go
// moves goroutines between threads.
//
// Only [Keep] and [Drop] lower the permitted set, and only [Grant] touches the
// inheritable and ambient sets: lowering the permitted or inheritable set takes
// the caller's own ambient capabilities away (capabilities(7), "Ambient"), and a
// session must keep them.
//
// It keeps the rules of package bare.
package capset

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// Set is a set of capabilities, bit n standing for capability number n.
type Set uint64

// The capabilities that tmpshell can make use of.
const (
	DACOverride    Set = 1 << unix.CAP_DAC_OVERRIDE
	DACReadSearch  Set = 1 << unix.CAP_DAC_READ_SEARCH
	SysAdmin       Set = 1 << unix.CAP_SYS_ADMIN
	SysChroot      Set = 1 << unix.CAP_SYS_CHROOT
	SetGID         Set = 1 << unix.CAP_SETGID
	SetUID         Set = 1 << unix.CAP_SETUID
	LinuxImmutable Set = 1 << unix.CAP_LINUX_IMMUTABLE
	FOwner         Set = 1 << unix.CAP_FOWNER
	SysPtrace      Set = 1 << unix.CAP_SYS_PTRACE
)

// Helper is the permitted set of tmpshell-helper, and what a process needs in
// order to do the helper's work itself:
//
//	setuid, setgid   make a base as root, so that it never belongs to a user,
//	                 not even between two system calls
//	dac_override     make the user's directory, as the user, inside that base
const Helper = SetUID | SetGID | DACOverride

// Remover is what tmpshell-remover cannot do without where it has anything, which is
// for Supervise yes and in containers:
//
//	setuid, setgid   remove with the rights of the user
//	dac_override     look at the user's directories
//	fowner           mark them: nobody's login accepts them then
//
// With sys_ptrace it sees the mounts of processes that are other users', and all
// processes where /proc hides them.
const Remover = SetUID | SetGID | DACOverride | FOwner

// What tmpshell-session needs in order to mount:
//
//	sys_admin        a mount namespace of the session's own, and mounts in it
//	sys_chroot       enter the namespace of the user's other sessions, and leave
//	                 one in which not every directory could be mounted
//	dac_read_search  reach an instance, through directories that are root's
//
// Mounter is for method tmpfs; Keeper for method mount, which keeps instances.
const (
	Mounter = SysAdmin | SysChroot
	Keeper  = Mounter | DACReadSearch
)

// Has tells whether s holds every capability of need.
func (s Set) Has(need Set) bool { return s&need == need }

// State is the sets of one thread that capget(2) reports.
type State struct {
	Effective, Permitted, Inheritable Set
}

// header and word are those of capget(2), version 3: the low and the high 32
// bits of the three sets.
type header struct {
	version uint32
	pid     int32
}

type word struct{ effective, permitted, inheritable uint32 }

// Get returns the sets of the calling thread.
func Get() (State, bare.Trouble) {
	h := header{version: unix.LINUX_CAPABILITY_VERSION_3}
	var w [2]word
	_, e := bare.Call(unix.SYS_CAPGET, uintptr(unsafe.Pointer(&h)), uintptr(unsafe.Pointer(&w)), 0, 0, 0, 0)
	if e != 0 {
		return State{}, failed("capget", e)
	}
	return State{
		Effective:   Set(w[0].effective) | Set(w[1].effective)<<32,
		Permitted:   Set(w[0].permitted) | Set(w[1].permitted)<<32,
		Inheritable: Set(w[0].inheritable) | Set(w[1].inheritable)<<32,
	}, bare.Trouble{}
}

// Set makes these the sets of the calling thread, reads them again and compares.
func (s State) Set() bare.Trouble {
	h := header{version: unix.LINUX_CAPABILITY_VERSION_3}
	var w [2]word
	for i := range w {
		shift := 32 * i
		w[i] = word{uint32(s.Effective >> shift), uint32(s.Permitted >> shift), uint32(s.Inheritable >> shift)}
	}
	_, e := bare.Call(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&h)), uintptr(unsafe.Pointer(&w)), 0, 0, 0, 0)
	if e != 0 {
		return failed("capset", e)
	}
	now, t := Get()
	if t.OK() && now != s {
		t = failed("capset", bare.Errno(unix.EPERM))
	}
	return t
}

func failed(call string, e bare.Errno) bare.Trouble {
	return bare.Failed(call, e, "this thread", "")
}

// lost is set once a thread that has privilege could not give it up. Nothing more
// is done with privilege then, and no session begins.
var lost bare.Trouble

func lose(t bare.Trouble) bare.Trouble {
	if lost.OK() {
		lost = t
		lost.Lost = true
	}
	return lost
}

// With runs f with exactly the capabilities of need effective that the thread is
// permitted, and with none afterwards. Its trouble is Lost when that cannot be
// undone, and no later call runs its f.
func With(need Set, f func() bare.Trouble) bare.Trouble {
	if !lost.OK() {
		return lost
	}
	s, t := Get()
	if t.OK() && s.Effective != need&s.Permitted {
		s.Effective = need & s.Permitted
		t = s.Set()
	}
	if !t.OK() {
		if off := Effective(0); !off.OK() {
			return lose(off)
		}
		return t
	}
	t = f()
	if s.Effective == 0 {
		return t
	}
	s.Effective = 0
	if off := s.Set(); !off.OK() {
		return lose(off)
	}
	return t
}

// Effective makes the effective set what the thread is permitted of want.
func Effective(want Set) bare.Trouble {
	s, t := Get()
	if !t.OK() || s.Effective == want&s.Permitted {
		return t
	}
	s.Effective = want & s.Permitted
	return s.Set()
}

// Quiet empties the effective set, so that [With] is the only place in which a
// capability acts, and returns what it was. Give that to [Effective] before
// execve(2), whose path is searched with the caller's rights.
func Quiet() (Set, bare.Trouble) {
	s, t := Get()
	if t.OK() {
		t = Effective(0)
	}
	if !t.OK() {
		t = lose(t)
	}
	return s.Effective, t
}
