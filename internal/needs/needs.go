// Package needs answers what a configuration asks of the machine: which
// capabilities each program needs for it, and which bases there must be.
//
// It is the only place that decides this. What sets the programs up, what shows
// the policy and what checks the machine must not come to different answers.
package needs

import (
	"slices"
	"strings"

	"tmpshell/internal/capset"
	"tmpshell/internal/clean"
	"tmpshell/internal/config"
	"tmpshell/internal/making"
	"tmpshell/internal/private"
)

// Needs is what the programs need.
type Needs struct {
	// Session and Helper are the permitted sets of tmpshell-session and
	// tmpshell-helper. tmpshell has none, whatever the configuration says.
	// The helper's do not depend on it: it compiles it. Remover is for
	// tmpshell-remover, which has some for Supervise, and in a container, where
	// --init and --pty have it remove without any configuration.
	Session, Helper, Remover capset.Set
	// Supervise: tmpshell-supervise and tmpshell-remover are needed.
	Supervise bool
	// Bases are those that tmpshell makes, in the order of the
	// configuration.
	Bases []making.Base
	// Instances are the directories that are mounted.
	Instances []private.Instance
}

// seesMachine is false in a container, and where an image is made in one. It is a
// variable for the tests alone.
var seesMachine = clean.SeesMachine

// Of answers for one policy.
func Of(p config.Policy) Needs {
	n := Needs{Session: p.Grants(), Helper: capset.Helper, Supervise: p.Supervise}
	if n.Supervise {
		n.Remover = capset.Remover | capset.SysPtrace
	}
	for _, d := range p.Directories {
		switch {
		case d.Method == config.Env:
			n.Bases = append(n.Bases, making.Base(d.Path))
		case d.Mounted():
			i := Instance(d)
			n.Instances = append(n.Instances, i)
			n.Session |= i.Needs()
		}
	}
	return n
}

// Instance is what is mounted for a directory of a policy.
func Instance(d config.Directory) private.Instance {
	return private.Instance{At: d.Path, Share: strings.Join(d.Share, ","), Store: d.Store, Fresh: d.Method == config.Tmpfs}
}

// OfConfig answers for everybody whom a configuration may be about.
func OfConfig(c *config.Config) Needs {
	all := Needs{Helper: capset.Helper}
	if !seesMachine() {
		all.Remover = capset.Remover
	}
	for _, p := range c.Variants() {
		n := Of(p)
		all.Session |= n.Session
		all.Remover |= n.Remover
		all.Supervise = all.Supervise || n.Supervise
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
