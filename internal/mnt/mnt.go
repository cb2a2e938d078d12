// Package mnt wraps the system calls that mount and that change the mount
// namespace.
//
// Both ends of a mount are given by descriptors: what is mounted as one that is
// open, the place as an open directory and one name in it. No path is looked up
// between a check and a use, neither with the calls of Linux 5.12 (open_tree,
// mount_setattr, move_mount) nor without them, when mount(2) is given
// /proc/thread-self/fd/N.
//
// All of it acts on the calling thread alone, which must be locked, and needs
// CAP_SYS_ADMIN effective; the caller raises it.
package mnt

import (
	"io/fs"
	"strconv"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// ByDescriptor is a variable so that tests run the fallback on every kernel.
var ByDescriptor = true

// Flags are the mount options that tmpshell sets, as bits of mount(2).
type Flags uintptr

// The options that a private directory may have.
const (
	NoSUID  Flags = unix.MS_NOSUID
	NoDev   Flags = unix.MS_NODEV
	NoExec  Flags = unix.MS_NOEXEC
	NoATime Flags = unix.MS_NOATIME
)

// attr returns the same as MOUNT_ATTR_ bits.
func (f Flags) attr() uint64 {
	var a uint64
	for _, pair := range []struct {
		flag Flags
		attr uint64
	}{
		{NoSUID, unix.MOUNT_ATTR_NOSUID}, {NoDev, unix.MOUNT_ATTR_NODEV},
		{NoExec, unix.MOUNT_ATTR_NOEXEC}, {NoATime, unix.MOUNT_ATTR_NOATIME},
	} {
		if f&pair.flag != 0 {
			a |= pair.attr
		}
	}
	return a
}

// FlagsOf returns the options of the mount that a descriptor is on.
func FlagsOf(fd int) (Flags, error) {
	all, err := statFlags(fd)
	return Flags(all) & (NoSUID | NoDev | NoExec | NoATime), err
}

// statFlags are the ST_ bits of fstatfs(2), which for these options are the
// bits of mount(2), ST_RELATIME excepted.
func statFlags(fd int) (uintptr, error) {
	var st unix.Statfs_t
	if err := sys.Retry(func() error { return unix.Fstatfs(fd, &st) }); err != nil {
		return 0, &fs.PathError{Op: "fstatfs", Path: "mount", Err: err}
	}
	const (
		same        = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME | unix.MS_NODIRATIME
		stRelatime  = 0x1000 // statfs(2), ST_RELATIME
		stValidMask = 0x20
	)
	flags := uintptr(st.Flags) & same
	if st.Flags&stRelatime != 0 {
		flags |= unix.MS_RELATIME
	}
	return flags &^ stValidMask, nil
}

// procFD is a path that is a descriptor.
func procFD(fd int) string { return "/proc/thread-self/fd/" + strconv.Itoa(fd) }

func fail(call, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: call, Path: name, Err: err}
}

// missing tells whether the kernel, or a seccomp filter that is older than the
// call, does not know a call.
func missing(err error) bool { return err == unix.ENOSYS || err == unix.EPERM }
