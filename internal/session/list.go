package session

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
)

// The list RUN/sessions/UID has a line for each session that made or entered a
// namespace: process, namespace, key. It is in a directory that is root's alone,
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
	key       string // see Plan.key
}

// add writes the line.
func (r record) add(to *bare.Text) {
	to.AddUint(r.pid, 10)
	to.AddByte(' ')
	r.namespace.Tell(to)
	to.AddByte(' ')
	to.Add(r.key)
	to.AddByte('\n')
}

// open opens the namespace of the process, if it is still in it, and if no user
// can have made it: in a user namespace of their own, users copy a session's
// namespace and mount there what they like, /etc included, and on kernels where a
// namespace is named by its inode, theirs may have that of an older session.
//
// A process that was granted capabilities is looked at by who has them, too
// (ptrace(2), PTRACE_MODE_READ_FSCREDS).
func (r record) open() (int, bool) {
	fd, e := mounts.OfProcess(r.pid)
	if e == bare.Errno(unix.EACCES) {
		t := capset.With(^capset.Set(0), func() bare.Trouble {
			fd, e = mounts.OfProcess(r.pid)
			return bare.Trouble{}
		})
		if !t.OK() {
			bare.Close(fd)
			return -1, false
		}
	}
	if e != 0 {
		return -1, false
	}
	if name, e := mounts.NamespaceOf(fd); e == 0 && name == r.namespace && mounts.IsOurs(fd) {
		return fd, true
	}
	bare.Close(fd)
	return -1, false
}

var listBuf, livingBuf [2 * longest]byte

// readList returns the text of the list, in listBuf.
func readList(list int) string {
	n, e := bare.Pread(list, listBuf[:], 0)
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
	pid, rest, _ := bare.Cut(line, ' ')
	namespace, key, hasKey := bare.Cut(rest, ' ')
	r.pid, ok = bare.ParseUint(pid, 1<<31-1)
	if !ok || r.pid == 0 || !hasKey {
		return r, false
	}
	r.namespace, ok = mounts.ParseNamespace(namespace)
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
		line, after, whole := bare.Cut(rest, '\n')
		rest = after
		r, ok := parseRecord(line)
		if !ok || !whole {
			continue
		}
		if fd, ok := r.open(); ok {
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
