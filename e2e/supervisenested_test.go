package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestSuperviseNested: a session that was begun in another one and outlives it does not
// keep the directories. Who removes them stands outside: in the session's namespace
// what share= has mounted is a mount point, which nobody can remove there.
func TestSuperviseNested(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Supervise yes", "Directory /tmp mount share=.meet/")
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	rig.Must(t, "mkfifo", "-m", "666", "/var/tmp/begun", "/var/tmp/end")
	r := bob.Login(t, "setsid /usr/bin/tmpshell -c 'echo >/var/tmp/begun; read x </var/tmp/end' >/dev/null 2>&1 & read x </var/tmp/begun; ls -d /tmp/.meet")
	if r.Status != 0 || r.Stdout != "/tmp/.meet\n" {
		t.Fatalf("%+v", r)
	}
	rig.Await(t, func() string { return "not one process that waits for the inner session" }, func() bool {
		list := supervisors(bob.UID)
		return len(running(rig.Remover, 0)) == 0 && len(list) == 1 && waitsFor(list[0]) != ""
	})
	if !exists("/var/lib/tmpshell/1001/tmp") {
		t.Error("the directory is gone while a session uses it")
	}
	rig.Must(t, "sh", "-c", "echo >/var/tmp/end")
	awaitGone(t, "/var/lib/tmpshell/1001")
}
