package making

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// shares makes what share= asks for, and takes away what older lines have left. A
// directory is bind-mounted from outside, on a mount point in the instance. A file
// cannot be: a server that restarts makes a new one, and the mount would go on
// showing the old. It becomes a symbolic link into the shared directory: root's here
// (private.LinkIsRoots), the user's by package session.
//
// In a user's own instance all is the user's, made with the user's rights.
func (m *Maker) shares(i instance, shared, fd int) error {
	failed := m.rendezvous(i, shared, true)
	var st bare.Stat
	roots := bare.Fstat(fd, &st) == 0 && st.UID == 0
	nothingLeft := false
	if roots {
		defer Turn()() // what another helper makes by an older list would be missed
		nothingLeft = m.forget(i, shared, fd)
	}
	all := i.Shares(m.UID)
	for s, ok := all.Next(); ok; s, ok = all.Next() {
		err := error(nil)
		switch {
		case s.Pattern:
		case s.Directory:
			err = m.point(i, shared, fd, &s, roots)
		case roots && !s.Users && m.UID != 0:
			err = m.link(i, shared, fd, s.Name)
		}
		if failed == nil {
			failed = err
		}
	}
	if nothingLeft {
		m.markShares(i, fd)
	}
	return failed
}

// markShares lets sessions know that nothing is left, without looking. A file system
// that keeps no marks has them look.
func (m *Maker) markShares(i instance, fd int) {
	own, err := sys.Reopen(fd)
	if err != nil {
		return
	}
	defer sys.Close(own)
	_ = sys.SetNumber(own, private.ShareMark, i.ShareList())
}

// rendezvous makes the directories of share= in the shared one: those of root's,
// and the user's own. One that is somebody else's, or that something is mounted on,
// is replaced as a base is: whoever owns it can put a socket of their own in the
// place of every server's. One that is its owner's with another mode is left as it
// is: it is not shared.
func (m *Maker) rendezvous(i instance, shared int, users bool) error {
	m, failed := m.like(shared, i.At)
	all := i.Shares(m.UID)
	for s, ok := all.Next(); ok; s, ok = all.Next() {
		if !s.Directory || s.Pattern || s.Users && !users {
			continue
		}
		fd, err := -1, error(nil)
		if s.Users {
			fd, err = m.usersMeeting(i, shared, &s)
		} else {
			fd, err = m.makeRoots(shared, i.At, strings.Clone(s.Name), private.RendezvousWant(), false)
		}
		sys.Close(fd)
		if err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

// usersMeeting makes a directory of the user's own in the shared one. Anybody can
// have taken its name, or take it at any time.
func (m *Maker) usersMeeting(i instance, shared int, s *private.Share) (int, error) {
	name := strings.Clone(s.Name)
	for range attempts {
		fd, t := i.OpenShare(shared, s, m.UID)
		err := t.Err()
		switch {
		case err == nil:
			return fd, nil
		case missing(err):
			err = m.asUser(capset.DACOverride, func() error { return at(m.mkdirAt(shared, name, 0o700), i.At+"/"+name) })
		case unsafe(err) && !i.IsOwners(shared, s, m.UID):
			err = m.aside(shared, i.At, name, err)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return -1, err
		}
	}
	return -1, &fs.PathError{Op: "mkdirat", Path: i.At + "/" + name, Err: errRace}
}

// point makes the mount point for a directory. A link that an older share= line has
// left makes room, and what else is there is moved aside.
func (m *Maker) point(i instance, shared, fd int, s *private.Share, roots bool) error {
	if i.IsOwners(shared, s, m.UID) {
		return nil
	}
	name, where := strings.Clone(s.Name), i.path(m.UID)
	as := func(f func() error) error { return f() }
	if !roots {
		as = func(f func() error) error { return m.asUser(0, f) }
	}
	err := as(func() error {
		var st bare.Stat
		switch e := bare.StatAt(fd, name, &st); {
		case e != 0:
		case st.Type() == unix.S_IFDIR:
			return nil
		case st.Type() == unix.S_IFLNK && i.IsLink(fd, name):
			_ = sys.UnlinkAt(fd, name)
		default:
			why := bare.Broken(where, name, "is not a directory")
			if err := m.aside(fd, where, name, why.Err()); err != nil {
				return err
			}
		}
		return sys.MkdirAt(fd, name, private.PointMode)
	})
	return unlessThere(err, where+"/"+name)
}

func unlessThere(err error, path string) error {
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return at(err, path)
}

// link makes a link of root's, or makes one the user's. What is no link of
// tmpshell's is the user's choice.
func (m *Maker) link(i instance, shared, fd int, entry string) error {
	name := strings.Clone(entry)
	var st bare.Stat
	there := bare.StatAt(fd, name, &st) == 0
	roots := private.LinkIsRoots(shared, name, m.UID)
	if there && (st.Type() != unix.S_IFLNK || (st.UID == 0) == roots || !i.IsLink(fd, name)) || !there && !roots {
		return nil
	}
	if there {
		_ = sys.UnlinkAt(fd, name) // gone already
	}
	make := func() error { return sys.SymlinkAt(i.sharedPath()+"/"+name, fd, name) }
	if !roots {
		return unlessThere(m.asUser(0, make), i.path(m.UID)+"/"+name)
	}
	return unlessThere(make(), i.path(m.UID)+"/"+name)
}

// forget takes away what older share= lines have left: links of root's into the
// shared directory, and empty mount points of root's. While a session of the user's
// may live it is left, since that may see something mounted there. It is tidying; an
// error means that it is left for another time. It tells whether nothing is.
func (m *Maker) forget(i instance, shared, fd int) bool {
	if m.UID == 0 || m.mayLive(i) {
		return false
	}
	own, err := sys.Reopen(fd)
	if err != nil {
		return false
	}
	defer sys.Close(own)
	names, err := sys.DirNamesOf(own, i.path(m.UID))
	if err != nil {
		return false
	}
	for _, entry := range names {
		if !i.IsLeft(shared, fd, entry, m.UID) {
			continue
		}
		err := sys.UnlinkAt(fd, entry)
		if errors.Is(err, unix.EISDIR) {
			err = sys.RmdirAt(fd, entry)
		}
		if err != nil && !missing(err) && !errors.Is(err, unix.ENOTEMPTY) { // what is in there is the user's
			return false
		}
	}
	return true
}

// mayLive tells whether a process in the list of the user's sessions is there,
// be it the session's or another's.
func (m *Maker) mayLive(i instance) bool {
	list, t := i.OpenSessions(m.UID)
	if !t.OK() {
		return !t.Missing()
	}
	defer sys.Close(list)
	text, err := sys.ReadAll(list, 8<<10, 64<<10)
	if err != nil {
		return true
	}
	for line := range strings.Lines(string(text)) {
		word, _, _ := strings.Cut(line, " ")
		if pid, err := strconv.Atoi(word); err == nil && unix.Kill(pid, 0) != unix.ESRCH {
			return true
		}
	}
	return false
}
