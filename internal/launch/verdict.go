package launch

import (
	_ "unsafe" // go:linkname

	"tmpshell/internal/bare"
)

// Exit codes of tmpshell's own; any other is the program's.
const (
	ExitOwn        = bare.ExitOwn // tmpshell could not do its own work
	ExitCannotExec = 126
	ExitNotFound   = 127
)

// verdict is what becomes of a session. It only ever gets worse.
type verdict uint8

const (
	// asConfigured: with everything that the policy says.
	asConfigured verdict = iota
	// plain: with nothing of tmpshell's, as an exempt user's.
	plain
	// refused: no session.
	refused
)

// knowledge of what the configuration demands, until the policy is resolved.
type knowledge uint8

const (
	// unknown: there is a configuration, and what it demands of this session
	// has not been found out.
	unknown knowledge = iota
	// resolved: the policy says.
	resolved
)

// demands tells whether the configuration demands something of the session. As
// long as that is not known, it does; but nothing is demanded of root, who
// could change the configuration and has to be able to log in and do so.
func (l *launcher) demands() bool {
	if l.inv.User != "" && !l.became {
		return true // never the program as root instead
	}
	if l.session.known != unknown {
		return l.policy.Demands()
	}
	return bare.Getuid() != 0 // l.uid may not be known, either
}

// goOn is the one place that decides what an error means (tmpshell-internals(7), ERRORS BY KIND):
//
//	                                      nothing demanded     something demanded
//	the object is not there, or not       as OnFailure says    as OnFailure says
//	as it must be
//	kept from finding out                 a plain session      125
//	privilege not given up, a place       125                  125
//	not gone back to
//
// It tells the user and the log, and whether a session may begin. Trouble with
// an object, for which there is a fallback, does not come here before the
// fallback has failed, too.
func (l *launcher) goOn(t *bare.Trouble) bool {
	switch t.Kind() {
	case bare.None:
		return l.verdict != refused
	case bare.Lost:
		l.verdict = refused
	default:
		if l.demands() {
			l.verdict = refused
		} else if l.verdict == asConfigured {
			l.verdict = plain
		}
	}
	l.complain(t)
	return l.verdict != refused
}

// afterFault is what a fault of tmpshell's own leads to: an error like any
// other, of the kind that keeps it from finding out. The state is whatever it
// was; so the session, if there is one, begins anew with what the caller gave.
//
//go:linkname afterFault tmpshell_fault
func afterFault() {
	l := &self
	l.tell("internal error", "please report it", "")
	if l.verdict == refused || l.session.entered || l.args == nil || l.inv.Mode == Help || l.inv.Mode == Version || l.inv.Mode == Wrong || l.demands() {
		bare.Exit(ExitOwn)
	}
	l.verdict = plain
	l.strings.n, l.strings.failed = 0, 0
	l.takeEnvironment()
	if !l.restrict() {
		bare.Exit(ExitOwn)
	}
	bare.Exit(l.become())
}
