package config

import "tmpshell/internal/caps"

// Policy is what the configuration says for one subject.
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
func (p Policy) Grants() caps.Set {
	var all caps.Set
	for _, name := range p.Ambient {
		one, _ := caps.Parse(name) // checked when it was read
		all |= one
	}
	return all
}

// tmpDefault is the Directory line that is built in.
var tmpDefault = directoryLine{
	path: "/tmp", method: Env,
	options: map[string]string{"variables": "TMPDIR,TMP,TEMP,TEMPDIR"},
}

// Resolve returns the policy for a subject. An error says that a name could not
// be looked up; the policy returned with it holds as far as it is known: lines
// that depend on the name do not match.
func (c *Config) Resolve(s Subject) (Policy, error) {
	var lookup error
	var chain []*settings
	for _, b := range c.blocks {
		ok, err := b.criteria.match(s)
		if err != nil && lookup == nil {
			lookup = err
		}
		if ok {
			chain = append(chain, &b.settings)
		}
	}
	chain = append(chain, &c.global)

	p := c.policy(chain)
	exempt := Exempt{Words: []string{"root"}, uids: uidList{{}}}
	exempt = first(chain, func(s *settings) *Exempt { return s.exempt }, exempt)
	var err error
	if p.Exempt, err = exempt.match(s); err != nil && lookup == nil {
		lookup = err
	}
	return p, lookup
}

// Variants returns the policy of the global section, and of each Match block as
// if it alone matched: together, all that a configuration can ask for. Whether
// anybody is exempt is left open.
func (c *Config) Variants() []Policy {
	list := []Policy{c.policy([]*settings{&c.global})}
	for _, b := range c.blocks {
		list = append(list, c.policy([]*settings{&b.settings, &c.global}))
	}
	return list
}

func (c *Config) policy(chain []*settings) Policy {
	return Policy{
		RuntimeDirectory: first(chain, func(s *settings) *bool { return s.runtime }, true),
		Shell:            first(chain, func(s *settings) *string { return s.shell }, ""),
		Deny:             first(chain, func(s *settings) *bool { return s.deny }, false),
		Supervise:        first(chain, func(s *settings) *bool { return s.supervise }, false),
		NoNewPrivileges:  first(chain, func(s *settings) *bool { return s.nnp }, false),
		Ambient:          first(chain, func(s *settings) *[]string { return s.ambient }, nil),
		Log:              first(chain, func(s *settings) *LogLevel { return s.log }, LogFailures),
		Directories:      c.directories(chain),
		SetEnv:           setEnv(chain),
	}
}

// first returns the first value that is given, or the default.
func first[T any](chain []*settings, field func(*settings) *T, otherwise T) T {
	for _, s := range chain {
		if v := field(s); v != nil {
			return *v
		}
	}
	return otherwise
}

// directories merges the lines path by path: the built-in /tmp first, then the
// paths of the global section in their order, then those that only a Match
// block names.
func (c *Config) directories(chain []*settings) []Directory {
	var order []string
	lines := make(map[string][]directoryLine)
	add := func(s *settings) {
		for _, d := range s.directories {
			if lines[d.path] == nil {
				order = append(order, d.path)
				lines[d.path] = []directoryLine{}
			}
		}
	}
	inGlobal := false
	for _, d := range c.global.directories {
		inGlobal = inGlobal || d.path == tmpDefault.path
	}
	if !inGlobal {
		order = append(order, tmpDefault.path)
		lines[tmpDefault.path] = []directoryLine{}
	}
	add(&c.global)
	for _, s := range chain {
		add(s)
	}
	for _, s := range chain {
		for _, d := range s.directories {
			lines[d.path] = append(lines[d.path], d)
		}
	}
	list := make([]Directory, 0, len(order))
	for _, p := range order {
		if p == tmpDefault.path {
			lines[p] = append(lines[p], tmpDefault)
		}
		list = append(list, merge(lines[p]))
	}
	return list
}

// setEnv collects the settings; of two for one name the first counts.
func setEnv(chain []*settings) []Setting {
	var list []Setting
	seen := make(map[string]bool)
	for _, s := range chain {
		for _, e := range s.setEnv {
			if !seen[e.Name] {
				seen[e.Name] = true
				list = append(list, e)
			}
		}
	}
	return list
}
