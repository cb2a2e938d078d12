package bare

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Entries are the names in a directory, as many as one system call returns: a
// buffer of 32 KiB holds about a thousand.
type Entries struct {
	rest []byte
	kind uint32 // DT_ of the last name, see getdents64(2)
}

// EntriesRoom is a buffer for the names of one directory at a time. Each page that is
// used for the first time costs a login as much as several system calls: there is one.
var EntriesRoom [32 << 10]byte

// ReadEntries reads the first, or next, names in a directory that is open for
// reading.
func ReadEntries(dir int, buf []byte) (Entries, Errno) {
	r, e := Call(unix.SYS_GETDENTS64, fd(dir), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0, 0)
	if e != 0 || int(r) > len(buf) {
		return Entries{}, e
	}
	return Entries{rest: buf[:r]}, 0
}

// Next returns the next name, or false at the end.
func (s *Entries) Next() (string, bool) {
	const nameAt = 19 // struct linux_dirent64, getdents64(2): ino, off, reclen, type, name
	if len(s.rest) <= nameAt {
		return "", false
	}
	s.kind = uint32(s.rest[nameAt-1])
	length := int(*(*uint16)(unsafe.Pointer(&s.rest[16])))
	if length <= nameAt || length > len(s.rest) {
		return "", false
	}
	entry := s.rest[nameAt:length]
	s.rest = s.rest[length:]
	text := unsafe.String(unsafe.SliceData(entry), len(entry))
	before, _, _ := strings.Cut(text, "\x00")
	return before, true
}

// End tells whether there are no more.
func (s *Entries) End() bool { return len(s.rest) == 0 }

// MayBe tells whether the last name that Next returned can be of a file type
// (S_IFDIR…): some file systems do not say.
func (s *Entries) MayBe(kind uint32) bool { return s.kind == unix.DT_UNKNOWN || s.kind == kind>>12 }

// MayWrite tells whether the caller could make files in the directory at path.
// As with [StatPath], nothing privileged is decided by it.
func MayWrite(path string) bool {
	var p Path
	if p.Set(path) != 0 {
		return false
	}
	_, e := Call(unix.SYS_FACCESSAT, fd(unix.AT_FDCWD), uintptr(p.pointer()), unix.W_OK|unix.X_OK, 0, 0, 0)
	return e == 0
}

// Random fills buf with bytes that nobody can foretell.
func Random(buf []byte) Errno {
	r, e := Call(unix.SYS_GETRANDOM, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0, 0, 0)
	if e == 0 && int(r) != len(buf) {
		return Errno(unix.EIO)
	}
	return e
}
