package e2e

import (
	"fmt"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestPurge: one user's directories go at once, when the user has no process.
func TestPurge(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match User bob", "Directory /tmp mount", "Directory /var/tmp mount", "Directory /dev/shm mount store=/var/lib/elsewhere")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	alice.Login(t, "touch $TMPDIR/f")
	session := bob.Open(t)
	session.Do("touch /tmp/f /var/tmp/f")
	if !exists("/var/lib/elsewhere/1001") {
		t.Fatal("bob has nothing in store=")
	}
	r := rig.Sh(t, "tmpshellctl purge --contained bob")
	want := fmt.Sprintf("failed /var/lib/tmpshell/1001/tmp of bob: in use by bash %d", session.PID())
	if r.Status != 1 || !strings.Contains(r.Stdout, want) || !exists("/var/lib/tmpshell/1001/var-tmp/f") {
		t.Errorf("while bob is logged in: %+v; want %q", r, want)
	}
	session.Close()
	rig.Await(t, func() string { return "bob has processes" }, func() bool { return rig.Sh(t, "pgrep -u bob").Stdout == "" })
	r = rig.Sh(t, "tmpshellctl purge --contained --dry-run bob && tmpshellctl purge --contained bob")
	if r.Status != 0 || r.Stderr != "" || strings.Count(r.Stdout, "removed /var/lib/tmpshell/1001/") != 2 || strings.Count(r.Stdout, "would remove /var/lib/tmpshell/1001/") != 2 {
		t.Errorf("afterwards: %+v", r)
	}
	if exists("/var/lib/tmpshell/1001") || exists("/var/lib/elsewhere/1001") || !exists(alice.Private()+"/f") {
		t.Error("bob's are still there, or alice's are gone")
	}
	// An account that is gone has a number.
	rig.Sh(t, "sed -i /^alice:/d /etc/passwd")
	for i, who := range []string{"nobody-of-this-name", "", "1000"} {
		status := 1
		if i == 2 {
			status = 0
		}
		if r := rig.Sh(t, `tmpshellctl purge --contained "$1"`, who); r.Status != status || exists(alice.Private()) == (status == 0) {
			t.Errorf("purge %q: %+v", who, r)
			break
		}
	}
}
