package session

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
)

const asPath = unix.O_PATH | unix.O_DIRECTORY

// place is where the thread was before: all that entering another mount namespace
// changes, open, so that nothing has to be opened in order to go back.
type place struct {
	namespace, root, cwd int
	path                 string // of the working directory, empty if it has none
}

var cwdPath [unix.PathMax]byte

func (p *place) remember() bare.Trouble {
	p.namespace, p.cwd = -1, -1
	var e bare.Errno
	if p.root, e = bare.Open("/", asPath); e != 0 {
		return bare.Failed("openat", e, "/", "")
	}
	if p.cwd, e = bare.OpenCwd(); e != 0 {
		return bare.Failed("openat", e, "the working directory", "")
	}
	p.path, _ = bare.Getcwd(cwdPath[:])
	var t bare.Trouble
	p.namespace, t = mounts.Current()
	return t
}

func (p *place) close() {
	bare.Close(p.namespace)
	bare.Close(p.root)
	bare.Close(p.cwd)
}

// restore goes back. The root directory is put back, too: a process that was
// started in a chroot(2) must not be out of it. Any trouble is Lost.
func (p *place) restore() bare.Trouble {
	t := capset.With(capset.SysAdmin|capset.SysChroot, func() bare.Trouble {
		return bare.Failed("setns", mounts.Setns(p.namespace), "the mount namespace before", "")
	})
	if t.OK() {
		return p.restoreRoot()
	}
	t.Lost = true
	return t
}

// restoreRoot puts root and working directory back after setns(2), which has moved
// both to the root of the namespace. It does not ask whether that is necessary:
// what is asked can fail. Any trouble is Lost.
func (p *place) restoreRoot() bare.Trouble {
	t := capset.With(capset.SysChroot, func() bare.Trouble {
		return bare.Failed("chroot", bare.Chroot(p.root), "the root directory before", "")
	})
	if t.OK() {
		// A directory that the user may not search can be what they were
		// started in.
		t = capset.With(capset.DACReadSearch, func() bare.Trouble {
			return bare.Failed("fchdir", bare.Fchdir(p.cwd), "the working directory before", "")
		})
		if t.Errno == bare.Errno(unix.EACCES) && !t.Lost {
			return bare.Trouble{} // "/", rather than no session
		}
	}
	t.Lost = t.Lost || !t.OK()
	return t
}

// propagate sets the propagation of all mounts. Where the root directory is no
// mount point, in a chroot(2), it goes to that of the namespace and back.
func propagate(how mounts.Propagation) bare.Trouble {
	set := func() bare.Trouble { return bare.Failed("mount", mounts.Propagate(how), "/", "") }
	t := capset.With(capset.SysAdmin, set)
	if t.Errno != bare.Errno(unix.EINVAL) || t.Lost {
		return t
	}
	var here place
	t = here.remember()
	if t.OK() {
		t = capset.With(capset.SysAdmin|capset.SysChroot, func() bare.Trouble {
			return bare.Failed("setns", mounts.Setns(here.namespace), "the mount namespace", "")
		})
	}
	if t.OK() {
		t = capset.With(capset.SysAdmin, set)
		if back := here.restoreRoot(); !back.OK() {
			t = back
		}
	}
	here.close()
	return t
}

// isRealRoot tells whether the root directory is that of the namespace. Otherwise
// sessions in a chroot(2) would be led out of it, into the namespace of a session
// that is not in one. What cannot be found out is "no".
//
// Only setns(2) answers that, and it moves root and working directory. A child
// asks, which goes nowhere else.
func (p *place) isRealRoot() bool {
	var root bare.Stat
	if bare.Fstat(p.root, &root) != 0 {
		return false
	}
	pid := -1
	t := capset.With(capset.SysAdmin|capset.SysChroot, func() bare.Trouble {
		var e bare.Errno
		if pid, e = bare.Fork(); e == 0 && pid == 0 {
			p.look(&root)
		}
		return bare.Failed("clone", e, "", "")
	})
	if pid <= 0 {
		return false
	}
	code, e := bare.Wait(pid)
	return t.OK() && e == 0 && code == sameRoot
}

// sameRoot is the exit code of a child that has seen it. It is none that a program
// which fails ends with.
const sameRoot = 42

// look is what the child does. In a test it is a copy of a program that has the
// runtime, but for all threads except one: nothing here may call the runtime, as
// growing the stack does.
//
//go:nosplit
func (p *place) look(root *bare.Stat) {
	code := 1
	slash := [2]byte{'/', 0}
	var x unix.Statx_t
	const wanted = unix.STATX_INO | unix.STATX_MNT_ID_UNIQUE
	_, e := bare.Call(unix.SYS_SETNS, uintptr(p.namespace), unix.CLONE_NEWNS, 0, 0, 0, 0)
	if e == 0 {
		_, e = bare.Call(unix.SYS_STATX, 0, uintptr(unsafe.Pointer(&slash)), unix.AT_STATX_DONT_SYNC, wanted,
			uintptr(unsafe.Pointer(&x)), 0)
	}
	if e == 0 && x.Ino == root.Ino && x.Dev_major == root.Major && x.Dev_minor == root.Minor {
		// Before Linux 5.8 statx(2) does not know mounts.
		if x.Mnt_id == root.MountID && root.MountID != 0 || root.MountID == 0 && p.onMountOf("/") {
			code = sameRoot
		}
	}
	for {
		_, _ = bare.Call(unix.SYS_EXIT_GROUP, uintptr(code), 0, 0, 0, 0, 0)
	}
}

