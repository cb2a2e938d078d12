package start

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// configuration is the file whose "OnFailure deny" the last resort obeys.
const configuration = "/etc/tmpshell.conf\x00"

// denied reports whether the configuration says "OnFailure deny" anywhere:
// in the global section, in any Match block, in any file of a directory that
// an Include names. Which block applies to whom cannot be known here, so one
// deny counts for everybody; to err on the other side would let a user get round
// it with a limit of his own making. For the same reason a file that cannot
// be opened for a want of descriptors or memory, an Include within an included
// file, a relative one and one with a wildcard in its directory count as deny.
//
// Root is exempt where no Exempt line says who is, and so is not denied; with
// --exec, which ignores Exempt, it is.
//
// Files that are not root's alone to write are no configuration and are passed
// over, here as everywhere.
//
//go:nosplit
//go:norace
func denied(program bool) bool {
	scanner.file(atCwd, chars(configuration))
	scanner.nested = true
	for i := uint(0); i < scanner.includes && i < uint(len(scanner.include)); i++ {
		scanner.directory(unsafe.Pointer(&scanner.include[i]))
	}
	if !scanner.exempt && !program {
		if uid, _, _ := syscall.RawSyscall(unix.SYS_GETUID, 0, 0, 0); uid == 0 {
			return false
		}
	}
	return scanner.deny
}

// file scans one file, relative to the directory dir.
//
//go:nosplit
//go:norace
func (s *configScanner) file(dir uintptr, path unsafe.Pointer) {
	fd, ok := s.open(dir, path, 0)
	if !ok {
		return
	}
	if stat := &pathStat; fstat(fd, stat) && stat.Mode&unix.S_IFMT == unix.S_IFREG && stat.Uid == 0 && stat.Mode&0o022 == 0 {
		for {
			n, _, errno := syscall.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&s.text)), uintptr(len(s.text)))
			if errno != 0 || n == 0 || n > uintptr(len(s.text)) {
				break
			}
			for i := uintptr(0); i < n && i < uintptr(len(s.text)); i++ {
				s.feed(s.text[i])
			}
		}
		s.feed('\n')
	}
	closeFile(fd)
}

// directory scans every file of a directory but those that begin with a dot.
//
//go:nosplit
//go:norace
func (s *configScanner) directory(path unsafe.Pointer) {
	fd, ok := s.open(atCwd, path, unix.O_DIRECTORY)
	if !ok {
		return
	}
	for {
		n, _, errno := syscall.RawSyscall(unix.SYS_GETDENTS64, fd, uintptr(unsafe.Pointer(&s.entries)), uintptr(len(s.entries)))
		if errno != 0 || n == 0 || n > uintptr(len(s.entries)) {
			break
		}
		for at := uintptr(0); at+24 <= n; {
			// struct linux_dirent64, getdents(2).
			entry := unsafe.Add(unsafe.Pointer(&s.entries), at)
			if name := unsafe.Add(entry, 19); *(*byte)(name) != '.' {
				s.file(fd, name)
			}
			at += uintptr(*(*uint16)(unsafe.Add(entry, 16)))
		}
	}
	closeFile(fd)
}

//go:nosplit
//go:norace
func (s *configScanner) open(dir uintptr, path unsafe.Pointer, flags uintptr) (uintptr, bool) {
	fd, _, errno := syscall.RawSyscall6(unix.SYS_OPENAT, dir, uintptr(path),
		flags|unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0, 0, 0)
	switch errno {
	case 0:
		return fd, true
	case unix.ENOENT, unix.ENOTDIR, unix.EACCES, unix.EPERM, unix.ELOOP:
	default:
		s.deny = true
	}
	return 0, false
}

//go:nosplit
//go:norace
func fstat(fd uintptr, into *unix.Stat_t) bool {
	_, _, errno := syscall.RawSyscall(unix.SYS_FSTAT, fd, uintptr(unsafe.Pointer(into)), 0)
	return errno == 0
}

//go:nosplit
//go:norace
func closeFile(fd uintptr) { syscall.RawSyscall(unix.SYS_CLOSE, fd, 0, 0) }
