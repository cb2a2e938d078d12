package mnt

import (
	"errors"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// Propagation says which way mounts travel (mount_namespaces(7)).
type Propagation uintptr

// What the mounts of a new namespace can be.
const (
	Slave   Propagation = unix.MS_SLAVE   // take part in what is mounted outside
	Private Propagation = unix.MS_PRIVATE // stay as they are
)

// Unshare gives the thread a copy of its mount namespace. Nothing that is
// mounted there afterwards is seen outside.
//
// Until Propagate has run, it would be.
func Unshare() error { return fail("unshare", "mount namespace", unix.Unshare(unix.CLONE_NEWNS)) }

// Propagate sets the propagation of every mount below the root directory, which
// must be a mount point.
func Propagate(p Propagation) error {
	return fail("mount", "/", unix.Mount("", "/", "", unix.MS_REC|uintptr(p), ""))
}

// Current opens the thread's mount namespace.
func Current() (int, error) { return openNamespace("/proc/thread-self/ns/mnt") }

// OfProcess opens the mount namespace of a process; it must be one that the
// caller may look at (ptrace(2), PTRACE_MODE_READ_FSCREDS).
func OfProcess(pid int) (int, error) {
	return openNamespace("/proc/" + strconv.Itoa(pid) + "/ns/mnt")
}

func openNamespace(path string) (fd int, err error) {
	err = sys.Retry(func() error {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	return fd, fail("open", path, err)
}

// Join moves the thread into a mount namespace. Its root and working directory
// are then the root of that namespace (setns(2)). It needs CAP_SYS_CHROOT, too,
// and that the thread shares its file-system information with no other.
func Join(namespace int) error {
	return fail("setns", "mount namespace", unix.Setns(namespace, unix.CLONE_NEWNS))
}

// AloneWithRoot ends the sharing of root, working directory and umask with the
// other threads (CLONE_FS), which setns(2) and chroot(2) would act on.
func AloneWithRoot() error { return fail("unshare", "CLONE_FS", unix.Unshare(unix.CLONE_FS)) }

// nsGetMountID is NS_GET_MNTNS_ID, Linux 6.10 (ioctl_nsfs(2)).
const nsGetMountID = 0x8008b705

// IsOurs tells whether a mount namespace belongs to the user namespace that the
// thread is in (NS_GET_USERNS, Linux 4.9): whoever is root in a user namespace of
// his own makes mount namespaces at will, but those belong to his.
func IsOurs(namespace int) bool {
	own, err := openNamespace("/proc/thread-self/ns/user")
	if err != nil {
		return errors.Is(err, unix.ENOENT) // a kernel without user namespaces
	}
	defer sys.Close(own)
	const nsGetUserns = 0xb701 // ioctl_nsfs(2)
	owner, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(namespace), nsGetUserns, 0)
	if errno != 0 {
		return false
	}
	defer sys.Close(int(owner))
	a, errA := sys.Fstat(int(owner))
	b, errB := sys.Fstat(own)
	return errA == nil && errB == nil && a.SameFile(b)
}

// ID names a mount namespace: by the number that no other one ever has, or on
// older kernels by its inode, which one that is made later may have again.
func ID(namespace int) (string, error) {
	var id uint64
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(namespace), nsGetMountID, uintptr(unsafe.Pointer(&id)))
	if errno == 0 {
		return strconv.FormatUint(id, 10), nil
	}
	st, err := sys.Fstat(namespace)
	return "inode-" + strconv.FormatUint(st.Ino, 10), err
}
