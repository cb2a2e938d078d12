package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/policy"
	"tmpshell/internal/policy/policytest"
)

// The slots of the tests, in the order of a compiler: keywords, then each
// directory with its options.
const (
	sExempt = iota
	sRuntime
	sShell
	sDeny
	sNoNewPriv
	sAmbient
	sLog
	sEnvA
	sTmp
	sTmpVariables
	sTmpOptions
	sTmpShare
	sTmpSize
	sCache
	sCacheVariables
)

var slots = []policytest.Slot{
	sExempt:         {Kind: policy.SlotExempt},
	sRuntime:        {Kind: policy.SlotRuntime},
	sShell:          {Kind: policy.SlotShell},
	sDeny:           {Kind: policy.SlotDeny},
	sNoNewPriv:      {Kind: policy.SlotNoNewPriv},
	sAmbient:        {Kind: policy.SlotAmbient},
	sLog:            {Kind: policy.SlotLog},
	sEnvA:           {Kind: policy.SlotSetEnv, Name: "A"},
	sTmp:            {Kind: policy.SlotMethod, Name: "/tmp"},
	sTmpVariables:   {Kind: policy.SlotOption, Name: "/tmp", Option: policy.OptVariables},
	sTmpOptions:     {Kind: policy.SlotOption, Name: "/tmp", Option: policy.OptOptions},
	sTmpShare:       {Kind: policy.SlotOption, Name: "/tmp", Option: policy.OptShare},
	sTmpSize:        {Kind: policy.SlotOption, Name: "/tmp", Option: policy.OptSize},
	sCache:          {Kind: policy.SlotMethod, Name: "/var/cache"},
	sCacheVariables: {Kind: policy.SlotOption, Name: "/var/cache", Option: policy.OptVariables},
}

// The caller of the tests: uid 1000 (alice), gid 100 (users), groups 100, 200
// (staff) and 300, which has no name in the file.
func alice() *policy.Caller {
	groups := []string{"users", "users", "staff", ""}
	return &policy.Caller{
		UID: 1000, GID: 100, Groups: []uint32{100, 200, 300},
		UserName: func() (string, policy.NameState) { return "alice", policy.Named },
		GroupName: func(i int) (string, policy.NameState) {
			if name := groups[i+1]; name != "" {
				return name, policy.Named
			}
			return "", policy.Nameless
		},
	}
}

func uid(first, last uint32) policytest.Item {
	return policytest.Item{Kind: policy.ItemRange, First: first, Last: last, Subject: policy.SubjectUser}
}

func gid(first, last uint32) policytest.Item {
	return policytest.Item{Kind: policy.ItemRange, First: first, Last: last, Subject: policy.SubjectGroup}
}

func named(kind uint32, subject uint32, text string) policytest.Item {
	return policytest.Item{Kind: kind, Subject: subject, Text: text}
}

func not(i policytest.Item) policytest.Item { i.Kind |= policy.ItemNegated; return i }

func list(items ...policytest.Item) []policytest.Item { return items }

func block(settings []policytest.Setting, criteria ...[]policytest.Item) policytest.Block {
	return policytest.Block{Criteria: criteria, Settings: settings}
}

func set(settings ...policytest.Setting) []policytest.Setting { return settings }

// resolve resolves the blocks for a caller.
func resolve(t *testing.T, c *policy.Caller, p policytest.Policy) *policy.Policy {
	t.Helper()
	if p.Slots == nil {
		p.Slots = slots
	}
	var f policy.File
	if trouble := f.Use(p.Bytes(), "test"); !trouble.OK() {
		t.Fatal(trouble.Err())
	}
	got := new(policy.Policy)
	if trouble := got.Resolve(&f, c, "test"); !trouble.OK() {
		t.Fatal(trouble.Err())
	}
	return got
}

var (
	unknownUser  = named(policy.ItemUnknown, policy.SubjectUser, "carol")
	unknownGroup = named(policy.ItemUnknown, policy.SubjectGroup, "wheel")
)

