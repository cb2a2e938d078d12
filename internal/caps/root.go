package caps

import (
	"errors"

	"golang.org/x/sys/unix"
)

// ErrNotRoot: the thread could not take root's identity for files.
var ErrNotRoot = errors.New("cannot act as root on files (CAP_SETUID and CAP_SETGID are needed)")

// AsRoot runs f with the file-system user and group ids of root, without any
// capability effective but those of also, and takes the ids back afterwards.
//
// What f makes is root's from its first moment: a directory that belongs to the
// caller until a later chown(2) could be opened, stopped at (SIGSTOP) and given
// an encryption policy, a project id or an ACL in between.
func AsRoot(also Set, f func() error) (err error) {
	uid, gid := fsuid(), fsgid()
	if uid == 0 && gid == 0 {
		return With(also, f)
	}
	if lost != nil {
		return lost
	}
	defer func() { // one of the two may have been set when become fails
		if back := become(uid, gid); back != nil {
			err = lose(back)
		}
	}()
	if err := become(0, 0); err != nil {
		return err
	}
	return With(also, f)
}

// become sets both ids and verifies them: setfsuid(2) reports no error, so the
// only way to know is to ask again, with an id that cannot be set.
func become(uid, gid int) error {
	if err := effective(SetUID | SetGID); err != nil {
		return err
	}
	_ = unix.Setfsgid(gid)
	_ = unix.Setfsuid(uid)
	// The kernel raises or lowers the file-system capabilities when the
	// fsuid changes to or from 0 (capabilities(7)); none shall act.
	if err := effective(0); err != nil {
		return err
	}
	if fsuid() != uid || fsgid() != gid {
		return ErrNotRoot
	}
	return nil
}

func fsuid() int { id, _ := unix.SetfsuidRetUid(-1); return id }
func fsgid() int { id, _ := unix.SetfsgidRetGid(-1); return id }
