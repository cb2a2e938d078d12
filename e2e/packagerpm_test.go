package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
)

// testRPM: rpm of the machine, as a clean system of Debian's has none; scripts run in it.
func testRPM(t *testing.T, r cleanRoot) {
	rpm := func(args string) string {
		return "rpm --root " + r.dir + " --nodeps --force-debian " + strings.ReplaceAll(args, "PACKAGE", "/run/dist/tmpshell")
	}
	outside := cleanRoot{r.dir, "1"} // of the view
	outside.run(t, 0, rpm("-U PACKAGE-1.0.0-*.rpm"))
	env, mounted := r.begin(t)
	// A configuration of its own, and what it needs, is none of rpm's business.
	outside.run(t, 0, rpm("-V tmpshell || :"), "c /etc/tmpshell.conf")
	if said := outside.run(t, 0, rpm("-V tmpshell || :")); strings.Contains(said, "/usr") {
		t.Errorf("rpm -V finds programs that are not as they were:\n%s", said)
	}
	outside.run(t, 0, "rpm --root "+r.dir+" -qf /usr/bin/tmpshell /usr/libexec/tmpshell-session", "tmpshell-1.0.0-1")
	rig.Must(t, "setcap", "-r", r.dir+rig.Helper)
	outside.run(t, 0, rpm("-V tmpshell || :"), "P  g "+rig.Helper)
	r.run(t, 0, "tmpshellctl setup")
	r.underLogins(t, outside, change{rpm("-U PACKAGE-1.1.0-*.rpm"), hasNewer},
		change{rpm("-U --oldpackage PACKAGE-1.0.0-*.rpm"), hasOlder}, change{rpm("-U --replacepkgs PACKAGE-1.0.0-*.rpm"), hasOlder})
	outside.run(t, 1, rpm("-e tmpshell"), "still the shell of alice", "not removed, as somebody could not log in")
	if got := r.login(t, 20999, rig.Tmpshell, "echo $TMPDIR"); got.Stdout != "/tmp/.private/20999\n" {
		t.Errorf("a login after a removal that stopped: status %d, %q, %q", got.Status, got.Stdout, got.Stderr)
	}
	outside.run(t, 0, "TMPSHELL_REMOVE=disable "+rpm("-e tmpshell"))
	rig.Must(t, "rm", "-f", r.dir+"/etc/tmpshell.conf.rpmsave")
	r.checkRemoved(t, env, mounted)
}
