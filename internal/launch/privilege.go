package launch

import (
	"errors"

	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/msg"
)

// needed is what the launcher needs of its file capabilities for one session.
// The rest, which is for other users, is dropped before anything else happens.
func needed(uid uint32, p config.Policy) caps.Set {
	if p.Exempt {
		return 0
	}
	return planOf(uid, p, nil).Needs() | p.Grants()
}

// restrict makes the session's privilege what the policy says: grants first,
// then everything is dropped that is none, then no_new_privs.
func (l *launcher) restrict(p config.Policy) error {
	if !p.Exempt {
		l.grant(p.Grants())
	}
	if err := caps.KeepOf(0); err != nil {
		return err
	}
	if p.NoNewPrivileges && !p.Exempt {
		return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	}
	return nil
}

// grant raises the ambient set, one capability after the other: a session with
// some of them is better than none, and what is missing is said.
func (l *launcher) grant(g caps.Set) {
	for one := range g.Each() {
		if caps.Ambient(one) == one {
			continue // the caller's own
		}
		if err := caps.Grant(one); err != nil {
			why := whyNotGranted(one, err)
			l.failure("cannot grant " + one.String() + ": " + why.Error())
			if msg.IsTerminal(l.stderr.FD) {
				l.stderr.Error("cannot grant "+one.String(), why.Error())
				if errors.Is(why, errSetup) {
					l.stderr.Hint(setupHint)
				}
			}
		}
	}
}

func whyNotGranted(one caps.Set, err error) error {
	if caps.Unknown(one) != 0 {
		return errors.New("this kernel does not have it")
	}
	if have, getErr := caps.Get(); getErr == nil && have.Permitted.Has(one) {
		return err // SECBIT_NO_CAP_AMBIENT_RAISE
	}
	return lacking(one)
}

// lacking says why the launcher does not have capabilities.
func lacking(need caps.Set) error {
	launcher := build.Launcher()
	if caps.Bounding(need) != need {
		return errors.New("this process may not have " + need.String() + " (bounding set)")
	}
	if nnp, _ := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); nnp == 1 {
		return errors.New("no_new_privs is set, so that the capabilities of " + launcher + " do nothing")
	}
	if caps.OfFile(launcher).Has(need) {
		return errors.New("the capabilities of " + launcher + " do nothing here (nosuid mount, or a user namespace)")
	}
	return setupError{launcher + " does not have " + need.String()}
}

// errSetup is wrapped by reasons that tmpshellctl setup removes.
var errSetup = errors.New("setup")

type setupError struct{ text string }

func (e setupError) Error() string        { return e.text }
func (e setupError) Is(target error) bool { return target == errSetup }
