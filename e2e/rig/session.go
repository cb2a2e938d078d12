package rig

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Probe is a script for any shell that prints the shell's argv and the
// environment, for ParseSession. `tr` marks the text so that nothing before or
// after it is overlooked.
const Probe = `printf '<<'; tr '\0' '\001' </proc/$$/cmdline; printf '\002'; env -0 | tr '\0' '\001'; printf '>>'`

// Session is what a program at the end of a login finds.
type Session struct {
	Argv []string
	// Env holds NAME=VALUE in their order.
	Env []string
	// Before and After surround the probe's output on stdout.
	Before, After string
}

// ParseSession reads what Probe printed.
func ParseSession(t testing.TB, r Result) Session {
	t.Helper()
	before, rest, ok := strings.Cut(r.Stdout, "<<")
	i := strings.LastIndex(rest, ">>")
	if !ok || i < 0 {
		t.Fatalf("no session\nstatus: %d\nstdout: %q\nstderr: %q", r.Status, r.Stdout, r.Stderr)
	}
	argv, env, _ := strings.Cut(rest[:i], "\x02")
	return Session{split(argv), split(env), before, rest[i+2:]}
}

func split(s string) []string {
	return strings.Split(strings.TrimSuffix(s, "\x01"), "\x01")
}

// Getenv returns a variable's value and whether it is set.
func (s Session) Getenv(name string) (string, bool) {
	for _, e := range s.Env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// Variables of the directory that stands for /tmp.
var Variables = []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR"}

// Private is the account's directory below a base that nobody squats.
func (a *Account) Private() string { return fmt.Sprintf("/tmp/.private/%d", a.UID) }

// CheckVariables reports variables that do not name dir, or with an empty dir
// are set at all.
func (s Session) CheckVariables(t testing.TB, dir string) {
	t.Helper()
	for _, name := range Variables {
		if got, set := s.Getenv(name); got != dir || set != (dir != "") {
			t.Errorf("%s is %q (set: %v), want %q", name, got, set, dir)
		}
	}
}

// Without returns the environment without some variables.
func (s Session) Without(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(s.Env), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains(names, name)
	})
}

// CheckPrivate reports what is wrong with the account's directory in a base.
func CheckPrivate(t testing.TB, a *Account) {
	t.Helper()
	CheckDir(t, "/tmp/.private", 0, 0, 0o711)
	CheckDir(t, a.Private(), a.UID, a.GID, 0o700)
}

// CheckDir reports a path that is not a directory of this owner and mode.
func CheckDir(t testing.TB, path string, uid, gid uint32, mode os.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Error(err)
		return
	}
	st := info.Sys().(*syscall.Stat_t)
	got := fmt.Sprintf("%v %d:%d", info.Mode(), st.Uid, st.Gid)
	want := fmt.Sprintf("%v %d:%d", mode|os.ModeDir, uid, gid)
	if got != want {
		t.Errorf("%s is %s, want %s", path, got, want)
	}
}
