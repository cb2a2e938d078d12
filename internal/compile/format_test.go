package compile

import (
	"fmt"
	"strings"
	"testing"

	"tmpshell/internal/bare"
	"tmpshell/internal/config"
	"tmpshell/internal/policy"
)

// What is not a whole policy of this format is refused, and nothing makes its
// reader or evaluator fault.
func TestBrokenFiles(t *testing.T) {
	n := machine(t, root, alice)
	data, err := Config(mustParse(t, "Exempt bob @x", "SetEnv A=1", "Directory /a mount share=x/,y", "Match User a* Gid 5,!6", "Shell /bin/x"), Options{Names: n})
	if err != nil {
		t.Fatal(err)
	}
	for size := range len(data) {
		f := new(policy.File)
		if trouble := f.Use(data[:size], "policy"); trouble.OK() {
			t.Fatalf("%d of %d bytes are taken for a policy", size, len(data))
		}
	}
	longer := append(append([]byte{}, data...), 0)
	if trouble := new(policy.File).Use(longer, "policy"); trouble.OK() {
		t.Error("a policy with a byte after it is taken for one")
	}
	for i := range data {
		bad := append([]byte{}, data...)
		bad[i] ^= 0x40
		f := new(policy.File)
		if trouble := f.Use(bad, "policy"); trouble.OK() {
			t.Errorf("a policy with another byte at %d is taken for one", i)
		}
		// With a sum that fits, it is read, and its reader stays inside.
		if trouble := f.Use(policy.Seal(bad), "policy"); trouble.OK() {
			f.Check("policy")
			for _, who := range []someone{root, alice, ghost} {
				p := new(policy.Policy)
				if trouble := p.Resolve(f, n.Caller(who.who()), "policy"); trouble.OK() {
					View(p)
				}
			}
		}
	}
}

// Beyond its limits a configuration is refused, with the line.
func TestLimits(t *testing.T) {
	var many, large strings.Builder
	for i := range policy.MaxSlots {
		fmt.Fprintf(&many, "SetEnv A%d=1\n", i)
	}
	for i := range 4000 {
		fmt.Fprintf(&large, "Match Uid %d\nSetEnv A=%s\n", i, strings.Repeat("x", 10)+fmt.Sprint(i)+strings.Repeat("y", 100))
	}
	var paths strings.Builder
	for i := range policy.MaxDirectories {
		fmt.Fprintf(&paths, "Directory /d%d env\n", i)
	}
	for _, test := range []struct{ text, want string }{
		{paths.String(), "conf:64: too many directories: more than 64"},
		{many.String(), "conf:2038: too many different variables, directories and options of them: more than 2048"},
		{large.String(), "conf:"},
	} {
		_, err := Config(mustParse(t, test.text), Options{Names: machine(t)})
		if err == nil || !strings.HasPrefix(err.Error(), test.want) || !IsWrong(err) {
			t.Errorf("Config = %v; want %s", err, test.want)
		}
	}
	// 1,000 blocks are none too many.
	var blocks strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&blocks, "Match Uid %d\nShell /bin/%d\nDirectory /d%d mount\n", i, i, i%50)
	}
	p := evaluate(t, mustParse(t, blocks.String()), someone{uid: 999, name: "last"})
	if p.Shell != "/bin/999" || len(View(p).Directories) != 2 {
		t.Errorf("the last of 1000 blocks: %+v", View(p))
	}
}

// FuzzCompile: what the compiler writes, the evaluator reads as a naive twin
// understands the configuration.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		"",
		"Exempt root @staff 1000-1999\nDirectory /tmp env max-age=10d\n",
		"Directory /a tmpfs size=1m\nSetEnv B=1\nMatch User alice\nSetEnv A=2 B=3\nDirectory /a mount share=x/ options=noexec\nDirectory /tmp off",
		"Match User a*,!ab Group *,!wheel Uid 1000-,!1500\nSupervise yes\nNoNewPrivileges yes\nAmbient cap_net_raw\nMatch All\nRuntimeDirectory no",
		"Match Gid 0-99999\nShell /bin/x\nMatch Group staff,nosuch\nOnFailure deny\nLog none\nExempt none",
		"Directory /x env variables=A\nDirectory /tmp mount variables= propagation=private\nMatch User bob\nDirectory /x off\nDirectory /y env",
	} {
		f.Add(s)
	}
	n := machine(f, root, alice, bob)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") {
			return
		}
		c, err := config.Parse("conf", text)
		if err != nil {
			return
		}
		data, err := Config(c, Options{Names: n})
		if err != nil {
			if !IsWrong(err) {
				t.Errorf("Config of %q = %v", text, err)
			}
			return
		}
		file := use(t, data)
		for _, who := range []someone{root, alice, bob} {
			p, err := n.Resolve(file, who.who())
			if err != nil {
				t.Fatalf("%q for %s: %v", text, who.name, err)
			}
			if got, want := fmt.Sprintf("%+v", View(p)), fmt.Sprintf("%+v", twin(c, who)); got != want {
				t.Errorf("%q for %s:\n got %s\nwant %s", text, who.name, got, want)
			}
		}
	})
}

// twin is what a configuration means, written down as tmpshell.conf(5) says it:
// by names.
func twin(c *config.Config, who someone) config.Policy {
	// The blocks that match, as one.
	block := &config.Section{}
	for _, s := range c.Blocks {
		matches := true
		for _, criterion := range s.Criteria {
			matches = matches && among(criterion, who)
		}
		if matches {
			block.Values = append(block.Values, s.Values...)
			block.Directories = append(block.Directories, s.Directories...)
			block.SetEnv = append(block.SetEnv, s.SetEnv...)
		}
	}
	one := &config.Config{Global: c.Global, Blocks: []*config.Section{block}}
	p := one.Variants()[1]
	for i, d := range p.Directories {
		p.Directories[i].Pos = config.Pos{}
		if n, ok := config.ParseAge(d.MaxAge); ok {
			p.Directories[i].MaxAge = ""
			if n > 0 {
				p.Directories[i].MaxAge = age(uint32(min(n, 1<<32-1)))
			}
		}
	}
	exempt := []config.Item{{}} // root
	for _, s := range append(one.Blocks, &one.Global) {
		if i := indexOf(s, "Exempt"); i >= 0 {
			exempt = s.Values[i].Value.Items
			break
		}
	}
	p.Exempt = among(exempt, who)
	return p
}

func indexOf(s *config.Section, name string) int {
	for i, g := range s.Values {
		if g.Name == name {
			return i
		}
	}
	return -1
}

func among(list []config.Item, who someone) bool {
	found := false
	for _, i := range list {
		hit := false
		if i.Group {
			for _, g := range who.groups {
				id := gidOf(g)
				hit = hit || i.IsRange() && i.First <= id && id <= i.Last || !i.IsRange() && bare.Glob(i.Text, g)
			}
		} else {
			hit = i.IsRange() && i.First <= who.uid && who.uid <= i.Last || !i.IsRange() && bare.Glob(i.Text, who.name)
		}
		if hit && i.Negated {
			return false
		}
		found = found || hit
	}
	return found
}
