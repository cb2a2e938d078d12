// Package accounts reads passwd(5), group(5) and shells(5) as streams: a file of
// a large site is a long one, and a group in it may have a megabyte of members.
//
// Every function distinguishes "it is not there" from "it could not be found
// out". It keeps the rules of package bare.
package accounts

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// The files. They are variables for the tests alone.
var (
	Passwd = "/etc/passwd"
	Group  = "/etc/group"
	Shells = "/etc/shells"
)

// maxLine is how much of a line is kept: a login name, numbers, a comment, a
// home directory and a shell fit, and the members of a group need not.
const maxLine = 8 << 10

// reader hands out the lines of a file, of each at most maxLine bytes.
type reader struct {
	fd        int
	have, at  int
	err       bare.Errno
	truncated bool // the line was longer
	skip      bool // and what is left of it is still to be read
	busy      bool
	buf       [2 * maxLine]byte
	name      [maxLine]byte // of a group whose members do not fit
}

// lines is shared by all functions here: one file is read at a time.
var lines reader

// open begins a file. One that does not exist has no lines.
func (r *reader) open(path string) bare.Trouble {
	r.have, r.at, r.err, r.skip = 0, 0, 0, false
	var e bare.Errno
	r.fd, e = bare.Open(path, unix.O_RDONLY)
	r.busy = e == 0 || e == bare.Errno(unix.ENOENT)
	if e == bare.Errno(unix.ENOENT) {
		r.fd = -1
		return bare.Trouble{}
	}
	return bare.Failed("openat", e, path, "")
}

// Busy tells whether a file is being read: what visits its lines must not read
// another one.
func Busy() bool { return lines.busy }

// next returns the next line, valid until the following call.
func (r *reader) next() (string, bool) {
	for {
		rest := text(r.buf[r.at:r.have])
		end := strings.IndexByte(rest, '\n')
		if end < 0 && len(rest) <= maxLine {
			if r.fill() {
				continue
			}
			rest = text(r.buf[r.at:r.have]) // it has moved
		}
		skip, whole := r.skip, end >= 0
		r.skip = !whole && len(rest) > maxLine
		if whole {
			r.at += end + 1
		} else {
			end, r.at = len(rest), r.have
		}
		if skip && rest != "" {
			continue
		}
		r.truncated = end > maxLine
		return rest[:min(end, maxLine)], whole || rest != "" && r.err == 0
	}
}

// fill reads more behind what is not used yet.
func (r *reader) fill() bool {
	if r.fd < 0 {
		return false
	}
	r.have = copy(r.buf[:], r.buf[r.at:r.have])
	r.at = 0
	var n int
	n, r.err = bare.Read(r.fd, r.buf[r.have:])
	if r.err != 0 {
		return false
	}
	r.have += n
	return n > 0
}

// close ends the file and says what went wrong on the way.
func (r *reader) close(path string) bare.Trouble {
	bare.Close(r.fd)
	r.fd, r.busy = -1, false
	return bare.Failed("read", r.err, path, "")
}

func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Account is an entry of passwd(5). The strings are valid until the next call of
// a function of this package.
type Account struct {
	Name, Home, Shell string
	UID, GID          uint32
}

// ByUID finds the first entry with a uid, as getpwuid(3) does.
func ByUID(uid uint32, a *Account) (bool, bare.Trouble) {
	return byEntry("", uid, a)
}

// ByName finds the first entry with a name, as getpwnam(3) does.
func ByName(name string, a *Account) (bool, bare.Trouble) {
	if name == "" {
		return false, bare.Trouble{}
	}
	return byEntry(name, 0, a)
}

// byEntry finds a name, or where that is empty a uid.
func byEntry(name string, uid uint32, a *Account) (bool, bare.Trouble) {
	if t := lines.open(Passwd); !t.OK() {
		return false, t
	}
	found := false
	for {
		line, ok := lines.next()
		if !ok {
			break
		}
		if found = !lines.truncated && isOf(line, name, uid) && a.parse(line); found {
			break
		}
	}
	t := lines.close(Passwd)
	return found && t.OK(), t
}

// isOf tells whether a line can be the entry; most are not, and need not be parsed.
func isOf(line, name string, uid uint32) bool {
	first, line, _ := strings.Cut(line, ":")
	if name != "" {
		return first == name
	}
	_, line, _ = strings.Cut(line, ":")
	number, _, _ := strings.Cut(line, ":")
	n, ok := ParseID(number)
	return ok && n == uid
}

// parse splits one line of passwd(5). Comments, NIS "compat" lines and broken
// lines are not entries.
func (a *Account) parse(line string) bool {
	var f [7]string
	if !split(line, f[:], true) {
		return false
	}
	uid, ok1 := ParseID(f[2])
	gid, ok2 := ParseID(f[3])
	*a = Account{Name: f[0], UID: uid, GID: gid, Home: f[5], Shell: f[6]}
	return ok1 && ok2
}

// split cuts a line at its colons into exactly len(f) fields, or with exactly
// unset into at least as many.
func split(line string, f []string, exactly bool) bool {
	if line == "" || line[0] == '#' || line[0] == '+' || line[0] == '-' || line[0] == ':' {
		return false
	}
	for i := range f {
		before, after, more := strings.Cut(line, ":")
		if !more && i < len(f)-1 || more && i == len(f)-1 && exactly {
			return false
		}
		f[i], line = before, after
	}
	return true
}

// ParseID reads a uid or gid: 0 to 2^32-2. 2^32-1 means "no change" to
// chown(2) and is nobody's.
func ParseID(s string) (uint32, bool) {
	n, ok := bare.ParseUint(s, 1<<32-2)
	return uint32(n), ok
}

// EachGroup calls visit with the name and gid of each group, until it returns
// false. The name is valid only during the call.
func EachGroup(visit func(name string, gid uint32) bool) bare.Trouble {
	if t := lines.open(Group); !t.OK() {
		return t
	}
	for {
		line, ok := lines.next()
		if !ok {
			break
		}
		var f [3]string
		if !split(line, f[:], false) {
			continue
		}
		if gid, ok := ParseID(f[2]); ok && !visit(f[0], gid) {
			break
		}
	}
	return lines.close(Group)
}

// EachShell calls visit with each absolute path that shells(5) lists, in order,
// until it returns false. The path is valid only during the call.
func EachShell(visit func(path string) bool) bare.Trouble {
	if t := lines.open(Shells); !t.OK() {
		return t
	}
	for {
		line, ok := lines.next()
		if !ok {
			break
		}
		line, _, _ = strings.Cut(line, "#")
		line = trim(line)
		if !lines.truncated && strings.HasPrefix(line, "/") && !visit(line) {
			break
		}
	}
	return lines.close(Shells)
}

func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t' || s[len(s)-1] == '\r') {
		s = s[:len(s)-1]
	}
	return s
}