// A block matches as sshd_config has it: all criteria, of each list one item and
// none that is negated.
func TestMatch(t *testing.T) {
	nameless := alice()
	nameless.UserName = func() (string, policy.NameState) { return "", policy.Nameless }
	asked := alice()
	asked.UserName = func() (string, policy.NameState) { t.Error("the name was asked for"); return "", policy.NotKnown }
	asked.GroupName = func(int) (string, policy.NameState) {
		t.Error("a group's name was asked for")
		return "", policy.NotKnown
	}
	unread := alice()
	unread.UserName = func() (string, policy.NameState) { return "", policy.NotKnown }
	user := func(text string) policytest.Item { return named(policy.ItemPattern, policy.SubjectUser, text) }
	group := func(text string) policytest.Item { return named(policy.ItemPattern, policy.SubjectGroup, text) }
	all := func(lists ...[]policytest.Item) [][]policytest.Item { return lists }
	for _, c := range []struct {
		name     string
		caller   *policy.Caller
		criteria [][]policytest.Item
		want     policy.Verdict
	}{
		{"no criterion", asked, nil, policy.Yes},
		{"an empty list", asked, all(list()), policy.No},
		{"uid", asked, all(list(uid(1000, 1000))), policy.Yes},
		{"range", asked, all(list(uid(1, 10), uid(900, 1000))), policy.Yes},
		{"beside the range", asked, all(list(uid(0, 999), uid(1001, 1<<32-1))), policy.No},
		{"a range the wrong way round", asked, all(list(uid(2000, 0))), policy.No},
		{"primary gid", asked, all(list(gid(100, 100))), policy.Yes},
		{"supplementary gid", asked, all(list(gid(300, 300))), policy.Yes},
		{"a gid that it has not", asked, all(list(gid(0, 99), gid(101, 199))), policy.No},
		{"a uid is no gid", asked, all(list(gid(1000, 1000))), policy.No},
		{"two criteria", asked, all(list(uid(1000, 1000)), list(gid(200, 200))), policy.Yes},
		{"one of two criteria", asked, all(list(uid(1000, 1000)), list(gid(9, 9))), policy.No},
		{"negated", asked, all(list(uid(0, 5000), not(uid(1000, 1000)))), policy.No},
		{"negated first", asked, all(list(not(uid(1000, 1000)), uid(0, 5000))), policy.No},
		{"negated, another", asked, all(list(not(uid(1001, 1001)), uid(0, 5000))), policy.Yes},
		{"negated alone", asked, all(list(not(uid(1001, 1001)))), policy.No},
		{"negated group of several", asked, all(list(gid(0, 5000), not(gid(200, 200)))), policy.No},
		{"pattern", alice(), all(list(user("a*e"))), policy.Yes},
		{"other pattern", alice(), all(list(user("b*"))), policy.No},
		{"pattern, no name", nameless, all(list(user("*"))), policy.Maybe},
		{"pattern, not read", unread, all(list(user("*"))), policy.Maybe},
		{"group pattern", alice(), all(list(group("sta?f"))), policy.Yes},
		{"group pattern, one has no name", alice(), all(list(group("x*"))), policy.Maybe},
		{"unknown name of a user with another one", alice(), all(list(unknownUser)), policy.No},
		{"unknown name that is the user's", alice(), all(list(named(policy.ItemUnknown, policy.SubjectUser, "alice"))), policy.Yes},
		{"unknown name of a nameless user", nameless, all(list(unknownUser)), policy.Maybe},
		{"unknown name, not read", unread, all(list(unknownUser)), policy.Maybe},
		{"unknown group", alice(), all(list(unknownGroup)), policy.Maybe},
		{"unknown group, and a known one", alice(), all(list(unknownGroup, gid(100, 100))), policy.Yes},
		{"unknown group negated", alice(), all(list(not(unknownGroup), gid(100, 100))), policy.Maybe},
		{"unknown group negated, and nothing else", alice(), all(list(not(unknownGroup))), policy.No},
		{"unknown, but No by another criterion", alice(), all(list(unknownGroup), list(uid(1, 1))), policy.No},
		{"unknown, and negated Yes", alice(), all(list(unknownGroup, not(gid(100, 100)))), policy.No},
	} {
		got := resolve(t, c.caller, policytest.Policy{Blocks: []policytest.Block{
			block(set(policytest.Setting{Slot: sDeny, Number: 1}, policytest.Setting{Slot: sEnvA, Text: "x"}), c.criteria...)}})
		_, _, _, granted := got.SetEnv(0)
		verdict := map[[2]bool]policy.Verdict{{false, false}: policy.No, {true, true}: policy.Yes, {true, false}: policy.Maybe}[[2]bool{got.Deny, granted}]
		if verdict != c.want || got.Unknown != (c.want == policy.Maybe) {
			t.Errorf("%s: %d, unknown: %v; want %d", c.name, verdict, got.Unknown, c.want)
		}
	}
}

