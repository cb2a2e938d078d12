package caps

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// Grant puts capabilities that the thread is permitted into its inheritable and
// ambient sets, so that they outlive execve(2) (capabilities(7), Linux 4.3), and
// reads them again. It grants all of them, or changes nothing.
//
// EPERM from prctl means the securebit SECBIT_NO_CAP_AMBIENT_RAISE.
func Grant(g Set) error {
	before, err := Get()
	if err != nil {
		return err
	}
	if missing := g &^ before.Permitted; missing != 0 {
		return &fs.PathError{Op: "capset", Path: missing.String(), Err: unix.EPERM}
	}
	old := Ambient(g)
	s := before
	s.Inheritable |= g
	if err = set(s); err == nil {
		err = raise(g &^ old)
	}
	if err == nil {
		var now State
		if now, err = Get(); err == nil && (now != s || Ambient(g) != g) {
			err = &fs.PathError{Op: "capset", Path: g.String(), Err: unix.EPERM}
		}
	}
	if err != nil {
		// Lowering the inheritable set lowers the ambient set with it.
		_ = set(before)
	}
	return err
}

// raise raises each capability in the ambient set.
func raise(g Set) error {
	for n := range len(names) {
		if g&(1<<n) == 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(n), 0, 0); err != nil {
			return &fs.PathError{Op: "prctl", Path: Set(1 << n).String(), Err: err}
		}
	}
	return nil
}

// Unknown returns which of the capabilities asked for the running kernel does
// not have.
func Unknown(asked Set) Set {
	var found Set
	for n := range len(names) {
		if asked&(1<<n) != 0 {
			if _, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(n), 0, 0, 0); err != nil {
				found |= 1 << n
			}
		}
	}
	return found
}
