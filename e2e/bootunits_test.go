package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// installUnits puts the units in place that "make install" does.
func installUnits(t *testing.T) {
	t.Helper()
	for _, name := range []string{"tmpshell-clean.service", "tmpshell-clean.timer", "tmpshell-boot.service", "tmpshell-accounts.path", "tmpshell-accounts.service", "tmpshell-.service.d/hardening.conf"} {
		rig.Must(t, "mkdir", "-p", "/usr/lib/systemd/system/tmpshell-.service.d")
		rig.Write(t, "/usr/lib/systemd/system/"+name, readSource(t, "etc/systemd/system/"+name), 0o644)
	}
}

// TestUnits: systemd has nothing to say about them.
func TestUnits(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "systemd-analyze")
	rig.Install(t)
	installUnits(t)
	r := rig.Sh(t, "cd /usr/lib/systemd/system; systemd-analyze --man=no verify tmpshell-clean.service tmpshell-clean.timer tmpshell-boot.service tmpshell-accounts.path tmpshell-accounts.service")
	var own []string // other units of the machine's are looked at, too
	for line := range strings.Lines(r.Stdout + r.Stderr) {
		if strings.Contains(line, "tmpshell") {
			own = append(own, line)
		}
	}
	if len(own) > 0 {
		t.Errorf("systemd-analyze verify: %q", own)
	}
	rig.Must(t, "sed", "-i", "s/^Type=/Typ=/", "/usr/lib/systemd/system/tmpshell-boot.service")
	if r := rig.Sh(t, "systemd-analyze --man=no verify /usr/lib/systemd/system/tmpshell-boot.service"); !strings.Contains(r.Stderr, "Typ") {
		t.Errorf("systemd-analyze does not look: %+v", r)
	}
	r = rig.Sh(t, "systemd-analyze security --offline=true --threshold=30 tmpshell-clean.service tmpshell-boot.service tmpshell-accounts.service")
	if r.Status != 0 {
		t.Errorf("systemd-analyze security: %d, %s", r.Status, r.Stderr)
	}
	for line := range strings.Lines(r.Stdout + r.Stderr) {
		if strings.Contains(line, "exposure level") {
			view.Tell(strings.TrimSpace(line) + "\n")
		}
	}
}

// TestBootFirst: what systemd-tmpfiles cannot remove at boot is an error of its, and
// none if tmpshell-boot.service has been there before.
func TestBootFirst(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "systemd-tmpfiles", "chattr")
	rig.Write(t, "/usr/lib/tmpfiles.d/tmpshell.conf", readSource(t, "etc/tmpfiles.d/tmpshell.conf"), 0o644)
	rig.Install(t, "Directory /tmp mount", "Directory /var/tmp mount")
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	const kept = "/var/lib/tmpshell/1001/"
	for _, first := range []bool{false, true} {
		if r := bob.Login(t, "mkdir -p /tmp/d/e /var/tmp/d; echo >/tmp/d/fixed; echo >/tmp/d/e/f; chmod 0 /tmp/d/e"); r.Status != 0 {
			t.Fatalf("%+v", r)
		}
		rig.Must(t, "chattr", "+i", kept+"tmp/d/fixed")
		if first {
			r := rig.Sh(t, "tmpshellctl clean --boot --contained")
			if r.Status != 1 || r.Stderr != "" || !strings.Contains(r.Stdout, "/fixed: is immutable") {
				t.Errorf("clean --boot: %+v", r)
			}
			if exists(kept+"tmp") || !exists(kept+"var-tmp/d") {
				t.Errorf("clean --boot leaves %s", rig.Sh(t, "ls -R "+kept).Stdout)
			}
		}
		r := command(append([]string{"systemd-tmpfiles"}, atBoot...)...).Run(t)
		if quiet := r.Status == 0 && r.Stdout+r.Stderr == ""; quiet != first {
			t.Errorf("after clean --boot (%v), systemd-tmpfiles: %+v", first, r)
		}
		rig.Sh(t, "chattr -i "+kept+"tmp*/d/fixed")
	}
	if r := bob.Login(t, "ls /tmp /var/tmp"); r.Stdout != "/tmp:\n\n/var/tmp:\nd\n" {
		t.Errorf("the next login has %+v", r)
	}
	if r := rig.Sh(t, "tmpshellctl clean --boot --contained"); r.Status != 0 || exists(kept+"tmp") {
		t.Errorf("the next boot: %+v", r)
	}
	// A user who is logged in keeps it, whenever somebody runs that.
	open := bob.Open(t)
	if r := rig.Sh(t, "tmpshellctl clean --boot --contained"); r.Status != 0 || !exists(kept+"tmp") {
		t.Errorf("with a session: %+v", r)
	}
	open.Close()
}

// TestCronFile: each line of the file for machines without systemd is one that
// cron(8) would run.
func TestCronFile(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match User bob", "Directory /tmp mount")
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	runs := 0
	for line := range strings.Lines(readSource(t, "etc/cron.d/tmpshell")) {
		_, command, ok := strings.Cut(strings.TrimSpace(line), " root ")
		if !ok {
			continue
		}
		runs++
		boot := strings.HasPrefix(line, "@reboot ")
		bob.Login(t, "echo >/tmp/f")
		command = strings.ReplaceAll(command, "tmpshellctl clean", "tmpshellctl clean --contained")
		if r := rig.Sh(t, "env -i PATH=/usr/bin:/bin sh -c \"$1\"", command); r.Status != 0 || r.Stdout+r.Stderr != "" {
			t.Errorf("%s: %+v", line, r)
		}
		if exists("/var/lib/tmpshell/1001/tmp/f") == boot {
			t.Errorf("%s: the file is there: %v", line, !boot)
		}
		rig.Must(t, "mkdir", "-p", "/run/systemd/system")
		bob.Login(t, "echo >/tmp/f")
		if rig.Sh(t, command); !exists("/var/lib/tmpshell/1001/tmp/f") {
			t.Errorf("%s: runs where systemd does", line)
		}
		rig.Must(t, "rmdir", "/run/systemd/system")
	}
	if runs != 2 {
		t.Errorf("%d lines", runs)
	}
}