// What the name service has said counts for those that the files do not have.
func TestLearnt(t *testing.T) {
	c := alice()
	c.UserName = func() (string, policy.NameState) { return "", policy.Nameless }
	for _, test := range []struct {
		learnt         []policytest.Learnt
		want, unlearnt bool
	}{
		{nil, true, true},
		{[]policytest.Learnt{{Subject: policy.SubjectUser, ID: 1000, Name: "alice"}}, true, false},
		{[]policytest.Learnt{{Subject: policy.SubjectUser, ID: 1000, Name: "bob"}}, false, false},
		{[]policytest.Learnt{{Subject: policy.SubjectUser, ID: 1000, Name: ""}}, false, false}, // there is none
		{[]policytest.Learnt{{Subject: policy.SubjectGroup, ID: 1000, Name: "bob"}, {Subject: policy.SubjectUser, ID: 999, Name: "b"}, {Subject: policy.SubjectUser, ID: 1001, Name: "b"}}, true, true},
	} {
		got := resolve(t, c, policytest.Policy{Learnt: test.learnt, Blocks: []policytest.Block{
			block(set(policytest.Setting{Slot: sDeny, Number: 1}), list(named(policy.ItemPattern, policy.SubjectUser, "al*")))}})
		if got.Deny != test.want || got.Unlearnt != test.unlearnt {
			t.Errorf("learnt %v: deny %v, unlearnt %v; want %v, %v", test.learnt, got.Deny, got.Unlearnt, test.want, test.unlearnt)
		}
	}
	var f policy.File
	var learnt []policytest.Learnt
	for i := range uint32(100) {
		learnt = append(learnt, policytest.Learnt{Subject: policy.SubjectShell, ID: i * 3, Name: strings.Repeat("s", int(i))})
	}
	if trouble := f.Use(policytest.Policy{Learnt: learnt}.Bytes(), "test"); !trouble.OK() {
		t.Fatal(trouble.Err())
	}
	for id := range uint32(310) {
		name, state, ok := f.Learnt(policy.SubjectShell, id)
		if want := id%3 == 0 && id < 300; ok != want || want && len(name) != int(id/3) || ok && (state == policy.Named) != (id > 0) {
			t.Errorf("Learnt(%d) = %q, %d, %v", id, name, state, ok)
		}
	}
}

// The first block that matches and sets a slot gives its value; of a directory,
// options that a block does not name keep theirs.
func TestOrder(t *testing.T) {
	match, other := list(uid(1000, 1000)), list(uid(1, 1))
	got := resolve(t, alice(), policytest.Policy{Blocks: []policytest.Block{
		block(set(policytest.Setting{Slot: sShell, Text: "/bin/other"}, policytest.Setting{Slot: sLog, Number: policy.LogAll}), other),
		block(set(policytest.Setting{Slot: sShell, Text: "/bin/first"}, policytest.Setting{Slot: sTmp, Number: policy.Mount}), match),
		block(set(policytest.Setting{Slot: sShell, Text: "/bin/second"}, policytest.Setting{Slot: sTmpShare, Text: "a/,b"}), match),
		block(set(
			policytest.Setting{Slot: sExempt, Items: list(uid(0, 0))},
			policytest.Setting{Slot: sRuntime, Number: 1},
			policytest.Setting{Slot: sAmbient, Set: 1<<40 | 1},
			policytest.Setting{Slot: sEnvA, Text: "${B}"},
			policytest.Setting{Slot: sTmp, Number: policy.Env},
			policytest.Setting{Slot: sTmpVariables, Text: "TMPDIR,TMP"},
			policytest.Setting{Slot: sTmpOptions, Number: 14},
			policytest.Setting{Slot: sTmpSize, Text: "1g"}, // goes with another method
			policytest.Setting{Slot: sCacheVariables, Text: "XDG_CACHE_HOME"},
		)),
	}})
	if got.Shell != "/bin/first" || got.Log != policy.LogFailures || !got.Runtime || got.Exempt || got.Ambient != 1<<40|1 || got.Deny {
		t.Errorf("the policy is %q, log %d, runtime %v, exempt %v, ambient %#x, deny %v",
			got.Shell, got.Log, got.Runtime, got.Exempt, got.Ambient, got.Deny)
	}
	var directories []policy.Directory
	var d policy.Directory
	for slot, ok := uint32(0), true; ; {
		if slot, ok = got.Directory(slot, &d); !ok {
			break
		}
		directories = append(directories, d)
	}
	want := []policy.Directory{{Path: "/tmp", Method: policy.Mount, Variables: "TMPDIR,TMP", Share: "a/,b", Options: 14}}
	if diff := cmp.Diff(want, directories); diff != "" {
		t.Errorf("directories (-want +got):\n%s", diff)
	}
	if _, name, value, ok := got.SetEnv(0); !ok || name != "A" || value != "${B}" {
		t.Errorf("SetEnv = %q, %q, %v", name, value, ok)
	}
	if !got.Mounts() || !got.Demands() {
		t.Errorf("Mounts() = %v, Demands() = %v; want both", got.Mounts(), got.Demands())
	}
}

