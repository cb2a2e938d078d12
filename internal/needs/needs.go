// Package needs answers what a configuration asks of the machine: which
// capabilities each program needs for it, and which bases there must be.
//
// It is the only place that decides this. What sets the programs up, what shows
// the policy and what checks the machine must not come to different answers.
package needs

import (
	"slices"

	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
)

// Needs is what the programs need.
type Needs struct {
	// Launcher and Helper are the permitted sets of the two programs.
	Launcher, Helper caps.Set
	// Bases are those that tmpshell makes, in the order of the
	// configuration.
	Bases []dirs.Spec
	// Instances are the directories that are mounted.
	Instances []dirs.Instance
}

// Of answers for one policy.
func Of(p config.Policy) Needs {
	var n Needs
	specs := dirs.Specs(p)
	if len(specs) > 0 {
		n.Helper = caps.Helper
	}
	for _, s := range specs {
		if s.Guarded {
			n.Bases = append(n.Bases, s)
		}
	}
	n.Launcher = p.Grants()
	n.Instances = dirs.Instances(p)
	for _, i := range n.Instances {
		n.Helper = caps.Helper
		n.Launcher |= i.Needs()
	}
	return n
}

// OfConfig answers for everybody whom a configuration may be about.
func OfConfig(c *config.Config) Needs {
	var all Needs
	for _, p := range c.Variants() {
		n := Of(p)
		all.Launcher |= n.Launcher
		all.Helper |= n.Helper
		for _, b := range n.Bases {
			if !slices.Contains(all.Bases, b) {
				all.Bases = append(all.Bases, b)
			}
		}
		for _, i := range n.Instances {
			if !slices.Contains(all.Instances, i) {
				all.Instances = append(all.Instances, i)
			}
		}
	}
	return all
}
