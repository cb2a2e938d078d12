package audit

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// process is who made something, as it was at that moment.
type process struct {
	pid, parent int
	umask       uint32
	uid         uint32 // that files get (setfsuid(2))
	exe         string
	args        []string
	command     string // the pattern of args
}

// known are threads that have been looked at, by number: reading /proc costs more
// than all else. What is known of one is forgotten when it, or another thread of its
// process, executes a program or changes its umask, and is not used for another one
// that has its number.
type known struct {
	byThread map[target]knownThread
	root     root // the auditor's
	text     [4096]byte
}

type knownThread struct {
	process
	dir int // /proc/PID: of no use any more when the thread has ended
}

// mostKnown bounds the descriptors that are open.
const mostKnown = 128

// root is a root directory, with the mount that it is on.
type root struct{ mount, ino uint64 }

// rootOf is of no use, and like no other, if it cannot be told: before Linux 5.8,
// and of who may not be looked at.
func rootOf(dir int, name string) root {
	var st unix.Statx_t
	if unix.Statx(dir, name, unix.AT_STATX_DONT_SYNC, unix.STATX_INO|unix.STATX_MNT_ID, &st) != nil || st.Mask&unix.STATX_MNT_ID == 0 {
		return root{}
	}
	return root{st.Mnt_id, st.Ino}
}

// alike returns what is known of a thread, if it is known, has not ended, and has the
// auditor's root directory.
func (k *known) alike(t target) (process, bool) {
	old, ok := k.byThread[t]
	return old.process, ok && k.root != root{} && rootOf(old.dir, "root") == k.root
}

// of returns what is known of a thread, or reads it.
func (k *known) of(t target) process {
	old, ok := k.byThread[t]
	if ok && isThere(old.dir) {
		return old.process
	}
	dir, err := unix.Open(t.proc(""), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		if ok && err == unix.ENOENT {
			return old.process // it has ended, and nobody has its number
		}
		return process{pid: int(t)}
	}
	p := k.read(t, dir)
	if ok && p.exe == "" {
		unix.Close(dir)
		return old.process // it has ended, and nobody has waited for it
	}
	k.drop(t)
	if len(k.byThread) >= mostKnown {
		for t := range k.byThread {
			k.drop(t)
			break
		}
	}
	k.byThread[t] = knownThread{p, dir}
	return p
}

// isThere tells whether a thread has not ended.
func isThere(dir int) bool {
	var st unix.Stat_t
	return unix.Fstatat(dir, "exe", &st, unix.AT_SYMLINK_NOFOLLOW) == nil
}

func (k *known) drop(t target) {
	if old, ok := k.byThread[t]; ok {
		unix.Close(old.dir)
		delete(k.byThread, t)
	}
}

// changes forgets a thread, and the others of its process.
func (k *known) changes(t target) {
	pid := int(t)
	if old, ok := k.byThread[t]; ok {
		pid = old.pid
	}
	for other, p := range k.byThread {
		if other == t || p.pid == pid {
			k.drop(other)
		}
	}
}

// read reads /proc/PID. What cannot be read is left out: the process may have been
// killed.
func (k *known) read(t target, dir int) process {
	p := process{pid: int(t), umask: 0o022}
	for line := range bytes.Lines(k.file(dir, "status")) {
		key, value, _ := strings.Cut(strings.TrimSpace(string(line)), ":\t")
		switch key {
		case "Umask":
			if n, err := strconv.ParseUint(value, 8, 32); err == nil {
				p.umask = uint32(n)
			}
		case "Uid":
			p.uid = lastID(value)
		case "Tgid":
			p.pid, _ = strconv.Atoi(value)
		case "PPid":
			p.parent, _ = strconv.Atoi(value)
		}
	}
	p.exe, _ = readlinkAt(dir, "exe")
	p.exe = strings.TrimSuffix(p.exe, " (deleted)")
	const enough = 400 // a line or two
	text := string(k.file(dir, "cmdline"))
	if len(text) > enough {
		text = text[:enough] + "…"
	}
	p.args = strings.Split(strings.TrimRight(text, "\x00"), "\x00")
	p.command = commandPattern(p.args)
	return p
}

// uid is whose a process is.
func (k *known) uid(t target) uint32 {
	for line := range bytes.Lines(k.file(unix.AT_FDCWD, t.proc("status"))) {
		if value, ok := strings.CutPrefix(string(line), "Uid:"); ok {
			return lastID(value)
		}
	}
	return nobody
}

// lastID is the last of the four ids of /proc/PID/status: that of files.
func lastID(ids string) uint32 {
	list := strings.Fields(ids)
	n, err := strconv.ParseUint(list[len(list)-1], 10, 32)
	if err != nil {
		return nobody
	}
	return uint32(n)
}

// file is the beginning of a file, until the next call.
func (k *known) file(dir int, name string) []byte {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	n, _ := unix.Read(fd, k.text[:])
	return k.text[:max(n, 0)]
}

// name is what a thread is called, which everybody may read.
func (k *known) name(t target) string {
	return strings.TrimSpace(string(k.file(unix.AT_FDCWD, t.proc("comm"))))
}
