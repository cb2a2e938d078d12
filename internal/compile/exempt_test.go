package compile

import "testing"

func TestExempt(t *testing.T) {
	toor := someone{uid: 0, name: "toor"}
	fakeRoot := someone{uid: 1000, name: "root"}
	for _, test := range []struct {
		line string
		in   []someone
		out  []someone
	}{
		{"", []someone{root, toor}, []someone{alice, ghost, fakeRoot}},
		{"Exempt root", []someone{root, toor}, []someone{alice, fakeRoot}}, // by uid, not by name
		{"Exempt none", nil, []someone{root, toor, alice, ghost}},
		{"Exempt NONE", nil, []someone{root, alice}},
		{"Exempt alice", []someone{alice}, []someone{root, bob, ghost}},
		{"Exempt Root", nil, []someone{root}},
		{"Exempt root alice bob", []someone{root, alice, bob}, []someone{ghost}},
		{"Exempt @staff", []someone{alice}, []someone{root, bob, ghost}},
		{"Exempt @nobody @bob", []someone{bob}, []someone{alice}},
		{"Exempt 1000", []someone{alice}, []someone{bob, root}},
		{"Exempt 0-999 54321", []someone{root, ghost}, []someone{alice}},
		{"Exempt 1001-", []someone{bob, ghost}, []someone{alice, root}},
		{"Exempt domain\\\\user", []someone{{uid: 7, name: `domain\user`}}, []someone{alice}},
		{"Exempt '@domain users'", []someone{{uid: 7, name: "x", groups: []string{"domain users"}}}, []someone{alice}},
		{"Exempt 7of9 user-1", []someone{{uid: 7, name: "7of9"}, {uid: 8, name: "user-1"}}, []someone{alice}},
	} {
		c := mustParse(t, test.line)
		for _, s := range test.in {
			if !resolve(t, c, s).Exempt {
				t.Errorf("%q: %+v is not exempt; want it to be", test.line, s)
			}
		}
		for _, s := range test.out {
			if resolve(t, c, s).Exempt {
				t.Errorf("%q: %+v is exempt; want it not to be", test.line, s)
			}
		}
	}
}

// An Exempt line replaces the default, and one in a Match block the global one.
func TestExemptOverride(t *testing.T) {
	c := mustParse(t, "Exempt alice", "Match Uid 0", "Exempt none", "Match User bob", "Exempt bob")
	for _, test := range []struct {
		who  someone
		want bool
	}{{root, false}, {alice, true}, {bob, true}, {ghost, false}} {
		if got := resolve(t, c, test.who).Exempt; got != test.want {
			t.Errorf("%s exempt = %v; want %v", test.who.name, got, test.want)
		}
	}
}
