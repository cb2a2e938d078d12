package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/witness"
)

// startWay is a way to be started.
type startWay struct {
	name    string
	account *rig.Account
	exec    bool // tmpshell --exec PROGRAM
	fresh   bool // the directories are not there yet
	exempt  bool // the session is left alone
	// named are the variables in which the session may differ: the only
	// ones, and nothing but these.
	named []string
	// configured is nil with method env and a launcher without capabilities.
	*configured
}

// furnishStarts installs everything, and lists the ways.
func furnishStarts(t *testing.T) []startWay {
	t.Helper()
	rig.Install(t, "Shell "+witness.Probe, "Exempt exempt")
	witness.Build(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 21000})
	exempt := rig.AddUser(t, rig.Account{Name: "exempt", UID: 21001})
	root := &rig.Account{Name: "root", Home: "/root", Shell: rig.Tmpshell}
	rig.Write(t, someFile, strings.Repeat("x", 100), 0o666)
	rig.Sh(t, "mkdir $1 && mount --rbind / $1", otherRoot)
	rig.Must(t, "install", "-d", "-m", "0", "-o", "alice", "/home/alice/shut")

	directories := []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR", "XDG_RUNTIME_DIR"}
	shell := append(slices.Clone(directories), "SHELL")
	return []startWay{
		{name: "a user's shell", account: alice, named: shell},
		{name: "a user's shell, the first login", account: alice, named: shell, fresh: true},
		{name: "a user's tmpshell --exec", account: alice, named: directories, exec: true},
		{name: "a user's tmpshell --exec, the first", account: alice, named: directories, exec: true, fresh: true},
		{name: "an exempt user's shell", account: exempt, named: []string{"SHELL"}, exempt: true},
		{name: "root's shell", account: root, named: shell},
		{name: "root's shell, the first login", account: root, named: shell, fresh: true},
		{name: "root's tmpshell --exec", account: root, named: directories, exec: true},
		{name: "root's tmpshell --exec, the first", account: root, named: directories, exec: true, fresh: true},
	}
}

// prepare removes the account's directories, or sees that they are there.
func (w startWay) prepare(t *testing.T) {
	t.Helper()
	if w.exempt {
		return
	}
	if w.configured != nil {
		w.configure(t)
		aside(t, w.fresh)
	}
	if _, err := os.Stat(w.directory()); !w.fresh && err == nil {
		return
	}
	removeDirectories(t)
	if w.fresh {
		return
	}
	c := rig.Command{Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "/bin/true"}, Env: w.account.Env()}
	if w.account.UID != 0 {
		c.As = w.account
	}
	if r := c.Run(t); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	if !w.isMounted() {
		rig.CheckPrivate(t, w.account)
	}
}

// tells: there is one line on standard error, which says what --exec could not do.
// It is one of tmpshell's, and there may be no system log where --exec is called.
func (w startWay) tells(state startState, stderr string) bool {
	return w.exec && (w.fresh && state.noHelper || w.isMounted()) &&
		strings.HasPrefix(stderr, "tmpshell: no private directory in /tmp: ") && strings.Count(stderr, "\n") == 1
}

func (w startWay) isMounted() bool { return w.configured != nil && w.mounted }

// directory is the account's own, where it is kept.
func (w startWay) directory() string {
	if w.isMounted() {
		return store + "/tmp"
	}
	return w.account.Private()
}

func removeDirectories(t *testing.T) {
	t.Helper()
	const base = "/tmp/.private"
	users, err := filepath.Glob("/run/user/*")
	if err != nil {
		t.Fatal(err)
	}
	fallbacks, err := filepath.Glob(base + "-*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Concat([]string{base}, users, fallbacks) {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
}

// checkVariables: the variables that differ do so as they should, and name
// directories that are as they should be.
func (w startWay) checkVariables(t *testing.T, state startState, without witness.Facts, environment []string) {
	t.Helper()
	if w.exempt {
		return
	}
	session := rig.Session{Env: environment}
	dir, _ := session.Getenv("TMPDIR")
	run, runSet := session.Getenv("XDG_RUNTIME_DIR")
	switch private := w.account.Private(); {
	case w.isMounted() && mountable(w.caps, without):
		session.CheckVariables(t, "/tmp")
	case dir == private, (state.noHelper || w.isMounted()) && dir == "/tmp/.private-"+filepath.Base(private):
		session.CheckVariables(t, dir)
		w.checkDirectory(t, dir)
	default:
		t.Errorf("%s: TMPDIR is %q, want %q", w.name, dir, private)
	}
	want, where := w.account.Private()+"/.runtime", w.account.Private()+"/.runtime"
	if dir == "/tmp" { // what is mounted there is seen from outside in its place
		want, where = "/tmp/.runtime", fmt.Sprintf("/var/lib/tmpshell/%d/tmp/.runtime", w.account.UID)
	}
	switch {
	case run == want:
		w.checkDirectory(t, where)
	case runSet || dir == w.account.Private() && !state.noHelper && !state.noRuntime:
		t.Errorf("%s: XDG_RUNTIME_DIR is %q, want %q", w.name, run, want)
	}
	if shell, _ := session.Getenv("SHELL"); !w.exec && shell != witness.Probe {
		t.Errorf("%s: SHELL is %q", w.name, shell)
	}
}

// checkDirectory looks at owner and mode; the group is the session's own.
func (w startWay) checkDirectory(t *testing.T, path string) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Errorf("%s: %v", w.name, err)
		return
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid != w.account.UID || info.Mode() != os.ModeDir|0o700 {
		t.Errorf("%s: %s is %v, of uid %d", w.name, path, info.Mode(), uid)
	}
}
