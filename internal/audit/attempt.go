package audit

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Kinds of objects.
const (
	kindFile    = "file"
	kindLock    = "lock" // a file that was locked, or is called so
	kindUnnamed = "unnamed file"
	kindDir     = "directory"
	kindSocket  = "socket"
	kindFIFO    = "FIFO"
	kindDevice  = "device"
	kindSymlink = "symlink"
	kindLink    = "hard link"
	kindRename  = "rename"
)

// attempt is a call that has been let through, and may have made something.
type attempt struct {
	target
	deed    deed
	in      int32 // the watch of the directory
	name    string
	place   Place
	path    string
	process process
	kind    string
	mode    uint32
	excl    bool
	follow  bool // a symbolic link
}

// describe reads the arguments of a call. The kind is empty if it makes nothing.
func describe(t target, n notification, c call) (a attempt, dir int32, path string, err error) {
	argument := func(i int8) uint64 {
		if i == none {
			return 0
		}
		return n.args[i]
	}
	dir = unix.AT_FDCWD
	if c.dir != none {
		dir = int32(n.args[c.dir])
	}
	a.mode, a.excl = uint32(argument(c.mode)), true
	flags := argument(c.flags)
	switch c.deed {
	case creat:
		flags = unix.O_CREAT | unix.O_WRONLY | unix.O_TRUNC
	case openHow:
		var mode uint64
		if flags, mode, err = t.how(n.args[c.flags]); err != nil {
			return a, dir, "", err
		}
		a.mode = uint32(mode)
	case socketcall, bind:
		return bound(t, n, c)
	case rename:
		a.excl = false
	}
	a.kind = kinds[c.deed]
	switch c.deed {
	case open, openHow, creat:
		a.excl = flags&unix.O_EXCL != 0
		a.follow = flags&unix.O_NOFOLLOW == 0
		if flags&unix.O_TMPFILE == unix.O_TMPFILE {
			a.kind = kindUnnamed
		} else if flags&unix.O_CREAT == 0 {
			a.kind = ""
			return a, dir, "", nil
		}
	case mknod:
		a.kind = nodeKind(a.mode)
	}
	a.mode &= 0o7777
	path, err = t.text(n.args[c.path])
	return a, dir, path, err
}

var kinds = map[deed]string{open: kindFile, openHow: kindFile, creat: kindFile, mkdir: kindDir, link: kindLink, symlink: kindSymlink, rename: kindRename}

func nodeKind(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFIFO:
		return kindFIFO
	case unix.S_IFSOCK:
		return kindSocket
	case unix.S_IFCHR, unix.S_IFBLK:
		return kindDevice
	}
	return kindFile
}

// bound describes bind(2).
func bound(t target, n notification, c call) (a attempt, dir int32, path string, err error) {
	at, size := n.args[c.path], uint64(0)
	if c.deed == socketcall {
		var three [12]byte
		if n, err := t.memory(at, three[:]); err != nil || n < len(three) {
			return a, dir, "", errors.Join(err, errFault)
		}
		words := (*[3]uint32)(unsafe.Pointer(&three))
		at, size = uint64(words[1]), uint64(words[2])
	} else {
		size = uint64(uint32(n.args[c.flags]))
	}
	path, err = t.bound(at, size)
	if path != "" {
		a.kind, a.mode, a.excl = kindSocket, 0o777, true
	}
	return a, unix.AT_FDCWD, path, err
}
func isOpen(d deed) bool { return d == open || d == openHow || d == creat }
