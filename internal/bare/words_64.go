//go:build amd64 || arm64 || loong64 || ppc64le || riscv64 || s390x

package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// What has another name, or takes its arguments in another form, where a machine
// word has 32 bits.
const (
	sysFcntl     = unix.SYS_FCNTL
	sysGetuid    = unix.SYS_GETUID
	sysGeteuid   = unix.SYS_GETEUID
	sysGetgid    = unix.SYS_GETGID
	sysGetgroups = unix.SYS_GETGROUPS
	sysSetgroups = unix.SYS_SETGROUPS
	sysSetresuid = unix.SYS_SETRESUID
	sysSetresgid = unix.SYS_SETRESGID
	sysGetresuid = unix.SYS_GETRESUID
	sysGetresgid = unix.SYS_GETRESGID
	sysMmap      = unix.SYS_MMAP
	largeFile    = 0

	// SysSetFSUID and SysSetFSGID are setfsuid(2) and setfsgid(2) for ids of
	// 32 bits.
	SysSetFSUID  = unix.SYS_SETFSUID
	SysSetGroups = unix.SYS_SETGROUPS
	SysSetFSGID  = unix.SYS_SETFSGID
)

// clock reads a clock (clock_gettime(2)).
func clock(which uintptr, t *Time) Errno {
	var now unix.Timespec
	_, e := Call(unix.SYS_CLOCK_GETTIME, which, uintptr(unsafe.Pointer(&now)), 0, 0, 0, 0)
	*t = Time{Sec: int64(now.Sec), Nsec: uint32(now.Nsec)}
	return e
}

// Poll waits until there is an event for one of the descriptors, for a number of
// milliseconds or, where that is negative, without an end (poll(2)).
func Poll(list []unix.PollFd, ms int64) Errno {
	t := unix.Timespec{Sec: ms / 1000, Nsec: ms % 1000 * 1e6}
	limit := &t
	if ms < 0 {
		limit = nil
	}
	return errno(Call(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(list))), uintptr(len(list)), uintptr(unsafe.Pointer(limit)), 0, 0, 0))
}

// Statfs looks at the file system of an open descriptor, and at the options of
// the mount that it is on.
func Statfs(n int, s *unix.Statfs_t) Errno {
	return errno(Call(unix.SYS_FSTATFS, fd(n), uintptr(unsafe.Pointer(s)), 0, 0, 0, 0))
}
