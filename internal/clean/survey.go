package clean

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// Survey is what is in a directory.
type Survey struct {
	Files       uint64 // all that is no directory
	Directories uint64 // without the one itself
	Bytes       uint64 // on the disk
	Newest      int64  // nanoseconds since 1970
	// Young: there is something that is newer than was asked about, and the
	// numbers are those up to there.
	Young bool
	// Hidden: there are directories that the owner may not read, or that
	// belong to another mount.
	Hidden bool
	// wrong is what kept the rest from being looked at.
	wrong error
}

// cannot notes the first of what could not be looked at.
func (s *Survey) cannot(dir int, name string, errno unix.Errno) {
	s.Hidden = true
	if s.wrong == nil {
		s.wrong = &fs.PathError{Op: "look", Path: pathOf(dir, name), Err: errno}
	}
}

// surveyor walks a tree as its owner and changes nothing.
type surveyor struct {
	Survey
	cutoff int64 // of what is young; 0: there is none
	limit  uint64
}

// over surveys a unit as its owner. One that the owner may not read has what can be
// seen of it, and no error.
func (s *surveyor) over(g *guard, u *unit) error {
	fd, err := u.open(asDirectory)
	if err != nil {
		return err
	}
	defer sys.Close(fd)
	seen := *s // the thread's own: see guard.run
	err = g.asOwner(u.UID, u.UID, fd, func(w *watch, fd int) error { return overTree(w, fd, &seen) })
	if err == ErrStuck {
		return &fs.PathError{Op: "look", Path: u.path(), Err: err}
	}
	*s = seen
	if errors.Is(err, unix.EACCES) {
		s.Hidden, err = true, nil
	}
	if errno, is := err.(unix.Errno); is {
		err = &fs.PathError{Op: "look", Path: u.path(), Err: errno}
	}
	if err == nil && !s.Young {
		err = s.wrong
	}
	return err
}

func nanoseconds(t unix.StatxTimestamp) int64 { return t.Sec*1e9 + int64(t.Nsec) }

// lastUse is the newest of the four times of a file. That of reading a directory
// says nothing: find(1) and backups read them.
func lastUse(x *unix.Statx_t) int64 {
	newest := max(nanoseconds(x.Mtime), nanoseconds(x.Ctime))
	if x.Mask&unix.STATX_BTIME != 0 {
		newest = max(newest, nanoseconds(x.Btime))
	}
	if x.Mode&unix.S_IFMT != unix.S_IFDIR {
		newest = max(newest, nanoseconds(x.Atime))
	}
	return newest
}

// note counts one, and tells whether to go on.
func (s *surveyor) note(x *unix.Statx_t) bool {
	s.Bytes += x.Blocks * 512
	s.Newest = max(s.Newest, lastUse(x))
	s.Young = s.cutoff != 0 && s.Newest > s.cutoff
	return !s.Young && (s.limit == 0 || s.Files+s.Directories < s.limit)
}

func (s *surveyor) file(f *frame, e *entry) bool {
	var x unix.Statx_t
	if errno := statAt(f.fd, e, &x); errno != 0 {
		if errno != unix.ENOENT { // it is gone
			s.cannot(f.fd, string(e.name), errno)
		}
		return true
	}
	s.Files++
	return s.note(&x)
}

func (s *surveyor) directory(*frame, *entry) step { return descend }

func (s *surveyor) opened(_ *frame, x *unix.Statx_t) step {
	s.Directories++
	if !s.note(x) {
		return stop
	}
	return descend
}

func (s *surveyor) failed(f *frame, e *entry, errno unix.Errno) bool {
	switch errno {
	case unix.ENOENT:
	case unix.EACCES, unix.EXDEV, unix.ENOTDIR, unix.ELOOP: // not ours to see, or it has changed
		s.Hidden = true
	default:
		s.cannot(f.fd, string(e.name), errno)
	}
	return false
}

func (s *surveyor) unread(f *frame, errno unix.Errno) { s.cannot(f.fd, "", errno) }

func (s *surveyor) tooDeep(*frame, *entry) { s.Hidden = true }
func (s *surveyor) left(*frame, *entry)    {}
