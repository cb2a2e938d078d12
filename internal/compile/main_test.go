package compile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/internal/account"
	"tmpshell/internal/config"
	"tmpshell/internal/policy"
)

// someone is a user with names, as the account files have them.
type someone struct {
	uid    uint32
	name   string
	groups []string
}

var (
	root  = someone{uid: 0, name: "root", groups: []string{"root"}}
	alice = someone{uid: 1000, name: "alice", groups: []string{"alice", "adm", "staff"}}
	bob   = someone{uid: 1001, name: "bob", groups: []string{"bob"}}
	// A uid without an account, as a container has it.
	ghost = someone{uid: 54321}
)

// gids of groups in tests: any, but each its own.
func gidOf(group string) uint32 {
	sum := uint32(5000)
	for _, c := range []byte(group) {
		sum = sum*31%100000 + uint32(c)
	}
	return sum
}

// who is someone as the kernel has them. Without groups they are in one that has
// no name.
func (s someone) who() Who {
	w := Who{UID: s.uid, GID: 54321}
	for i, g := range s.groups {
		if i == 0 {
			w.GID = gidOf(g)
		} else {
			w.Groups = append(w.Groups, gidOf(g))
		}
	}
	return w
}

// machine is a set of account files with these people, and a name service that
// has nobody else.
func machine(t testing.TB, people ...someone) *Names {
	t.Helper()
	dir := t.TempDir()
	var passwd, group strings.Builder
	seen := make(map[string]bool)
	for _, p := range people {
		if p.name != "" {
			fmt.Fprintf(&passwd, "%s:x:%d:%d::/:/bin/sh\n", p.name, p.uid, p.who().GID)
		}
		for _, g := range p.groups {
			if !seen[g] {
				seen[g] = true
				fmt.Fprintf(&group, "%s:x:%d:\n", g, gidOf(g))
			}
		}
	}
	n := &Names{Passwd: filepath.Join(dir, "passwd"), Group: filepath.Join(dir, "group"), NSSwitch: filepath.Join(dir, "nsswitch.conf"),
		Service: &account.Service{Ask: func(func([]byte) bool, string, ...string) error { return account.ErrNotFound }}}
	put(t, n.Passwd, passwd.String())
	put(t, n.Group, group.String())
	return n
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// mustParse parses lines under the name "conf".
func mustParse(t testing.TB, lines ...string) *config.Config {
	t.Helper()
	c, err := config.Parse("conf", strings.Join(lines, "\n"))
	if err != nil {
		t.Fatalf("Parse(%q) = %v; want no error", lines, err)
	}
	return c
}

// use reads a compiled policy.
func use(t testing.TB, data []byte) *policy.File {
	t.Helper()
	f := new(policy.File)
	if trouble := f.Use(data, "policy"); !trouble.OK() {
		t.Fatal(trouble.Err())
	}
	return f
}

// evaluate compiles a configuration on a machine where everybody is in the
// account files, and says what it sets for someone.
func evaluate(t testing.TB, c *config.Config, s someone) *policy.Policy {
	t.Helper()
	n := machine(t, root, alice, bob, s)
	data, err := Config(c, Options{Names: n})
	if err != nil {
		t.Fatal(err)
	}
	f := use(t, data)
	// The number of nobody without a name is one that nobody has.
	if data, err = n.Learn(f, data, s.who(), true, 1); err != nil {
		t.Fatal(err)
	} else if data != nil {
		f = use(t, data)
	}
	p, err := n.Resolve(f, s.who())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// resolve is evaluate in the words of the configuration.
func resolve(t testing.TB, c *config.Config, s someone) config.Policy {
	t.Helper()
	return View(evaluate(t, c, s))
}

// notices are a configuration's, one string each.
func notices(c *config.Config) []string {
	var list []string
	for _, n := range c.Notices {
		list = append(list, n.Error())
	}
	return list
}

var tmpNames = []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR"}

// set is one setting of SetEnv.
func set(name, value string) config.Setting { return config.Setting{Name: name, Value: value} }
