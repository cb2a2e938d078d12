package capset

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// Keep takes from the permitted and effective sets, for good, what the program
// file gave and is not in keep: all but that is in the ambient set. With an empty
// keep, what is left is what the thread would have without file capabilities,
// and what the session has after execve(2). The sets are read again and compared;
// any trouble is Lost.
//
// A process with the effective uid 0 is left as it is: its capabilities are not
// the file's, and with fewer of them an execve(2) would be one that gains
// privilege, after which the program is not dumpable.
func Keep(keep Set) bare.Trouble {
	if !lost.OK() {
		return lost
	}
	if bare.Geteuid() == 0 {
		return bare.Trouble{}
	}
	s, t := Get()
	if t.OK() {
		kept := s.Permitted & (keep | Ambient(s.Permitted))
		if s.Permitted == kept {
			return bare.Trouble{}
		}
		s.Permitted, s.Effective = kept, s.Effective&kept
		t = s.Set()
	}
	if !t.OK() {
		return lose(t)
	}
	return t
}

// Drop empties all three sets, and with them the ambient one, for good. Only a process that
// does not go on to become the session may call it: see the package comment.
func Drop() bare.Trouble {
	t := State{}.Set()
	if !t.OK() {
		return lose(t)
	}
	return t
}

// Grant puts capabilities that the thread is permitted into its inheritable and
// ambient sets, so that they outlive execve(2) (capabilities(7), Linux 4.3), and
// reads them again. It grants all of them, or changes nothing; its trouble is Lost
// where that cannot be undone.
//
// EPERM from prctl means the securebit SECBIT_NO_CAP_AMBIENT_RAISE.
func Grant(all Set) bare.Trouble {
	before, t := Get()
	if !t.OK() {
		return t
	}
	if !before.Permitted.Has(all) {
		return failed("capset", bare.Errno(unix.EPERM))
	}
	s := before
	s.Inheritable |= all
	t = s.Set()
	if t.OK() {
		t = raise(all &^ Ambient(all))
	}
	if t.OK() && Ambient(all) != all {
		t = failed("prctl", bare.Errno(unix.EPERM))
	}
	if !t.OK() {
		// Lowering the inheritable set lowers the ambient set with it.
		if back := before.Set(); !back.OK() {
			return lose(back)
		}
	}
	return t
}

// raise raises each capability in the ambient set.
func raise(all Set) bare.Trouble {
	for n := range len(names) {
		if all&(1<<n) == 0 {
			continue
		}
		if _, e := bare.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(n)); e != 0 {
			return failed("prctl", e)
		}
	}
	return bare.Trouble{}
}

// Ambient returns which of the capabilities asked for are in the thread's ambient
// set.
func Ambient(asked Set) Set {
	return each(asked, func(n uintptr) bool {
		is, e := bare.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, n)
		return e == 0 && is == 1
	})
}

// Bounding returns which of the capabilities asked for a program may still gain.
// Where that cannot be found out, it may: the kernel decides when it is executed.
func Bounding(asked Set) Set {
	return each(asked, func(n uintptr) bool {
		is, e := bare.Prctl(unix.PR_CAPBSET_READ, n, 0)
		return e == 0 && is == 1 || e.Kind() == bare.Kept
	})
}

// Unknown returns which of the capabilities asked for the running kernel does not
// have.
func Unknown(asked Set) Set {
	return each(asked, func(n uintptr) bool {
		_, e := bare.Prctl(unix.PR_CAPBSET_READ, n, 0)
		return e == bare.Errno(unix.EINVAL)
	})
}

func each(asked Set, is func(n uintptr) bool) Set {
	var found Set
	for n := range len(names) {
		if one := Set(1) << n; asked&one != 0 && is(uintptr(n)) {
			found |= one
		}
	}
	return found
}