// Of a block that only may match, what restricts counts and what grants does not.
func TestMaybe(t *testing.T) {
	maybe := list(unknownGroup)
	global := block(set(
		policytest.Setting{Slot: sTmp, Number: policy.Env}, policytest.Setting{Slot: sTmpVariables, Text: "TMPDIR"},
		policytest.Setting{Slot: sAmbient, Set: 0b110}, policytest.Setting{Slot: sRuntime, Number: 1}))
	for _, c := range []struct {
		name    string
		setting []policytest.Setting
		check   func(p *policy.Policy) bool
	}{
		{"Shell", set(policytest.Setting{Slot: sShell, Text: "/bin/rbash"}), func(p *policy.Policy) bool { return p.Shell == "/bin/rbash" }},
		{"deny", set(policytest.Setting{Slot: sDeny, Number: 1}), func(p *policy.Policy) bool { return p.Deny }},
		{"NoNewPrivileges yes", set(policytest.Setting{Slot: sNoNewPriv, Number: 1}), func(p *policy.Policy) bool { return p.NoNewPrivileges }},
		{"mount", set(policytest.Setting{Slot: sTmp, Number: policy.Mount}), (*policy.Policy).Mounts},
		{"mount with its options", set(policytest.Setting{Slot: sTmp, Number: policy.Mount}, policytest.Setting{Slot: sTmpOptions, Number: 8}),
			func(p *policy.Policy) bool {
				var d policy.Directory
				_, ok := p.Directory(0, &d)
				return ok && d.Options == 8
			}},
		{"off", set(policytest.Setting{Slot: sTmp, Number: policy.Off}), func(p *policy.Policy) bool {
			var d policy.Directory
			_, ok := p.Directory(0, &d)
			return ok && d.Method == policy.Env
		}},
		{"Ambient grants nothing", set(policytest.Setting{Slot: sAmbient, Set: 0b1000}), func(p *policy.Policy) bool { return p.Ambient == 0 }},
		{"Ambient with less takes", set(policytest.Setting{Slot: sAmbient, Set: 0b010}), func(p *policy.Policy) bool { return p.Ambient == 0b010 }},
		{"Exempt", set(policytest.Setting{Slot: sExempt, Items: list(uid(1000, 1000))}), func(p *policy.Policy) bool { return !p.Exempt }},
		{"SetEnv", set(policytest.Setting{Slot: sEnvA, Text: "x"}), func(p *policy.Policy) bool { _, _, _, ok := p.SetEnv(0); return !ok }},
		{"RuntimeDirectory", set(policytest.Setting{Slot: sRuntime, Number: 0}), func(p *policy.Policy) bool { return p.Runtime }},
	} {
		got := resolve(t, alice(), policytest.Policy{Blocks: []policytest.Block{block(c.setting, maybe), global}})
		if !c.check(got) || !got.Unknown {
			t.Errorf("%s in a block that may match: shell %q, deny %v, no new privileges %v, ambient %#x, exempt %v, unknown %v",
				c.name, got.Shell, got.Deny, got.NoNewPrivileges, got.Ambient, got.Exempt, got.Unknown)
		}
	}
	// What it says in place of a stricter value of another block, it does not say; what an
	// earlier block says surely, it does not take.
	shell := func(path string) policytest.Setting { return policytest.Setting{Slot: sShell, Text: path} }
	exempt := func(items ...policytest.Item) policytest.Setting {
		return policytest.Setting{Slot: sExempt, Items: list(items...)}
	}
	ambient := func(n uint64) policytest.Setting { return policytest.Setting{Slot: sAmbient, Set: n} }
	for _, c := range []struct {
		name              string
		may, sure         policytest.Setting
		sureFirst, exempt bool
		shell             string
		ambient           uint64
	}{
		{name: "a shell that restricts nobody", may: shell("/bin/bash"), sure: shell("/usr/bin/git-shell"), shell: "/usr/bin/git-shell"},
		{name: "one that does", may: shell("/bin/rbash"), sure: shell("/usr/bin/git-shell"), shell: "/bin/rbash"},
		{name: "Exempt none", may: exempt(), sure: exempt(uid(1000, 1000))},
		{name: "Exempt of somebody else", may: exempt(uid(0, 0)), sure: exempt(uid(1000, 1000))},
		{name: "Exempt of the user's", may: exempt(uid(1000, 1000)), sure: exempt(uid(1000, 1000)), exempt: true},
		{name: "Exempt none, later", may: exempt(), sure: exempt(uid(1000, 1000)), sureFirst: true, exempt: true},
		{name: "Ambient none, later", may: ambient(0), sure: ambient(6), sureFirst: true, ambient: 6},
	} {
		blocks := []policytest.Block{block(set(c.may), maybe), block(set(c.sure))}
		if c.sureFirst {
			blocks[0], blocks[1] = blocks[1], blocks[0]
		}
		got := resolve(t, alice(), policytest.Policy{Blocks: blocks})
		if got.Shell != c.shell || got.Exempt != c.exempt || got.Ambient != c.ambient {
			t.Errorf("%s: %q, exempt %v, ambient %#x; want %q, %v, %#x", c.name, got.Shell, got.Exempt, got.Ambient, c.shell, c.exempt, c.ambient)
		}
	}
	// A later block that lifts a restriction does so only if it surely matches.
	lift := set(policytest.Setting{Slot: sDeny, Number: 0}, policytest.Setting{Slot: sNoNewPriv, Number: 0})
	strict := block(set(policytest.Setting{Slot: sDeny, Number: 1}, policytest.Setting{Slot: sNoNewPriv, Number: 1}))
	if got := resolve(t, alice(), policytest.Policy{Blocks: []policytest.Block{block(lift, maybe), strict}}); !got.Deny || !got.NoNewPrivileges {
		t.Errorf("lifted by a block that may match: deny %v, no new privileges %v", got.Deny, got.NoNewPrivileges)
	}
	if got := resolve(t, alice(), policytest.Policy{Blocks: []policytest.Block{block(lift, list(gid(100, 100))), strict}}); got.Deny || got.NoNewPrivileges {
		t.Errorf("not lifted by a block that matches: deny %v, no new privileges %v", got.Deny, got.NoNewPrivileges)
	}
}

