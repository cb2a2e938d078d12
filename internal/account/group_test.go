package account

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseGroup(t *testing.T) {
	for _, test := range []struct {
		line    string
		name    string
		gid     uint32
		members string
		ok      bool
	}{
		{"root:x:0:", "root", 0, "", true},
		{"adm:x:4:alice,bob", "adm", 4, "alice,bob", true},
		{"domain users::4294967294:a b", "domain users", 1<<32 - 2, "a b", true},
		{"", "", 0, "", false},
		{"# adm:x:4:", "", 0, "", false},
		{"+:::", "", 0, "", false},
		{"-adm:x:4:", "", 0, "", false},
		{"adm:x:4", "", 0, "", false},
		{"adm:x:4:a:b", "", 0, "", false},
	} {
		name, gid, members, ok := parseGroup([]byte(test.line))
		if name != test.name || gid != test.gid || string(members) != test.members || ok != test.ok {
			t.Errorf("parseGroup(%q) = %q, %d, %q, %v; want %q, %d, %q, %v", test.line,
				name, gid, members, ok, test.name, test.gid, test.members, test.ok)
		}
	}
	for _, gid := range []string{"", "-1", "4294967295", "4294967296", "x"} {
		if _, _, _, ok := parseGroup([]byte("adm:x:" + gid + ":")); ok {
			t.Errorf("parseGroup takes %q for a gid; want it not to", gid)
		}
	}
}

var group = strings.Join([]string{
	"root:x:0:",
	"# comment",
	"adm:x:4:alice,bob",
	"admin:x:4:carol", // a second name: the first one counts
	"broken:x",
	"staff:x:50:carol," + strings.Repeat("member,", 10000) + "alice",
	"almost:x:60:xalice,alicex,ali,alice ",
	"alice:x:1000:",
	"adm:x:4:alice",
	"late:x:70:alice", // no newline
}, "\n")

func TestGroupsOf(t *testing.T) {
	alice := Account{Name: "alice", UID: 1000, GID: 1000}
	for _, test := range []struct {
		name string
		out  string
		err  error
		want []uint32
	}{
		{"file alone", "alice                \n", nil, []uint32{1000, 4, 50, 70}},
		{"more of the name service", "alice                 4 7000 7001\n", nil, []uint32{1000, 4, 50, 70, 7000, 7001}},
		{"nonsense", "alice x -1 4294967295 8\n", nil, []uint32{1000, 4, 50, 70, 8}},
		{"no initgroups database", "", errFailed, []uint32{1000, 4, 50, 70}},
		{"not found", "", ErrNotFound, []uint32{1000, 4, 50, 70}},
	} {
		s := &Source{Group: file(t, group), Getent: func(database string, keys ...string) ([]byte, error) {
			if database != "initgroups" || len(keys) != 1 || keys[0] != "alice" {
				t.Errorf("%s: asks for %s %q; want initgroups alice", test.name, database, keys)
			}
			return []byte(test.out), test.err
		}}
		got, err := s.GroupsOf(alice)
		if err != nil {
			t.Errorf("%s: GroupsOf = %v; want no error", test.name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: GroupsOf (-want +got):\n%s", test.name, diff)
		}
	}
	// A login name may be a number, which is not a gid.
	s := &Source{Getent: func(string, ...string) ([]byte, error) { return []byte("10   20 30\n"), nil }}
	if got, _ := s.GroupsOf(Account{Name: "10", GID: 5}); !cmp.Equal(got, []uint32{5, 20, 30}) {
		t.Errorf("GroupsOf(10) = %v; want [5 20 30]", got)
	}
}

func FuzzParseGroup(f *testing.F) {
	for line := range strings.SplitSeq(group, "\n") {
		f.Add(line[:min(len(line), 100)])
	}
	f.Fuzz(func(t *testing.T, line string) {
		name, gid, members, ok := parseGroup([]byte(line))
		if ok && (name == "" || strings.ContainsRune("#+-", rune(name[0])) || gid == 1<<32-1 ||
			strings.Count(line, ":") != 3 || strings.Contains(name+string(members), ":")) {
			t.Errorf("parseGroup(%q) = %q, %d, %q; want a valid entry or none", line, name, gid, members)
		}
	})
}
