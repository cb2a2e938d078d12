package bare

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// OpenAt opens one name in dir without following a symbolic link and without
// blocking on a FIFO (CVE-2024-22365). O_CLOEXEC is forced.
func OpenAt(dir int, entry string, flags int) (int, Errno) {
	flags |= unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC | largeFile
	return Opened(callAt(unix.SYS_OPENAT, dir, entry, uintptr(flags)))
}

// Open opens a path that this program names, or one whose answer decides
// nothing privileged. Symbolic links are followed.
func Open(path string, flags int) (int, Errno) {
	flags |= unix.O_NONBLOCK | unix.O_NOCTTY
	if len(path) >= shortPath {
		return openLong(path, flags)
	}
	var p [shortPath]byte
	if e := set(p[:], path); e != 0 {
		return -1, e
	}
	return open(unix.AT_FDCWD, unsafe.Pointer(&p), flags)
}

//go:noinline
func openLong(path string, flags int) (int, Errno) {
	var p Path
	if e := p.Set(path); e != 0 {
		return -1, e
	}
	return open(unix.AT_FDCWD, p.pointer(), flags)
}

// OpenStraight opens a path on which there is no symbolic link (openat2(2)). On
// kernels before 5.6, and behind a filter that does not know the call, it goes from
// one component to the next.
func OpenStraight(path string, flags int) (int, Errno) {
	if len(path) >= shortPath {
		return openLongStraight(path, flags)
	}
	var p [shortPath]byte
	if e := set(p[:], path); e != 0 {
		return -1, e
	}
	return openStraight(path, unsafe.Pointer(&p), flags)
}

//go:noinline
func openLongStraight(path string, flags int) (int, Errno) {
	var p Path
	if e := p.Set(path); e != 0 {
		return -1, e
	}
	return openStraight(path, p.pointer(), flags)
}

func openStraight(path string, p unsafe.Pointer, flags int) (int, Errno) {
	how := unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC), Resolve: unix.RESOLVE_NO_SYMLINKS}
	if flags&unix.O_PATH == 0 {
		how.Flags |= largeFile // with O_PATH it is EINVAL, which openat(2) does not mind
	}
	r, e := Call(unix.SYS_OPENAT2, fd(unix.AT_FDCWD), uintptr(p), uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
	switch {
	case e == Errno(unix.ENOSYS) || e == Errno(unix.EPERM):
		return openSteps(path, flags)
	case e != 0:
		return -1, e
	}
	return Away(int(r))
}

func openSteps(path string, flags int) (int, Errno) {
	at, e := Open("/", unix.O_PATH|unix.O_DIRECTORY)
	for _, rest, _ := strings.Cut(path, "/"); e == 0 && rest != ""; {
		var entry string
		entry, rest, _ = strings.Cut(rest, "/")
		how := unix.O_PATH | unix.O_DIRECTORY
		if rest == "" {
			how = flags
		}
		dir := at
		at, e = OpenAt(dir, entry, how)
		Close(dir)
	}
	return at, e
}

// Reopen opens for reading a directory that is open as a path only (O_PATH).
func Reopen(dir int) (int, Errno) { return openDots(dir, ".", unix.O_RDONLY) }

// OpenHere opens an open directory once more, as a path only (O_PATH).
func OpenHere(dir int) (int, Errno) { return openDots(dir, ".", unix.O_PATH) }

// OpenUp opens the parent of an open directory, as a path only (O_PATH).
func OpenUp(dir int) (int, Errno) { return openDots(dir, "..", unix.O_PATH) }

func openDots(dir int, dots string, flags int) (int, Errno) {
	if dir < 0 {
		return -1, Errno(unix.EBADF)
	}
	var path [3]byte
	copy(path[:], dots)
	return open(dir, unsafe.Pointer(&path), flags|unix.O_DIRECTORY)
}

func open(dir int, path unsafe.Pointer, flags int) (int, Errno) {
	return Opened(Call(unix.SYS_OPENAT, fd(dir), uintptr(path), uintptr(flags|unix.O_CLOEXEC|largeFile), 0, 0, 0))
}