// onMountOf tells whether the root directory from before is on the mount of a path.
func (p *place) onMountOf(path string) bool {
	now, e := bare.Open(path, asPath)
	return e == 0 && sameMount(now, p.root)
}

// follow takes the working directory along into a namespace that was entered: to
// the directory of the same path, if it is the same one, or if it is one that the
// session has something else for; to where the shared directory is kept, for one
// inside that; or else to the very directory that it was, which then has no path
// in the session, as one that was deleted has none. A namespace of its own would
// keep the path: so anybody could have any number of them.
func (p *place) follow(plan *Plan) bare.Trouble {
	done, t := p.followTo(p.path, plan.replaces(p))
	if done || !t.OK() {
		return t
	}
	for i := range plan.Directories {
		d := &plan.Directories[i]
		if len(p.path) <= len(d.At) || p.path[:len(d.At)] != d.At || p.path[len(d.At)] != '/' {
			continue
		}
		to := bare.NewText(followPath[:])
		d.AddSharedPath(&to)
		to.Add(p.path[len(d.At):])
		if to.Full() {
			break
		}
		if done, t = p.followTo(to.String(), false); done || !t.OK() {
			return t
		}
	}
	e := bare.Fchdir(p.cwd)
	if e == bare.Errno(unix.EACCES) {
		t = search(func() { e = bare.Fchdir(p.cwd) })
	}
	if t.OK() {
		t = bare.Failed("fchdir", e, "the working directory", "")
	}
	return t
}

var followPath [unix.PathMax]byte

// followTo goes to a path, if that is the directory of before, or in any case.
func (p *place) followTo(path string, anyway bool) (bool, bare.Trouble) {
	if !bare.HasPrefix(path, "/") {
		return false, bare.Trouble{}
	}
	fd, e := bare.Open(path, asPath)
	if e == bare.Errno(unix.EACCES) {
		if t := search(func() { fd, e = bare.Open(path, asPath) }); !t.OK() {
			return false, t
		}
	}
	switch {
	case e.Kind() == bare.Kept:
		return false, bare.Failed("openat", e, "the working directory", "")
	case e != 0:
		return false, bare.Trouble{}
	}
	if !anyway && !sameFile(fd, p.cwd) {
		bare.Close(fd)
		return false, bare.Trouble{}
	}
	var t bare.Trouble
	e = bare.Fchdir(fd)
	if e == bare.Errno(unix.EACCES) && !anyway { // the one that the caller has already
		t = search(func() { e = bare.Fchdir(fd) })
	}
	bare.Close(fd)
	switch {
	case !t.OK():
		return false, t
	case e.Kind() == bare.Kept:
		return false, bare.Failed("fchdir", e, "the working directory", "")
	}
	return e == 0, bare.Trouble{}
}

// search runs f with the capability to search any directory. Its trouble is that
// of the capability alone.
func search(f func()) bare.Trouble {
	return capset.With(capset.DACReadSearch, func() bare.Trouble {
		f()
		return bare.Trouble{}
	})
}

// replaces tells whether the working directory was one that the session has
// something else for.
func (p *Plan) replaces(before *place) bool {
	for i := range p.Directories {
		d := &p.Directories[i]
		if d.At != before.path {
			continue
		}
		shared, t := d.OpenShared()
		same := t.OK() && sameFile(shared, before.cwd)
		bare.Close(shared)
		return same
	}
	return false
}

// isFile tells whether two descriptors are of one file; there is trouble where that
// was kept from being found out.
func isFile(a, b int, where string) (bool, bare.Trouble) {
	var x, y bare.Stat
	e := bare.Fstat(a, &x)
	if e == 0 {
		e = bare.Fstat(b, &y)
	}
	return e == 0 && x.SameFile(&y), bare.Failed("statx", e, where, "")
}

// sameFile is isFile where "no" is what not to know comes to: another mount more,
// or a namespace of the session's own.
func sameFile(a, b int) bool {
	var x, y bare.Stat
	return bare.Fstat(a, &x) == 0 && bare.Fstat(b, &y) == 0 && x.SameFile(&y)
}

func sameMount(a, b int) bool {
	x, e := mounts.ID(a)
	if e != 0 {
		return false
	}
	y, e := mounts.ID(b)
	return e == 0 && x == y
}
