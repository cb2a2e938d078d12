package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tmpshell/internal/bare"
)

// someone is whom blocks are chosen for.
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

// mustParse parses lines under the name "conf".
func mustParse(t *testing.T, lines ...string) *Config {
	t.Helper()
	c, err := Parse("conf", strings.Join(lines, "\n"))
	if err != nil {
		t.Fatalf("Parse(%q) = %v; want no error", lines, err)
	}
	return c
}

// resolve takes together the blocks that match someone. What logins go by is
// compiled from the same sections, see package compile.
func resolve(t *testing.T, c *Config, who someone) Policy {
	t.Helper()
	var chain []*Section
	for _, b := range c.Blocks {
		if !slices.ContainsFunc(b.Criteria, func(one Criterion) bool { return !one.has(who) }) {
			chain = append(chain, b)
		}
	}
	return c.policy(append(chain, &c.Global))
}

func (c Criterion) has(who someone) bool {
	names := []string{who.name}
	found := false
	for _, i := range c {
		if i.Group {
			names = who.groups
		}
		hit := i.IsRange() && i.First <= who.uid && who.uid <= i.Last
		for _, n := range names {
			hit = hit || !i.IsRange() && n != "" && bare.Glob(i.Text, n)
		}
		if hit && i.Negated {
			return false
		}
		found = found || hit
	}
	return found
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
