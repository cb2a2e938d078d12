package mounts

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// byPath makes the fallback for older kernels the only way, for tests.
var byPath bool

const asPath = unix.O_PATH | unix.O_DIRECTORY

// Place is where something is to be mounted.
type Place struct {
	Dir   int    // an open directory
	Entry string // the name in it
	Where string // the path of Dir, for the trouble alone
	// On is what is there now (O_PATH), 0 if the caller has not opened it.
	On int
}

func (p *Place) failed(call string, e bare.Errno) bare.Trouble {
	return bare.Failed(call, e, p.Where, p.Entry)
}

// Open opens what is on top there.
func (p *Place) Open() (int, bare.Trouble) {
	fd, e := bare.OpenAt(p.Dir, p.Entry, asPath)
	return fd, p.failed("openat", e)
}

// target is what to mount on, for close to close.
func (p *Place) target() (int, bare.Trouble) {
	if p.On > 0 {
		return p.On, bare.Trouble{}
	}
	return p.Open()
}

func (p *Place) close(target int) {
	if target != p.On {
		bare.Close(target)
	}
}

// missing tells whether the kernel, or a seccomp filter that is older than the
// call, does not know a call.
func missing(e bare.Errno) bool {
	return e == bare.Errno(unix.ENOSYS) || e == bare.Errno(unix.EPERM)
}

// Bind mounts the directory source, with everything that is mounted below it, at
// a place, and adds flags to the options that its mount has.
func Bind(source int, at *Place, flags Flags) bare.Trouble {
	if byPath {
		return bindByPath(source, at, flags)
	}
	empty := [1]byte{}
	tree, e := bare.Call(unix.SYS_OPEN_TREE, uintptr(source), uintptr(unsafe.Pointer(&empty)),
		unix.AT_EMPTY_PATH|unix.AT_RECURSIVE|unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC, 0, 0, 0)
	if missing(e) {
		return bindByPath(source, at, flags)
	}
	if e != 0 {
		return at.failed("open_tree", e)
	}
	if flags&Apart != 0 {
		e = become(int(tree), Slave, unix.AT_RECURSIVE)
	}
	if e == 0 && flags&Settable != 0 {
		set := unix.MountAttr{Attr_set: flags.attr()}
		if flags&NoATime != 0 {
			set.Attr_clr = unix.MOUNT_ATTR__ATIME
		}
		_, e = bare.Call(unix.SYS_MOUNT_SETATTR, tree, uintptr(unsafe.Pointer(&empty)), unix.AT_EMPTY_PATH,
			uintptr(unsafe.Pointer(&set)), unsafe.Sizeof(set), 0)
	}
	switch {
	case missing(e): // before Linux 5.12
		bare.Close(int(tree))
		return bindByPath(source, at, flags)
	case e != 0:
		bare.Close(int(tree))
		return at.failed("mount_setattr", e)
	}
	return move(int(tree), at)
}

// move attaches a detached mount, and closes its descriptor.
func move(tree int, at *Place) bare.Trouble {
	target, t := at.target()
	if t.OK() {
		empty := [1]byte{}
		_, e := bare.Call(unix.SYS_MOVE_MOUNT, uintptr(tree), uintptr(unsafe.Pointer(&empty)), uintptr(target),
			uintptr(unsafe.Pointer(&empty)), unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH, 0)
		t = at.failed("move_mount", e)
		at.close(target)
	}
	bare.Close(tree)
	return t
}

// Detach takes away what is mounted last where fd is open, which must be its
// root. Whoever has something open there keeps it (MNT_DETACH).
func Detach(fd int) bare.Errno {
	var path descriptor
	_, e := bare.Call(unix.SYS_UMOUNT2, uintptr(path.of(fd)), unix.MNT_DETACH, 0, 0, 0, 0)
	return e
}
