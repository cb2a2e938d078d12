package e2e

import (
	"fmt"
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

// TestSuperviseSubreaper: who inherits orphans (PR_SET_CHILD_SUBREAPER) gets what stays
// beside a session for a child. One that waits for its last child is not waited for, and
// --init, which removes at its end, has none of them left then.
func TestSuperviseSubreaper(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc")
	rig.Install(t, "Supervise yes")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Write(t, "/root/reaper.c", `#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int c, char **v) {
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (fork() == 0) { execvp(v[1], v + 1); _exit(1); }
	while (wait(0) > 0) ;
	return 7;
}
`, 0o644)
	rig.Must(t, "gcc", "-o", "/usr/local/bin/reaper", "/root/reaper.c")
	// Another one that waits for it, too.
	for _, args := range [][]string{{"reaper", rig.Tmpshell, "-c", ":"}, {"sh", "-c", "reaper tmpshell -c :; exit $?"}} {
		r := rig.Command{As: alice, Path: "/usr/bin/env", Args: append([]string{"env"}, args...), Env: alice.Env(), Dir: "/", Patience: 5}.Run(t)
		if r != (rig.Result{Status: 7}) {
			t.Errorf("%q: %+v; want 7 of the subreaper when the session has ended", args, r)
		}
	}
	s := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "--init", "/bin/sh"}, Env: alice.Env(), Dir: "/"}.Open(t)
	above := supervisorOf(t, alice.UID)
	if got, status := s.Do("tmpshell -c ': >$TMPDIR/f'"); status != 0 {
		t.Errorf("a session below --init: %d, %q", status, got)
	}
	rig.Await(t, func() string { return "one besides --init" }, func() bool {
		list := supervisors(alice.UID)
		return len(list) == 1 && list[0] == above && len(running(rig.Remover, 0)) == 0
	})
	if !exists(alice.Private() + "/f") {
		t.Error("the directory is gone while --init goes on")
	}
	rig.Must(t, "kill", "-KILL", fmt.Sprint(s.PID())) // the program, and not who is above it
	awaitGone(t, alice.Private())
}
