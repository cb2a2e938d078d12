// Package source reads files in such a way that a later change of one of them
// can be told from its time stamps alone.
//
// The stamps of a file have the resolution of the kernel's tick, 1 to 10 ms. A
// file that was changed, read and changed again within one tick looks as it did
// when it was read. So a file is read when its last change is a tick ago, and
// one that changes while it is read is read again.
package source

import (
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/policy"
)

// Source is a file or directory as it was when it was read.
type Source struct {
	Path     string
	Absent   bool // there was none
	Barred   bool // it could not even be looked at, for a reason of its own
	Dangling bool // it was a symbolic link to nothing
	Stat     bare.Stat
	Digest   uint64 // of its contents, see policy.Digest
}

// Gone is a source that is not there, or leads to nothing: a volume that is not
// mounted is no file that was removed.
func Gone(path string) Source {
	var st bare.Stat
	link := bare.LstatPath(path, &st) == 0
	return Source{Path: path, Absent: !link, Dangling: link}
}

// IsGone tells whether an error says that there is no such file.
func IsGone(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) }

// ErrChanging: a file was changed each time that it was read.
var ErrChanging = errors.New("it is being changed all the time")

// attempts bounds the race with whoever writes the file.
const attempts = 10

// patience bounds the wait for a tick, which lasts 10 ms at most. The clock of a
// file server may be ahead.
const patience = 50 * time.Millisecond

// Open opens a path, following symbolic links. O_NONBLOCK: a FIFO in its place
// must not stop anybody.
func Open(path string) (int, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return -1, &fs.PathError{Op: "open", Path: path, Err: err}
		}
		return fd, nil
	}
}

// Read opens a path, has it read, and returns as what it was read. read is called
// again with the file rewound if that changed meanwhile. A file that is not
// there is no error; what read returns is.
func Read(path string, read func(fd int, st *bare.Stat) error) (Source, error) {
	s := Source{Path: path}
	for range attempts {
		fd, err := Open(path)
		if IsGone(err) {
			return Gone(path), nil
		}
		if err != nil {
			// What could not be opened is there, and may be opened later.
			if e := bare.StatPath(path, &s.Stat); e.Kind() == bare.Object {
				s.Barred = true
			} else if e != 0 {
				s = Source{}
			}
			return s, err
		}
		again, err := s.once(fd, read)
		unix.Close(fd)
		if !again || err != nil {
			return s, err
		}
	}
	return s, &fs.PathError{Op: "read", Path: path, Err: ErrChanging}
}

func (s *Source) once(fd int, read func(int, *bare.Stat) error) (again bool, err error) {
	if err := s.fstat(fd, &s.Stat); err != nil {
		return false, err
	}
	settle(s.Stat.Ctime)
	if err := s.fstat(fd, &s.Stat); err != nil {
		return false, err
	}
	if err := read(fd, &s.Stat); err != nil {
		return false, err
	}
	bare.Rewind(fd)
	var e bare.Errno
	if s.Digest, e = policy.Digest(fd, &s.Stat); e != 0 {
		return false, &fs.PathError{Op: "read", Path: s.Path, Err: unix.Errno(e)}
	}
	var after bare.Stat
	if err := s.fstat(fd, &after); err != nil {
		return false, err
	}
	return after.Ctime != s.Stat.Ctime || after.Mtime != s.Stat.Mtime || after.Size != s.Stat.Size, nil
}

func (s *Source) fstat(fd int, to *bare.Stat) error {
	if e := bare.Fstat(fd, to); e != 0 {
		return &fs.PathError{Op: "statx", Path: s.Path, Err: unix.Errno(e)}
	}
	return nil
}

// settle waits until the clock that the kernel stamps files with has gone on.
func settle(changed bare.Time) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		var now unix.Timespec
		if unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &now) != nil {
			return
		}
		if sec := int64(now.Sec); sec > changed.Sec || sec == changed.Sec && int64(now.Nsec) > int64(changed.Nsec) {
			return
		}
	}
}
