package clean

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// The calls that are made for each file, on a name where the kernel has put it: in
// the buffer of getdents64(2), which ends each name with a NUL.

// fileID is one inode among those that are there at one time.
type fileID struct{ dev, ino uint64 }

func idOf(x *unix.Statx_t) fileID {
	return fileID{unix.Mkdev(x.Dev_major, x.Dev_minor), x.Ino}
}

func retry(f func() unix.Errno) unix.Errno {
	for {
		if errno := f(); errno != unix.EINTR {
			return errno
		}
	}
}

func unlinkAt(dir int, e *entry, flags int) unix.Errno {
	return retry(func() unix.Errno {
		_, _, errno := unix.Syscall(unix.SYS_UNLINKAT, uintptr(dir), uintptr(e.pointer()), uintptr(flags))
		return errno
	})
}

// getdents reads names; 0: there are no more.
func getdents(fd int, buf []byte) (int, unix.Errno) {
	for {
		n, err := unix.Getdents(fd, buf)
		if err != unix.EINTR {
			return max(n, 0), errnoOf(err)
		}
	}
}

const wanted = unix.STATX_BASIC_STATS | unix.STATX_BTIME

// statAt looks at a name without following it, and without waiting for whoever
// serves a file system there (AT_STATX_DONT_SYNC).
func statAt(dir int, e *entry, x *unix.Statx_t) unix.Errno {
	const flags = unix.AT_SYMLINK_NOFOLLOW | unix.AT_STATX_DONT_SYNC | unix.AT_NO_AUTOMOUNT
	return retry(func() unix.Errno {
		_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(dir), uintptr(e.pointer()), flags, wanted, uintptr(unsafe.Pointer(x)), 0)
		return errno
	})
}

// statNow is statAt for what is in a directory of root's, in which nobody else keeps the
// kernel waiting, see guard: Go's runtime is not told of it (RawSyscall). It takes a thread
// that has been in a call for 20 µs for one that waits, and wakes another: of 20,000 of
// these calls, some 1,300 times. Were one held up, the collector would be, too.
func statNow(dir int, e *entry, x *unix.Statx_t) unix.Errno {
	const flags = unix.AT_SYMLINK_NOFOLLOW | unix.AT_STATX_DONT_SYNC | unix.AT_NO_AUTOMOUNT
	_, _, errno := unix.RawSyscall6(unix.SYS_STATX, uintptr(dir), uintptr(e.pointer()), flags, wanted, uintptr(unsafe.Pointer(x)), 0)
	if errno == unix.EINTR {
		return statAt(dir, e, x)
	}
	return errno
}

func fstat(fd int, x *unix.Statx_t) unix.Errno {
	var empty [1]byte
	const flags = unix.AT_EMPTY_PATH | unix.AT_STATX_DONT_SYNC
	return retry(func() unix.Errno {
		_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(fd), uintptr(unsafe.Pointer(&empty)), flags, wanted, uintptr(unsafe.Pointer(x)), 0)
		return errno
	})
}

const (
	asDirectory = unix.O_RDONLY | unix.O_DIRECTORY
	beneath     = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV
)

// openAt opens one name, through no link and across no mount (EXDEV), without
// changing the access time where that is the caller's to say.
func openAt(dir int, e *entry, flags int) (int, unix.Errno) {
	fd, errno := open2(dir, e, flags|unix.O_NOATIME)
	if errno == unix.EPERM { // somebody else's
		fd, errno = open2(dir, e, flags)
	}
	return fd, errno
}

// hasOpenat2 is a variable so that tests run the fallback on every kernel.
var hasOpenat2 = true

func open2(dir int, e *entry, flags int) (int, unix.Errno) {
	flags |= unix.O_NOFOLLOW | unix.O_CLOEXEC | unix.O_NONBLOCK
	if flags&unix.O_PATH != 0 {
		flags &^= unix.O_NOATIME | unix.O_NONBLOCK
	}
	if hasOpenat2 {
		how := unix.OpenHow{Flags: uint64(flags), Resolve: beneath}
		fd := uintptr(0)
		errno := retry(func() (errno unix.Errno) {
			fd, _, errno = unix.Syscall6(unix.SYS_OPENAT2, uintptr(dir), uintptr(e.pointer()), uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
			return errno
		})
		if errno != unix.ENOSYS { // before Linux 5.6
			return int(int32(fd)), errno
		}
	}
	return openStepwise(dir, e, flags)
}

// openStepwise opens a path first, which asks nobody who serves a mount.
func openStepwise(dir int, e *entry, flags int) (int, unix.Errno) {
	path := -1
	errno := retry(func() unix.Errno {
		var err error
		path, err = unix.Openat(dir, string(e.name), unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		return errnoOf(err)
	})
	if errno != 0 {
		return -1, errno
	}
	defer sys.Close(path)
	here, err := sys.MountID(dir)
	there, err2 := sys.MountID(path)
	switch {
	case err != nil:
		return -1, errnoOf(err)
	case err2 != nil:
		return -1, errnoOf(err2)
	case here != there:
		return -1, unix.EXDEV
	}
	again := "/proc/thread-self/fd/" + strconv.Itoa(path)
	var x unix.Statx_t
	if errno := fstat(path, &x); errno != 0 {
		return -1, errno
	}
	if uint32(x.Mode)&unix.S_IFMT == unix.S_IFLNK {
		return -1, unix.ELOOP
	}
	fd := -1
	errno = retry(func() unix.Errno {
		var err error
		fd, err = unix.Openat(unix.AT_FDCWD, again, flags&^unix.O_NOFOLLOW, 0)
		return errnoOf(err)
	})
	return fd, errno
}

// openUp opens the directory above, if it is the one that was left.
func openUp(dir int, was fileID) (int, error) {
	e := entry{name: []byte("..\x00")[:2]}
	flags := asDirectory | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(dir, "..", flags|unix.O_NOATIME, 0)
	if err == unix.EPERM {
		fd, err = unix.Openat(dir, "..", flags, 0)
	}
	if err != nil {
		return -1, &fs.PathError{Op: "openat", Path: string(e.name), Err: err}
	}
	var x unix.Statx_t
	if errno := fstat(fd, &x); errno != 0 || idOf(&x) != was {
		sys.Close(fd)
		return -1, errMoved
	}
	return fd, nil
}

func errnoOf(err error) unix.Errno {
	if err == nil {
		return 0
	}
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return unix.EIO
}

// pathOf is for reports alone: what the kernel calls a descriptor now.
func pathOf(dir int, name string) string {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlink("/proc/thread-self/fd/"+strconv.Itoa(dir), buf)
	if err != nil || n < 1 {
		return name
	}
	return strings.TrimSuffix(string(buf[:n])+"/"+name, "/")
}
