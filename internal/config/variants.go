package config

import (
	"tmpshell/internal/capset"
	"tmpshell/internal/policy"
)

// Policy is what a configuration says for one session.
type Policy struct {
	Exempt           bool
	Directories      []Directory
	RuntimeDirectory bool
	SetEnv           []Setting
	Shell            string // empty: see the choice of the real shell
	Deny             bool   // OnFailure deny
	Supervise        bool
	NoNewPrivileges  bool
	Ambient          []string
	Log              LogLevel
}

// Grants is Ambient as a set.
func (p Policy) Grants() capset.Set {
	var all capset.Set
	for _, name := range p.Ambient {
		one, _ := capset.Parse(name) // checked when it was read
		all |= one
	}
	return all
}

// SetAmbient makes Ambient the names of a set.
func (p *Policy) SetAmbient(set capset.Set) {
	p.Ambient = nil
	for one := range set.Each() {
		p.Ambient = append(p.Ambient, one.String())
	}
}

// TmpLine is the Directory line that is built in.
var TmpLine = DirectoryLine{
	Path: "/tmp", Method: Env,
	Options: map[string]string{"variables": "TMPDIR,TMP,TEMP,TEMPDIR"},
}

// Variants returns the policy of the global section, and of each Match block as
// if it alone matched: together, all that a configuration can ask for. Whether
// anybody is exempt is left open.
func (c *Config) Variants() []Policy {
	list := []Policy{c.policy([]*Section{&c.Global})}
	for _, b := range c.Blocks {
		list = append(list, c.policy([]*Section{b, &c.Global}))
	}
	return list
}

// policy takes sections together; the first that gives a value counts.
func (c *Config) policy(chain []*Section) Policy {
	p := Policy{Directories: c.directories(chain), SetEnv: setEnv(chain)}
	for i := range Keywords {
		k := &Keywords[i]
		v, ok := first(chain, k)
		if !ok {
			v, _ = k.BuiltIn()
		}
		p.set(k.Slot, v)
	}
	return p
}

func first(chain []*Section, k *Keyword) (Value, bool) {
	for _, s := range chain {
		for _, g := range s.Values {
			if g.Keyword == k {
				return g.Value, true
			}
		}
	}
	return Value{}, false
}

func (p *Policy) set(slot uint32, v Value) {
	switch slot {
	case policy.SlotRuntime:
		p.RuntimeDirectory = v.Number != 0
	case policy.SlotShell:
		p.Shell = v.Text
	case policy.SlotDeny:
		p.Deny = v.Number != 0
	case policy.SlotSupervise:
		p.Supervise = v.Number != 0
	case policy.SlotNoNewPriv:
		p.NoNewPrivileges = v.Number != 0
	case policy.SlotAmbient:
		p.SetAmbient(capset.Set(v.Number))
	case policy.SlotLog:
		p.Log = LogLevel(logLevels[v.Number])
	}
}

// Paths lists the paths that the configuration has a Directory line for: /tmp
// first, unless the global section names it elsewhere, then those of the global
// section, then those that only a Match block names.
func (c *Config) Paths() []string {
	var order []string
	seen := make(map[string]bool)
	add := func(path string) {
		if !seen[path] {
			seen[path] = true
			order = append(order, path)
		}
	}
	inGlobal := false
	for _, d := range c.Global.Directories {
		inGlobal = inGlobal || d.Path == TmpLine.Path
	}
	if !inGlobal {
		add(TmpLine.Path)
	}
	for _, d := range c.Global.Directories {
		add(d.Path)
	}
	for _, b := range c.Blocks {
		for _, d := range b.Directories {
			add(d.Path)
		}
	}
	return order
}

// directories merges the lines path by path.
func (c *Config) directories(chain []*Section) []Directory {
	list := []Directory{}
	for _, p := range c.Paths() {
		var lines []DirectoryLine
		for _, s := range chain {
			for _, d := range s.Directories {
				if d.Path == p {
					lines = append(lines, d)
				}
			}
		}
		if p == TmpLine.Path {
			lines = append(lines, TmpLine)
		}
		if len(lines) > 0 {
			list = append(list, merge(lines))
		}
	}
	return list
}

// setEnv collects the settings, those of the global section first; of two for
// one name the first of the chain counts.
func setEnv(chain []*Section) []Setting {
	value := make(map[string]string)
	for _, s := range chain {
		for _, e := range s.SetEnv {
			if _, seen := value[e.Name]; !seen {
				value[e.Name] = e.Value
			}
		}
	}
	var list []Setting
	for i := range chain {
		s := chain[(i+len(chain)-1)%len(chain)] // the global one is the last
		for _, e := range s.SetEnv {
			if v, left := value[e.Name]; left {
				list = append(list, Setting{e.Name, v})
				delete(value, e.Name)
			}
		}
	}
	return list
}

// LogLevelOf is the level with a number of package policy.
func LogLevelOf(n uint32) LogLevel {
	if int(n) < len(logLevels) {
		return LogLevel(logLevels[n])
	}
	return LogFailures
}

// List cuts a comma list; an empty one has no entries.
func List(s string) []string { return list(s) }
