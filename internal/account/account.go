// Package account answers who a uid is: from /etc/passwd and /etc/group, and
// where an entry is not there from the name service through getent(1).
//
// Identity is the real uid. $USER, $HOME and $LOGNAME are never asked.
package account

import (
	"bytes"
	"errors"
	"io/fs"
	"strconv"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// ErrNotFound: no source has the entry. Every other error means that a source
// could not be asked, so that the answer is not known.
var ErrNotFound = errors.New("no such entry")

// Account is one entry of passwd(5).
type Account struct {
	Name     string
	UID, GID uint32
	Home     string
	Shell    string // empty: /bin/sh, see passwd(5)
}

// Source is where entries come from; the zero value has none.
type Source struct {
	Passwd, Group string
	// Getent asks the name service for the keys of a database and returns
	// what getent(1) prints. Nil: there is none.
	Getent func(database string, keys ...string) ([]byte, error)
}

// System is the machine's own.
func System() *Source {
	ns := &nameService{}
	return &Source{Passwd: "/etc/passwd", Group: "/etc/group", Getent: ns.ask}
}

// ByUID returns the first entry with this uid, as getpwuid(3) does.
func (s *Source) ByUID(uid uint32) (Account, error) {
	return s.find("passwd", strconv.FormatUint(uint64(uid), 10), func(a Account) bool { return a.UID == uid })
}

// ByName returns the entry with this login name.
func (s *Source) ByName(name string) (Account, error) {
	return s.find("passwd", name, func(a Account) bool { return a.Name == name })
}

// Words name a user in a line of the system log: "uid=1000 user=alice". The name is
// that of the passwd file, without one the words are fewer: a line does not wait for
// a name service.
func (s *Source) Words(uid uint32) string {
	words := "uid=" + strconv.FormatUint(uint64(uid), 10)
	file := Source{Passwd: s.Passwd}
	if a, err := file.ByUID(uid); err == nil && a.Name != "" && len(a.Name) < 256 {
		words += " user=" + a.Name
	}
	return words
}

// Each visits the entries of the passwd file, not of the name service, until
// visit returns false.
func (s *Source) Each(visit func(Account) bool) error {
	return eachLine(s.Passwd, func(line []byte) bool {
		a, ok := ParsePasswd(line)
		return !ok || visit(a)
	})
}

func (s *Source) find(database, key string, want func(Account) bool) (Account, error) {
	var found Account
	ok := false
	visit := func(line []byte) bool {
		a, valid := ParsePasswd(line)
		if valid && want(a) {
			found, ok = a, true
		}
		return !ok
	}
	fileErr := eachLine(s.Passwd, visit)
	if ok {
		return found, nil
	}
	if fileErr != nil {
		return Account{}, fileErr // which is no "not there"
	}
	if s.Getent != nil {
		out, err := s.Getent(database, key)
		if err != nil && err != ErrNotFound {
			return Account{}, err
		}
		for line := range bytes.Lines(out) {
			if !visit(bytes.TrimSuffix(line, []byte("\n"))) {
				return found, nil
			}
		}
	}
	return Account{}, ErrNotFound
}

// eachLine visits a file's lines; one that does not exist has none.
func eachLine(path string, visit func([]byte) bool) error {
	if path == "" {
		return nil
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer sys.Close(fd)
	err = sys.EachLine(fd, visit)
	if pe, ok := err.(*fs.PathError); ok {
		pe.Path = path
	}
	return err
}

// ParsePasswd reads one line of passwd(5). Comments, NIS "compat" lines and
// broken lines are not entries.
func ParsePasswd(line []byte) (Account, bool) {
	var f [7][]byte
	if !fields(line, f[:]) {
		return Account{}, false
	}
	uid, ok1 := ParseID(string(f[2]))
	gid, ok2 := ParseID(string(f[3]))
	if !ok1 || !ok2 {
		return Account{}, false
	}
	return Account{
		Name: string(f[0]), UID: uid, GID: gid,
		Home: string(f[5]), Shell: string(f[6]),
	}, true
}

// fields cuts a line at its colons into exactly len(f) fields.
func fields(line []byte, f [][]byte) bool {
	if len(line) == 0 || line[0] == '#' || line[0] == '+' || line[0] == '-' || line[0] == ':' {
		return false
	}
	for i := range f {
		before, after, more := bytes.Cut(line, []byte(":"))
		if more != (i < len(f)-1) {
			return false
		}
		f[i], line = before, after
	}
	return true
}

// Nobody is no uid and no gid: chown(2) takes it for "no change".
const Nobody = 1<<32 - 1

// ParseID reads a uid or gid: 0 to 2^32-2. 2^32-1 means "no change" to
// chown(2) and is nobody's.
func ParseID(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == Nobody {
		return 0, false
	}
	return uint32(n), true
}
