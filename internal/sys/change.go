package sys

import (
	"encoding/binary"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Fchmod sets the permission bits of an open file.
func Fchmod(fd int, name string, mode uint32) error {
	if err := Retry(func() error { return unix.Fchmod(fd, mode) }); err != nil {
		return &fs.PathError{Op: "fchmod", Path: name, Err: err}
	}
	return nil
}

// Fchgrp sets the group of an open file and leaves its owner.
func Fchgrp(fd int, name string, gid int) error {
	if err := Retry(func() error { return unix.Fchown(fd, -1, gid) }); err != nil {
		return &fs.PathError{Op: "fchown", Path: name, Err: err}
	}
	return nil
}

// Flags returns the inode flags (FS_IOC_GETFLAGS, ioctl_iflags(2)).
func Flags(fd int) (int, error) {
	var flags uint32
	err := Retry(func() error {
		var err error
		flags, err = unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS)
		return err
	})
	return int(flags), err
}

// SetFlags sets the inode flags. FS_APPEND_FL needs CAP_LINUX_IMMUTABLE.
func SetFlags(fd, flags int) error {
	return Retry(func() error { return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, flags) })
}

// WithUmask runs f under another umask. The umask belongs to the process: no
// other thread may make files meanwhile, and none of tmpshell's does.
func WithUmask(mask int, f func() error) error {
	old := unix.Umask(mask)
	defer unix.Umask(old)
	return f()
}

// SetNumber sets an extended attribute (xattr(7)) of an open file, as bare.Attribute
// reads it.
func SetNumber(fd int, attribute string, value uint64) error {
	b := binary.NativeEndian.AppendUint64(nil, value)
	if err := Retry(func() error { return unix.Fsetxattr(fd, attribute, b, 0) }); err != nil {
		return &fs.PathError{Op: "fsetxattr", Path: attribute, Err: err}
	}
	return nil
}
