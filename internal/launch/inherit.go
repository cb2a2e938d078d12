package launch

import (
	"strings"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
	"tmpshell/internal/policy"
)

// nameDirectory sets the variables of a directory. One in which the caller names
// a directory of the user's own stays as it is (inherit=): a batch system has made
// that for its job, a crontab or a client of ssh asks for it. The other variables
// name the first such, so that a program finds the same place whichever it reads.
//
// It comes after everything is mounted: what a mount hides is not there.
func (l *launcher) nameDirectory(d *directory) {
	path := d.path
	for rest, more := d.Variables, d.Variables != ""; more; {
		var name string
		name, rest, more = strings.Cut(rest, ",")
		if value, ok := l.inherited(d, name); ok {
			path = value
			break
		}
	}
	for rest, more := d.Variables, d.Variables != ""; more; {
		var name string
		name, rest, more = strings.Cut(rest, ",")
		switch value, ok := l.inherited(d, name); {
		case ok:
			l.setVariable(name, value) // once
		case path == "":
			l.env.Unset(name)
		default:
			l.setVariable(name, path)
		}
	}
}

// verified is the inherited value that was last verified: programs set all of the
// variables to one.
var verified struct {
	path string
	ok   bool
}

// inherited returns what the caller has set a variable to, where that is the
// directory itself or another one that the user has to themselves. Being kept from
// finding out is no reason to name something unverified, nor to end a session that
// has its private directory.
func (l *launcher) inherited(d *directory, name string) (string, bool) {
	given, ok := lastOf(l.given, name)
	if !ok || d.Inherit == policy.InheritNo {
		return "", false
	}
	value := bare.String(given)
	if value == d.path {
		return value, value != ""
	}
	if value != verified.path {
		t := owned.Own(value, l.uid)
		verified.path, verified.ok = value, t.OK()
	}
	return value, verified.ok
}
