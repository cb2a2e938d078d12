package remover

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"tmpshell/internal/asroot"
	"tmpshell/internal/bare"
	"tmpshell/internal/build"
	"tmpshell/internal/clean"
	"tmpshell/internal/orders"
	"tmpshell/internal/sys"
)

// What a session leaves when its process has ended, such as sshd's process that is
// the user's, is waited for by a descriptor: its end is an event, after which this
// program looks again. Nothing is looked at because some time has passed.

// left chooses a process of the user's to wait for, and returns a descriptor of it. It
// returns -1 if there is none, and then whether one has ended since it was seen, so that
// somebody has to look again; or if another tmpshell-supervise of theirs waits: the
// program that this one becomes looks later than this run does. A tmpshell-remover
// that is the user's again is about to wait. Two that look at one time are root's, and
// do not see each other; both may wait.
//
// Both are told by their names: of a program of another processor, the kernel says that
// the emulator is what runs. Whoever calls something else by them has their own
// directories stay for `tmpshellctl clean`.
//
// A process that this one descends from does not count, either: see waiting.
//
// A process in another control group does not count: the user manager of systemd(1)
// ends after the last process of the last session has, and that would be this one.
// Where nobody has configured it, as with --init, the one that has started this one
// counts alone: it is about to end, and no other process is waited for.
func (r *run) left(report *clean.Report) (fd int, ended bool) {
	group, _ := clean.ProcFile(unix.Getpid(), "cgroup")
	fd = -1
	waiting := r.waiting()
	for _, p := range using(report) {
		if p.PID != r.parent && (p.Name == supervise || r.root && p.Name == remover) {
			sys.Close(fd)
			return -1, false
		}
		if slices.Contains(waiting, p.PID) {
			continue
		}
		one, err := p.Descriptor(r.uid)
		if err != nil {
			ended = true
			continue
		}
		of, err := clean.ProcFile(p.PID, "cgroup")
		ours := err == nil && bytes.Equal(of, group) || isEnding(p.PID)
		if fd < 0 && ours && (r.supervised() || p.PID == r.parent) {
			fd = one
			continue
		}
		ended = ended || clean.Ended(one, 0)
		sys.Close(one)
	}
	return fd, ended && fd < 0
}

// waiting are the processes that this one descends from, which may wait for its end: a
// subreaper has for children what others have left (PR_SET_CHILD_SUBREAPER of prctl(2)),
// and whoever has started that waits for it. They would wait for each other for ever. A
// tmpshell-supervise that has started this one waits for nothing.
func (r *run) waiting() (pids []int) {
	if comm(r.parent) == supervise {
		return nil
	}
	for pid := r.parent; pid > 0 && len(pids) < 1<<10; {
		pids = append(pids, pid)
		words := stat(pid)
		if len(words) < 2 {
			break
		}
		pid, _ = strconv.Atoi(string(words[1]))
	}
	return pids
}

// stat are the fields of proc_pid_stat(5) that follow the name; none of a process that
// has ended.
func stat(pid int) [][]byte {
	text, err := clean.ProcFile(pid, "stat")
	if err != nil {
		return nil
	}
	return bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // a name may have blanks in it
}

// isEnding tells whether a process is in exit(2), or its first thread is. With cgroup 1
// the kernel says of such a one that it is in the first group, whichever it is in.
func isEnding(pid int) bool {
	const exiting = 0x4 // PF_EXITING, of the flags of proc_pid_stat(5)
	words := stat(pid)
	if len(words) < 7 {
		return false
	}
	flags, err := strconv.ParseUint(string(words[6]), 10, 64)
	return err == nil && flags&exiting != 0
}

// using are the user's processes, by which their directories are in use.
func using(report *clean.Report) []clean.Process {
	for _, res := range report.Results {
		if len(res.By) > 0 {
			return res.By
		}
	}
	return nil
}

// becomeWatcher becomes tmpshell-supervise, without privilege and the user's, which
// waits for the process and then becomes this program again: what a user leaves is
// not waited for by anything of root's. It returns where it cannot; then tmpshellctl
// clean finds the directories.
func (r *run) becomeWatcher(process int) {
	if err := unix.Dup3(process, 0, 0); err != nil {
		return
	}
	if r.root {
		if err := asroot.Back(r.uid, r.gid, r.groups); err != nil {
			return
		}
	}
	bare.CloseFrom(1) // the runtime has opened those that were missing
	_ = syscall.Exec(build.Supervise(), []string{path.Base(build.Supervise()), orders.Watch}, nil)
}
