package compile

import (
	"testing"
	"tmpshell/internal/config"

	"github.com/google/go-cmp/cmp"
)

// The zero Config is the built-in configuration, and so is an empty file.
func TestBuiltIn(t *testing.T) {
	want := config.Policy{
		Directories:      []config.Directory{{Path: "/tmp", Method: config.Env, Variables: tmpNames}},
		RuntimeDirectory: true,
		Log:              config.LogFailures,
	}
	for name, c := range map[string]*config.Config{"zero": {}, "empty": mustParse(t), "comments": mustParse(t, "# a", "", "  # b")} {
		got := resolve(t, c, someone{uid: 1000})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s configuration (-want +got):\n%s", name, diff)
		}
		if !resolve(t, c, someone{uid: 0}).Exempt {
			t.Errorf("%s configuration: root is not exempt; want it to be", name)
		}
	}
}

// In one block the first value counts, and a later one is a notice.
func TestFirstValueWins(t *testing.T) {
	for _, test := range []struct {
		text string
		get  func(config.Policy) any
		want any
		says []string
	}{
		{"Log all\nLog none", func(p config.Policy) any { return p.Log }, config.LogAll,
			[]string{"conf:2: Log has no effect here: log is set at conf:1"}},
		{"log all\n\nLOG none\nLog failures", func(p config.Policy) any { return p.Log }, config.LogAll,
			[]string{"conf:3: LOG has no effect here: log is set at conf:1", "conf:4: Log has no effect here: log is set at conf:1"}},
		{"Shell /bin/a\nShell /bin/b", func(p config.Policy) any { return p.Shell }, "/bin/a",
			[]string{"conf:2: Shell has no effect here: shell is set at conf:1"}},
		{"OnFailure deny\nOnFailure fallback", func(p config.Policy) any { return p.Deny }, true,
			[]string{"conf:2: OnFailure has no effect here: onfailure is set at conf:1"}},
		{"RuntimeDirectory no\nRuntimeDirectory yes", func(p config.Policy) any { return p.RuntimeDirectory }, false,
			[]string{"conf:2: RuntimeDirectory has no effect here: runtimedirectory is set at conf:1"}},
		{"Exempt none\nExempt alice", func(p config.Policy) any { return p.Exempt }, false,
			[]string{"conf:2: Exempt has no effect here: exempt is set at conf:1"}},
		{"Supervise no\nSupervise yes", func(p config.Policy) any { return p.Supervise }, false, []string{
			"conf:2: Supervise has no effect here: supervise is set at conf:1"}},
		{"Directory /tmp env variables=A\nDirectory /tmp off", func(p config.Policy) any { return p.Directories[0].Variables }, []string{"A"},
			[]string{"conf:2: Directory has no effect here: /tmp is set at conf:1"}},
		{"Directory /tmp env\nDirectory /a env", func(p config.Policy) any { return len(p.Directories) }, 2, nil},
		{"SetEnv A=1\nSetEnv B=2 A=3", func(p config.Policy) any { return p.SetEnv }, []config.Setting{set("A", "1"), set("B", "2")}, nil},
		{"Log all\nMatch All\nLog none", func(p config.Policy) any { return p.Log }, config.LogNone, nil},
		{"Match All\nLog all\nLog none", func(p config.Policy) any { return p.Log }, config.LogAll,
			[]string{"conf:3: Log has no effect here: log is set at conf:2"}},
	} {
		c := mustParse(t, test.text)
		if diff := cmp.Diff(test.want, test.get(resolve(t, c, alice))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.text, diff)
		}
		if diff := cmp.Diff(test.says, notices(c)); diff != "" {
			t.Errorf("notices of %q (-want +got):\n%s", test.text, diff)
		}
	}
	// A line without effect is checked all the same.
	if _, err := config.Parse("conf", "Log all\nLog sometimes"); err == nil {
		t.Error("a second Log line with a wrong value gives no error; want one")
	}
}

// Match blocks override the global section wherever it stands, the first block
// that matches and sets a keyword wins, and each keyword is looked for alone.
func TestMatchOverrides(t *testing.T) {
	c := mustParse(t,
		"Shell /bin/global", "OnFailure deny", "Log none", "SetEnv A=g G=g",
		"Match User alice",
		"Shell /bin/alice", "SetEnv A=alice",
		"Match Group staff",
		"Shell /bin/staff", "Log all", "SetEnv A=staff S=staff",
		"Match All",
		"Shell /bin/all", "RuntimeDirectory no", "OnFailure fallback", "Log failures",
	)
	type row struct {
		Shell   string
		Deny    bool
		Log     config.LogLevel
		Runtime bool
		SetEnv  []config.Setting
	}
	for _, test := range []struct {
		who  someone
		want row
	}{
		{alice, row{"/bin/alice", false, config.LogAll, false, []config.Setting{set("A", "alice"), set("G", "g"), set("S", "staff")}}},
		{someone{uid: 5, name: "carol", groups: []string{"staff"}},
			row{"/bin/staff", false, config.LogAll, false, []config.Setting{set("A", "staff"), set("G", "g"), set("S", "staff")}}},
		{bob, row{"/bin/all", false, config.LogFailures, false, []config.Setting{set("A", "g"), set("G", "g")}}},
	} {
		p := resolve(t, c, test.who)
		got := row{p.Shell, p.Deny, p.Log, p.RuntimeDirectory, p.SetEnv}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("policy of %s (-want +got):\n%s", test.who.name, diff)
		}
	}
	if len(c.Notices) > 0 {
		t.Errorf("notices %q; want none: every block sets a keyword once", notices(c))
	}
}

// A block takes a value back that the global section gives.
func TestMatchTakesBack(t *testing.T) {
	c := mustParse(t, "Ambient cap_net_raw", "Supervise yes", "NoNewPrivileges yes", "RuntimeDirectory no", "Exempt alice",
		"Match User alice", "Ambient none", "Supervise no", "NoNewPrivileges no", "RuntimeDirectory yes", "Exempt none")
	p := resolve(t, c, alice)
	if len(p.Ambient) > 0 || p.Supervise || p.NoNewPrivileges || !p.RuntimeDirectory || p.Exempt {
		t.Errorf("policy of alice = %+v; want her block's", p)
	}
	p = resolve(t, c, bob)
	if len(p.Ambient) != 1 || !p.Supervise || !p.NoNewPrivileges || p.RuntimeDirectory || p.Exempt {
		t.Errorf("policy of bob = %+v; want the global section's", p)
	}
}

// Variants covers what any subject can get.
func TestVariants(t *testing.T) {
	c := mustParse(t, "Directory /tmp off", "RuntimeDirectory no", "Exempt alice",
		"Match User alice", "Directory /tmp env",
		"Match User bob", "RuntimeDirectory yes", "Directory /b env")
	type row struct {
		Methods string
		Runtime bool
	}
	var got []row
	for _, p := range c.Variants() {
		r := row{Runtime: p.RuntimeDirectory}
		for _, d := range p.Directories {
			r.Methods += d.Path + ":" + string(d.Method) + " "
		}
		got = append(got, r)
		if p.Exempt {
			t.Error("a variant is exempt; want that left open")
		}
	}
	want := []row{{"/tmp:off ", false}, {"/tmp:env ", false}, {"/tmp:off /b:env ", true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Variants (-want +got):\n%s", diff)
	}
	if got := len((&config.Config{}).Variants()); got != 1 {
		t.Errorf("Variants of the built-in configuration: %d; want 1", got)
	}
}
