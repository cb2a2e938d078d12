package dirs

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/sys"
)

// shares makes what share= asks for. A directory is bind-mounted from outside,
// on a mount point in the instance. A file cannot be: a server that restarts
// makes a new one, and the mount would go on showing the old. It becomes a
// symbolic link into the shared directory.
//
// Both are root's where the instance is: the user may not take them away, and
// root in the session may follow the link (protected_symlinks, proc_sys_fs(5)).
func (m *Maker) shares(i Instance, shared, instance int) error {
	st, err := sys.Fstat(instance)
	if err != nil {
		return err
	}
	as := func(f func() error) error { return caps.AsRoot(0, f) }
	if st.UID != 0 {
		as = func(f func() error) error { return f() }
	}
	var failed error
	note := func(err error) {
		if err != nil && !errors.Is(err, fs.ErrExist) && failed == nil {
			failed = err
		}
	}
	for _, entry := range i.Rendezvous() {
		note(m.rendezvous(i, shared, entry))
		note(as(func() error { return m.mountPoint(instance, i.Path(m.UID), entry) }))
	}
	for _, entry := range i.Links() {
		note(as(func() error {
			return withPath(sys.SymlinkAt(i.SharedPath()+"/"+entry, instance, entry), i.Path(m.UID)+"/"+entry)
		}))
	}
	return failed
}

// rendezvous makes a directory in the shared one. What is there is left alone,
// whosever it is: a server may be using it.
func (m *Maker) rendezvous(i Instance, shared int, entry string) error {
	path := i.At + "/" + entry
	return caps.AsRoot(0, func() error {
		err := withPath(sys.MkdirAt(shared, entry, 0o1777), path)
		if errors.Is(err, fs.ErrExist) {
			fd, err := OpenRendezvous(shared, i.At, entry)
			sys.Close(fd)
			return err
		}
		return err
	})
}

// mountPoint makes a directory to mount on, and moves aside what is none.
func (m *Maker) mountPoint(instance int, path, entry string) error {
	err := sys.MkdirAt(instance, entry, 0o755)
	if !errors.Is(err, fs.ErrExist) {
		return withPath(err, path+"/"+entry)
	}
	st, err := sys.StatAt(instance, entry)
	if err != nil || st.Type() == unix.S_IFDIR {
		return withPath(err, path+"/"+entry)
	}
	if err := m.aside(instance, path+"/"+entry, entry, &unsafeError{path + "/" + entry, "is not a directory"}); err != nil {
		return err
	}
	return withPath(sys.MkdirAt(instance, entry, 0o755), path+"/"+entry)
}
