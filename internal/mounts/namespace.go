package mounts

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// Propagation says which way mounts travel (mount_namespaces(7)).
type Propagation uint32

// What the mounts of a new namespace can be.
const (
	Slave   Propagation = unix.MS_SLAVE   // take part in what is mounted outside
	Private Propagation = unix.MS_PRIVATE // stay as they are
	Shared  Propagation = unix.MS_SHARED  // and are seen outside, see SetGroup
)

const ownNamespace = "/proc/thread-self/ns/mnt"

// Unshare gives the thread a copy of its mount namespace. Nothing that is mounted
// there afterwards is seen outside, once Propagate has run; until then it would be.
func Unshare() bare.Trouble {
	_, e := bare.Call(unix.SYS_UNSHARE, unix.CLONE_NEWNS, 0, 0, 0, 0, 0)
	return bare.Failed("unshare", e, "mount namespace", "")
}

// Propagate sets the propagation of every mount below the root directory. EINVAL:
// that is no mount point, as in a chroot(2).
func Propagate(p Propagation) bare.Errno {
	root := [2]byte{'/', 0}
	_, e := bare.Call(unix.SYS_MOUNT, 0, uintptr(unsafe.Pointer(&root)), 0, unix.MS_REC|uintptr(p), 0, 0)
	return e
}

// Current opens the thread's mount namespace.
func Current() (int, bare.Trouble) {
	fd, e := bare.Open(ownNamespace, unix.O_RDONLY)
	return fd, bare.Failed("openat", e, ownNamespace, "")
}

// OfProcess opens the mount namespace of a process; it must be one that the
// caller may look at (ptrace(2), PTRACE_MODE_READ_FSCREDS).
func OfProcess(pid uint64) (int, bare.Errno) {
	var buf [40]byte
	path := bare.NewText(buf[:])
	path.Add("/proc/")
	path.AddUint(pid, 10)
	path.Add("/ns/mnt")
	return bare.Open(path.String(), unix.O_RDONLY)
}

// handle is what open_by_handle_at(2) takes for a namespace (Linux 6.18,
// linux/nsfs.h): struct file_handle, and in it struct nsfs_file_handle.
type handle struct {
	size uint32
	kind int32
	id   uint64
	what uint32
	ino  uint32
}

const (
	nsfsRoot   = -10003 // FD_NSFS_ROOT
	nsfsKind   = 0xf1   // FILEID_NSFS
	nsfsLength = 16
)

// Open opens a mount namespace by its name, also where no process is known to be in
// it. It needs CAP_SYS_ADMIN there. ESTALE: it is gone. On a kernel before 6.18 there
// is another error.
func (n Namespace) Open() (int, bare.Errno) {
	if byPath || n.ID == 0 || n.Inode > 1<<32-1 {
		return -1, bare.Errno(unix.EBADF)
	}
	h := handle{nsfsLength, nsfsKind, n.ID, unix.CLONE_NEWNS, uint32(n.Inode)}
	root := nsfsRoot
	fd, e := bare.Call(unix.SYS_OPEN_BY_HANDLE_AT, uintptr(root), uintptr(unsafe.Pointer(&h)), unix.O_RDONLY|unix.O_CLOEXEC, 0, 0, 0)
	if e != 0 {
		return -1, e
	}
	return bare.Away(int(fd))
}

// Setns moves the thread into a mount namespace. Its root and working directory
// are then the root of that namespace (setns(2)). It needs CAP_SYS_CHROOT, too,
// and that the thread shares its file-system information with no other.
func Setns(namespace int) bare.Errno {
	_, e := bare.Call(unix.SYS_SETNS, uintptr(namespace), unix.CLONE_NEWNS, 0, 0, 0, 0)
	return e
}

// Requests of ioctl_nsfs(2).
const (
	nsGetUserns  = 0xb701     // Linux 4.9
	nsGetMountID = 0x8008b705 // NS_GET_MNTNS_ID, Linux 6.10
)

// IsOurs tells whether a mount namespace belongs to the user namespace that the
// thread is in: whoever is root in a user namespace of their own makes mount
// namespaces at will, but those belong to that one. What cannot be found out is
// not ours.
func IsOurs(namespace int) bool {
	own, e := bare.Open("/proc/thread-self/ns/user", unix.O_RDONLY)
	if e != 0 {
		return e == bare.Errno(unix.ENOENT) // a kernel without user namespaces
	}
	ours := false
	owner, e := bare.Call(unix.SYS_IOCTL, uintptr(namespace), nsGetUserns, 0, 0, 0, 0)
	if e == 0 {
		var a, b bare.Stat
		ours = bare.Fstat(int(owner), &a) == 0 && bare.Fstat(own, &b) == 0 && a.SameFile(&b)
		bare.Close(int(owner))
	}
	bare.Close(own)
	return ours
}

// Namespace names a mount namespace: by the number that no other one ever has, or
// on kernels before Linux 6.10, which do not tell it, by its inode alone, which one
// that is made later may have again.
type Namespace struct {
	ID    uint64 // 0 where the kernel does not tell it
	Inode uint64
}

// NamespaceOf names the mount namespace that is open.
func NamespaceOf(namespace int) (Namespace, bare.Errno) {
	var st bare.Stat
	if e := bare.Fstat(namespace, &st); e != 0 {
		return Namespace{}, e
	}
	n := Namespace{Inode: st.Ino}
	if _, e := bare.Call(unix.SYS_IOCTL, uintptr(namespace), nsGetMountID, uintptr(unsafe.Pointer(&n.ID)), 0, 0, 0); e != 0 {
		n.ID = 0
	}
	return n, 0
}

// Tell writes the name, which ParseNamespace reads.
func (n Namespace) Tell(to *bare.Text) {
	to.AddUint(n.ID, 10)
	to.AddByte(':')
	to.AddUint(n.Inode, 10)
}

// ParseNamespace reads what Tell has written.
func ParseNamespace(s string) (n Namespace, ok bool) {
	id, inode, _ := strings.Cut(s, ":")
	if n.ID, ok = bare.ParseUint(id, ^uint64(0)); !ok {
		return n, false
	}
	n.Inode, ok = bare.ParseUint(inode, ^uint64(0))
	return n, ok
}
