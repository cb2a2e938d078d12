package doctor

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/making"
	"tmpshell/internal/private"
)

// checkTmpfiles: systemd-tmpfiles makes the bases at boot, before any user can
// take their names, and neither ages them out nor removes them.
func checkTmpfiles(m *machine, r *report) error {
	if !HasTmpfiles() {
		r.otherwise("there is no systemd-tmpfiles")
		return nil
	}
	rules, err := tmpfilesRules()
	if err != nil {
		return err
	}
	for _, b := range m.needs.Bases {
		var st unix.Stat_t
		err := unix.Stat(string(b), &st)
		r.tmpfilesOf(b, rules, err == nil && st.Mode&0o022 != 0)
	}
	for _, i := range m.needs.Instances {
		var st unix.Stat_t
		if err := unix.Stat(i.At, &st); err == nil && st.Mode&0o022 != 0 {
			r.rendezvous(i, rules)
		}
		if store := making.StoreOf(i); canBeTaken(store) && !i.Fresh && !made(rules, store) {
			r.warn("no line makes "+store+" at boot, before anybody can take its name", setUp)
		}
	}
	r.otherwise("systemd-tmpfiles makes the bases, and keeps them")
	return nil
}

// tmpfilesOf judges the rules about one base; open tells whether others than
// root can write to its parent.
func (r *report) tmpfilesOf(b making.Base, rules []rule, open bool) {
	base := b.Path()
	line := baseLine(b)
	var own, aged *rule
	for i, one := range rules {
		switch {
		case one.removes() && (one.about(base) || one.about(base+"/1000") || one.about(string(b))):
			r.error(one.at()+" removes "+base+", even while it is in use: "+one.text, commentOut(one.file, one.line))
		case one.removes():
		case one.about(base):
			if own == nil {
				own = &rules[i]
			}
		case one.ages() && one.over(base):
			if aged == nil || len(one.path) >= len(aged.path) {
				aged = &rules[i]
			}
		}
	}
	switch {
	case own == nil && aged != nil:
		r.warn(fmt.Sprintf("%s ages %s, and %s with it: no line of its own keeps that", aged.at(), aged.path, base), setUp)
	case own == nil && open:
		r.warn("no line makes "+base+" at boot, before anybody can take its name", setUp)
	case own == nil:
	case own.kind == 'X' && aged != nil:
		r.warn(fmt.Sprintf("%s keeps %s, but not the users' directories in it, which %s ages", own.at(), base, aged.at()),
			&Fix{Write: line, In: own.at()})
	case own.makes() && own.wrongMode():
		r.error(own.at()+" gives "+base+" another owner or mode than root root 0711, at each boot: "+own.text, &Fix{Write: line, In: own.at()})
	case own.ages() && !own.keepsLevel():
		r.warn(own.at()+" ages out the users' directories themselves, while sessions use them: "+own.text, &Fix{Write: line, In: own.at()})
	}
}

// rendezvous: what share= has of directories is made at boot, before a user can
// take the names.
func (r *report) rendezvous(i private.Instance, rules []rule) {
	for _, path := range meetings(i) {
		if !made(rules, path) {
			r.warn("no line makes "+path+" at boot, before anybody can take its name", setUp)
		}
	}
}

// wrongMode tells whether a line makes a base in another way than every login
// wants it.
func (r rule) wrongMode() bool {
	root := func(s string) bool { s = strings.TrimLeft(s, ":"); return s == "root" || s == "0" || s == "-" }
	return strings.TrimLeft(r.mode, ":~0") != fmt.Sprintf("%o", private.BaseMode) || !root(r.user) || !root(r.group)
}
