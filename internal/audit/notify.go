package audit

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// notification and answer are struct seccomp_notif and seccomp_notif_resp
// (seccomp_unotify(2)).
type notification struct {
	id         uint64
	tid, flags uint32
	number     int32
	arch       uint32
	at         uint64
	args       [6]uint64
}

type answer struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

// listen installs the filter for the calling thread and all that it starts, and
// returns the descriptor that its questions come from. Each program may have one
// such filter: one of the program's own fails with EBUSY.
func listen(program []unix.SockFilter) (int, error) {
	f := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	// A signal does not have a call asked about twice (Linux 5.19).
	var flags uintptr = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&f)))
	if errno == unix.EINVAL {
		flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
		fd, _, errno = unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&f)))
	}
	if errno != 0 {
		return -1, errno
	}
	// One processor for who asks and who answers is faster (Linux 6.6).
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, fd, unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS, unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP)
	return int(fd), nil
}

func receive(fd int) (n notification, err error) {
	err = ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n))
	return n, err
}

// carryOn has the call be made.
func carryOn(fd int, id uint64) error {
	a := answer{id: id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	return ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a))
}

// refuse has the call fail.
func refuse(fd int, id uint64, errno syscall.Errno) error {
	a := answer{id: id, errno: -int32(errno)}
	return ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a))
}

// waiting tells whether the process still waits for the answer: what was read of it
// since was its own, and not that of another one with its number.
func waiting(fd int, id uint64) bool {
	return ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_ID_VALID, unsafe.Pointer(&id)) == nil
}

func ioctl(fd int, request uintptr, argument unsafe.Pointer) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(argument))
	if errno != 0 {
		return errno
	}
	return nil
}
