package audit

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Most of what is made is made in few directories. One that has been found is
// remembered by its path, if that leads to it without a symbolic link, and is taken
// again as long as the path leads to the same file: for threads that have the
// auditor's root.

// remembered is a directory and what was found out about it.
type remembered struct {
	fd    int // as long as it is open, no other file has the number
	file  id
	place Place
	in    int32 // the watch
}

// mostRemembered bounds the descriptors that are open.
const mostRemembered = 64

// remember keeps a directory, and its descriptor, and tells whether it does.
func (w *watcher) remember(path string, fd int, place Place, in int32) bool {
	var st unix.Stat_t
	if w.remembered[path] != nil || descriptor(fd) != path || unix.Fstat(fd, &st) != nil {
		return false
	}
	if len(w.remembered) >= mostRemembered {
		for other := range w.remembered {
			w.forget(other)
			break
		}
	}
	w.remembered[path] = &remembered{fd, idOf(&st), place, in}
	return true
}

func (w *watcher) forget(path string) {
	unix.Close(w.remembered[path].fd)
	delete(w.remembered, path)
}

// recall returns the directory that a path begins with, if it is known, and the name
// in it. It returns nil where the path has to be followed.
func (w *watcher) recall(path string, follow bool) (*remembered, string) {
	i := strings.LastIndexByte(path, '/')
	if i < 1 {
		return nil, ""
	}
	above, name := path[:i], path[i+1:]
	r := w.remembered[above]
	if r == nil || name == "" || name == "." || name == ".." {
		return nil, ""
	}
	if !r.isAt(above) || w.directories[r.in].path == "" && r.in >= 0 {
		w.forget(above)
		return nil, ""
	}
	if follow {
		if _, err := readlinkAt(r.fd, name); err == nil {
			return nil, ""
		}
	}
	return r, name
}

// isAt tells whether a path leads to the directory, without a symbolic link.
func (r *remembered) isAt(path string) bool {
	var st unix.Stat_t
	if strings.LastIndexByte(path, '/') == 0 { // /tmp
		return unix.Lstat(path, &st) == nil && idOf(&st) == r.file
	}
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | unix.O_DIRECTORY, Resolve: unix.RESOLVE_NO_SYMLINKS}
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &how)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return unix.Fstat(fd, &st) == nil && idOf(&st) == r.file
}
