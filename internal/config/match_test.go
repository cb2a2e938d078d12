package config

import (
	"errors"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	wheel := someone{uid: 1002, name: "carol", groups: []string{"carol", "wheel", "staff"}}
	for _, test := range []struct {
		line  string
		match []someone
		not   []someone
	}{
		{"Match All", []someone{root, alice, ghost}, nil},
		{"match aLL", []someone{root, alice, ghost}, nil},
		{"Match User alice", []someone{alice}, []someone{bob, root, ghost}},
		{"Match USER alice,bob", []someone{alice, bob}, []someone{root}},
		{"Match User Alice", nil, []someone{alice}},
		{"Match User *", []someone{alice, root}, []someone{ghost}},
		{"Match User *,!root", []someone{alice, bob}, []someone{root, ghost}},
		{"Match User !alice", nil, []someone{alice, bob, ghost}},
		{"Match Group staff", []someone{alice, wheel}, []someone{bob, ghost}},
		{"Match Group st*f,bob", []someone{alice, bob}, []someone{root}},
		{"Match Group *,!wheel", []someone{alice, bob}, []someone{wheel, ghost}},
		{"Match Group !wheel,staff", []someone{alice}, []someone{wheel, bob}},
		{"Match Group !wheel", nil, []someone{alice, wheel}},
		{"Match Uid 1000-1001", []someone{alice, bob}, []someone{root, ghost}},
		{"Match Uid 54321", []someone{ghost}, []someone{alice}},
		{"Match Uid *,!0", []someone{alice, ghost}, []someone{root}},
		{"Match User a* Group staff", []someone{alice}, []someone{wheel, bob}},
		{"Match User a* Group bob", nil, []someone{alice, bob}},
		{"Match Uid 1000- User *,!bob Group staff", []someone{alice, wheel}, []someone{bob, root}},
		{"Match User alice,bob User !alice,*", []someone{bob}, []someone{alice}},
	} {
		c := mustParse(t, test.line, "Shell /bin/matched")
		for _, s := range test.match {
			if got := resolve(t, c, s).Shell; got != "/bin/matched" {
				t.Errorf("%q does not match %+v; want it to", test.line, s)
			}
		}
		for _, s := range test.not {
			if got := resolve(t, c, s).Shell; got != "" {
				t.Errorf("%q matches %+v; want it not to", test.line, s)
			}
		}
	}
}

func TestMatchFaults(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"Match", "Match takes All, or pairs"},
		{"Match User", "Match takes All, or pairs"},
		{"Match User a Group", "Match takes All, or pairs"},
		{"Match All User a", "Match takes All, or pairs"},
		{"Match All all", "Match All stands alone"},
		{"Match User a All all", "Match All stands alone"},
		{"Match Host a", "Match knows User, Group, Uid and All, not Host"},
		{"Match Uid alice", `"alice" is no uid`},
		{"Match Uid 5-1", `"5-1" is no uid`},
		{"Match User a,", "an empty pattern"},
		{"Match Group ''", "an empty pattern"},
		{"Match User a, b", "Match takes All, or pairs"},
	} {
		_, err := Parse("conf", test.line+"\nLog all")
		if err == nil || !strings.HasPrefix(err.Error(), "conf:1: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Parse(%q) = %v; want conf:1: … %s", test.line, err, test.want)
		}
	}
}

// A directory server is not asked for what no line needs.
func TestNamesAreNotAskedFor(t *testing.T) {
	for _, text := range []string{
		"",
		"Exempt root 2000-2999",
		"Exempt root alice\nMatch Uid 1000\nShell /bin/x\nMatch All\nExempt none",
		"Exempt 1000 alice @staff",
		"Match Uid 2000 User alice\nLog all",
		"Match User alice Uid 2000\nLog all",
		"Match Uid 2000- Group staff\nLog all",
		"Match All\nLog all",
	} {
		resolve(t, mustParse(t, text), nameless{t, 1000})
	}
}

var errServer = errors.New("no answer in time")

// What is known holds; lines that need the name do not match, negated ones
// neither.
func TestResolveLookupError(t *testing.T) {
	unnamed := someone{uid: 1000, nameErr: errServer, groupsErr: errServer}
	partly := someone{uid: 1000, name: "alice", groups: []string{"adm"}, groupsErr: errServer}
	for _, test := range []struct {
		text    string
		who     someone
		failed  bool
		shell   string
		excused bool
	}{
		{"Match User alice\nShell /bin/a\nMatch Uid 1000\nShell /bin/b", unnamed, true, "/bin/b", false},
		{"Match User *,!bob\nShell /bin/a", unnamed, true, "", false},
		{"Match Group *,!bob\nShell /bin/a", unnamed, true, "", false},
		{"Match Group adm\nShell /bin/a", partly, true, "", false},
		{"Match User alice\nShell /bin/a", partly, false, "/bin/a", false},
		{"Match Uid 5 User alice\nShell /bin/a", unnamed, false, "", false},
		{"Exempt alice", unnamed, true, "", false},
		{"Exempt 1000 alice", unnamed, false, "", true},
		{"Exempt @adm", partly, false, "", true},
		{"Exempt @staff", partly, true, "", false},
	} {
		p, err := mustParse(t, test.text).Resolve(test.who)
		if got := err != nil; got != test.failed || got && !errors.Is(err, errServer) {
			t.Errorf("Resolve of %q = %v; want an error: %v", test.text, err, test.failed)
		}
		if p.Shell != test.shell || p.Exempt != test.excused {
			t.Errorf("Resolve of %q: Shell %q, Exempt %v; want %q, %v",
				test.text, p.Shell, p.Exempt, test.shell, test.excused)
		}
		if len(p.Directories) != 1 || p.Directories[0].Path != "/tmp" {
			t.Errorf("Resolve of %q: directories %+v; want /tmp", test.text, p.Directories)
		}
	}
}
