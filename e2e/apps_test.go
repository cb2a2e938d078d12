package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// The application matrix: real programs, each in a session of every method, and
// in one without tmpshell. The table says where their files and sockets are, and
// whether they work; tmpshell-apps(7) is its summary.

// methods are the columns. Each has a user of its own, so that whatever appears
// in a shared directory is one column's.
var methods = []string{"plain", "env", "mount", "tmpfs"}

// application is one row.
type application struct {
	name string
	// try runs it and returns what is in the table, mostly by at.
	try func(*cell) string
	// want is the row: plain, env, mount, tmpfs.
	want [4]string
	// manual is the line of tmpshell-apps(7) that says it, if one does.
	manual string
	// outside are names that others than the session make in the shared
	// directory, such as sshd, as patterns of filepath.Match.
	outside []string
}

// cell is one application with one method.
type cell struct {
	*testing.T
	*rig.Account
	method string
	// first and second are two logins of the user.
	first, second *rig.Open
}

// mountLine is the line with method mount in the example configuration, with the
// directory of ESounD for the user who is called mount.
func mountLine(t *testing.T) string {
	t.Helper()
	lines := exampleLines(t, "#\tDirectory /tmp mount share=")
	return strings.Replace(lines[0], ".esd-1000", ".esd-1002", 1)
}

// exampleLines are the lines of etc/tmpshell.conf with this beginning, as they
// are when they are no comments.
func exampleLines(t *testing.T, beginning string) []string {
	t.Helper()
	var list []string
	for line := range strings.Lines(readSource(t, "etc/tmpshell.conf")) {
		if strings.HasPrefix(line, beginning) {
			list = append(list, strings.TrimSpace(strings.TrimPrefix(line, "#")))
		}
	}
	if len(list) == 0 {
		t.Fatalf("etc/tmpshell.conf has no line %q", beginning)
	}
	return list
}

func readSource(t *testing.T, name string) string {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// installMethods installs tmpshell so that each user has another method.
func installMethods(t *testing.T, conf ...string) []*rig.Account {
	t.Helper()
	rig.Install(t, append(conf, "Match User mount", mountLine(t), "Match User tmpfs", "Directory /tmp tmpfs")...)
	var list []*rig.Account
	for i, name := range methods {
		a := rig.Account{Name: name, UID: uint32(1000 + i)}
		if name == "plain" {
			a.Shell = "/bin/bash"
		}
		list = append(list, rig.AddUser(t, a))
	}
	return list
}

// appTable fills the rows, compares and tells them.
func appTable(t *testing.T, title string, users []*rig.Account, rows []application) {
	t.Helper()
	var table strings.Builder
	fmt.Fprintf(&table, "%-44s %-22s %-22s %-22s %-22s\n", title, methods[0], methods[1], methods[2], methods[3])
	asWanted := 0
	for _, row := range rows {
		fmt.Fprintf(&table, "%-44s", "  "+row.name)
		var found [4]string
		for i, a := range users {
			got := "did not finish"
			t.Run(row.name+" "+a.Name, func(t *testing.T) {
				watch := watchShared(t)
				c := &cell{T: t, Account: a, method: a.Name, first: a.Open(t), second: a.Open(t)}
				if mounted := c.do(c.first, "echo $TMPDIR") == "/tmp"; mounted != (a.Name == "mount" || a.Name == "tmpfs") {
					t.Errorf("the session's directory is mounted: %v", mounted)
				}
				got = row.try(c)
				if got != row.want[i] {
					t.Errorf("%q, want %q", got, row.want[i])
				}
				if leaks := watch.leaks(t, row.outside); len(leaks) > 0 && (a.Name == "mount" || a.Name == "tmpfs") {
					t.Errorf("%q has landed in the shared directory", leaks)
				}
				if !t.Failed() {
					asWanted++
				}
			})
			fmt.Fprintf(&table, " %-22s", got)
			found[i] = got
		}
		checkManual(t, row, found)
		table.WriteByte('\n')
	}
	for _, word := range slices.Sorted(maps.Keys(words)) {
		sentence := words[word]
		if strings.Contains(table.String(), word) {
			fmt.Fprintf(&table, "  %s: %s\n", strings.TrimPrefix(word, ", "), sentence)
		}
	}
	cells := len(rows) * len(users)
	fmt.Fprintf(&table, "%s: cells %d, as expected %d, otherwise %d\n\n", title, cells, asWanted, cells-asWanted)
	view.Tell(table.String())
}

// words are what does not work in the table, and what tmpshell-apps(7) says of it.
var words = map[string]string{
	oneLogin:   "With tmpfs, a server in a session is not found from another login of the same user.",
	notReached: "With tmpfs there is no share=, so that a server outside is not reached by a socket in /tmp.",
}

// do runs a script in a login; it must succeed.
func (c *cell) do(o *rig.Open, script string) string {
	c.Helper()
	out, status := o.Do(script)
	if status != 0 {
		c.Fatalf("status %d of %s\n%s", status, script, out)
	}
	return strings.TrimSpace(out)
}

// at says where a path leads, seen from a session.
func (c *cell) at(o *rig.Open, path string) string {
	c.Helper()
	real := c.do(o, "readlink -e "+path)
	root := fmt.Sprintf("/proc/%d/root", o.PID())
	own := !same("/tmp", root+"/tmp")
	for dir := filepath.Dir(real); dir != "/"; dir = filepath.Dir(dir) {
		under, inTmp := strings.CutPrefix(dir, "/tmp")
		name := firstOf(strings.TrimPrefix(path, "/tmp/"))
		switch {
		case !same(root+dir, "/tmp") && !(inTmp && same(root+dir, "/tmp"+under)):
		case !own:
			if strings.HasPrefix(dir, c.Private()) {
				return "private"
			}
			return "shared"
		case shares(c.T, name):
			return "share="
		default:
			return "linked"
		}
		for _, p := range c.places(o) {
			if same(root+dir, root+p.path) {
				return p.name
			}
		}
	}
	return real
}

// shares tells whether a name in /tmp is in the configuration's share=.
func shares(t *testing.T, name string) bool {
	_, list, _ := strings.Cut(mountLine(t), "share=")
	return slices.ContainsFunc(strings.Split(list, ","), func(s string) bool { return strings.TrimSuffix(s, "/") == name })
}

func firstOf(path string) string { name, _, _ := strings.Cut(path, "/"); return name }

type place struct{ name, path string }

// places are the session's directories that files may land in.
func (c *cell) places(o *rig.Open) []place {
	c.Helper()
	dirs := strings.Split(c.do(o, `echo "$TMPDIR:$XDG_RUNTIME_DIR:$HOME"`), ":")
	list := []place{{"/var/tmp", "/var/tmp"}, {"home", dirs[2]}, {"/run/screen", "/run/screen"}}
	if dirs[1] != "" {
		list = append(list, place{"runtime", dirs[1]})
	}
	if c.method == "plain" {
		return append(list, place{"shared", "/tmp"})
	}
	list = append(list, place{"private", dirs[0]})
	if dirs[0] != "/tmp" {
		list = append(list, place{"shared", "/tmp"})
	}
	return list
}

// same tells whether two paths are one file.
func same(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	if errA != nil || errB != nil {
		return false
	}
	s, u := x.Sys().(*syscall.Stat_t), y.Sys().(*syscall.Stat_t)
	return s.Dev == u.Dev && s.Ino == u.Ino
}
