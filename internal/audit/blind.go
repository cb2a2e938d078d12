package audit

import (
	"path"

	"golang.org/x/sys/unix"
)

// A program that its user may not look at (ssh-agent, which sets PR_SET_DUMPABLE of
// prctl(2), or a file that cannot be read) does not let an auditor without privilege
// read the path of a call. That it makes a call, and which, is known. What appears in a
// shared directory meanwhile, of that kind and the user's, is taken for what the call
// has made; the report names the program by what the thread is called.

// expectBlind watches the shared directories for what a call may make.
func (w *watcher) expectBlind(t target, n notification, c call) {
	a, _, _, _ := describe(t, n, c)
	if c.deed == bind || c.deed == socketcall {
		a.kind, a.mode, a.excl = kindSocket, 0o777, true
	}
	if a.kind == "" || a.kind == kindUnnamed {
		return
	}
	a.target, a.deed, a.in = t, c.deed, -1
	name := w.known.name(t)
	a.process = process{pid: int(t), exe: name, args: []string{name}}
	for _, p := range w.Places {
		if p.Private {
			continue
		}
		fd, err := unix.Open(p.Path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err == nil {
			_, _ = w.watch(fd, p)
			unix.Close(fd)
		}
	}
	w.byTarget[t], w.blind[t] = &a, &a
}

// madeBlind takes an event for what one of the calls has made.
func (w *watcher) madeBlind(wd int32, mask uint32, name string) {
	in, ok := w.directories[wd]
	if !ok || len(w.blind) == 0 {
		return
	}
	file := path.Join(in.path, name)
	var st unix.Stat_t
	there := unix.Lstat(file, &st) == nil
	for t, a := range w.blind {
		isDir := mask&unix.IN_ISDIR != 0
		if a.deed == rename != (mask&unix.IN_MOVED_TO != 0) || a.deed != rename && isDir != (a.deed == mkdir) || there && int(st.Uid) != unix.Geteuid() {
			continue
		}
		if a.mode &^= 0o022; there {
			a.mode = st.Mode & 0o7777
		}
		a.path, a.place = file, in.place
		w.over(t)
		w.made(a)
		if isDir {
			// The next call of this thread, which may make something in it, has
			// to wait for this.
			fd, err := unix.Open(file, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
			if err == nil {
				_, _ = w.watch(fd, in.place)
				unix.Close(fd)
			}
		}
		return
	}
}
