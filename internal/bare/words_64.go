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

// poll waits for an event for a number of milliseconds, and returns how many
// there are: 0 or 1.
func poll(p *unix.PollFd, ms int64) (uintptr, Errno) { return pollAll(p, 1, ms) }

// pollAll waits for one of n; with ms below 0, without an end.
func pollAll(p *unix.PollFd, n int, ms int64) (uintptr, Errno) {
	t := unix.Timespec{Sec: ms / 1000, Nsec: ms % 1000 * 1e6}
	limit := &t
	if ms < 0 {
		limit = nil
	}
	return Call(unix.SYS_PPOLL, uintptr(unsafe.Pointer(p)), uintptr(n), uintptr(unsafe.Pointer(limit)), 0, 0, 0)
}

// takeSignal takes back a pending signal of a set that is blocked.
func takeSignal(set *uint64) {
	var now unix.Timespec
	_, _ = Call(unix.SYS_RT_SIGTIMEDWAIT, uintptr(unsafe.Pointer(set)), 0,
		uintptr(unsafe.Pointer(&now)), sigset, 0, 0) // there is none if it is ignored
}

// Pread reads at most len(buf) bytes at an offset.
func Pread(n int, buf []byte, offset int) (int, Errno) {
	r, e := Call(unix.SYS_PREAD64, fd(n), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), uintptr(offset), 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(r), 0
}

// Statfs looks at the file system of an open descriptor, and at the options of
// the mount that it is on.
func Statfs(n int, s *unix.Statfs_t) Errno {
	_, e := Call(unix.SYS_FSTATFS, fd(n), uintptr(unsafe.Pointer(s)), 0, 0, 0, 0)
	return e
}
