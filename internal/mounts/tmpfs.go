package mounts

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// Tmpfs is a tmpfs(5) to be mounted.
type Tmpfs struct {
	Source       string // what /proc/mounts shows
	Size, Inodes string // empty for the kernel's defaults
	Mode         uint32 // of the root directory
	UID, GID     uint32
	Flags        Flags
	Label        string // SELinux, of the root directory: see LabelOf
}

// maxOption is the longest value of an option, longer than any that the grammar
// of tmpshell.conf(5) has.
const maxOption = 128

// Mount mounts a new tmpfs at a place, by one mount(2): fsopen(2) and its kin do the
// same in a dozen calls. Without a label of its own it would have the one of all
// tmpfs, and a confined user might not write there.
func (o *Tmpfs) Mount(at *Place) bare.Trouble {
	if len(o.Source) >= maxOption || len(o.Size) >= maxOption || len(o.Inodes) >= maxOption {
		return at.failed("mount", bare.Errno(unix.ENAMETOOLONG))
	}
	var buf [5 * maxOption]byte
	options := bare.NewText(buf[:len(buf)-1]) // a NUL follows
	options.Add("mode=")
	options.AddUint(uint64(o.Mode), 8)
	options.Add(",uid=")
	options.AddUint(uint64(o.UID), 10)
	options.Add(",gid=")
	options.AddUint(uint64(o.GID), 10)
	addOption(&options, ",size=", o.Size, "")
	addOption(&options, ",nr_inodes=", o.Inodes, "")
	unlabelled := len(options.String())
	addOption(&options, `,rootcontext="`, o.Label, `"`) // which may have a comma in it
	target, t := at.target()
	if !t.OK() {
		return t
	}
	e := o.mountOn(target, &buf)
	if e == bare.Errno(unix.EINVAL) && o.Label != "" {
		buf[unlabelled] = 0 // SELinux is off, and the disk has labels of another boot
		e = o.mountOn(target, &buf)
	}
	at.close(target)
	return at.failed("mount", e)
}

// addOption adds an option, if it has a value.
func addOption(to *bare.Text, before, value, after string) {
	if value != "" {
		to.Add(before)
		to.Add(value)
		to.Add(after)
	}
}

func (o *Tmpfs) mountOn(target int, options *[5 * maxOption]byte) bare.Errno {
	var source [maxOption]byte
	copy(source[:len(source)-1], o.Source)
	var to descriptor
	to.of(target)
	name := [...]byte{'t', 'm', 'p', 'f', 's', 0}
	_, e := bare.Call(unix.SYS_MOUNT, uintptr(unsafe.Pointer(&source)), uintptr(unsafe.Pointer(&to)),
		uintptr(unsafe.Pointer(&name)), uintptr(o.Flags), uintptr(unsafe.Pointer(options)), 0)
	return e
}

// MaxLabel is the longest label that a tmpfs is given.
const MaxLabel = maxOption - 1

// LabelOf is the SELinux label of a directory, empty where it has none, or one that is
// too long. It needs no capability.
func LabelOf(dir int, buf *[MaxLabel]byte) string {
	var path descriptor
	path.of(dir)
	name := [...]byte{'s', 'e', 'c', 'u', 'r', 'i', 't', 'y', '.', 's', 'e', 'l', 'i', 'n', 'u', 'x', 0}
	n, e := bare.Call(unix.SYS_GETXATTR, uintptr(unsafe.Pointer(&path)), uintptr(unsafe.Pointer(&name)),
		uintptr(unsafe.Pointer(buf)), MaxLabel, 0, 0)
	if e != 0 || n > MaxLabel {
		return ""
	}
	is, _, _ := bare.Cut(unsafe.String(&buf[0], int(n)), 0)
	return is
}
