package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountFewDescriptors: in a session, a user starts the helper with as many
// descriptors as they like. What fails in it must not make it take the shared
// /tmp, which is kept where there is a mount point outside, for that one.
func TestMountFewDescriptors(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Directory /tmp mount share=.X11-unix/,.s.PGSQL.5432")
	rig.FreshTmp(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	r := alice.Login(t, `for n in $(seq 3 40); do (ulimit -n $n; exec `+rig.Helper+` 2>&1) | head -n 1; stat -c "$n %a" /run/tmpshell/shared/tmp; done`)
	failed := 0
	for line := range strings.Lines(r.Stdout) {
		switch {
		case strings.Contains(line, "too many open files"):
			failed++
		case strings.HasPrefix(line, "tmpshell"): // another failure, such as of the runtime
		case !strings.HasSuffix(line, " 1777\n"):
			t.Errorf("descriptors and mode of /tmp: %s", line)
		}
	}
	if failed < 3 {
		t.Errorf("the helper never has too few descriptors:\n%s%s", r.Stdout, r.Stderr)
	}
	if mode := rig.Sh(t, "stat -c %a /tmp").Stdout; mode != "1777\n" {
		t.Errorf("/tmp is %s", mode)
	}
}
