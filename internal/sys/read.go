package sys

import (
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"
)

// ReadAll reads a descriptor to its end, or to limit bytes, whichever comes
// first.
func ReadAll(fd int, sizeHint, limit int) ([]byte, error) {
	buf := make([]byte, 0, min(sizeHint, limit)+1)
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := unix.Read(fd, buf[len(buf):min(cap(buf), limit+1)])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return buf, &fs.PathError{Op: "read", Path: "", Err: err}
		}
		buf = buf[:len(buf)+n]
		if n == 0 || len(buf) > limit {
			return buf[:min(len(buf), limit)], nil
		}
	}
}

// EachLine calls f with every line of a descriptor, without its newline, until
// f returns false. A line is valid only during the call. It reads no further
// than it must: the passwd file of a large site is a long one.
func EachLine(fd int, f func(line []byte) bool) error {
	buf := make([]byte, 16<<10)
	have := 0
	for {
		if have == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
		}
		n, err := unix.Read(fd, buf[have:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &fs.PathError{Op: "read", Path: "", Err: err}
		}
		if n == 0 {
			if have > 0 {
				f(buf[:have])
			}
			return nil
		}
		start, end := 0, have+n
		for i := have; i < end; i++ {
			if buf[i] == '\n' {
				if !f(buf[start:i]) {
					return nil
				}
				start = i + 1
			}
		}
		have = copy(buf, buf[start:end])
	}
}

// DirNames lists the names in a directory given by path.
func DirNames(path string) ([]string, error) {
	fd, err := open(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer Close(fd)
	return DirNamesOf(fd, path)
}

// DirNamesOf lists the names in an open directory; path is for the error alone.
func DirNamesOf(fd int, path string) ([]string, error) {
	var names []string
	buf := make([]byte, 8<<10)
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return names, &fs.PathError{Op: "getdents", Path: path, Err: err}
		}
		if n == 0 {
			return names, nil
		}
		if most := n / 24; cap(names)-len(names) < most { // append alone would copy five times as much
			names = slices.Grow(names, len(names)+most)
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
}

// SomeNames lists the first names in a directory, about a thousand: as many as
// one system call returns.
func SomeNames(path string) ([]string, error) {
	fd, err := open(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer Close(fd)
	buf := make([]byte, 32<<10)
	n := 0
	err = Retry(func() (err error) {
		n, err = unix.ReadDirent(fd, buf)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "getdents", Path: path, Err: err}
	}
	_, _, names := unix.ParseDirent(buf[:n], -1, nil)
	return names, nil
}

// OpenMountinfo opens the list of the thread's mounts (proc(5)).
func OpenMountinfo() (int, error) {
	return open(unix.AT_FDCWD, "/proc/thread-self/mountinfo", unix.O_RDONLY)
}
