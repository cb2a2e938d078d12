// Package sys wraps the system calls that tmpshell works on files with.
//
// Every call takes a directory descriptor and one name, never a path, so that
// no step can be led elsewhere between a check and a use. O_CLOEXEC is forced,
// EINTR is retried, and an error names the real system call. The path inside an
// error is there for the reader alone.
package sys

import (
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// Retry calls f until it fails with something else than EINTR.
func Retry(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

// oneName rejects what is not a single component: with one, openat(2) and its
// its like cannot leave the directory.
func oneName(dir int, name string) error {
	if dir < 0 {
		return unix.EBADF
	}
	if name == "" || name == "." || name == ".." || strings.IndexByte(name, '/') >= 0 {
		return unix.EINVAL
	}
	return nil
}

// OpenRoot opens "/" as a starting point for OpenAt.
func OpenRoot() (int, error) {
	return open(unix.AT_FDCWD, "/", unix.O_PATH|unix.O_DIRECTORY)
}

// OpenCwd opens the working directory (O_PATH), also when the caller may not
// search it.
func OpenCwd() (int, error) {
	const flags = unix.O_PATH | unix.O_DIRECTORY
	fd, err := open(unix.AT_FDCWD, ".", flags)
	if errors.Is(err, unix.EACCES) {
		return open(unix.AT_FDCWD, "/proc/thread-self/cwd", flags)
	}
	return fd, err
}

// OpenPath opens a directory by its path, with the caller's rights (O_PATH). As
// with StatPath, the path is not to be trusted.
func OpenPath(path string) (int, error) {
	return open(unix.AT_FDCWD, path, unix.O_PATH|unix.O_DIRECTORY)
}

// CwdPath returns the path of the working directory, empty if it has none.
func CwdPath() string {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Getcwd(buf)
	if err != nil || n < 1 {
		return ""
	}
	return string(buf[:n-1]) // without the final NUL
}

// Fchdir changes the working directory.
func Fchdir(fd int) error {
	if err := Retry(func() error { return unix.Fchdir(fd) }); err != nil {
		return &fs.PathError{Op: "fchdir", Path: ".", Err: err}
	}
	return nil
}

// Chroot changes the root directory, and the working directory with it.
func Chroot(fd int) error {
	err := Fchdir(fd)
	if err == nil {
		err = Retry(func() error { return unix.Chroot(".") })
	}
	if err != nil {
		return &fs.PathError{Op: "chroot", Path: ".", Err: err}
	}
	return nil
}

// OpenAt opens name in dir without following a symbolic link and without
// blocking on a FIFO (CVE-2024-22365).
func OpenAt(dir int, name string, flags int) (int, error) {
	if err := oneName(dir, name); err != nil {
		return -1, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	return open(dir, name, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK)
}

// Reopen opens for reading a directory that is open as a path only (O_PATH).
func Reopen(dir int) (int, error) {
	if dir < 0 {
		return -1, &fs.PathError{Op: "openat", Path: ".", Err: unix.EBADF}
	}
	return open(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY)
}

func open(dir int, name string, flags int) (fd int, err error) {
	err = Retry(func() error {
		fd, err = unix.Openat(dir, name, flags|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return -1, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	return fd, nil
}

// MkdirAt makes a directory; mode is reduced by the umask.
func MkdirAt(dir int, name string, mode uint32) error {
	if err := oneName(dir, name); err != nil {
		return &fs.PathError{Op: "mkdirat", Path: name, Err: err}
	}
	if err := Retry(func() error { return unix.Mkdirat(dir, name, mode) }); err != nil {
		return &fs.PathError{Op: "mkdirat", Path: name, Err: err}
	}
	return nil
}

// CreateAt makes a new file and opens it for writing; mode is reduced by the
// umask.
func CreateAt(dir int, name string, mode uint32) (fd int, err error) {
	if err := oneName(dir, name); err != nil {
		return -1, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	err = Retry(func() error {
		fd, err = unix.Openat(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
		return err
	})
	if err != nil {
		return -1, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	return fd, nil
}

// SymlinkAt makes a symbolic link.
func SymlinkAt(target string, dir int, name string) error {
	err := oneName(dir, name)
	if err == nil {
		err = Retry(func() error { return unix.Symlinkat(target, dir, name) })
	}
	if err != nil {
		return &fs.PathError{Op: "symlinkat", Path: name, Err: err}
	}
	return nil
}

// ReadlinkAt returns where a symbolic link leads.
func ReadlinkAt(dir int, name string) (string, error) {
	buf := make([]byte, unix.PathMax)
	n := 0
	err := oneName(dir, name)
	if err == nil {
		err = Retry(func() (err error) {
			n, err = unix.Readlinkat(dir, name, buf)
			return err
		})
	}
	if err != nil {
		return "", &fs.PathError{Op: "readlinkat", Path: name, Err: err}
	}
	return string(buf[:n]), nil
}

// RenameAt renames within one directory with the flags of renameat2(2).
func RenameAt(dir int, from, to string, flags uint) error {
	for _, name := range []string{from, to} {
		if err := oneName(dir, name); err != nil {
			return &fs.PathError{Op: "renameat2", Path: name, Err: err}
		}
	}
	err := Retry(func() error { return unix.Renameat2(dir, from, dir, to, flags) })
	if err != nil {
		return &fs.PathError{Op: "renameat2", Path: to, Err: err}
	}
	return nil
}

// RmdirAt removes an empty directory.
func RmdirAt(dir int, name string) error { return unlinkAt(dir, name, unix.AT_REMOVEDIR) }

// UnlinkAt removes what is no directory.
func UnlinkAt(dir int, name string) error { return unlinkAt(dir, name, 0) }

func unlinkAt(dir int, name string, flags int) error {
	if err := oneName(dir, name); err != nil {
		return &fs.PathError{Op: "unlinkat", Path: name, Err: err}
	}
	if err := Retry(func() error { return unix.Unlinkat(dir, name, flags) }); err != nil {
		return &fs.PathError{Op: "unlinkat", Path: name, Err: err}
	}
	return nil
}

// Close closes a descriptor; a negative one is nothing.
func Close(fd int) {
	if fd >= 0 {
		_ = unix.Close(fd) // nothing was written through it
	}
}
