// Package accounts reads passwd(5), group(5) and shells(5) as streams: a file of
// a large site is a long one, and a group in it may have a megabyte of members.
//
// Every function distinguishes "it is not there" from "it could not be found
// out". It keeps the rules of package bare.
package accounts

import (
	"strings"

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
const maxLine = 16<<10 - 1

// lines is shared by all functions here: one file is read at a time.
var (
	lines  bare.Lines
	buffer [maxLine + 1]byte // with the newline
	busy   bool
)

// each calls visit with the lines of a file, until it returns false. A file that does
// not exist has none.
func each(path string, visit func(line string) bool) bare.Trouble {
	fd, e := bare.Open(path, unix.O_RDONLY)
	if e == bare.Errno(unix.ENOENT) {
		return bare.Trouble{}
	}
	if e != 0 {
		return bare.Failed("openat", e, path, "")
	}
	lines, busy = bare.NewLines(fd, buffer[:]), true
	line, ok, e := lines.Next()
	for ok && visit(line) {
		line, ok, e = lines.Next()
	}
	busy = false
	bare.Close(fd)
	return bare.Failed("read", e, path, "")
}

// Busy tells whether a file is being read: what visits its lines must not read
// another one.
func Busy() bool { return busy }

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
	found := false
	t := each(Passwd, func(line string) bool {
		found = !lines.Cut && isOf(line, name, uid) && a.parse(line)
		return !found
	})
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
	return each(Group, func(line string) bool {
		var f [3]string
		gid, ok := uint32(0), split(line, f[:], false)
		if ok {
			gid, ok = ParseID(f[2])
		}
		return !ok || visit(f[0], gid)
	})
}

// EachShell calls visit with each absolute path that shells(5) lists, in order,
// until it returns false. The path is valid only during the call.
func EachShell(visit func(path string) bool) bare.Trouble {
	return each(Shells, func(line string) bool {
		line, _, _ = strings.Cut(line, "#")
		line = trim(line)
		return lines.Cut || !strings.HasPrefix(line, "/") || visit(line)
	})
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
