package making

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// shares makes what share= asks for. A directory is bind-mounted from outside, on
// a mount point in the instance. A file cannot be: a server that restarts makes a
// new one, and the mount would go on showing the old. It becomes a symbolic link
// into the shared directory.
//
// Both are root's where the instance is: the user may not take them away, and
// root in the session may follow the link (protected_symlinks, proc_sys_fs(5)).
// In a user's own instance they are the user's, made with the user's rights.
func (m *Maker) shares(i instance, shared, fd int) error {
	if i.Share == "" && !m.rootsInstance(fd) {
		return nil
	}
	failed := m.rendezvous(i, shared)
	as := func(f func() error) error { return f() }
	if !m.rootsInstance(fd) {
		as = func(f func() error) error { return m.asUser(0, f) }
	}
	err := as(func() error {
		m.forget(i, fd)
		var failed error
		rest := i.Share
		for s, ok := private.NextShare(&rest); ok; s, ok = private.NextShare(&rest) {
			if err := m.point(i, fd, s); err != nil && failed == nil {
				failed = err
			}
		}
		return failed
	})
	if failed == nil {
		failed = err
	}
	return failed
}

func (m *Maker) rootsInstance(fd int) bool {
	var st bare.Stat
	return bare.Fstat(fd, &st) == 0 && st.UID == 0
}

// rendezvous makes the rendezvous directories of an instance in the shared one.
// One that is somebody else's, or that something is mounted on, is replaced as a
// base is: whoever owns it can put a socket of their own in the place of every
// server's. One that is root's with another mode is a program's of root's, and is
// left as it is: it is not shared.
func (m *Maker) rendezvous(i instance, shared int) error {
	var failed error
	rest := i.Share
	for s, ok := private.NextShare(&rest); ok; s, ok = private.NextShare(&rest) {
		if !s.Directory {
			continue
		}
		fd, err := m.makeRoots(shared, i.At, s.Name, private.RendezvousWant(), false)
		sys.Close(fd)
		if err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

// point makes the mount point or the link for one share. What an older share=
// line has left in its place, and nothing else, makes room.
func (m *Maker) point(i instance, fd int, s private.Share) error {
	where := i.path(m.UID)
	var st bare.Stat
	if e := bare.StatAt(fd, s.Name, &st); e == 0 {
		isLink := st.Type() == unix.S_IFLNK
		switch {
		case s.Directory && st.Type() == unix.S_IFDIR:
			return nil
		case s.Directory && isLink && i.isOurLink(fd, s.Name):
			_ = sys.UnlinkAt(fd, s.Name)
		case s.Directory:
			why := bare.Broken(where, s.Name, "is not a directory")
			if err := m.aside(fd, where, s.Name, why.Err()); err != nil {
				return err
			}
		case st.Type() == unix.S_IFDIR && st.UID == 0 && st.Perm() == 0o755:
			_ = sys.RmdirAt(fd, s.Name) // empty, or what is in there stays
		default:
			return nil // theirs: their choice
		}
	}
	var err error
	if s.Directory {
		err = sys.MkdirAt(fd, s.Name, 0o755)
	} else {
		err = sys.SymlinkAt(i.sharedPath()+"/"+s.Name, fd, s.Name)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return at(err, where+"/"+s.Name)
}

// isOurLink tells whether an entry is a link into the shared directory.
func (i instance) isOurLink(fd int, entry string) bool {
	to, err := sys.ReadlinkAt(fd, entry)
	return err == nil && to == i.sharedPath()+"/"+entry
}

// forget takes away what older share= lines have left: links into the shared
// directory, and empty mount points of root's. While a session of the user's may
// live it is left, since that may see something mounted there. It is tidying; an
// error means that it is left for another time.
func (m *Maker) forget(i instance, fd int) {
	if m.UID == 0 || !m.rootsInstance(fd) || m.mayLive(i) {
		return
	}
	own, err := sys.Reopen(fd)
	if err != nil {
		return
	}
	defer sys.Close(own)
	names, err := sys.DirNamesOf(own, i.path(m.UID))
	if err != nil {
		return
	}
	for _, entry := range names {
		var st bare.Stat
		if i.isShared(entry) || bare.StatAt(fd, entry, &st) != 0 || st.UID != 0 {
			continue
		}
		switch {
		case st.Type() == unix.S_IFLNK && i.isOurLink(fd, entry):
			_ = sys.UnlinkAt(fd, entry)
		case st.Type() == unix.S_IFDIR && st.Perm() == 0o755 && st.GID == 0:
			_ = sys.RmdirAt(fd, entry)
		}
	}
}

func (i instance) isShared(entry string) bool {
	for s := range strings.SplitSeq(i.Share, ",") {
		if strings.TrimSuffix(s, "/") == entry {
			return true
		}
	}
	return false
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