// Exempt is a list: any of it, and nobody that is not known.
func TestExempt(t *testing.T) {
	for _, c := range []struct {
		name  string
		items []policytest.Item
		want  bool
	}{
		{"uid", list(uid(0, 0), uid(1000, 1000)), true},
		{"group", list(gid(200, 200)), true},
		{"another", list(uid(0, 999)), false},
		{"none", list(), false},
		{"unknown", list(unknownGroup), false},
		{"unknown and known", list(unknownGroup, uid(1000, 1000)), true},
		{"negated", list(uid(0, 2000), not(gid(200, 200))), false},
	} {
		got := resolve(t, alice(), policytest.Policy{Blocks: []policytest.Block{block(set(
			policytest.Setting{Slot: sExempt, Items: c.items}, policytest.Setting{Slot: sDeny, Number: 1}))}})
		if got.Exempt != c.want || got.Demands() == c.want {
			t.Errorf("%s: exempt %v, demands %v; want exempt %v", c.name, got.Exempt, got.Demands(), c.want)
		}
	}
}

func TestBuiltIn(t *testing.T) {
	var p policy.Policy
	p.BuiltIn(false)
	var d policy.Directory
	slot, ok := p.Directory(0, &d)
	if !ok || d.Path != "/tmp" || d.Method != policy.Env || d.Variables != "TMPDIR,TMP,TEMP,TEMPDIR" {
		t.Errorf("the built-in directory is %+v, %v", d, ok)
	}
	if _, ok := p.Directory(slot, &d); ok || p.Demands() || p.Mounts() || p.Exempt || !p.Runtime {
		t.Errorf("built in: another directory %v, demands %v, exempt %v", ok, p.Demands(), p.Exempt)
	}
	if _, _, _, ok := p.SetEnv(0); ok {
		t.Error("built in: a variable")
	}
}
