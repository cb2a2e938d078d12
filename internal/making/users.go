package making

import (
	"errors"
	"io/fs"
	"strconv"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/owned"
	"tmpshell/internal/sys"
)

// users makes sure that a directory of the user's is there and as it must be, and
// opens it (O_PATH). Its parent is root's.
func (m *Maker) users(dir int, where, entry string) (int, error) {
	var err error
	for range attempts {
		// It is the user's from its first moment, since it is made with their
		// ids; dac_override is what lets them write into root's directory.
		err = m.asUser(capset.DACOverride, func() error {
			return at(m.mkdirAt(dir, entry, 0o700), where+"/"+entry)
		})
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return -1, err
		}
		var fd int
		if fd, err = open(dir, where, entry, owned.Users(m.UID)); err == nil {
			_ = m.asUser(0, func() error { m.relabel(fd, where+"/"+entry); return nil })
			return fd, nil
		}
		if missing(err) {
			continue
		}
		if !unsafe(err) {
			return -1, err
		}
		if err := m.restoreUsers(dir, where, entry, err); err != nil {
			return -1, err
		}
	}
	return -1, err
}

// restoreUsers sets the mode of a directory that is the user's, and moves anything
// else aside: nobody but root could have put it there, and it is from a time when
// the parent was not as it must be.
func (m *Maker) restoreUsers(dir int, where, entry string, why error) error {
	defer Turn()() // a cleaner may be about to give its name away
	fd, err := sys.OpenAt(dir, entry, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		if missing(err) {
			return nil
		}
		return at(err, where+"/"+entry)
	}
	defer sys.Close(fd)
	var st bare.Stat
	if e := bare.Fstat(fd, &st); e != 0 {
		return &fs.PathError{Op: "statx", Path: where + "/" + entry, Err: unix.Errno(e)}
	}
	if st.UID == m.UID && st.Type() == unix.S_IFDIR {
		return at(m.asUser(0, func() error { return chmodOwn(fd) }), where+"/"+entry) // rule (h)
	}
	return m.aside(dir, where, entry, why)
}

// chmodOwn sets the mode of a directory of the user's to 0700, as the user. One
// that they took their own right to read away from can only be named through
// /proc.
func chmodOwn(path int) error {
	fd, err := sys.Reopen(path)
	if err == nil {
		defer sys.Close(fd)
		return sys.Fchmod(fd, ".", 0o700)
	}
	magic := "/proc/thread-self/fd/" + strconv.Itoa(path)
	if err := sys.Retry(func() error { return unix.Chmod(magic, 0o700) }); err != nil {
		return &fs.PathError{Op: "chmod", Path: ".", Err: err}
	}
	return nil
}
