package dirs

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// ErrUnsafe is wrapped by every error that says that something is there but is
// not as it must be.
var ErrUnsafe = errors.New("unsafe")

// unsafeError says what is wrong with a path.
type unsafeError struct{ path, why string }

func (e *unsafeError) Error() string        { return e.path + " " + e.why }
func (e *unsafeError) Is(target error) bool { return target == ErrUnsafe }

// Verify tells whether a uid's private directory is there and is as it must
// be. It needs no privilege: it is all that a usual login does.
func Verify(s Spec, uid uint32) error {
	parent, err := openParent(s.Parent)
	if err != nil {
		return err
	}
	defer sys.Close(parent)
	base, err := openBase(parent, s)
	if err != nil {
		return err
	}
	defer sys.Close(base)
	user, err := openUser(base, s.Path(uid), name(uid), uid, false)
	sys.Close(user)
	return err
}

// openParent walks to a directory from the root and checks rule (b) at every
// step.
func openParent(path string) (int, error) { return OpenParent(path) }

// OpenParent is openParent, for who mounts something there.
func OpenParent(path string) (int, error) {
	fd, err := sys.OpenRoot()
	if err != nil {
		return -1, err
	}
	for at := ""; ; {
		if err := checkParent(fd, at); err != nil {
			sys.Close(fd)
			return -1, err
		}
		if path == at || path == "/" {
			return fd, nil
		}
		component, _, _ := strings.Cut(path[len(at)+1:], "/")
		at = path[:len(at)+1+len(component)]
		next, err := sys.OpenAt(fd, component, unix.O_PATH|unix.O_DIRECTORY)
		sys.Close(fd)
		if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
			return -1, &unsafeError{at, "is a symbolic link or no directory; name the directory itself in tmpshell.conf"}
		}
		if err != nil {
			return -1, withPath(err, at)
		}
		fd = next
	}
}

func checkParent(fd int, path string) error {
	if path == "" {
		path = "/"
	}
	st, err := sys.Fstat(fd)
	switch {
	case err != nil:
		return withPath(err, path)
	case st.UID != 0:
		return &unsafeError{path, "is not owned by root"}
	case st.Perm()&0o022 != 0 && st.Perm()&unix.S_ISVTX == 0:
		return &unsafeError{path, "can be written by others and is not sticky"}
	}
	return nil
}

// openBase opens a base as a path only: its mode lets nobody read it.
func openBase(parent int, s Spec) (int, error) {
	fd, err := sys.OpenAt(parent, s.Base, unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
		return -1, &unsafeError{s.BasePath(), "is not a directory"}
	}
	if err != nil {
		return -1, withPath(err, s.BasePath())
	}
	st, err := sys.Fstat(fd)
	if err == nil && s.Guarded {
		err = checkMount(parent, st, s.BasePath())
	}
	if err == nil {
		err = checkBase(st, s)
	}
	if err != nil {
		sys.Close(fd)
		return -1, withPath(err, s.BasePath())
	}
	return fd, nil
}

// checkBase is rule (c). A base that is not guarded belongs to another program
// (systemd-logind), whose choice of group and search bits is left alone.
func checkBase(st sys.Stat, s Spec) error {
	switch {
	case st.Type() != unix.S_IFDIR:
		return &unsafeError{s.BasePath(), "is not a directory"}
	case st.UID != 0:
		return &unsafeError{s.BasePath(), "belongs to uid " + name(st.UID)}
	case s.Guarded && (st.Perm() != s.Mode || st.GID != 0), st.Perm()&0o022 != 0:
		return &unsafeError{s.BasePath(), "has mode " + octal(st.Perm()) + " and group " + name(st.GID)}
	}
	return nil
}

// openUser opens and checks rule (d), as a path only: nothing in there is asked
// before it is known whose it is. The mode alone is put right: the directory is
// the user's, and so are we.
//
// alone: the name is one that anybody could have taken. What is mounted there
// is then refused, see checkMount. In a base that is as it must be, only root
// and the user himself can mount anything.
func openUser(dir int, path, entry string, uid uint32, alone bool) (int, error) {
	fd, err := sys.OpenAt(dir, entry, unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) {
		return -1, &unsafeError{path, "is not a directory"}
	}
	if err != nil {
		return -1, withPath(err, path)
	}
	if err = checkUser(dir, fd, path, uid, alone); err != nil {
		sys.Close(fd)
		return -1, withPath(err, path)
	}
	return fd, nil
}

func checkUser(dir, fd int, path string, uid uint32, alone bool) error {
	st, err := sys.Fstat(fd)
	if err == nil && alone {
		err = checkMount(dir, st, path)
	}
	if err == nil && st.UID == uid && st.Type() == unix.S_IFDIR && st.Perm() != 0o700 {
		if err = chmodOwn(fd); err == nil {
			st, err = sys.Fstat(fd)
		}
	}
	switch {
	case err != nil:
		return err
	case st.Type() != unix.S_IFDIR:
		return &unsafeError{path, "is not a directory"}
	case st.UID != uid:
		return &unsafeError{path, "belongs to uid " + name(st.UID)}
	case st.Perm() != 0o700:
		return &unsafeError{path, "has mode " + octal(st.Perm())}
	}
	return nil
}

// checkMount refuses a directory that something is mounted on. A user can mount
// FUSE on a directory of his own, and with user_allow_other his server tells
// other users whatever owner and mode they want to see, and whatever content.
func checkMount(dir int, st sys.Stat, path string) error {
	parent, err := sys.Fstat(dir)
	if err != nil {
		return err
	}
	if st.MountRoot || st.Major != parent.Major || st.Minor != parent.Minor {
		return &unsafeError{path, "is a mount point"}
	}
	return nil
}

// chmodOwn sets the mode of the user's own directory to 0700. One that he took
// his own right to read away from can only be named through /proc.
func chmodOwn(path int) error {
	fd, err := sys.Reopen(path)
	if err == nil {
		defer sys.Close(fd)
		return sys.Fchmod(fd, ".", 0o700)
	}
	magic := "/proc/thread-self/fd/" + strconv.Itoa(path)
	if err := sys.Retry(func() error { return unix.Chmod(magic, 0o700) }); err != nil {
		return &fs.PathError{Op: "chmod", Path: ".", Err: err}
	}
	return nil
}

// withPath gives an error the whole path for the name inside a directory.
func withPath(err error, path string) error {
	if pe, ok := err.(*fs.PathError); ok {
		return &fs.PathError{Op: pe.Op, Path: path, Err: pe.Err}
	}
	return err
}

func octal(mode uint32) string { return "0" + strconv.FormatUint(uint64(mode), 8) }
