package making

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/owned"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// instance is a private.Instance with its names as strings.
type instance struct {
	private.Instance
	name, run, store string
}

func of(i private.Instance) instance {
	var name private.Name
	n := instance{Instance: i, name: name.Of(i.At), run: i.Run, store: i.Store}
	if n.run == "" {
		n.run = private.Run
	}
	if n.store == "" {
		n.store = private.Store
	}
	return n
}

func (i instance) path(uid uint32) string { return i.store + "/" + i.holder(uid) + "/" + i.name }

// holder is the directory in the store that it is in, beside other instances.
func (i instance) holder(uid uint32) string {
	if i.Job != "" {
		return decimal(uid) + "." + i.Job
	}
	return decimal(uid)
}

func (i instance) sharedPath() string { return i.run + "/" + private.SharedDir + "/" + i.name }

// StoreOf is where an instance is kept.
func StoreOf(i private.Instance) string { return of(i).store }

// SharedPath is where a session finds the shared directory.
func SharedPath(i private.Instance) string { return of(i).sharedPath() }

// InstancePath is the user's directory of method mount, or for method tmpfs where
// it is mounted.
func InstancePath(i private.Instance, uid uint32) string {
	if i.Fresh {
		return i.At
	}
	return of(i).path(uid)
}

// ErrShare is wrapped by an error that says that a directory can be had, but
// something in it is not shared that should be.
var ErrShare = errors.New("not shared")

type shareError struct{ err error }

func (e *shareError) Error() string        { return e.err.Error() }
func (e *shareError) Unwrap() error        { return e.err }
func (e *shareError) Is(target error) bool { return target == ErrShare }

// Instance makes sure that all is there that a session needs in order to mount.
func (m *Maker) Instance(i private.Instance) error {
	n := of(i)
	return sys.WithUmask(0, func() error {
		shared, err := m.shared(n)
		if err != nil {
			return err
		}
		defer sys.Close(shared)
		if err := m.run(n); err != nil || n.Fresh {
			return err
		}
		if err := m.list(n); err != nil {
			return err
		}
		fd, err := m.instance(n, shared)
		if err != nil {
			return err
		}
		defer sys.Close(fd)
		if err := m.shares(n, shared, fd); err != nil {
			return &shareError{err}
		}
		return n.Verify(m.UID).Err()
	})
}

// Places makes what all users' instances need, as at boot: the places, the
// directory that is mounted over, and the rendezvous directories in it.
func (m *Maker) Places(i private.Instance) error {
	n := of(i)
	return sys.WithUmask(0, func() error {
		shared, err := m.shared(n)
		if err != nil {
			return err
		}
		defer sys.Close(shared)
		if err := m.run(n); err != nil || n.Fresh {
			return err
		}
		store, err := m.store(n, shared)
		if err != nil {
			return err
		}
		defer sys.Close(store)
		if err := m.relabelInstances(n, shared, store); err != nil {
			return err
		}
		return m.rendezvous(n, shared, false)
	})
}

// shared opens the shared directory and makes it if it is missing.
func (m *Maker) shared(i instance) (int, error) {
	fd, t := i.OpenShared()
	if t.Missing() {
		dir, err := m.parent(i.At)
		if err != nil {
			return -1, err
		}
		sys.Close(dir)
		fd, t = i.OpenShared()
	}
	return fd, t.Err()
}

// InstanceRuntime makes a directory for XDG_RUNTIME_DIR in what is mounted over a
// shared directory, which Instance has made.
func (m *Maker) InstanceRuntime(i private.Instance) error {
	n := of(i)
	return sys.WithUmask(0, func() error {
		shared, err := m.shared(n)
		if err != nil {
			return err
		}
		defer sys.Close(shared)
		fd, err := m.instance(n, shared)
		if err != nil {
			return err
		}
		defer sys.Close(fd)
		return m.runtime(fd, n.path(m.UID))
	})
}

// named is roots for a directory that is named by its path.
func (m *Maker) named(path string, mode uint32) (int, error) {
	dir, err := m.parent(bare.Dir(path))
	if err != nil {
		return -1, err
	}
	defer sys.Close(dir)
	return m.roots(dir, bare.Dir(path), bare.Base(path), owned.Roots(mode))
}

// run makes RUN, RUN/shared/NAME and RUN/sessions.
func (m *Maker) run(i instance) error {
	run, err := m.named(i.run, private.RunMode)
	if err != nil {
		return err
	}
	defer sys.Close(run)
	sessions, err := m.roots(run, i.run, private.SessionsDir, owned.Roots(private.SessionsMode))
	if err != nil {
		return err
	}
	sys.Close(sessions)
	shared, err := m.roots(run, i.run, private.SharedDir, owned.Roots(private.SharedMode))
	if err != nil {
		return err
	}
	defer sys.Close(shared)
	point, t := i.OpenSharedPoint()
	if t.OK() {
		sys.Close(point)
		return nil // in a session, the shared directory is what is seen there
	}
	// For any other reason, such as too few descriptors, it may be that, which
	// must not get the mode of a mount point.
	if !t.Missing() && !t.Unsafe() {
		return t.Err()
	}
	point, err = m.roots(shared, i.run+"/"+private.SharedDir, i.name, owned.Roots(0o755))
	sys.Close(point)
	return err
}

// list makes the list of the user's sessions: the user's from its first moment,
// and out of their reach.
func (m *Maker) list(i instance) error {
	where := i.run + "/" + private.SessionsDir
	run, t := owned.OpenParent(i.run)
	if !t.OK() {
		return t.Err()
	}
	defer sys.Close(run)
	dir, err := open(run, i.run, private.SessionsDir, owned.Roots(private.SessionsMode))
	if err != nil {
		return err
	}
	defer sys.Close(dir)
	return m.asUser(capset.DACOverride, func() error {
		fd, err := sys.CreateAt(dir, decimal(m.UID), private.ListMode)
		sys.Close(fd)
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return at(err, where+"/"+decimal(m.UID))
	})
}

// instance makes STORE/UID/NAME, or that of a job, and opens it.
func (m *Maker) instance(i instance, shared int) (int, error) {
	var outside bare.Stat
	if e := bare.Fstat(shared, &outside); e != 0 {
		return -1, &fs.PathError{Op: "statx", Path: i.At, Err: unix.Errno(e)}
	}
	store, err := m.store(i, shared)
	if err != nil {
		return -1, err
	}
	defer sys.Close(store)
	user, err := m.roots(store, i.store, i.holder(m.UID), owned.Roots(private.StoreMode))
	if err != nil {
		return -1, err
	}
	defer sys.Close(user)
	where := i.store + "/" + i.holder(m.UID)
	if m, err = m.like(shared, i.At); err != nil {
		return -1, err
	}
	if !private.RootsOwn(&outside) {
		return m.users(user, where, i.name)
	}
	fd, err := m.roots(user, where, i.name, owned.Roots(0o1777))
	if err == nil {
		m.relabel(fd, where+"/"+i.name)
	}
	return fd, err
}
