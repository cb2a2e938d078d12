package dirs

import (
	"errors"
	"io/fs"
	"path"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/sys"
)

// ErrShare is wrapped by an error that says that a directory can be had, but
// something in it is not shared that should be.
var ErrShare = errors.New("not shared")

type shareError struct{ err error }

func (e *shareError) Error() string        { return e.err.Error() }
func (e *shareError) Unwrap() error        { return e.err }
func (e *shareError) Is(target error) bool { return target == ErrShare }

// search is what lets the caller reach an instance through directories that are
// root's alone. The launcher has one of them, the helper the other.
const search = caps.DACReadSearch | caps.DACOverride

// Verify tells whether all that a session's mount needs is there as it must be.
func (i Instance) Verify(uid uint32) error {
	shared, err := i.OpenShared()
	if err != nil {
		return err
	}
	defer sys.Close(shared)
	point, err := i.OpenSharedPoint()
	if err != nil {
		return err
	}
	sys.Close(point)
	if i.Fresh {
		return nil
	}
	fd, err := i.Open(uid, shared)
	if err != nil {
		return err
	}
	defer sys.Close(fd)
	list, err := i.OpenSessions(uid)
	if err != nil {
		return err
	}
	sys.Close(list)
	if err := i.verifyShares(shared, fd); err != nil {
		return &shareError{err}
	}
	return nil
}

// Open opens what stands for a shared directory (O_PATH).
func (i Instance) Open(uid uint32, shared int) (int, error) {
	outside, err := sys.Fstat(shared)
	if err != nil {
		return -1, withPath(err, i.At)
	}
	user, err := i.openStore(uid)
	if err != nil {
		return -1, err
	}
	defer sys.Close(user)
	fd := -1
	err = caps.With(search, func() error {
		if RootsOwn(outside) {
			fd, err = openRoots(user, i.Path(uid), i.Name(), 0o1777)
		} else {
			fd, err = openUser(user, i.Path(uid), i.Name(), uid, false)
		}
		return err
	})
	return fd, err
}

// openStore opens STORE/UID.
func (i Instance) openStore(uid uint32) (int, error) {
	parent, err := openParent(path.Dir(i.In.Store))
	if err != nil {
		return -1, err
	}
	defer sys.Close(parent)
	store, err := openRoots(parent, i.In.Store, path.Base(i.In.Store), 0o700)
	if err != nil {
		return -1, err
	}
	defer sys.Close(store)
	fd := -1
	err = caps.With(search, func() error {
		fd, err = openRoots(store, i.In.Store+"/"+name(uid), name(uid), 0o700)
		return err
	})
	return fd, err
}

// OpenSharedPoint opens the directory that holds SharedPath, whose last
// component must be there.
func (i Instance) OpenSharedPoint() (int, error) {
	dir, err := i.openRun("shared", 0o755)
	if err != nil {
		return -1, err
	}
	st, err := sys.StatAt(dir, i.Name())
	if err == nil && st.Type() != unix.S_IFDIR {
		err = &unsafeError{i.SharedPath(), "is not a directory"}
	}
	if err != nil {
		sys.Close(dir)
		return -1, withPath(err, i.SharedPath())
	}
	return dir, nil
}

// OpenSessions opens the list of a user's sessions, for reading and appending.
func (i Instance) OpenSessions(uid uint32) (int, error) {
	dir, err := i.openRun("sessions", 0o700)
	if err != nil {
		return -1, err
	}
	defer sys.Close(dir)
	path := i.sessionsPath(uid)
	fd := -1
	err = caps.With(search, func() error {
		fd, err = sys.OpenAt(dir, name(uid), unix.O_RDWR|unix.O_APPEND)
		return withPath(err, path)
	})
	if err != nil {
		return -1, err
	}
	st, err := sys.Fstat(fd)
	if err == nil && (st.Type() != unix.S_IFREG || st.UID != uid || st.Perm() != 0o600) {
		err = &unsafeError{path, "is not the user's file of mode 0600"}
	}
	if err != nil {
		sys.Close(fd)
		return -1, withPath(err, path)
	}
	return fd, nil
}

func (i Instance) sessionsPath(uid uint32) string { return i.In.Run + "/sessions/" + name(uid) }

// openRun opens a directory in RUN.
func (i Instance) openRun(entry string, mode uint32) (int, error) {
	parent, err := openParent(path.Dir(i.In.Run))
	if err != nil {
		return -1, err
	}
	defer sys.Close(parent)
	run, err := openRoots(parent, i.In.Run, path.Base(i.In.Run), 0o755)
	if err != nil {
		return -1, err
	}
	defer sys.Close(run)
	return openRoots(run, i.In.Run+"/"+entry, entry, mode)
}

// openRoots opens a directory that is root:root and of exactly this mode.
func openRoots(dir int, path, entry string, mode uint32) (int, error) {
	fd, err := sys.OpenAt(dir, entry, unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
		return -1, &unsafeError{path, "is not a directory"}
	}
	if err != nil {
		return -1, withPath(err, path)
	}
	st, err := sys.Fstat(fd)
	switch {
	case err != nil:
		err = withPath(err, path)
	case st.UID != 0:
		err = &unsafeError{path, "belongs to uid " + name(st.UID)}
	case st.GID != 0 || st.Perm() != mode:
		err = &unsafeError{path, "has mode " + octal(st.Perm()) + " and group " + name(st.GID)}
	}
	if err != nil {
		sys.Close(fd)
		return -1, err
	}
	return fd, nil
}

// verifyShares tells what is missing of the shares. What the user has put in the
// place of a link is his choice, and a shared directory that is not root's is
// nobody's to mend: see OpenRendezvous.
func (i Instance) verifyShares(shared, instance int) error {
	for _, entry := range i.Rendezvous() {
		if _, err := sys.StatAt(shared, entry); err != nil {
			return withPath(err, i.At+"/"+entry)
		}
		st, err := sys.StatAt(instance, entry)
		if err == nil && st.Type() != unix.S_IFDIR {
			err = &fs.PathError{Op: "statx", Err: unix.ENOTDIR}
		}
		if err != nil {
			return withPath(err, "mount point "+entry)
		}
	}
	for _, entry := range i.Links() {
		if _, err := sys.StatAt(instance, entry); err != nil {
			return withPath(err, "link "+entry)
		}
	}
	return nil
}

// OpenRendezvous opens a shared directory (O_PATH). One that is not root's and
// 1777 is refused: whoever owns it can put a socket of his own in the place of
// every server's.
func OpenRendezvous(shared int, at, entry string) (int, error) {
	return openRoots(shared, at+"/"+entry, entry, 0o1777)
}
