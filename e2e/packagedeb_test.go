package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
)

func testDeb(t *testing.T, r cleanRoot) {
	deb := func(version string) string { return "/packages/tmpshell_" + version + "-1_*.deb" }
	r.run(t, 0, "dpkg -i "+deb(oldVersion), "Setting up tmpshell (1.0.0-1)", "/usr/bin/tmpshell: the new one\n", "cap_dac_override,cap_setgid,cap_setuid=p")
	env, mounted := r.begin(t)
	state := func(want, programs string) string {
		return `[ "$(dpkg-query -W -f '${db:Status-Status}' tmpshell)" = ` + want + " ] && " + programs + "cmp -s /usr/lib/tmpshell/tmpshell /usr/bin/tmpshell"
	}
	unpacked := phase{"unpacked, not configured", state("unpacked", "! ")}
	configured := phase{"configured", state("installed", "")}
	r.underLogins(t, r,
		change{"dpkg --unpack " + deb(newVersion), unpacked}, change{"dpkg --configure tmpshell", configured},
		change{"dpkg --unpack " + deb(oldVersion), unpacked}, change{"dpkg --configure tmpshell", configured},
		change{"dpkg -i " + deb(newVersion), configured}, change{"dpkg -i " + deb(newVersion), configured}, change{"dpkg -i " + deb(oldVersion), configured},
	)
	t.Run("dpkg-statoverride", func(t *testing.T) { testOverride(t, r, deb(oldVersion), deb(newVersion)) })
	t.Run("a configuration that is refused", func(t *testing.T) {
		rig.Write(t, filepath.Join(r.dir, rig.Conf), "Nonsense\n", 0o644)
		r.run(t, 0, "dpkg -i "+deb(oldVersion), "is refused, fix it first", "the programs are in place, but see above")
		if emulated(t) { // where both versions have the same policy
			r.run(t, 0, "dpkg -i "+deb(newVersion), "is refused, fix it first", "the programs are in place, but see above")
		} else {
			r.run(t, 0, "rm -f /var/lib/misc/tmpshell.policy~")
			r.run(t, 1, "dpkg -i "+deb(newVersion), "no last good policy for this version")
		}
		if got := r.login(t, 30500, rig.Tmpshell, "echo $TMPDIR"); got.Stdout != "/tmp\n" {
			t.Errorf("a login with the version before: status %d, %q, %q", got.Status, got.Stdout, got.Stderr)
		}
		rig.Write(t, filepath.Join(r.dir, rig.Conf), packageConfig, 0o644)
		if !emulated(t) {
			r.run(t, 0, "dpkg --configure -a", "Setting up tmpshell (1.1.0-1)")
		}
	})
	t.Run("removal", func(t *testing.T) {
		r.run(t, 1, "dpkg -r tmpshell", "still the shell of alice", "tmpshellctl disable --all", "not removed, as somebody could not log in")
		r.run(t, 0, "dpkg -s tmpshell", " ok installed")
		if got := r.login(t, 20999, rig.Tmpshell, "echo $TMPDIR"); got.Stdout != "/tmp/.private/20999\n" {
			t.Errorf("a login after a removal that stopped: status %d, %q, %q", got.Status, got.Stdout, got.Stderr)
		}
		r.run(t, 0, "TMPSHELL_REMOVE=disable dpkg -r tmpshell", "alice")
		r.run(t, 0, "cat /etc/tmpshell.conf", "OnFailure deny")
		r.run(t, 0, "dpkg -P tmpshell", "/var/lib/tmpshell has files of users and stays")
		r.run(t, 1, "ls /etc/tmpshell.conf /etc/cron.d/tmpshell /var/lib/misc | grep tmpshell.[cp]")
	})
	r.checkRemoved(t, env, mounted)
}

func testOverride(t *testing.T, r cleanRoot, deb, newer string) {
	const override = "dpkg-statoverride --add root daemon 0750 "
	r.run(t, 0, override+rig.Helper)
	r.run(t, 0, "dpkg -i "+deb)
	// Its capabilities are those that it needs.
	r.run(t, 0, "stat -c '%U:%G %a' "+rig.Helper, "root:daemon 750\n")
	if got := rig.Must(t, "getcap", r.dir+rig.Helper); !strings.HasSuffix(got, " cap_dac_override,cap_setgid,cap_setuid=p\n") {
		t.Errorf("getcap: %q", got)
	}
	r.run(t, 0, "dpkg-statoverride --remove "+rig.Helper+" && dpkg-statoverride --add root root 4755 "+rig.Helper)
	r.run(t, 1, "dpkg -i "+newer, "never setuid or setgid", "dpkg-statoverride --remove "+rig.Helper)
	r.run(t, 0, "stat -c '%U:%G %a' "+rig.Helper, "root:daemon 750\n")
	r.run(t, 0, "dpkg-statoverride --remove "+rig.Helper+" && dpkg --configure -a")
	r.run(t, 0, "stat -c '%U:%G %a' "+rig.Helper, "root:root 711\n")
}
