package clean

import (
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/making"
	"tmpshell/internal/sys"
)

// place is a directory of root's that units are in.
type place struct {
	name string // of one that is in no other, the whole path
	at   fsPath // of one that is in no other
	fd   int    // -1: it is opened when it is needed, see in
	// in is the place that it is in, if it is one of many.
	in *place
	id fileID
	// public: others can make names in it.
	public bool
	holds  int // units that are there; -1: see holders
}

func (p *place) path() string {
	if p.in == nil {
		return p.name
	}
	return p.in.path() + "/" + p.name
}

// with runs f with a descriptor of the place.
func (p *place) with(f func(fd int) error) error {
	if p.fd >= 0 {
		return f(p.fd)
	}
	e := named(p.name)
	return p.in.with(func(dir int) error {
		fd, errno := openAt(dir, &e, asDirectory)
		if errno != 0 {
			return &fs.PathError{Op: "openat", Path: p.path(), Err: errno}
		}
		defer sys.Close(fd)
		var x unix.Statx_t
		if errno := fstat(fd, &x); errno != 0 {
			return &fs.PathError{Op: "statx", Path: p.path(), Err: errno}
		}
		if idOf(&x) != p.id || x.Uid != 0 {
			return &fs.PathError{Op: "openat", Path: p.path(), Err: errChanged}
		}
		return f(fd)
	})
}

// named is an entry of a name that we have, not the kernel.
func named(name string) entry {
	return entry{name: append([]byte(name), 0)[:len(name)]}
}

// unit is what is removed as one: rule (l).
type unit struct {
	Kind   Kind
	UID    uint32 // whose it is
	Shared string // the directory that it stands for, if that is known
	place  *place
	name   string // now
	was    string // of one that has lost its name, the name
	job    string // that it is of
	inside *place // of a Holder, for its instances
	owner  uint32
	id     fileID
	mode   uint32
	last   int64 // use of the directory itself
	born   int64 // 0: not known
	since  int64 // change of the inode: a rename is one
}

// isOrphaned tells whether a run before has taken it away from a uid without an
// account.
func (u *unit) isOrphaned() bool { return strings.Contains(u.name, Orphaned) && u.was != "" }

func (u *unit) path() string { return u.place.path() + "/" + u.name }

func (u *unit) at() fsPath {
	return u.place.where().below(u.name)
}

// where is the place in its file system.
func (p *place) where() fsPath {
	if p.in == nil {
		return p.at
	}
	return p.in.where().below(p.name)
}

var errChanged = errors.New("it is not the one that was looked at")

// open opens a unit, if it is still the one that was found.
func (u *unit) open(flags int) (fd int, err error) {
	err = u.place.with(func(dir int) error {
		e := named(u.name)
		var errno unix.Errno
		if fd, errno = openAt(dir, &e, flags); errno != 0 {
			return &fs.PathError{Op: "openat", Path: u.path(), Err: errno}
		}
		var x unix.Statx_t
		if errno := fstat(fd, &x); errno != 0 {
			sys.Close(fd)
			return &fs.PathError{Op: "statx", Path: u.path(), Err: errno}
		}
		if idOf(&x) != u.id || x.Uid != u.owner {
			sys.Close(fd)
			return &fs.PathError{Op: "openat", Path: u.path(), Err: errChanged}
		}
		u.mode = uint32(x.Mode)
		return nil
	})
	if err != nil {
		return -1, err
	}
	return fd, nil
}

// marked is the set-user-ID bit, which says nothing of a directory on Linux: those
// who are in there notice nothing, and no login accepts the mode.
const marked = unix.S_ISUID

// canBeMarked: a login finds the unit by its name.
func (u *unit) canBeMarked() bool {
	return u.was == "" && (u.Kind == Env || u.Kind == Job || u.Kind == Instance || u.Kind == Fallback)
}

// markTries is how often a mark is set that a login, or the user, takes off at once.
const markTries = 20

// mark sets or takes off the mark.
func (u *unit) mark(g *guard, on bool) error {
	fd, err := u.open(asDirectory)
	if err != nil {
		return err
	}
	defer sys.Close(fd)
	mode := u.mode & 0o7777 &^ marked
	if on {
		mode |= marked
	}
	path := u.path()
	for range markTries {
		err = g.run(u.UID, takingMost, fd, func(_ *watch, fd int) error { return sys.Fchmod(fd, path, mode) })
		if err == ErrStuck {
			err = &fs.PathError{Op: "fchmod", Path: path, Err: err}
		}
		if err != nil {
			return err
		}
		if is, err := u.isMarked(fd); err != nil || is == on {
			return err
		}
	}
	return &fs.PathError{Op: "fchmod", Path: path, Err: errors.New("the mode does not stay: the file system does not keep it, or somebody changes it all the time")}
}

func (u *unit) isMarked(fd int) (bool, error) {
	var x unix.Statx_t
	if errno := fstat(fd, &x); errno != 0 {
		return false, &fs.PathError{Op: "statx", Path: u.path(), Err: errno}
	}
	return x.Mode&marked != 0, nil
}

// away gives the name of a marked unit away. It stays, and false is returned, if a
// login has taken the mark off. tail is Removed or Orphaned.
func (u *unit) away(tail string) (bool, error) {
	fd, err := u.open(asDirectory)
	if err != nil {
		return false, err
	}
	defer sys.Close(fd)
	end, err := sys.RandomName()
	if err != nil {
		return false, err
	}
	// From here on no helper takes the mark off: who has taken it off has a
	// directory whose name does not go away for a moment, either.
	defer making.Turn()()
	if is, err := u.isMarked(fd); err != nil || !is {
		return false, err
	}
	from, to := u.name, u.name+tail+end
	if err := u.place.rename(from, to); err != nil {
		return false, err
	}
	u.name = to
	// The one that was renamed is the one that is open: unless its owner
	// has put something else in its place, where the owner can.
	again, err := u.open(asDirectory)
	sys.Close(again)
	is := false
	if err == nil {
		is, err = u.isMarked(fd)
	}
	if err != nil || !is {
		if back := u.place.rename(to, from); back == nil {
			u.name = from
		} else {
			err = errors.Join(err, back)
		}
		return false, err
	}
	u.was = from
	return true, nil
}

// back gives a unit that had lost its name to a run before the name again, if no
// other has it.
func (u *unit) back(g *guard) error {
	if err := u.place.rename(u.name, u.was); err != nil {
		return err
	}
	u.name, u.was = u.was, ""
	if !u.canBeMarked() {
		return nil
	}
	return u.mark(g, false)
}

// rename renames within a place.
func (p *place) rename(from, to string) error {
	return p.with(func(fd int) error { return sys.RenameAt(fd, from, to, unix.RENAME_NOREPLACE) })
}
