package session

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
)

// The list RUN/sessions/UID has a line for each session that made a namespace, or
// entered one that the kernel cannot find by its name: process, namespace, its root
// directory, key. It is in a directory that is root's alone,
// so that nobody but this program reads or writes it, and what it says of a process
// is compared with what the kernel says. It may be out of date, cut or lost: the
// next session then makes a namespace of its own. Another version's keys have other
// words and are no session's.
const (
	longest = 8 << 10 // bytes, before the dead are taken off
	most    = 40      // of the living that are kept then: the oldest and the newest
)

// record is one line.
type record struct {
	pid       uint64
	namespace mounts.Namespace
	root      uint64 // the number of the mount that is its root directory
	key       string // see Plan.key
	// The kernel finds the namespace by its name (Linux 6.18), whoever is in it, or
	// says that it is gone.
	byName, stale bool
}

// add writes the line.
func (r record) add(to *bare.Text) {
	to.AddUint(r.pid, 10)
	to.AddByte(' ')
	r.namespace.Tell(to)
	to.AddByte(' ')
	to.AddUint(r.root, 10)
	to.AddByte(' ')
	to.Add(r.key)
	to.AddByte('\n')
}

// open opens the namespace, if it is still there and no user can have made it: in a
// user namespace of their own, users copy a session's namespace and mount there what
// they like, /etc included. It is -1 otherwise.
func (r *record) open() (fd int, t bare.Trouble) {
	var e bare.Errno
	t = capset.With(capset.SysAdmin, func() bare.Trouble {
		fd, e = r.namespace.Open()
		return bare.Trouble{}
	})
	r.byName, r.stale = e == 0, e == bare.Errno(unix.ESTALE)
	switch {
	case !t.OK(), r.byName:
	case starved(e):
		t = bare.Failed("open_by_handle_at", e, "a namespace", "")
	default: // this kernel cannot, or it is one of Linux 7, and this a PID namespace: ESTALE, too
		fd, t = r.ofProcess()
		r.stale = r.stale && fd < 0
	}
	if fd >= 0 && (!t.OK() || !mounts.IsOurs(fd)) {
		bare.Close(fd)
		fd = -1
	}
	return fd, t
}

// starved tells whether an error is a want of descriptors or memory. It says nothing
// of the namespace: one that is taken to be gone for it is one more that the user
// can have.
func starved(e bare.Errno) bool {
	return e == bare.Errno(unix.EMFILE) || e == bare.Errno(unix.ENFILE) || e == bare.Errno(unix.ENOMEM)
}

// ofProcess opens the namespace of the process, if that is the one of the record.
func (r *record) ofProcess() (int, bare.Trouble) {
	fd, t := ofProcess(r.pid)
	if fd < 0 {
		return -1, t
	}
	if name, e := mounts.NamespaceOf(fd); t.OK() && e == 0 && name == r.namespace {
		return fd, t
	}
	bare.Close(fd)
	return -1, t
}

// ofProcess opens the namespace of a process, -1 where that cannot be had. One that
// was granted capabilities is looked at by who has them, too (ptrace(2),
// PTRACE_MODE_READ_FSCREDS).
func ofProcess(pid uint64) (fd int, t bare.Trouble) {
	fd, e := mounts.OfProcess(pid)
	if e == bare.Errno(unix.EACCES) {
		t = capset.With(^capset.Set(0), func() bare.Trouble {
			fd, e = mounts.OfProcess(pid)
			return bare.Trouble{}
		})
	}
	if t.OK() && starved(e) {
		t = bare.Failed("openat", e, "a namespace", "")
	}
	return fd, t
}

// enter moves the thread into the namespace, and tells whether it is there.
func (r *record) enter() (bool, bare.Trouble) {
	ns, t := r.open()
	if ns < 0 || !t.OK() {
		return false, t
	}
	var e bare.Errno
	t = capset.With(capset.SysAdmin|capset.SysChroot, func() bare.Trouble {
		e = mounts.Setns(ns)
		return bare.Trouble{}
	})
	bare.Close(ns)
	return t.OK() && e == 0, t
}

var listBuf, livingBuf [2 * longest]byte

// readList returns the text of the list, in listBuf.
func readList(list int) string {
	n, e := bare.ReadBeginning(list, listBuf[:])
	if e != 0 {
		return ""
	}
	return unsafe.String(&listBuf[0], n)
}

// lastRecord takes the last record off a text. Lines that are not whole or not
// valid are left out.
func lastRecord(rest *string) (record, bool) {
	for s := *rest; s != ""; {
		end := len(s) - 1
		begin := end
		for begin > 0 && s[begin-1] != '\n' {
			begin--
		}
		line, whole := s[begin:end], s[end] == '\n'
		s = s[:begin]
		if r, ok := parseRecord(line); ok && whole {
			*rest = s
			return r, true
		}
	}
	*rest = ""
	return record{}, false
}

func parseRecord(line string) (r record, ok bool) {
	pid, rest, _ := strings.Cut(line, " ")
	namespace, rest, _ := strings.Cut(rest, " ")
	root, key, hasKey := strings.Cut(rest, " ")
	r.pid, ok = bare.ParseUint(pid, 1<<31-1)
	if !ok || r.pid == 0 || !hasKey {
		return r, false
	}
	if r.namespace, ok = mounts.ParseNamespace(namespace); !ok {
		return r, false
	}
	r.root, ok = bare.ParseUint(root, ^uint64(0))
	r.key = key
	return r, ok
}

// addRecord appends a line: one write(2), so that lines stay whole (O_APPEND). The
// key may be in listBuf.
func addRecord(list int, r record) {
	var buf [keySize + 64]byte
	line := bare.NewText(buf[:])
	r.add(&line)
	if line.Full() {
		return
	}
	var st bare.Stat
	if bare.Fstat(list, &st) == 0 && st.Size > longest && !shorten(list) {
		return
	}
	_ = bare.Append(list, line.String()) // it may be lost, see above
}

// shorten keeps the lines of sessions that live.
func shorten(list int) bool {
	living := bare.NewText(livingBuf[:])
	count := 0
	rest := readList(list)
	for rest != "" {
		line, after, whole := strings.Cut(rest, "\n")
		rest = after
		r, ok := parseRecord(line)
		if !ok || !whole {
			continue
		}
		fd, t := r.open()
		if !t.OK() {
			return false
		}
		if fd >= 0 {
			bare.Close(fd)
			r.add(&living)
			count++
		}
	}
	if bare.Empty(list) != 0 {
		return false
	}
	head, tail := living.String(), ""
	if count > most {
		tail = lines(head, count-most/2, count)
		head = lines(head, 0, most/2)
	}
	if head != "" {
		_ = bare.Append(list, head)
	}
	if tail != "" {
		_ = bare.Append(list, tail)
	}
	return true
}

// lines returns the lines of a text from one number to before another.
func lines(s string, from, to int) string {
	begin, line := 0, 0
	for i := 0; i < len(s); i++ {
		if s[i] != '\n' {
			continue
		}
		line++
		if line == from {
			begin = i + 1
		}
		if line == to {
			return s[begin : i+1]
		}
	}
	return s[begin:]
}
