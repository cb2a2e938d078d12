package dirs

import (
	"errors"
	"io/fs"
	"path"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/sys"
)

// base opens the base and makes it, repairs it or replaces a squatted one.
func (m *Maker) base(s Spec) (int, error) {
	parent, err := openParent(s.Parent)
	if errors.Is(err, fs.ErrNotExist) {
		if err = m.makeParent(s.Parent); err == nil {
			parent, err = openParent(s.Parent)
		}
	}
	if err != nil {
		return -1, err
	}
	defer sys.Close(parent)
	var why error
	for range attempts {
		var fd int
		if fd, why = openBase(parent, s); why == nil {
			guard(fd, s)
			return fd, nil
		}
		err := caps.AsRoot(0, func() error { return m.mend(parent, s, why) })
		if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return -1, err
		}
	}
	return -1, why
}

// makeParent makes the directory itself, when an administrator names one that
// is not there yet (/var/cache/xdg), but not what it is in.
func (m *Maker) makeParent(p string) error {
	dir, err := openParent(path.Dir(p))
	if err != nil {
		return err
	}
	defer sys.Close(dir)
	err = caps.AsRoot(0, func() error { return withPath(sys.MkdirAt(dir, path.Base(p), 0o755), p) })
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// mend does one step towards a right base, as root: why is what openBase said.
// Somebody else may win a race at each step; the caller looks again.
func (m *Maker) mend(parent int, s Spec, why error) error {
	switch {
	case errors.Is(why, fs.ErrNotExist):
		return withPath(sys.MkdirAt(parent, s.Base, s.Mode), s.BasePath())
	case !errors.Is(why, ErrUnsafe):
		return why
	}
	if !s.Guarded {
		return why // another program's, or an administrator's decision
	}
	if fd, err := sys.OpenAt(parent, s.Base, unix.O_PATH|unix.O_DIRECTORY); err == nil {
		defer sys.Close(fd)
		st, err := sys.Fstat(fd)
		if err == nil && st.UID == 0 && checkMount(parent, st, s.BasePath()) == nil {
			if checkBase(st, s) == nil {
				return nil // another helper was faster: look again
			}
			return repair(fd, s)
		}
	}
	return m.replace(parent, s, why)
}

// repair sets mode and group of a base that is root's. It is one that a
// cleaner, an unpacked archive or a hasty administrator left.
func repair(path int, s Spec) error {
	_ = setAppendOnly(path, false) // forbids chmod, too; guard sets it again
	fd, err := sys.Reopen(path)
	if err != nil {
		return withPath(err, s.BasePath())
	}
	defer sys.Close(fd)
	if err := sys.Fchgrp(fd, s.BasePath(), 0); err != nil {
		return err
	}
	return sys.Fchmod(fd, s.BasePath(), s.Mode)
}

// replace puts a new base where somebody else's object is, in one step, so that
// there is no moment in which the name is free (rename exchange, Linux 3.15).
//
// Two helpers may see the same squatter. What the second one moves aside is
// then the base of the first, with directories in use: it looks at what it
// moved, and puts it back. The append-only flag ends the window.
func (m *Maker) replace(parent int, s Spec, why error) error {
	squat, err := sys.StatAt(parent, s.Base)
	if err != nil || squat.UID == 0 && squat.Type() == unix.S_IFDIR {
		return err // it has changed: look again
	}
	tail, err := random()
	if err != nil {
		return err
	}
	entry := s.Base + squatted + tail
	if err := sys.MkdirAt(parent, entry, s.Mode); err != nil {
		return withPath(err, s.BasePath())
	}
	err = sys.RenameAt(parent, entry, s.Base, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return m.replaceSlowly(parent, s, entry, why)
	}
	if err != nil {
		_ = sys.RmdirAt(parent, entry)
		if errors.Is(err, unix.EPERM) {
			return nil // append-only: another helper's base, look again
		}
		return withPath(err, s.BasePath())
	}
	if moved, err := sys.StatAt(parent, entry); err != nil || !moved.SameFile(squat) {
		_ = sys.RenameAt(parent, entry, s.Base, unix.RENAME_EXCHANGE)
		_ = sys.RmdirAt(parent, entry)
		return err
	}
	m.notice(why.Error() + "; replaced, and moved aside to " + s.Parent + "/" + entry)
	return nil
}

// replaceSlowly is for file systems without the exchange. The name is free for
// a moment, and whoever takes it is moved aside in the next round.
func (m *Maker) replaceSlowly(parent int, s Spec, entry string, why error) error {
	if err := sys.RmdirAt(parent, entry); err != nil {
		return withPath(err, s.BasePath())
	}
	return m.aside(parent, s.BasePath(), s.Base, why)
}

// appendOnly is FS_APPEND_FL of ioctl_iflags(2).
const appendOnly = 0x20

// guard sets the append-only flag, which keeps cleaners, and mistakes, from
// removing or renaming the base and what is in it. Where the file system or the
// capability is missing, the base is as safe without.
func guard(base int, s Spec) {
	if s.Guarded {
		_ = caps.AsRoot(0, func() error { return setAppendOnly(base, true) })
	}
}

// setAppendOnly works on an open base, as root.
func setAppendOnly(base int, on bool) error {
	fd, err := sys.Reopen(base)
	if err != nil {
		return err
	}
	defer sys.Close(fd)
	old, err := sys.Flags(fd)
	if err != nil {
		return err
	}
	flags := old &^ appendOnly
	if on {
		flags |= appendOnly
	}
	if flags == old {
		return nil
	}
	return caps.With(caps.LinuxImmutable, func() error { return sys.SetFlags(fd, flags) })
}
