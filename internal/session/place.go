package session

import (
	"strings"

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
	rootIs, cwdIs        bare.Stat
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
	if e = bare.Fstat(p.root, &p.rootIs); e != 0 {
		return bare.Failed("statx", e, "/", "")
	}
	if e = bare.Fstat(p.cwd, &p.cwdIs); e != 0 {
		return bare.Failed("statx", e, "the working directory", "")
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
	if !strings.HasPrefix(path, "/") {
		return false, bare.Trouble{}
	}
	fd, e := bare.Open(path, asPath)
	if e == bare.Errno(unix.EACCES) {
		// No link, which could be the user's, leads anywhere with it.
		if t := search(func() { fd, e = bare.OpenStraight(path, asPath) }); !t.OK() {
			return false, t
		}
	}
	switch {
	case e.Kind() == bare.Kept:
		return false, bare.Failed("openat", e, "the working directory", "")
	case e != 0:
		return false, bare.Trouble{}
	}
	if !anyway && !p.isCwd(fd) {
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
		if p.Directories[i].At == before.path {
			return p.open[i].SharedIs.SameFile(&before.cwdIs)
		}
	}
	return false
}

// isCwd tells whether a directory is the working directory from before. Not to know
// is "no".
func (p *place) isCwd(fd int) bool {
	var st bare.Stat
	return bare.Fstat(fd, &st) == 0 && st.SameFile(&p.cwdIs)
}
