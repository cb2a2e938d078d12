package compile

import "testing"

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
