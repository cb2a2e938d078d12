package e2e

import (
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

const sharedName = ".s.PGSQL.5432"

// taking puts all that can be in the place of a link there, one after the other, as
// fast as it can; taken has and has not the name outside.
const (
	taking = `import os
os.chdir("/tmp")
ways = [lambda n: os.symlink("/etc", n), lambda n: os.symlink("/run/tmpshell/shared/tmp/` + sharedName + `", n), os.mkdir, lambda n: os.close(os.open(n, os.O_CREAT | os.O_EXCL))]
while True:
    for way in ways:
        for f in os.unlink, os.rmdir, way:
            try: f("` + sharedName + `")
            except OSError: pass
`
	taken = `import os
while True:
    os.close(os.open("/tmp/` + sharedName + `", os.O_CREAT))
    os.unlink("/tmp/` + sharedName + `")
`
)

// TestAttackSharedName: whose the link of a name of share= is changes with who has the
// name outside. Another user changes that all the time, and the user what is in the
// place of the link, where links are not protected: root's hand is not led elsewhere, no
// login fails, and the next one has the link again.
func TestAttackSharedName(t *testing.T) {
	if !view.EnterWith(t, "fs/protected_symlinks", "0") {
		return
	}
	view.Need(t, "python3", "unshare")
	s := newScene(t, methodMount)
	// The naive way, which follows what is there.
	rig.Must(t, "install", "-d", "-m", "1777", "/run/naive")
	as(t, s.alice, "ln -s /etc /run/naive/"+sharedName)
	rig.Must(t, "ln", "-sf", "/run/tmpshell/shared/tmp/"+sharedName, "/run/naive/"+sharedName)
	if !exists("/etc/" + sharedName) {
		t.Fatal("the naive way holds: nothing is shown")
	}
	rig.Must(t, "rm", "-r", "/etc/"+sharedName, "/run/naive")

	rig.Write(t, "/usr/local/bin/taking", taking, 0o644)
	rig.Write(t, "/usr/local/bin/taken", taken, 0o644)
	before := attack.Take(t)
	// In a namespace of its own, so that each login below makes another one.
	stopTaking := daemon(t, "test -d /var/lib/tmpshell/1000/tmp/"+sharedName, s.alice, rig.Tmpshell, "-c", "exec unshare -Urm python3 /usr/local/bin/taking")
	stopTaken := daemon(t, "test -e /tmp/"+sharedName, s.mallory, "python3", "/usr/local/bin/taken")
	logins := 40
	if sample.All() {
		logins = 400
	}
	seen := map[string]bool{}
	for range logins {
		r := s.alice.Login(t, `stat -c '%U %N' /tmp/`+sharedName+` 2>/dev/null; true`)
		if r.Status != 0 || r.Stderr != "" {
			t.Fatalf("a login: %+v", r)
		}
		seen[r.Stdout] = true
	}
	stopTaking()
	stopTaken()
	roots := "root '/tmp/" + sharedName + "' -> '/run/tmpshell/shared/tmp/" + sharedName + "'\n"
	if len(seen) < 3 || !seen[roots] {
		t.Errorf("in %d logins, %v was at the name: the race was none", logins, seen)
	}
	if wrong := before.Changes(t); len(wrong) > 0 || exists("/etc/"+sharedName) {
		t.Errorf("root's hand was led elsewhere: %q", wrong)
	}
	for _, owner := range []string{"root", "alice"} {
		if owner == "root" {
			as(t, s.mallory, "touch /tmp/"+sharedName)
		}
		got := s.alice.Login(t, "rm -df /tmp/"+sharedName).Stdout + s.alice.Login(t, "stat -c '%U %N' /tmp/"+sharedName).Stdout
		if want := owner + " '/tmp/" + sharedName + "' -> '/run/tmpshell/shared/tmp/" + sharedName + "'\n"; got != want {
			t.Errorf("afterwards: %q; want %q", got, want)
		}
		as(t, s.mallory, "rm -f /tmp/"+sharedName)
	}
}
