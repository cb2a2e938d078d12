package sys

import (
	"errors"
	"io/fs"
	"strconv"

	"golang.org/x/sys/unix"
)

// What SELinux keeps of a file (xattr(7)), and where a thread says what label its next
// files get (proc_pid_attr(5)).
const (
	labelName = "security.selinux"
	fscreate  = "/proc/thread-self/attr/fscreate"
	maxLabel  = 4096 // the kernel's own limit is a page
)

// Label returns the SELinux label of an open file, which may be a path only (O_PATH).
// It is empty where there is none: a file system without labels, no procfs.
func Label(fd int) (string, error) {
	buf := make([]byte, maxLabel)
	n := 0
	err := Retry(func() (err error) {
		n, err = unix.Getxattr(procFD(fd), labelName, buf)
		return err
	})
	switch {
	case errors.Is(err, unix.ENODATA), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return "", nil
	case err != nil:
		return "", &fs.PathError{Op: "getxattr", Path: labelName, Err: err}
	}
	for n > 0 && buf[n-1] == 0 {
		n--
	}
	return string(buf[:n]), nil
}

// SetLabel sets it.
func SetLabel(fd int, label string) error {
	if err := Retry(func() error { return unix.Setxattr(procFD(fd), labelName, []byte(label+"\x00"), 0) }); err != nil {
		return &fs.PathError{Op: "setxattr", Path: labelName, Err: err}
	}
	return nil
}

// procFD names what is open: neither call takes a descriptor that is a path only.
func procFD(fd int) string { return "/proc/thread-self/fd/" + strconv.Itoa(fd) }

// KnowsLabel tells whether SELinux is on and has such a label. A disk has labels of
// another boot, too; procfs has some only while SELinux is on.
func KnowsLabel(label string) (bool, error) {
	if _, err := unix.Getxattr("/proc/thread-self", labelName, nil); err != nil {
		return false, nil
	}
	err := WithLabel(label, func() error { return nil })
	if errors.Is(err, unix.EINVAL) || errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// WithLabel runs f, and what this thread makes meanwhile gets a label. An empty one is
// whatever SELinux chooses.
func WithLabel(label string, f func() error) error {
	if label == "" {
		return f()
	}
	if err := nextLabel(label); err != nil {
		return err
	}
	err := f()
	if back := nextLabel("\n"); err == nil { // none
		err = back
	}
	return err
}

func nextLabel(label string) error {
	fd := -1
	err := Retry(func() (err error) {
		fd, err = unix.Open(fscreate, unix.O_WRONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
		return err
	})
	if err == nil {
		err = Retry(func() error {
			_, err := unix.Write(fd, []byte(label))
			return err
		})
		Close(fd)
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: fscreate, Err: err}
	}
	return nil
}
