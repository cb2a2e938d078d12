// Package doctor looks at a machine and says what keeps tmpshell from doing its
// work there, and what makes that work worth less.
//
// It is a list of small checks. Each states facts, a verdict on every one, and
// what would fix it. A check that cannot finish says so and does not keep the
// others from running.
//
// It MUST only read, and MUST NOT open what belongs to a user. What it prints
// is for an administrator to run, who may well copy it without a second look: a
// name that somebody else chose is in it quoted, or not at all.
package doctor

import (
	"fmt"

	"tmpshell/internal/msg"
)

// Verdict is what a fact means for tmpshell.
type Verdict string

// The verdicts. Warnings and errors are findings: with an error, sessions do not
// get what the configuration says, or get it from somebody who is not root;
// with a warning, they get it, but it may not last, or not protect.
const (
	OK      Verdict = "ok"
	Note    Verdict = "note"
	Warning Verdict = "warning"
	Error   Verdict = "error"
)

// IsFinding tells whether something is to be done.
func (v Verdict) IsFinding() bool { return v == Warning || v == Error }

// Result is one fact that a check has found.
type Result struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Fact    string  `json:"fact"`
	// Fix is what helps: a command for a root shell, or a line to write;
	// nil where neither can be told from here.
	Fix *Fix `json:"fix,omitempty"`
}

// check is one of the list.
type check struct {
	name string // in kebab case
	run  func(*machine, *report) error
}

// checks in the order in which they are reported: the programs, what they work
// on, what they are called by, what works against them.
var checks = []check{
	{"programs", checkPrograms},
	{"links", checkLinks},
	{"capabilities", checkCapabilities},
	{"privilege", checkPrivilege},
	{"mounts", checkMounts},
	{"configuration", checkConfiguration},
	{"configuration-path", checkConfigurationPath},
	{"policy", checkPolicy},
	{"bases", checkBases},
	{"instances", checkInstances},
	{"squatters", checkSquatters},
	{"orphans", checkOrphans},
	{"shells", checkShells},
	{"passwd", checkPasswd},
	{"sshd", checkSSHD},
	{"pam", checkPAM},
	{"tmpfiles", checkTmpfiles},
	{"cleaners", checkCleaners},
	{"sysctl", checkSysctl},
	{"user-namespaces", checkUserNamespaces},
	{"selinux", checkSELinux},
	{"apparmor", checkAppArmor},
}

// Names lists the checks.
func Names() []string {
	var list []string
	for _, c := range checks {
		list = append(list, c.name)
	}
	return list
}

// Examine runs the checks whose names are wanted and returns what they found, at
// least one result of each.
func Examine(wanted func(name string) bool) []Result {
	m := newMachine()
	all := []Result{}
	for _, c := range checks {
		if wanted(c.name) {
			all = append(all, c.examine(m)...)
		}
	}
	return all
}

func (c check) examine(m *machine) []Result {
	r := &report{check: c.name}
	if err := c.safely(m, r); err != nil {
		r.add(Error, "the check could not be finished: "+err.Error(), nil)
	}
	return r.results
}

// safely turns a panic into an error: the other checks are still worth having.
func (c check) safely(m *machine, r *report) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error, please report it: %v", p)
		}
	}()
	return c.run(m, r)
}

// report collects the results of one check.
type report struct {
	check   string
	results []Result
}

// add adds a fact. A fix with bytes that a terminal does not show is left out: an
// attacker may have chosen such a name, and must not have a say in what root types.
func (r *report) add(v Verdict, fact string, fix *Fix) {
	if fix != nil && !fix.printable() {
		fix = nil
	}
	r.results = append(r.results, Result{r.check, v, msg.Line(fact), fix})
}

func (r *report) note(fact string)            { r.add(Note, fact, nil) }
func (r *report) warn(fact string, fix *Fix)  { r.add(Warning, fact, fix) }
func (r *report) error(fact string, fix *Fix) { r.add(Error, fact, fix) }

// otherwise states what is right when there is nothing else to say.
func (r *report) otherwise(fact string) {
	if len(r.results) == 0 {
		r.add(OK, fact, nil)
	}
}
