package clean

import (
	"errors"

	"golang.org/x/sys/unix"
)

// EmptyOwn removes what is in a directory of this process's user, if no process of
// theirs is left but for except. It needs no privilege, and leaves the directory:
// its name is in a directory of root's. It is for the end of a container; a login at
// that moment would lose what it has just put there.
func EmptyOwn(dir int, except []int) error {
	if err := seesAll(true); err != nil {
		return err
	}
	procs, err := look(nil, except)
	uid := uint32(unix.Getuid())
	if err != nil || len(procs.Using(uid)) > 0 {
		return err
	}
	r := &remover{counts: &Counts{}, uid: uid}
	if err := r.empty(newWatch(), dir); err != nil {
		return err
	}
	if r.n > 0 {
		return errors.New(r.list[0].Path + ": " + r.list[0].Why)
	}
	return nil
}