// Away moves a descriptor from 0, 1 or 2, which the caller may have closed, to
// a higher number: a message to the closed standard error must not go there.
func Away(n int) (int, Errno) {
	if n > 2 {
		return n, 0
	}
	r, e := Call(sysFcntl, fd(n), unix.F_DUPFD_CLOEXEC, 3, 0, 0, 0)
	Close(n)
	if e != 0 {
		return -1, e
	}
	return int(r), 0
}

// Close closes a descriptor; a negative one is nothing.
func Close(n int) {
	if n >= 0 {
		_, _ = Call(unix.SYS_CLOSE, fd(n), 0, 0, 0, 0, 0) // nothing was written through it
	}
}

// Read reads at most len(buf) bytes.
func Read(n int, buf []byte) (int, Errno) {
	return count(Call(unix.SYS_READ, fd(n), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0, 0))
}

// ReadAll fills buf as far as the file goes. EFBIG: there is more.
func ReadAll(n int, buf []byte) (int, Errno) {
	have := 0
	for {
		if have == len(buf) {
			return have, Errno(unix.EFBIG)
		}
		got, e := Read(n, buf[have:])
		if e != 0 || got == 0 {
			return have, e
		}
		have += got
	}
}

// Write writes all of a text.
func Write(n int, text string) Errno {
	for len(text) > 0 {
		r, e := Call(unix.SYS_WRITE, fd(n), uintptr(unsafe.Pointer(unsafe.StringData(text))), uintptr(len(text)), 0, 0, 0)
		if e != 0 {
			return e
		}
		if r == 0 || int(r) > len(text) {
			return Errno(unix.EIO)
		}
		text = text[r:]
	}
	return 0
}

// Fchdir changes the working directory.
func Fchdir(dir int) Errno {
	return errno(Call(unix.SYS_FCHDIR, fd(dir), 0, 0, 0, 0, 0))
}

// MkdirAt makes a directory; mode is reduced by the umask.
func MkdirAt(dir int, entry string, mode uint32) Errno {
	return errno(callAt(unix.SYS_MKDIRAT, dir, entry, uintptr(mode)))
}

// UnlinkAt removes what is no directory.
func UnlinkAt(dir int, entry string) Errno { return errno(callAt(unix.SYS_UNLINKAT, dir, entry, 0)) }

// RmdirAt removes an empty directory.
func RmdirAt(dir int, entry string) Errno {
	return errno(callAt(unix.SYS_UNLINKAT, dir, entry, unix.AT_REMOVEDIR))
}

// SymlinkAt makes a symbolic link.
func SymlinkAt(target string, dir int, entry string) Errno {
	var n name
	if e := n.set(dir, entry); e != 0 {
		return e
	}
	var to Path
	if e := to.Set(target); e != 0 {
		return e
	}
	return errno(Call(unix.SYS_SYMLINKAT, uintptr(to.pointer()), fd(dir), uintptr(n.pointer()), 0, 0, 0))
}

// ReadlinkAt returns where a symbolic link leads, in buf.
func ReadlinkAt(dir int, entry string, buf []byte) (string, Errno) {
	var n name
	if e := n.set(dir, entry); e != 0 {
		return "", e
	}
	return readlink(dir, n.pointer(), buf)
}

// ReadLink is ReadlinkAt for a symbolic link that is open (O_PATH|O_NOFOLLOW).
func ReadLink(n int, buf []byte) (string, Errno) {
	empty := [1]byte{}
	return readlink(n, unsafe.Pointer(&empty), buf)
}

func readlink(dir int, path unsafe.Pointer, buf []byte) (string, Errno) {
	r, e := Call(unix.SYS_READLINKAT, fd(dir), uintptr(path), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0)
	switch {
	case e != 0:
		return "", e
	case int(r) >= len(buf):
		return "", Errno(unix.ENAMETOOLONG)
	}
	return unsafe.String(unsafe.SliceData(buf), int(r)), 0
}

// Umask sets the umask and returns the one before.
func Umask(mask uint32) uint32 {
	r, _ := Call(unix.SYS_UMASK, uintptr(mask), 0, 0, 0, 0, 0) // always succeeds
	return uint32(r)
}

// Rewind goes to the beginning of a file.
func Rewind(n int) {
	_, _ = Call(unix.SYS_LSEEK, fd(n), 0, unix.SEEK_SET, 0, 0, 0)
}
