package compile

import (
	"fmt"
	"testing"

	"tmpshell/internal/config"
	"tmpshell/internal/policy"
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

// Whom a block may be about is written where numbers alone say it, so that others
// need not look at it.
func TestWhom(t *testing.T) {
	adm, staff := gidOf("adm"), gidOf("staff")
	n := machine(t, root, alice, bob)
	for line, want := range map[string][3]uint32{
		"Match All":                     {},
		"Match Uid 5":                   {policy.SubjectUser, 5, 5},
		"Match Uid 2000-3000,7,!2500":   {policy.SubjectUser, 7, 3000},
		"Match Uid !5":                  {0, 1<<32 - 1, 0},
		"Match User alice,bob":          {policy.SubjectUser, 1000, 1001},
		"Match User alice,b*":           {},
		"Match User nobodyhere":         {},
		"Match Group adm,staff":         {policy.SubjectGroup, min(adm, staff), max(adm, staff)},
		"Match User a* Gid 7":           {policy.SubjectGroup, 7, 7},
		"Match Group adm User bob":      {policy.SubjectGroup, adm, adm},
		"Match Uid !5 User bob":         {policy.SubjectUser, 1001, 1001},
		"Match Uid 1000-,!1500 Group *": {policy.SubjectUser, 1000, 1<<32 - 2},
	} {
		data, err := Config(mustParse(t, line, "Shell /bin/matched"), Options{Names: n})
		if err != nil {
			t.Fatal(err)
		}
		var got [3]uint32
		for i := range got {
			got[i] = le.Uint32(data[le.Uint32(data[policy.AtBlocks:])+uint32(i)*4:])
		}
		if got != want {
			t.Errorf("%q is about %v; want %v", line, got, want)
		}
	}
}

// No criterion is about users and groups; if one were, it would be read by everybody.
func TestWhomMixed(t *testing.T) {
	b := newBody()
	record, list := b.reserve(1, policy.BlockSize), b.reserve(1, 8)
	b.items(list, []config.Item{{First: 5, Last: 5}, {Group: true, First: 7, Last: 7}}, &numbers{})
	b.whom(record, list)
	if got := le.Uint32(b.b[record:]); got != 0 {
		t.Errorf("users and groups: it is about subject %d alone; want anybody", got)
	}
}

// BenchmarkResolve is what a login has to do with 1,000 blocks that are about others.
func BenchmarkResolve(b *testing.B) {
	for _, blocks := range []int{0, 1000} {
		var lines []string
		for i := range blocks {
			lines = append(lines, fmt.Sprintf("Match Uid %d,!1000\nSetEnv A=%d\nLog all", 2000+i, i))
		}
		n := machine(b, root, alice)
		data, err := Config(mustParse(b, lines...), Options{Names: n})
		if err != nil {
			b.Fatal(err)
		}
		f, p, who := use(b, data), new(policy.Policy), n.Caller(alice.who())
		b.Run(fmt.Sprint(blocks), func(b *testing.B) {
			for b.Loop() {
				p.Resolve(f, who, "policy")
			}
		})
	}
}
