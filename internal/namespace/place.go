package namespace

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/mnt"
	"tmpshell/internal/sys"
)

// place is where the thread was before: all that entering another mount
// namespace changes.
type place struct {
	namespace, root, cwd int
	path                 string // of the working directory, empty if it has none
}

func remember() (*place, error) {
	p := &place{-1, -1, -1, ""}
	var err error
	if p.root, err = sys.OpenRoot(); err == nil {
		if p.cwd, err = sys.OpenCwd(); err == nil {
			p.namespace, err = mnt.Current()
		}
	}
	if err != nil {
		p.close()
		return nil, err
	}
	p.path = sys.CwdPath()
	return p, nil
}

func (p *place) close() {
	sys.Close(p.namespace)
	sys.Close(p.root)
	sys.Close(p.cwd)
}

// restore goes back. The root directory is put back, too: a process that was
// started in a chroot(2) must not be out of it.
func (p *place) restore() error {
	if err := joinItself(p); err != nil {
		return err
	}
	return p.restoreRoot()
}

// restoreRoot puts root and working directory back after setns(2), which has
// moved both to the root of the namespace.
func (p *place) restoreRoot() error {
	now, err := sys.OpenRoot()
	if err != nil {
		return err
	}
	defer sys.Close(now)
	if !sameMount(now, p.root) {
		if err := caps.With(caps.SysChroot, func() error { return sys.Chroot(p.root) }); err != nil {
			return err
		}
	}
	// A directory that the user may not search can be what he was started in.
	err = caps.With(caps.DACReadSearch, func() error { return sys.Fchdir(p.cwd) })
	if errors.Is(err, unix.EACCES) {
		return nil // "/", rather than no session
	}
	return err
}

// atRealRoot runs f again with the root directory of the namespace where it
// fails because the thread's own is no mount point, in a chroot(2).
func atRealRoot(f func() error) error {
	err := f()
	if !errors.Is(err, unix.EINVAL) {
		return err
	}
	here, err := remember()
	if err != nil {
		return err
	}
	defer here.close()
	if err := joinItself(here); err != nil {
		return err
	}
	err = f()
	if back := here.restoreRoot(); back != nil {
		return back
	}
	return err
}

// joinItself moves root and working directory to the root of the namespace that
// the thread is in.
func joinItself(p *place) error {
	return caps.With(caps.SysAdmin|caps.SysChroot, func() error { return mnt.Join(p.namespace) })
}

// isRealRoot tells whether the root directory is that of the namespace: whoever
// is in a chroot must not be led out of it, into the namespace of a session that
// is not.
func (p *place) isRealRoot() bool {
	if joinItself(p) != nil {
		return false
	}
	now, err := sys.OpenRoot()
	same := err == nil && sameMount(now, p.root) && sameFile(now, p.root)
	sys.Close(now)
	return p.restoreRoot() == nil && same
}

// follow takes the working directory along into a namespace that was entered:
// to the directory of the same path, if it is the same one, or if it is one
// that the session has something else for.
func (p *place) follow(plan Plan) bool {
	if !strings.HasPrefix(p.path, "/") {
		return false
	}
	fd, err := sys.OpenPath(p.path)
	if err != nil {
		return false
	}
	defer sys.Close(fd)
	replaced := slices.ContainsFunc(plan.Directories, func(d Directory) bool {
		shared, err := d.OpenShared()
		defer sys.Close(shared)
		return err == nil && d.At == p.path && sameFile(shared, p.cwd)
	})
	return (replaced || sameFile(fd, p.cwd)) && sys.Fchdir(fd) == nil
}

func sameMount(a, b int) bool {
	x, err := sys.MountID(a)
	if err != nil {
		return false
	}
	y, err := sys.MountID(b)
	return err == nil && x == y
}
