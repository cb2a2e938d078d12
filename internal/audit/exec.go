package audit

import (
	"os"

	"golang.org/x/sys/unix"
)

// sawExec notes a program that does not get the privilege that its file has: without
// privilege of its own, the auditor needs no_new_privs for the filter.
func (w *watcher) sawExec(t target, n notification, c call) {
	path, err := t.text(n.args[c.path])
	if err != nil || path == "" {
		return
	}
	dir := int32(unix.AT_FDCWD)
	if c.dir != none {
		dir = int32(n.args[c.dir])
	}
	parent, name, err := t.parent(dir, path, true)
	if err != nil {
		return
	}
	defer unix.Close(parent)
	fd, err := unix.Openat(parent, name, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return
	}
	set := st.Mode&unix.S_ISUID != 0 && int(st.Uid) != os.Geteuid() || st.Mode&(unix.S_ISGID|unix.S_IXGRP) == unix.S_ISGID|unix.S_IXGRP && int(st.Gid) != os.Getegid()
	if !set {
		size, err := unix.Getxattr(descriptorName(fd), "security.capability", nil)
		set = err == nil && size > 0
	}
	if set {
		w.notes.powerless[descriptor(fd)]++
	}
}
