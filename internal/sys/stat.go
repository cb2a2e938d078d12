package sys

import (
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Stat is what tmpshell wants to know of an open file.
type Stat struct {
	Mode     uint32 // type and permission bits, as in st_mode
	UID, GID uint32
	Major    uint32 // of the device
	Minor    uint32
	Ino      uint64
	Size     uint64
	// MountRoot: something is mounted here (STATX_ATTR_MOUNT_ROOT, Linux 5.8).
	MountRoot bool
}

// Type returns the file type bits (S_IFDIR…).
func (s Stat) Type() uint32 { return s.Mode & unix.S_IFMT }

// Perm returns the permission bits with setuid, setgid and sticky.
func (s Stat) Perm() uint32 { return s.Mode & 0o7777 }

// SameFile tells whether both are one inode.
func (s Stat) SameFile(o Stat) bool {
	return s.Ino == o.Ino && s.Major == o.Major && s.Minor == o.Minor
}

// Fstat looks at an open descriptor, O_PATH included.
//
// It asks for what the kernel knows already (AT_STATX_DONT_SYNC): whoever
// mounts a FUSE file system on a name that they squatted must not be able to hang
// other people's logins.
func Fstat(fd int) (Stat, error) {
	return statx(fd, "", unix.AT_EMPTY_PATH)
}

// StatAt looks at a name in dir without following a symbolic link.
func StatAt(dir int, name string) (Stat, error) {
	if err := oneName(dir, name); err != nil {
		return Stat{}, &fs.PathError{Op: "statx", Path: name, Err: err}
	}
	return statx(dir, name, unix.AT_SYMLINK_NOFOLLOW)
}

// StatPath looks at a path, following symbolic links. It is for questions
// whose answer decides nothing privileged, such as whose an inherited TMPDIR is.
func StatPath(path string) (Stat, error) {
	return statx(unix.AT_FDCWD, path, 0)
}

// HasStatx is a variable so that tests run the fallback on every kernel.
var HasStatx = true

func statx(dir int, name string, flags int) (Stat, error) {
	if HasStatx {
		var x unix.Statx_t
		err := Retry(func() error {
			return unix.Statx(dir, name, flags|unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT,
				unix.STATX_BASIC_STATS, &x)
		})
		// Before Linux 4.11 there is no statx(2); old seccomp filters
		// answer EPERM to a call that they do not know.
		if err != unix.ENOSYS && err != unix.EPERM {
			if err != nil {
				return Stat{}, &fs.PathError{Op: "statx", Path: name, Err: err}
			}
			return Stat{
				Mode: uint32(x.Mode), UID: x.Uid, GID: x.Gid,
				Major: x.Dev_major, Minor: x.Dev_minor, Ino: x.Ino, Size: x.Size,
				MountRoot: x.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0,
			}, nil
		}
	}
	var st unix.Stat_t
	err := Retry(func() error { return unix.Fstatat(dir, name, &st, flags) })
	if err != nil {
		return Stat{}, &fs.PathError{Op: "fstatat", Path: name, Err: err}
	}
	return Stat{
		Mode: st.Mode, UID: st.Uid, GID: st.Gid,
		Major: unix.Major(st.Dev), Minor: unix.Minor(st.Dev), Ino: st.Ino, Size: uint64(st.Size),
	}, nil
}

// MountID returns the number of the mount that a descriptor is on. Two mounts
// that exist at one time never have the same.
func MountID(fd int) (uint64, error) {
	var x unix.Statx_t
	err := Retry(func() error {
		return unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_MNT_ID_UNIQUE, &x)
	})
	const known = unix.STATX_MNT_ID | unix.STATX_MNT_ID_UNIQUE // Linux 5.8 and 6.8
	switch {
	case !HasStatx, err == unix.ENOSYS, err == unix.EPERM:
	case err != nil: // to ask elsewhere would give a number of another kind
		return 0, &fs.PathError{Op: "statx", Path: "mount", Err: err}
	case x.Mask&known != 0:
		return x.Mnt_id, nil
	}
	return mountIDByProc(fd)
}

// mountIDByProc reads it from /proc (Linux 3.15).
func mountIDByProc(fd int) (uint64, error) {
	path := "/proc/thread-self/fdinfo/" + strconv.Itoa(fd)
	info, err := open(unix.AT_FDCWD, path, unix.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer Close(info)
	id, found := uint64(0), false
	err = EachLine(info, func(line []byte) bool {
		if value, ok := strings.CutPrefix(string(line), "mnt_id:"); ok {
			id, err = strconv.ParseUint(strings.TrimSpace(value), 10, 64)
			found = err == nil
		}
		return !found
	})
	if err == nil && !found {
		err = &fs.PathError{Op: "read", Path: path, Err: unix.ENODATA}
	}
	return id, err
}

// MayWrite tells whether the caller could make files in the directory at path.
// As with StatPath, nothing privileged is decided by it.
func MayWrite(path string) bool {
	return unix.Access(path, unix.W_OK|unix.X_OK) == nil
}
