package dirs

import (
	"errors"
	"io/fs"
	"path"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/sys"
)

// MakeInstance makes sure that all that Instance.Verify looks at is there.
func (m *Maker) MakeInstance(i Instance) error {
	if euid := unix.Geteuid(); euid != int(m.UID) {
		return errIdentity
	}
	return sys.WithUmask(0, func() error {
		shared, err := m.shared(i)
		if err != nil {
			return err
		}
		defer sys.Close(shared)
		if err := m.run(i); err != nil || i.Fresh {
			return err
		}
		instance, err := m.instance(i, shared)
		if err != nil {
			return err
		}
		defer sys.Close(instance)
		if err := m.shares(i, shared, instance); err != nil {
			return &shareError{err}
		}
		return i.Verify(m.UID)
	})
}

// MakePlaces makes what all users' instances need, as at boot: the places, the
// directory that is mounted over, and the shared directories in it.
func (m *Maker) MakePlaces(i Instance) error {
	return sys.WithUmask(0, func() error {
		shared, err := m.shared(i)
		if err != nil {
			return err
		}
		defer sys.Close(shared)
		if err := m.points(i); err != nil || i.Fresh {
			return err
		}
		fd, err := m.store(i)
		if err != nil {
			return err
		}
		sys.Close(fd)
		for _, entry := range i.Rendezvous() {
			if err := m.rendezvous(i, shared, entry); err != nil {
				return err
			}
		}
		return nil
	})
}

// shared opens the shared directory and makes it if it is missing.
func (m *Maker) shared(i Instance) (int, error) {
	fd, err := i.OpenShared()
	if errors.Is(err, fs.ErrNotExist) {
		if err = m.makeParent(i.At); err == nil {
			fd, err = i.OpenShared()
		}
	}
	return fd, err
}

// run makes RUN/shared/NAME and RUN/sessions/UID.
func (m *Maker) run(i Instance) error {
	if err := m.points(i); err != nil || i.Fresh {
		return err
	}
	dir, err := i.openRun("sessions", 0o700)
	if err != nil {
		return err
	}
	defer sys.Close(dir)
	// The user's from its first moment, and out of his reach.
	return caps.With(caps.DACOverride, func() error {
		fd, err := sys.CreateAt(dir, name(m.UID), 0o600)
		sys.Close(fd)
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return withPath(err, i.sessionsPath(m.UID))
	})
}

// points makes RUN, RUN/shared/NAME and RUN/sessions.
func (m *Maker) points(i Instance) error {
	run, err := m.rootsIn(path.Dir(i.In.Run), path.Base(i.In.Run), 0o755)
	if err != nil {
		return err
	}
	defer sys.Close(run)
	sessions, err := m.roots(run, i.In.Run+"/sessions", "sessions", 0o700)
	if err != nil {
		return err
	}
	sys.Close(sessions)
	shared, err := m.roots(run, i.In.Run+"/shared", "shared", 0o755)
	if err != nil {
		return err
	}
	defer sys.Close(shared)
	point, err := i.OpenSharedPoint()
	if err == nil {
		sys.Close(point)
		return nil // in a session, the shared directory is what is seen there
	}
	// For any other reason, such as too few descriptors, it may be that, which
	// must not get the mode of a mount point.
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrUnsafe) {
		return err
	}
	point, err = m.roots(shared, i.SharedPath(), i.Name(), 0o755)
	sys.Close(point)
	return err
}

// store makes STORE.
func (m *Maker) store(i Instance) (int, error) {
	return m.rootsIn(path.Dir(i.In.Store), path.Base(i.In.Store), 0o700)
}

// instance makes STORE/UID/NAME and opens it.
func (m *Maker) instance(i Instance, shared int) (int, error) {
	outside, err := sys.Fstat(shared)
	if err != nil {
		return -1, withPath(err, i.At)
	}
	store, err := m.store(i)
	if err != nil {
		return -1, err
	}
	defer sys.Close(store)
	entry, path := name(m.UID), i.In.Store+"/"+name(m.UID)
	user, err := m.roots(store, path, entry, 0o700)
	if err != nil {
		return -1, err
	}
	defer sys.Close(user)
	if RootsOwn(outside) {
		return m.roots(user, i.Path(m.UID), i.Name(), 0o1777)
	}
	return m.users(user, i.Path(m.UID), i.Name())
}

// rootsIn is roots in a directory that is named by its path, and made if it is
// missing.
func (m *Maker) rootsIn(parent, entry string, mode uint32) (int, error) {
	dir, err := openParent(parent)
	if errors.Is(err, fs.ErrNotExist) {
		if err = m.makeParent(parent); err == nil {
			dir, err = openParent(parent)
		}
	}
	if err != nil {
		return -1, err
	}
	defer sys.Close(dir)
	return m.roots(dir, parent+"/"+entry, entry, mode)
}

// roots makes a directory that is root:root and of this mode, in a directory
// that only root can write to, and opens it (O_PATH).
func (m *Maker) roots(dir int, path, entry string, mode uint32) (int, error) {
	fd := -1
	err := m.eventually(func() error {
		return caps.AsRoot(0, func() error {
			var err error
			fd, err = openRoots(dir, path, entry, mode)
			switch {
			case err == nil:
			case errors.Is(err, fs.ErrNotExist):
				err = again(withPath(sys.MkdirAt(dir, entry, mode), path))
			case errors.Is(err, ErrUnsafe):
				err = again(m.restore(dir, path, entry, mode, err))
			}
			return err
		})
	})
	return fd, err
}

// restore puts a directory of root's right, and moves anything else aside.
func (m *Maker) restore(dir int, path, entry string, mode uint32, why error) error {
	fd, err := sys.OpenAt(dir, entry, unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
		return m.aside(dir, path, entry, why)
	}
	if err != nil {
		return withPath(err, path)
	}
	defer sys.Close(fd)
	st, err := sys.Fstat(fd)
	if err != nil {
		return withPath(err, path)
	}
	if st.UID != 0 {
		return m.aside(dir, path, entry, why)
	}
	own, err := sys.Reopen(fd)
	if errors.Is(err, fs.ErrPermission) { // mode 0, and we are root without capabilities
		return m.aside(dir, path, entry, why)
	}
	if err != nil {
		return withPath(err, path)
	}
	defer sys.Close(own)
	if err := sys.Fchgrp(own, path, 0); err != nil {
		return err
	}
	return sys.Fchmod(own, path, mode)
}

// users makes a directory that is the user's, 0700, in one that is root's, and
// opens it (O_PATH).
func (m *Maker) users(dir int, path, entry string) (int, error) {
	fd := -1
	err := m.eventually(func() error {
		err := caps.With(search, func() (err error) {
			fd, err = openUser(dir, path, entry, m.UID, false)
			return err
		})
		switch {
		case err == nil:
		case errors.Is(err, fs.ErrNotExist):
			err = again(caps.With(caps.DACOverride, func() error {
				return withPath(sys.MkdirAt(dir, entry, 0o700), path)
			}))
		case errors.Is(err, ErrUnsafe):
			why := err
			err = again(caps.AsRoot(0, func() error { return m.aside(dir, path, entry, why) }))
		}
		return err
	})
	return fd, err
}

// errAgain: one step is done, look what there is now.
var errAgain = errors.New("somebody else is changing it all the time")

func again(err error) error {
	if err == nil || errors.Is(err, fs.ErrExist) {
		return errAgain
	}
	return err
}

func (m *Maker) eventually(f func() error) error {
	var err error
	for range attempts {
		if err = f(); err != errAgain {
			return err
		}
	}
	return err
}
