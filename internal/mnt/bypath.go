package mnt

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// bindByPath is Bind with mount(2). The paths are magic links, which the kernel
// takes for the descriptors themselves (proc(5), /proc/pid/fd).
func bindByPath(source, dir int, name string, flags Flags) (int, error) {
	target, err := open(dir, name)
	if err != nil {
		return -1, err
	}
	defer sys.Close(target)
	if err := unix.Mount(procFD(source), procFD(target), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return -1, fail("mount", name, err)
	}
	root, err := open(dir, name)
	if err != nil {
		return -1, err
	}
	// A bind mount takes its options from what it binds; others need a
	// remount, which has to name those again (mount(2), MS_REMOUNT).
	have, err := statFlags(root)
	if err == nil && Flags(have)&flags != flags {
		if flags&NoATime != 0 {
			have &^= unix.MS_RELATIME
		}
		all := have | uintptr(flags) | unix.MS_BIND | unix.MS_REMOUNT
		err = fail("mount", name, unix.Mount("", procFD(root), "", all, ""))
	}
	if err != nil {
		sys.Close(root)
		return -1, err
	}
	return root, nil
}

// tmpfsByPath is Tmpfs with mount(2).
func tmpfsByPath(dir int, name string, o TmpfsOptions) (int, error) {
	target, err := open(dir, name)
	if err != nil {
		return -1, err
	}
	defer sys.Close(target)
	options, source := "", ""
	for _, option := range o.list() {
		if option[0] == "source" {
			source = option[1]
			continue
		}
		if options != "" {
			options += ","
		}
		options += option[0] + "=" + option[1]
	}
	if err := unix.Mount(source, procFD(target), "tmpfs", uintptr(o.Flags), options); err != nil {
		return -1, fail("mount", name, err)
	}
	return open(dir, name)
}
