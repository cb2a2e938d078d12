package e2e

import (
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountReadOnly: a file system that becomes read-only, as ext4 does at an error,
// makes no session's /tmp, unless the shared one is read-only, too. Doctor says so,
// and takes a session's own /tmp for no machine without a base.
func TestMountReadOnly(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	const directory, place = "Match User alice\nDirectory /tmp mount", "/var/lib/tmpshell"
	rig.Install(t, directory)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	log := rig.ListenSyslog(t)
	rig.Must(t, "mount", "-t", "tmpfs", "-o", "mode=700", "none", place)
	open := alice.Open(t)
	if out, status := open.Do("echo mine >/tmp/file; echo $TMPDIR"); out != "/tmp\n" || status != 0 {
		t.Fatalf("before: %q, status %d", out, status)
	}
	r := rig.Sh(t, "nsenter -m -t $1 tmpshellctl doctor --only bases,squatters,instances", strconv.Itoa(open.PID()))
	if r.Status != 0 || !strings.HasPrefix(r.Stdout, "bases: note: /tmp is a session's own here: ") {
		t.Errorf("doctor in a session: status %d, %s%s", r.Status, r.Stdout, r.Stderr)
	}
	open.Close()

	const use = `echo $TMPDIR; f=$(mktemp) && echo made >$f; ls /tmp/file 2>/dev/null`
	rig.Must(t, "mount", "-o", "remount,ro", place)
	for _, login := range []string{"first", "second"} {
		log.Forget()
		if r := alice.Login(t, use); !strings.HasPrefix(r.Stdout, "/tmp/.private") || r.Stderr != "" || strings.Count(r.Stdout, "\n") != 1 {
			t.Errorf("%s login: status %d, %q, %q; want a private directory of method env", login, r.Status, r.Stdout, r.Stderr)
		}
		log.Expect(t, place+"/1000/tmp is on a read-only file system")
	}
	r = rig.Sh(t, "tmpshellctl doctor --only instances")
	if r.Status != 1 || !strings.Contains(r.Stdout, place+" is on "+place+", which is read-only") {
		t.Errorf("doctor: status %d, %s%s", r.Status, r.Stdout, r.Stderr)
	}
	rig.Configure(t, directory, "OnFailure deny")
	if r := alice.Login(t, use); r.Status != 125 || r.Stdout != "" || !strings.Contains(r.Stderr, "read-only") {
		t.Errorf("deny: status %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}
	// Where nothing can be written to the shared one either, there is nothing better.
	rig.Must(t, "mount", "-o", "remount,ro", "/tmp")
	if r := alice.Login(t, "echo $TMPDIR; cat /tmp/file"); r.Stdout != "/tmp\nmine\n" || r.Stderr != "" {
		t.Errorf("both: status %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}
	if r := rig.Sh(t, "tmpshellctl doctor --only instances"); strings.Contains(r.Stdout, "read-only") {
		t.Errorf("doctor, both: %s", r.Stdout)
	}
	rig.Must(t, "mount", "-o", "remount,rw", place)
	rig.Must(t, "mount", "-o", "remount,rw", "/tmp")
	if r := alice.Login(t, use); r.Stdout != "/tmp\n/tmp/file\n" || r.Stderr != "" {
		t.Errorf("after: status %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}
}
