package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// someone is a Subject with names.
type someone struct {
	uid       uint32
	name      string
	groups    []string
	nameErr   error
	groupsErr error
}

func (s someone) UID() uint32               { return s.uid }
func (s someone) Name() (string, error)     { return s.name, s.nameErr }
func (s someone) Groups() ([]string, error) { return s.groups, s.groupsErr }

var (
	root  = someone{uid: 0, name: "root", groups: []string{"root"}}
	alice = someone{uid: 1000, name: "alice", groups: []string{"alice", "adm", "staff"}}
	bob   = someone{uid: 1001, name: "bob", groups: []string{"bob"}}
	// A uid without an account, as a container has it.
	ghost = someone{uid: 54321}
)

// nameless is a Subject whose names must not be asked for.
type nameless struct {
	t   *testing.T
	uid uint32
}

func (s nameless) UID() uint32 { return s.uid }

func (s nameless) Name() (string, error) {
	s.t.Error("the login name was asked for, and nothing needs it")
	return "", nil
}

func (s nameless) Groups() ([]string, error) {
	s.t.Error("the groups were asked for, and nothing needs them")
	return nil, nil
}

// mustParse parses lines under the name "conf".
func mustParse(t *testing.T, lines ...string) *Config {
	t.Helper()
	c, err := Parse("conf", strings.Join(lines, "\n"))
	if err != nil {
		t.Fatalf("Parse(%q) = %v; want no error", lines, err)
	}
	return c
}

// resolve is Resolve for a subject that can be looked up.
func resolve(t *testing.T, c *Config, s Subject) Policy {
	t.Helper()
	p, err := c.Resolve(s)
	if err != nil {
		t.Fatalf("Resolve(%+v) = %v; want no error", s, err)
	}
	return p
}

// notices are a configuration's, one string each.
func notices(c *Config) []string {
	var list []string
	for _, n := range c.Notices {
		list = append(list, n.Error())
	}
	return list
}

// write makes files in a directory; names with a '/' at their end are
// directories.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil && strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o755)
		} else if err == nil {
			err = os.WriteFile(path, []byte(files[name]), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
