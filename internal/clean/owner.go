package clean

import (
	"errors"
	"runtime"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
)

// The first thread of a process is the one that /proc tells about. It stays with
// the main goroutine, and root's: otherwise the process would count as one of the
// last owner's.
func init() { runtime.LockOSThread() }

// noGroup: an owner needs no group's rights.
const noGroup = 65534

var errNotOwner = errors.New("the file-system ids of the owner cannot be had")

// asOwner runs f on a thread with the rights of a user and no others: rule (i).
// The thread ends with f. What it is about is of's; see guard.run for the descriptor.
func (g *guard) asOwner(of, uid uint32, fd int, f func(w *watch, fd int) error) error {
	return g.run(of, g.after, fd, func(w *watch, fd int) error {
		runtime.LockOSThread() // once more, and never unlocked
		err := forgo(uid)
		if err == nil {
			err = f(w, fd)
		}
		return err
	})
}

// forgo gives up, for this thread and for good, all that is not the user's.
func forgo(uid uint32) error {
	if sets, t := capset.Get(); t.OK() && sets.Permitted == 0 && unix.Getuid() == int(uid) && unix.Geteuid() == int(uid) {
		return nil // the user's own process
	}
	if _, _, errno := unix.RawSyscall(bare.SysSetGroups, 0, 0, 0); errno != 0 {
		return errors.Join(errNotOwner, errno)
	}
	// They report no error: an id that cannot be is how one asks for the other.
	_ = unix.Setfsgid(noGroup)
	_ = unix.Setfsuid(int(uid))
	if t := capset.Drop(); !t.OK() {
		return t.Err()
	}
	is, err := unix.SetfsuidRetUid(-1)
	group, err2 := unix.SetfsgidRetGid(-1)
	if err != nil || err2 != nil || uint32(is) != uid || group != noGroup {
		return errNotOwner
	}
	return nil
}
