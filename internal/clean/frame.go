package clean

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// entry is one name in a directory, valid until the next is read.
type entry struct {
	name []byte // with a NUL behind it
	typ  uint8  // DT_DIR and others
}

func (e *entry) pointer() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(e.name)) }

// frame is a directory that a walk is in.
type frame struct {
	fd       int
	level    int
	id       fileID
	buf      *[bufSize]byte
	n        int   // bytes in buf
	cur, at  int   // of the entry that was returned, and of the next
	pos      int64 // where the directory is read from to get that entry again
	next     int64
	times    [2]unix.Timespec // access and modification, when it was opened
	restored bool             // they are to be put back
}

func (f *frame) close() {
	if f.fd >= 0 && f.restored {
		putBack(f.fd, f.times)
	}
	sys.Close(f.fd)
	f.fd = -1
}

// entryAt reads a struct linux_dirent64 (getdents64(2)).
func (f *frame) entryAt(at int) entry {
	const header = 8 + 8 + 2 + 1
	length := int(binary.NativeEndian.Uint16(f.buf[at+16:]))
	name := f.buf[at+header : at+length]
	for i, c := range name {
		if c == 0 {
			name = name[:i]
			break
		}
	}
	return entry{name: name, typ: f.buf[at+18]}
}

// read takes the next entry, or at the end one without a name.
func (f *frame) read(e *entry) unix.Errno {
	for {
		if f.at >= f.n {
			n, errno := getdents(f.fd, f.buf[:])
			if errno == unix.ENOENT { // it was removed
				errno = 0
			}
			if errno != 0 || n == 0 {
				*e = entry{}
				return errno
			}
			f.n, f.at = n, 0
		}
		f.cur = f.at
		*e = f.entryAt(f.at)
		f.pos = f.next
		f.next = int64(binary.NativeEndian.Uint64(f.buf[f.at+8:]))
		f.at += int(binary.NativeEndian.Uint16(f.buf[f.at+16:]))
		if n := e.name; string(n) == "." || string(n) == ".." || len(n) == 0 {
			continue
		}
		return 0
	}
}

// openTop opens a directory once more, to be read. An instance is root's, and nobody else
// can read it without a new access time; to put the old one back would be a change, and
// what has changed is in use for a while. So it is read as root has opened it.
func openTop(top int, e *entry) (int, unix.Errno) {
	fd, errno := open2(top, e, asDirectory|unix.O_NOATIME)
	if errno != unix.EPERM {
		return fd, errno
	}
	if flags, err := unix.FcntlInt(uintptr(top), unix.F_GETFL, 0); err != nil || flags&unix.O_NOATIME == 0 {
		return open2(top, e, asDirectory)
	}
	fd, err := unix.FcntlInt(uintptr(top), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		_, err = unix.Seek(fd, 0, unix.SEEK_SET)
	}
	return fd, errnoOf(err)
}

func timesOf(x *unix.Statx_t) [2]unix.Timespec {
	return [2]unix.Timespec{unix.NsecToTimespec(nanoseconds(x.Atime)), unix.NsecToTimespec(nanoseconds(x.Mtime))}
}

// putBack does it to a directory that is root's, and what is in it a user's.
func (g *guard) putBack(uid uint32, fd int, times [2]unix.Timespec) {
	_ = g.run(uid, takingMost, fd, func(_ *watch, fd int) error {
		putBack(fd, times)
		return nil
	})
}

// putBack sets the times of a directory that our own work has changed. What is not
// the caller's stays as it is.
func putBack(fd int, times [2]unix.Timespec) {
	_, _, _ = unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
}
