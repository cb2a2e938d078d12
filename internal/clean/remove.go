package clean

import (
	"slices"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Counts is what a run has done so far. It may be read while it works.
type Counts struct {
	Directories, Files atomic.Uint64
}

// Left is what could not be removed.
type Left struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// lefts keeps the first of them: whoever has a million is told of a few.
type lefts struct {
	n    int
	list []Left
}

const toldOf = 20

func (l *lefts) add(dir int, name, why string) {
	if l.n++; len(l.list) < toldOf {
		l.list = append(l.list, Left{pathOf(dir, name), why})
	}
}

// remover removes what is in a directory, as its owner: asOwner.
type remover struct {
	counts *Counts
	uid    uint32
	top    int
	watch  *watch
	lefts
	// owners of what is left, besides the remover's own.
	owners []uint32
	did    bool // something was removed in this pass
	raised int  // directories that were moved up: see tooDeep
}

// passes bounds how often a tree is walked that somebody goes on filling.
const passes = 1000

// empty removes all that the owner may, and tells what is left. It is run on the
// thread of an owner.
func (r *remover) empty(w *watch, top int) error {
	r.watch, r.top = w, top
	for n := 0; ; n++ {
		r.lefts, r.did, r.raised = lefts{}, false, 0
		err := overTree(r.watch, r.top, r)
		if !r.did || n > passes && r.raised == 0 {
			return err
		}
		if err != nil && err != errMoved || err == nil && r.n > 0 && r.raised == 0 {
			return err
		}
	}
}

func (r *remover) file(f *frame, e *entry) bool {
	errno := unlinkAt(f.fd, e, 0)
	if errno == unix.EACCES && r.open(f.fd) {
		errno = unlinkAt(f.fd, e, 0)
	}
	switch errno {
	case 0:
		r.did = true
		r.counts.Files.Add(1)
	case unix.ENOENT, unix.EISDIR:
	default:
		r.keep(f, e, errno)
	}
	return true
}

func (r *remover) directory(f *frame, e *entry) step {
	errno := unlinkAt(f.fd, e, unix.AT_REMOVEDIR)
	if errno == unix.EACCES && r.open(f.fd) {
		errno = unlinkAt(f.fd, e, unix.AT_REMOVEDIR)
	}
	switch errno {
	case 0:
		r.did = true
		r.counts.Directories.Add(1)
	case unix.ENOENT, unix.ENOTDIR:
	case unix.EBUSY:
		r.keep(f, e, errno)
	default: // not empty, or somebody else's with something in it
		return descend
	}
	return skip
}

func (r *remover) unread(f *frame, errno unix.Errno) { r.add(f.fd, "", errno.Error()) }

func (r *remover) opened(*frame, *unix.Statx_t) step { return descend }

// failed gives the owner the right to read what is theirs.
func (r *remover) failed(f *frame, e *entry, errno unix.Errno) bool {
	switch errno {
	case unix.ENOENT, unix.ENOTDIR, unix.ELOOP:
		return false // it has changed
	case unix.EACCES:
		fd, e2 := openAt(f.fd, e, unix.O_PATH|unix.O_DIRECTORY)
		if e2 == 0 {
			mended := r.openPath(fd)
			_ = unix.Close(fd)
			if mended {
				return true
			}
		}
	}
	r.keep(f, e, errno)
	return false
}

func (r *remover) left(f *frame, e *entry) {
	switch errno := unlinkAt(f.fd, e, unix.AT_REMOVEDIR); errno {
	case 0:
		r.did = true
		r.counts.Directories.Add(1)
	case unix.ENOENT, unix.ENOTDIR:
	case unix.ENOTEMPTY, unix.EEXIST: // what is in it is told of, or the next pass finds it
	default:
		r.keep(f, e, errno)
	}
}

// tooDeep moves a directory up to the top, where the next pass finds it.
func (r *remover) tooDeep(f *frame, e *entry) {
	for n := r.raised; n < r.raised+64; n++ {
		to := Removed + strconv.Itoa(n)
		err := unix.Renameat2(f.fd, string(e.name), r.top, to, unix.RENAME_NOREPLACE)
		if err == nil {
			r.raised++
			r.did = true
			return
		}
		if err != unix.EEXIST {
			r.keep(f, e, errnoOf(err))
			return
		}
	}
	r.keep(f, e, unix.EEXIST)
}

func (r *remover) keep(f *frame, e *entry, errno unix.Errno) {
	why := reason(errno)
	var x unix.Statx_t
	if (errno == unix.EPERM || errno == unix.EACCES) && statAt(f.fd, e, &x) == 0 {
		switch {
		case x.Attributes&(unix.STATX_ATTR_IMMUTABLE|unix.STATX_ATTR_APPEND) != 0:
			why = "is immutable or append-only (chattr)"
		case x.Uid != r.uid:
			why = "belongs to uid " + decimal(x.Uid)
			if !slices.Contains(r.owners, x.Uid) && len(r.owners) < 64 {
				r.owners = append(r.owners, x.Uid)
			}
		}
	}
	r.add(f.fd, string(e.name), why)
}

func reason(errno unix.Errno) string {
	switch errno {
	case unix.EBUSY, unix.EXDEV:
		return "something is mounted there"
	}
	return errno.Error()
}

// open gives the owner all rights to a directory of theirs that is open.
func (r *remover) open(fd int) bool {
	var x unix.Statx_t
	if fstat(fd, &x) != 0 || x.Uid != r.uid || x.Mode&0o700 == 0o700 {
		return false
	}
	return unix.Fchmod(fd, 0o700) == nil
}

// openPath does it to one that is open as a path only.
func (r *remover) openPath(fd int) bool {
	var x unix.Statx_t
	if fstat(fd, &x) != 0 || x.Uid != r.uid || x.Mode&0o700 == 0o700 {
		return false
	}
	return unix.Chmod("/proc/thread-self/fd/"+strconv.Itoa(fd), 0o700) == nil
}
