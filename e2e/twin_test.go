package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/rig"
)

// exitStatus is what the session's script ends with: a value that no program
// on the way has a meaning for.
const exitStatus = 7

// probe is the script of every session.
const probe = rig.Probe + "; exit 7"

// own are the variables that tmpshell may change.
var own = append([]string{"XDG_RUNTIME_DIR"}, rig.Variables...)

// changing are variables that differ between two sessions of one kind, or name
// the passwd shell for what it is.
var changing = []string{"SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "SUDO_COMMAND", "_"}

// twin runs a session twice, with /bin/bash as the account's shell and with
// tmpshell, and reports every difference but the one that tmpshell is for.
func twin(t *testing.T, a *rig.Account, login func(t *testing.T, script string) rig.Result) {
	t.Helper()
	a.SetShell(t, "/bin/bash")
	plain := login(t, probe)
	a.SetShell(t, rig.Tmpshell)
	compare(t, a, plain, login(t, probe))
}

// compare is twin for two sessions that were had otherwise.
func compare(t *testing.T, a *rig.Account, plain, got rig.Result) rig.Session {
	t.Helper()
	want, session := rig.ParseSession(t, plain), rig.ParseSession(t, got)
	without := append(changing, own...)
	check := func(what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differs (- without, + with tmpshell):\n%s", what, diff)
		}
	}
	check("argv", want.Argv, session.Argv)
	check("environment", want.Without(without...), session.Without(without...))
	check("stdout before", want.Before, session.Before)
	check("stdout after", want.After, session.After)
	check("stderr", plain.Stderr, got.Stderr)
	check("status", plain.Status, got.Status)
	if got.Status != exitStatus {
		t.Errorf("status %d, want the session's, %d", got.Status, exitStatus)
	}
	session.CheckVariables(t, a.Private())
	rig.CheckPrivate(t, a)
	return session
}
