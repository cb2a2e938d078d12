package mounts

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// descriptor is a path that is a descriptor: a magic link, which the kernel takes
// for the descriptor itself (proc(5), /proc/pid/fd).
type descriptor struct{ buf [40]byte }

func (d *descriptor) of(fd int) unsafe.Pointer {
	text := bare.NewText(d.buf[:])
	procFD(&text, "/proc/thread-self/fd/", fd)
	text.AddByte(0)
	return unsafe.Pointer(&d.buf)
}

// bindByPath is Bind with mount(2).
func bindByPath(source int, at *Place, flags Flags) bare.Trouble {
	if flags&Apart != 0 { // it would be attached first
		return at.failed("mount_setattr", bare.Errno(unix.ENOSYS))
	}
	target, t := at.target()
	if !t.OK() {
		return t
	}
	var from, to descriptor
	from.of(source)
	to.of(target)
	_, e := bare.Call(unix.SYS_MOUNT, uintptr(unsafe.Pointer(&from)), uintptr(unsafe.Pointer(&to)), 0,
		unix.MS_BIND|unix.MS_REC, 0, 0)
	at.close(target)
	if e != 0 || flags == 0 {
		return at.failed("mount", e)
	}
	root, t := at.Open()
	if !t.OK() {
		return t
	}
	// A bind mount takes its options from what it binds; others need a
	// remount, which has to name those again (mount(2), MS_REMOUNT).
	have, e := statFlags(root)
	if e == 0 && Flags(have)&flags != flags {
		if flags&NoATime != 0 {
			have &^= unix.MS_RELATIME
		}
		to.of(root)
		all := have | uintptr(flags) | unix.MS_BIND | unix.MS_REMOUNT
		_, e = bare.Call(unix.SYS_MOUNT, 0, uintptr(unsafe.Pointer(&to)), 0, all, 0, 0)
	}
	bare.Close(root)
	return at.failed("mount", e)
}

// mountByPath is Mount with mount(2).
func (o *Tmpfs) mountByPath(at *Place) bare.Trouble {
	var buf [6 * maxOption]byte
	var one [maxOption]byte
	options, value := bare.NewText(buf[:]), bare.NewText(one[:])
	for i := 0; ; i++ {
		key, v, ok := o.option(i, &value)
		if !ok {
			break
		}
		if v == "" {
			continue
		}
		if i > 0 {
			options.AddByte(',')
		}
		options.Add(key)
		options.AddByte('=')
		options.Add(v)
	}
	var source [maxOption]byte
	copy(source[:len(source)-1], o.Source)
	target, t := at.target()
	if !t.OK() {
		return t
	}
	var to descriptor
	to.of(target)
	name := [...]byte{'t', 'm', 'p', 'f', 's', 0}
	_, e := bare.Call(unix.SYS_MOUNT, uintptr(unsafe.Pointer(&source)), uintptr(unsafe.Pointer(&to)),
		uintptr(unsafe.Pointer(&name)), uintptr(o.Flags), uintptr(unsafe.Pointer(&buf)), 0)
	at.close(target)
	return at.failed("mount", e)
}
