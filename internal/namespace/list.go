package namespace

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/mnt"
	"tmpshell/internal/sys"
)

// The list RUN/sessions/UID has a line for each session that made or entered a
// namespace: process, namespace, key. It is in a directory that is root's alone,
// so that nobody but this program reads or writes it, and what it says of a
// process is compared with what the kernel says. It may be out of date, cut or
// lost: the next session then makes a namespace of its own.
const (
	longest = 8 << 10 // bytes, before the dead are taken off
	most    = 40      // of the living that are kept then: the oldest and the newest
)

// record is one line.
type record struct {
	pid       int
	namespace string // its mnt.ID
	key       string // see Plan.key
}

func (r record) line() string { return strconv.Itoa(r.pid) + " " + r.namespace + " " + r.key + "\n" }

// open opens the namespace of the process, if it is still in it, and if no user
// can have made it: in a user namespace of his own a user copies a session's
// namespace and mounts there what he likes, /etc included, and on kernels where
// ID is an inode number, his may have that of an older session.
func (r record) open() (int, error) {
	fd, err := mnt.OfProcess(r.pid)
	if err != nil {
		return -1, err
	}
	id, err := mnt.ID(fd)
	if err == nil && (id != r.namespace || !mnt.IsOurs(fd)) {
		err = errChanged
	}
	if err != nil {
		sys.Close(fd)
		return -1, err
	}
	return fd, nil
}

// readList returns the records, the newest last.
func readList(list int) []record {
	buf := make([]byte, 2*longest)
	n, err := unix.Pread(list, buf, 0)
	if err != nil {
		return nil
	}
	return parseList(string(buf[:n]))
}

// parseList leaves out lines that are not whole.
func parseList(text string) []record {
	var records []record
	for line := range strings.Lines(text) {
		line, whole := strings.CutSuffix(line, "\n")
		pid, rest, _ := strings.Cut(line, " ")
		namespace, key, ok := strings.Cut(rest, " ")
		if n, err := strconv.Atoi(pid); whole && ok && err == nil && n > 0 {
			records = append(records, record{n, namespace, key})
		}
	}
	return records
}

// addRecord appends a line: one write(2), so that lines stay whole (O_APPEND).
func addRecord(list int, r record) {
	line := r.line()
	if st, err := sys.Fstat(list); err == nil && st.Size > longest {
		line = shorter(readList(list)) + line
		if unix.Ftruncate(list, 0) != nil {
			return
		}
	}
	_ = sys.Append(list, []byte(line)) // see above: it may be lost
}

// shorter returns the lines of sessions that live.
func shorter(records []record) string {
	var living []string
	for _, r := range records {
		if fd, err := r.open(); err == nil {
			sys.Close(fd)
			living = append(living, r.line())
		}
	}
	if over := len(living) - most; over > 0 {
		living = append(living[:most/2:most/2], living[most/2+over:]...)
	}
	return strings.Join(living, "")
}
