package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Stat is what there is to know of a file.
type Stat struct {
	Mode         uint32 // type and permission bits, as in st_mode
	UID, GID     uint32
	Major, Minor uint32 // of the device
	Ino, Size    uint64
	Links        uint32 // names of the file; 0: it has been removed
	Mtime, Ctime Time
	// MountID is the number of the mount: unique for ever from Linux 6.8 on,
	// unique among those that exist from 5.8 on, before that 0.
	MountID uint64
	// MountRoot: something is mounted here (Linux 5.8).
	MountRoot bool
}

// Time is a time stamp of a file.
type Time struct {
	Sec  int64
	Nsec uint32
}

// Type returns the file type bits (S_IFDIR…).
func (s *Stat) Type() uint32 { return s.Mode & unix.S_IFMT }

// Perm returns the permission bits with setuid, setgid and sticky.
func (s *Stat) Perm() uint32 { return s.Mode & 0o7777 }

// SameFile tells whether both are one inode.
func (s *Stat) SameFile(o *Stat) bool {
	return s.Ino == o.Ino && s.Major == o.Major && s.Minor == o.Minor
}

// SameDevice tells whether both are on one file system.
func (s *Stat) SameDevice(o *Stat) bool { return s.Major == o.Major && s.Minor == o.Minor }

// Fstat looks at an open descriptor, O_PATH included.
//
// It asks for what the kernel knows already (AT_STATX_DONT_SYNC): whoever
// mounts a FUSE file system on a name must not be able to hang other people's
// logins.
func Fstat(n int, s *Stat) Errno {
	empty := [1]byte{}
	return statx(n, unsafe.Pointer(&empty), unix.AT_EMPTY_PATH, s)
}

// StatAt looks at a name in dir without following a symbolic link.
func StatAt(dir int, entry string, s *Stat) Errno {
	var n name
	if e := n.set(dir, entry); e != 0 {
		return e
	}
	return statx(dir, n.pointer(), unix.AT_SYMLINK_NOFOLLOW, s)
}

// StatPath looks at a path, following symbolic links. It is for paths that the
// program itself names, and for questions whose answer decides nothing
// privileged, such as whose an inherited TMPDIR is.
func StatPath(path string, s *Stat) Errno { return statPath(path, 0, s) }

// LstatPath is StatPath without following a link that the path itself is.
func LstatPath(path string, s *Stat) Errno { return statPath(path, unix.AT_SYMLINK_NOFOLLOW, s) }

func statPath(path string, flags int, s *Stat) Errno {
	if len(path) >= shortPath {
		return statLong(path, flags, s)
	}
	var p [shortPath]byte
	if e := set(p[:], path); e != 0 {
		return e
	}
	return statx(unix.AT_FDCWD, unsafe.Pointer(&p), flags, s)
}

//go:noinline
func statLong(path string, flags int, s *Stat) Errno {
	var p Path
	if e := p.Set(path); e != 0 {
		return e
	}
	return statx(unix.AT_FDCWD, p.pointer(), flags, s)
}

func statx(dir int, path unsafe.Pointer, flags int, s *Stat) Errno {
	var x unix.Statx_t
	const wanted = unix.STATX_BASIC_STATS | unix.STATX_MNT_ID_UNIQUE
	_, e := Call(unix.SYS_STATX, fd(dir), uintptr(path), uintptr(flags|unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT),
		wanted, uintptr(unsafe.Pointer(&x)), 0)
	if e != 0 {
		return e
	}
	*s = Stat{
		Mode: uint32(x.Mode), UID: x.Uid, GID: x.Gid, Major: x.Dev_major, Minor: x.Dev_minor,
		Ino: x.Ino, Size: x.Size, Links: x.Nlink,
		Mtime:     Time{x.Mtime.Sec, x.Mtime.Nsec},
		Ctime:     Time{x.Ctime.Sec, x.Ctime.Nsec},
		MountRoot: x.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0,
	}
	if x.Mask&(unix.STATX_MNT_ID|unix.STATX_MNT_ID_UNIQUE) != 0 {
		s.MountID = x.Mnt_id
	}
	return 0
}
