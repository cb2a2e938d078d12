package config

import "tmpshell/internal/policy"

// What is in this file is for a launcher that reads the configuration itself,
// and goes with it.

// Subject is whom a policy is for.
type Subject interface {
	UID() uint32
	// Name is the login name, empty for a uid that no source knows.
	Name() (string, error)
	// Groups are the names of the session's groups.
	Groups() ([]string, error)
}

// Resolve returns the policy for a subject. An error says that a name could not
// be looked up: lines that depend on it do not match.
func (c *Config) Resolve(s Subject) (Policy, error) {
	var failed error
	var chain []*Section
	for _, b := range c.Blocks {
		matches := true
		for _, criterion := range b.Criteria {
			matches = matches && has(criterion, s, &failed)
		}
		if matches {
			chain = append(chain, b)
		}
	}
	chain = append(chain, &c.Global)
	p := c.policy(chain)
	exempt := keyword("Exempt")
	v, ok := first(chain, exempt)
	if !ok {
		v, _ = exempt.BuiltIn()
	}
	p.Exempt = has(v.Items, s, &failed)
	return p, failed
}

func has(list []Item, s Subject, failed *error) bool {
	found := false
	for _, i := range list {
		var names []string
		var err error
		if !i.IsRange() && i.Group {
			names, err = s.Groups()
		} else if !i.IsRange() {
			names = make([]string, 1)
			names[0], err = s.Name()
		}
		if err != nil {
			*failed = err
			continue
		}
		ok := i.IsRange() && !i.Group && i.First <= s.UID() && s.UID() <= i.Last
		for _, n := range names {
			ok = ok || n != "" && policy.Glob(i.Text, n)
		}
		if ok && i.Negated {
			return false
		}
		found = found || ok
	}
	return found
}

// Instead returns the configuration that takes the place of one that Load gave
// err for: the built-in one, with OnFailure deny where the file could not be
// looked at.
func Instead(err error) *Config {
	c := &Config{}
	if Kept(err) {
		c.Global.Values = []Given{{Keyword: keyword("OnFailure"), Value: Value{Number: 1}}}
	}
	return c
}
