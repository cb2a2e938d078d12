package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestAt: the jobs of at(1), which /bin/sh runs with the variables of the session
// that they were given in, and those that ask for a session of their own.
func TestAt(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "at", "atd")
	rig.Install(t, "Match User mount", "Directory /tmp mount")
	rig.Must(t, "sh", "-c", ": >/etc/at.deny; touch /run/atd.pid")
	daemon(t, "pgrep -x atd", nil, "atd", "-f")
	for i, name := range []string{"env", "mount"} {
		a := rig.AddUser(t, rig.Account{Name: name, UID: uint32(1000 + i)})
		result := func(job string) string {
			t.Helper()
			rig.Sh(t, "rm -f "+a.Home+"/done")
			r := a.Login(t, "at now 2>&1 <<'EOF'\n("+job+") >part 2>&1; mv part done\nEOF")
			if r.Status != 0 {
				t.Fatalf("at: %d, %s", r.Status, r.Stdout)
			}
			var text []byte
			rig.Await(t, func() string { return "the job has not run: " + job }, func() bool {
				var err error
				text, err = os.ReadFile(a.Home + "/done")
				return err == nil
			})
			return strings.TrimSpace(string(text))
		}
		private := map[string]string{"env": a.Private(), "mount": "/tmp"}[name]
		// at(1) is set-user-ID, and the C library takes TMPDIR from such programs.
		if got := result(`echo "[$TMPDIR] $TMP $(ls -A /tmp)"`); got != "[] "+private+" .private" {
			t.Errorf("%s: a job finds %s; want no TMPDIR, and the shared /tmp", name, got)
		}
		a.Login(t, "touch $TMPDIR/only-private")
		if got := result(`exec tmpshell -c 'echo $TMPDIR; stat -c %U $TMPDIR/only-private'`); got != private+"\n"+name {
			t.Errorf("%s: a job with a session of its own finds %q", name, got)
		}
	}
	if got := rig.Sh(t, "ls -A /tmp").Stdout; got != ".private\n" {
		t.Errorf("in the shared directory: %q", got)
	}
}
