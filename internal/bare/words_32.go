//go:build 386 || arm

package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// What has another name, or takes its arguments in another form, where a machine
// word has 64 bits. Ids have 16 bits in the calls without "32", and times end in
// 2038 in those without "time64", which are there from Linux 5.1 on.
const (
	sysFcntl     = unix.SYS_FCNTL64
	sysGetuid    = unix.SYS_GETUID32
	sysGeteuid   = unix.SYS_GETEUID32
	sysGetgid    = unix.SYS_GETGID32
	sysGetgroups = unix.SYS_GETGROUPS32
	sysSetgroups = unix.SYS_SETGROUPS32
	sysSetresuid = unix.SYS_SETRESUID32
	sysSetresgid = unix.SYS_SETRESGID32
	sysGetresuid = unix.SYS_GETRESUID32
	sysGetresgid = unix.SYS_GETRESGID32
	sysMmap      = unix.SYS_MMAP2
	largeFile    = unix.O_LARGEFILE

	// SysSetFSUID and SysSetFSGID are setfsuid(2) and setfsgid(2) for ids of
	// 32 bits.
	SysSetFSUID  = unix.SYS_SETFSUID32
	SysSetGroups = unix.SYS_SETGROUPS32
	SysSetFSGID  = unix.SYS_SETFSGID32
)

// timespec64 is struct __kernel_timespec.
type timespec64 struct{ sec, nsec int64 }

// clock reads a clock (clock_gettime(2)).
func clock(which uintptr, t *Time) Errno {
	var now timespec64
	_, e := Call(unix.SYS_CLOCK_GETTIME64, which, uintptr(unsafe.Pointer(&now)), 0, 0, 0, 0)
	if e == Errno(unix.ENOSYS) || e == Errno(unix.EPERM) { // or a seccomp filter is older
		var short unix.Timespec
		_, e = Call(unix.SYS_CLOCK_GETTIME, which, uintptr(unsafe.Pointer(&short)), 0, 0, 0, 0)
		now = timespec64{int64(short.Sec), int64(short.Nsec)}
	}
	*t = Time{Sec: now.sec, Nsec: uint32(now.nsec)}
	return e
}

// Poll waits until there is an event for one of the descriptors, for a number of
// milliseconds or, where that is negative, without an end (poll(2)).
func Poll(list []unix.PollFd, ms int64) Errno {
	return errno(Call(unix.SYS_POLL, uintptr(unsafe.Pointer(unsafe.SliceData(list))), uintptr(len(list)), uintptr(ms), 0, 0, 0))
}

// Statfs looks at the file system of an open descriptor, and at the options of
// the mount that it is on.
func Statfs(n int, s *unix.Statfs_t) Errno {
	return errno(Call(unix.SYS_FSTATFS64, fd(n), unsafe.Sizeof(*s), uintptr(unsafe.Pointer(s)), 0, 0, 0))
}
