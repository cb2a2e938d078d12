package making

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
	"tmpshell/internal/sys"
)

// roots makes sure that a directory of root's is there and as it must be, and
// opens it (O_PATH). Its parent is one that owned.OpenParent has found safe, or
// is root's alone.
func (m *Maker) roots(dir int, where, entry string, w owned.Want) (int, error) {
	return m.makeRoots(dir, where, entry, w, true)
}

// makeRoots: repair says whether the mode of one that is root's is set.
func (m *Maker) makeRoots(dir int, where, entry string, w owned.Want, repair bool) (int, error) {
	if fd, err := open(dir, where, entry, w); err == nil {
		return fd, nil
	}
	defer Turn()()
	for range attempts {
		fd, err := open(dir, where, entry, w)
		switch {
		case err == nil:
			return fd, nil
		case missing(err):
			err = at(m.mkdir(dir, where, entry, w), where+"/"+entry)
		case unsafe(err):
			err = m.restore(dir, where, entry, w, err, repair)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) && !missing(err) {
			return -1, err
		}
	}
	return -1, &fs.PathError{Op: "mkdirat", Path: where + "/" + entry, Err: errRace}
}

// mkdir makes a directory of root's. In one with the set-group-ID bit it is made with
// that bit, and the group.
func (m *Maker) mkdir(dir int, where, entry string, w owned.Want) error {
	err := m.mkdirAt(dir, entry, w.Mode)
	var in bare.Stat
	if err != nil || bare.Fstat(dir, &in) != 0 || in.Perm()&unix.S_ISGID == 0 {
		return err
	}
	fd, err := sys.OpenAt(dir, entry, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer sys.Close(fd)
	return repair(fd, where+"/"+entry, w)
}

// restore does one step towards what must be there; why is what is wrong.
// Somebody else may win a race at each step; the caller looks again.
func (m *Maker) restore(dir int, where, entry string, w owned.Want, why error, mayRepair bool) error {
	fd, err := sys.OpenAt(dir, entry, unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
		return m.replace(dir, where, entry, w, why)
	}
	if err != nil {
		return at(err, where+"/"+entry)
	}
	defer sys.Close(fd)
	is, err := rootsOwn(dir, fd, w)
	if err != nil {
		return at(err, where+"/"+entry)
	}
	if is && !mayRepair {
		return why
	}
	if is {
		err = repair(fd, where+"/"+entry, w)
		if !errors.Is(err, fs.ErrPermission) { // mode 0, and we are root without capabilities
			return err
		}
	}
	return m.replace(dir, where, entry, w, why)
}

// rootsOwn tells whether what is open is a directory of root's, and no mount
// where none may be: a cleaner, an unpacked archive or a hasty administrator has
// changed it then.
func rootsOwn(dir, fd int, w owned.Want) (bool, error) {
	var st, parent bare.Stat
	e := bare.Fstat(fd, &st)
	if e == 0 {
		e = bare.Fstat(dir, &parent)
	}
	if e != 0 {
		return false, &fs.PathError{Op: "statx", Err: unix.Errno(e)}
	}
	return st.UID == 0 && (!w.NoMount || !st.MountRoot && st.SameDevice(&parent)), nil
}

// repair sets mode and group of a directory that is root's.
func repair(path int, name string, w owned.Want) error {
	own, err := sys.Reopen(path)
	if err != nil {
		return at(err, name)
	}
	defer sys.Close(own)
	if err := sys.Fchgrp(own, name, 0); err != nil {
		return err
	}
	return sys.Fchmod(own, name, w.Mode)
}

// replace puts a new directory where somebody else's object is, in one step:
// there is no moment in which the name is free (rename exchange, Linux 3.15).
//
// Two helpers may see the same object, where one has not got the lock. What the
// second one moves aside is then the directory of the first, with others in use in
// it: it looks at what it moved, and puts it back.
func (m *Maker) replace(dir int, where, entry string, w owned.Want, why error) error {
	var was bare.Stat
	if e := bare.StatAt(dir, entry, &was); e != 0 {
		return nil // it has changed: look again
	}
	if err := notTooMany(dir, where, entry); err != nil {
		return err
	}
	tail, err := sys.RandomName()
	if err != nil {
		return err
	}
	fresh := entry + Squatted + tail
	if err := m.mkdir(dir, where, fresh, w); err != nil {
		return at(err, where+"/"+entry)
	}
	err = sys.RenameAt(dir, fresh, entry, unix.RENAME_EXCHANGE)
	switch {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EBUSY):
		// No exchange here, or a mount point in this namespace. The name is
		// free for a moment, and whoever takes it is moved aside in turn.
		if err := sys.RmdirAt(dir, fresh); err != nil {
			return at(err, where+"/"+entry)
		}
		return m.aside(dir, where, entry, why)
	case err != nil:
		_ = sys.RmdirAt(dir, fresh)
		return at(err, where+"/"+entry)
	}
	var moved bare.Stat
	if e := bare.StatAt(dir, fresh, &moved); e != 0 || !moved.SameFile(&was) {
		_ = sys.RenameAt(dir, fresh, entry, unix.RENAME_EXCHANGE)
		_ = sys.RmdirAt(dir, fresh)
		return nil
	}
	m.notice(why.Error() + "; replaced, and moved aside to " + where + "/" + fresh)
	return nil
}
