package mounts

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// KnowsGroups tells whether the kernel has SetGroup (Linux 5.15): it then looks at
// the descriptors, which are none. It needs CAP_SYS_ADMIN, as the call does.
func KnowsGroups() (bool, bare.Errno) {
	e := bare.Errno(unix.ENOSYS)
	if !byPath {
		e = SetGroup(-1, -1)
	}
	switch {
	case e == bare.Errno(unix.EBADF):
		return true, 0
	case missing(e) || e == bare.Errno(unix.EINVAL):
		return false, 0
	}
	return false, e
}

// Become sets the propagation of one mount, of which the root is open.
func Become(root int, p Propagation) bare.Errno {
	return become(root, p, 0)
}

func become(root int, p Propagation, recursive uintptr) bare.Errno {
	empty := [1]byte{}
	set := unix.MountAttr{Propagation: uint64(p)}
	_, e := bare.Call(unix.SYS_MOUNT_SETATTR, uintptr(root), uintptr(unsafe.Pointer(&empty)), unix.AT_EMPTY_PATH|recursive,
		uintptr(unsafe.Pointer(&set)), unsafe.Sizeof(set), 0)
	return e
}

// SetGroup makes a private mount a peer of another one of the same directory, and a
// slave of what that is a slave of. The root of each is open; the other one may be in
// another namespace. EINVAL: that one is private, too, or they are not of the same
// directory.
func SetGroup(from, to int) bare.Errno {
	empty := [1]byte{}
	_, e := bare.Call(unix.SYS_MOVE_MOUNT, uintptr(from), uintptr(unsafe.Pointer(&empty)), uintptr(to),
		uintptr(unsafe.Pointer(&empty)), unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH|unix.MOVE_MOUNT_SET_GROUP, 0)
	return e
}
