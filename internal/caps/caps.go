// Package caps reads, raises and drops the capabilities of this thread.
//
// A thread MUST be locked (runtime.LockOSThread) before it uses this package:
// capset(2) acts on one thread only, and Go moves goroutines between threads.
// Permitted sets are never widened, inheritable and ambient sets never touched:
// lowering the permitted or inheritable set would take the caller's ambient
// capabilities away (capabilities(7), "Ambient"), and a session must keep them.
package caps

import (
	"io/fs"

	"golang.org/x/sys/unix"
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
)

// Helper is the permitted set of tmpshell-helper, and what a process needs in
// order to do the helper's work itself:
//
//	setuid, setgid   make a base as root, so that it never belongs to a user,
//	                 not even between two system calls
//	dac_override     make the user's directory, as the user, inside that base
//	linux_immutable  the append-only flag of a base
const Helper = SetUID | SetGID | DACOverride | LinuxImmutable

// What the launcher needs in order to mount:
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

// Get returns the sets of the calling thread.
func Get() (State, error) {
	// Two elements: version 3 writes 64 bits a set, and with one element
	// the kernel writes past it (golang/go#44312).
	var data [2]unix.CapUserData
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capget(&hdr, &data[0]); err != nil {
		return State{}, &fs.PathError{Op: "capget", Path: "this thread", Err: err}
	}
	join := func(lo, hi uint32) Set { return Set(lo) | Set(hi)<<32 }
	return State{
		Effective:   join(data[0].Effective, data[1].Effective),
		Permitted:   join(data[0].Permitted, data[1].Permitted),
		Inheritable: join(data[0].Inheritable, data[1].Inheritable),
	}, nil
}

func set(s State) error {
	var data [2]unix.CapUserData
	for i := range data {
		shift := 32 * i
		data[i].Effective = uint32(s.Effective >> shift)
		data[i].Permitted = uint32(s.Permitted >> shift)
		data[i].Inheritable = uint32(s.Inheritable >> shift)
	}
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capset(&hdr, &data[0]); err != nil {
		return &fs.PathError{Op: "capset", Path: "this thread", Err: err}
	}
	return nil
}

// With runs f with exactly the capabilities of need effective that the thread
// is permitted, and with none afterwards. It is ErrLost when that cannot be
// undone, and f is then not run by any later call.
func With(need Set, f func() error) error {
	if lost != nil {
		return lost
	}
	err := effective(need)
	if err == nil {
		err = f()
	}
	if off := effective(0); off != nil {
		return lose(off)
	}
	return err
}

func effective(want Set) error {
	s, err := Get()
	if err != nil {
		return err
	}
	if s.Effective == want&s.Permitted {
		return nil
	}
	s.Effective = want & s.Permitted
	if err := set(s); err != nil {
		return err
	}
	now, err := Get()
	if err == nil && now != s {
		err = &fs.PathError{Op: "capset", Path: "this thread", Err: unix.EPERM}
	}
	return err
}

// Drop empties the effective and permitted sets for good, reads them again and
// compares. Only a process that does not go on to become the session may call
// it: see the package comment.
func Drop() error {
	s, err := Get()
	if err != nil {
		return err
	}
	s.Effective, s.Permitted = 0, 0
	if err := set(s); err != nil {
		return err
	}
	now, err := Get()
	if err == nil && now != s {
		err = &fs.PathError{Op: "capset", Path: "this thread", Err: unix.EPERM}
	}
	return err
}

// Quietly runs f with an empty effective set, so that With and AsRoot are the
// only places in it where a capability acts, and gives the thread its effective
// set back: the exec that follows is searched for with the caller's rights.
func Quietly(f func() error) error {
	before, err := Get()
	if err != nil {
		return err
	}
	if err := effective(0); err != nil {
		return err
	}
	err = f()
	if lost != nil {
		return lost
	}
	if back := effective(before.Effective); back != nil {
		return back
	}
	return err
}
