package mounts

import (
	"strings"
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

// option returns the i-th option, which may be empty, and false after the last.
// It writes what is a number into buf.
func (o *Tmpfs) option(i int, buf *bare.Text) (key, value string, ok bool) {
	buf.Reset()
	switch i {
	case 0:
		buf.AddUint(uint64(o.Mode), 8)
		key = "mode"
	case 1:
		buf.AddUint(uint64(o.UID), 10)
		key = "uid"
	case 2:
		buf.AddUint(uint64(o.GID), 10)
		key = "gid"
	case 3:
		buf.Add(o.Size)
		key = "size"
	case 4:
		buf.Add(o.Inodes)
		key = "nr_inodes"
	default:
		return "", "", false
	}
	return key, buf.String(), true
}

// Mount mounts a new tmpfs at a place.
func (o *Tmpfs) Mount(at *Place) bare.Trouble {
	if len(o.Source) >= maxOption || len(o.Size) >= maxOption || len(o.Inodes) >= maxOption {
		return at.failed("fsconfig", bare.Errno(unix.ENAMETOOLONG))
	}
	if byPath {
		return o.mountByPath(at)
	}
	name := [...]byte{'t', 'm', 'p', 'f', 's', 0}
	config, e := bare.Call(unix.SYS_FSOPEN, uintptr(unsafe.Pointer(&name)), unix.FSOPEN_CLOEXEC, 0, 0, 0, 0)
	if missing(e) {
		return o.mountByPath(at)
	}
	if e != 0 {
		return at.failed("fsopen", e)
	}
	e = o.configure(int(config))
	if e == 0 {
		e = o.create(int(config))
	}
	tree := uintptr(0)
	call := "fsconfig"
	if e == 0 {
		call = "fsmount"
		tree, e = bare.Call(unix.SYS_FSMOUNT, config, unix.FSMOUNT_CLOEXEC, uintptr(o.Flags.attr()), 0, 0, 0)
	}
	bare.Close(int(config))
	if e != 0 {
		return at.failed(call, e)
	}
	return move(int(tree), at)
}

// configure sets every option.
func (o *Tmpfs) configure(config int) bare.Errno {
	var buf [maxOption]byte
	text := bare.NewText(buf[:])
	if e := setString(config, "source", o.Source); e != 0 {
		return e
	}
	for i := 0; ; i++ {
		key, value, ok := o.option(i, &text)
		if !ok {
			break
		}
		if e := setString(config, key, value); e != 0 {
			return e
		}
	}
	return 0
}

// create makes the file system. Without a label of its own it would have the one of all
// tmpfs, and a confined user might not write there.
func (o *Tmpfs) create(config int) bare.Errno {
	// EINVAL: SELinux is off, and the disk has labels of another boot.
	if e := setString(config, "rootcontext", o.Label); e != 0 && e != bare.Errno(unix.EINVAL) {
		return e
	}
	_, e := bare.Call(unix.SYS_FSCONFIG, uintptr(config), unix.FSCONFIG_CMD_CREATE, 0, 0, 0, 0)
	return e
}

// MaxLabel is the longest label that a tmpfs is given.
const MaxLabel = maxOption - 1

// LabelOf is the SELinux label of a directory, empty where it has none, or one that is
// too long. It needs no capability.
func LabelOf(dir int, buf *[MaxLabel]byte) string {
	var p [32]byte
	path := bare.NewText(p[:len(p)-1]) // a NUL follows
	procFD(&path, "/proc/self/fd/", dir)
	name := [...]byte{'s', 'e', 'c', 'u', 'r', 'i', 't', 'y', '.', 's', 'e', 'l', 'i', 'n', 'u', 'x', 0}
	n, e := bare.Call(unix.SYS_GETXATTR, uintptr(unsafe.Pointer(&p)), uintptr(unsafe.Pointer(&name)),
		uintptr(unsafe.Pointer(buf)), MaxLabel, 0, 0)
	if e != 0 || n > MaxLabel {
		return ""
	}
	is, _, _ := strings.Cut(unsafe.String(&buf[0], int(n)), "\x00")
	return is
}

// setString sets an option, if it has a value.
func setString(config int, key, value string) bare.Errno {
	if value == "" {
		return 0
	}
	var k, v [maxOption]byte
	copy(k[:len(k)-1], key)
	copy(v[:len(v)-1], value)
	_, e := bare.Call(unix.SYS_FSCONFIG, uintptr(config), unix.FSCONFIG_SET_STRING,
		uintptr(unsafe.Pointer(&k)), uintptr(unsafe.Pointer(&v)), 0, 0)
	return e
}
