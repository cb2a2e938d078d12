package mnt

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// Bind mounts the directory source, with everything that is mounted below it,
// on name in dir, and adds flags to the options that its mount has. It returns
// what is now open there (O_PATH), looked up anew.
func Bind(source, dir int, name string, flags Flags) (int, error) {
	if !ByDescriptor {
		return bindByPath(source, dir, name, flags)
	}
	tree, err := unix.OpenTree(source, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE|unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if missing(err) {
		return bindByPath(source, dir, name, flags)
	}
	if err != nil {
		return -1, fail("open_tree", name, err)
	}
	defer sys.Close(tree)
	set := unix.MountAttr{Attr_set: flags.attr()}
	if flags&NoATime != 0 {
		set.Attr_clr = unix.MOUNT_ATTR__ATIME
	}
	if err = unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &set); missing(err) {
		return bindByPath(source, dir, name, flags) // before Linux 5.12
	}
	if err != nil {
		return -1, fail("mount_setattr", name, err)
	}
	return move(tree, dir, name)
}

// TmpfsOptions is a tmpfs(5) to be mounted.
type TmpfsOptions struct {
	Source       string // what /proc/mounts shows
	Size, Inodes string // empty for the kernel's defaults
	Mode         string // octal, of the root directory
	UID, GID     string
	Flags        Flags
}

// Tmpfs mounts a new tmpfs on name in dir and returns its root (O_PATH).
func Tmpfs(dir int, name string, o TmpfsOptions) (int, error) {
	if !ByDescriptor {
		return tmpfsByPath(dir, name, o)
	}
	config, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if missing(err) {
		return tmpfsByPath(dir, name, o)
	}
	if err != nil {
		return -1, fail("fsopen", name, err)
	}
	defer sys.Close(config)
	for _, option := range o.list() {
		if err := unix.FsconfigSetString(config, option[0], option[1]); err != nil {
			return -1, fail("fsconfig", name+" ("+option[0]+"="+option[1]+")", err)
		}
	}
	if err := unix.FsconfigCreate(config); err != nil {
		return -1, fail("fsconfig", name, err)
	}
	tree, err := unix.Fsmount(config, unix.FSMOUNT_CLOEXEC, int(o.Flags.attr()))
	if err != nil {
		return -1, fail("fsmount", name, err)
	}
	defer sys.Close(tree)
	return move(tree, dir, name)
}

// list is every option but the flags, the source first.
func (o TmpfsOptions) list() [][2]string {
	var list [][2]string
	for _, option := range [][2]string{
		{"source", o.Source}, {"mode", o.Mode}, {"uid", o.UID}, {"gid", o.GID},
		{"size", o.Size}, {"nr_inodes", o.Inodes},
	} {
		if option[1] != "" {
			list = append(list, option)
		}
	}
	return list
}

// move attaches a detached mount.
func move(tree, dir int, name string) (int, error) {
	target, err := open(dir, name)
	if err != nil {
		return -1, err
	}
	defer sys.Close(target)
	const both = unix.MOVE_MOUNT_F_EMPTY_PATH | unix.MOVE_MOUNT_T_EMPTY_PATH
	if err := unix.MoveMount(tree, "", target, "", both); err != nil {
		return -1, fail("move_mount", name, err)
	}
	return open(dir, name)
}

// open opens what is on top at a name.
func open(dir int, name string) (int, error) {
	return sys.OpenAt(dir, name, unix.O_PATH|unix.O_DIRECTORY)
}
