package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestSuperviseEnding: what is about to end is waited for. With cgroup 1 the kernel says of
// a process that is in exit(2) that it is in the first group; one whose first thread has
// ended stays so until its last one has.
func TestSuperviseEnding(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc")
	rig.Install(t, "Match User alice", "Supervise yes")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	rig.Must(t, "mkfifo", "-m", "666", "/var/tmp/begun", "/var/tmp/end")
	rig.Write(t, "/root/ending.c", `#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
static void *rest(void *x) { close(open("/var/tmp/begun", O_WRONLY)); open("/var/tmp/end", O_RDONLY); _exit(0); }
int main(void) { pthread_t t; pthread_create(&t, 0, rest, 0); syscall(SYS_exit, 0); }
`, 0o644)
	rig.Must(t, "gcc", "-pthread", "-o", "/usr/local/bin/ending", "/root/ending.c")
	if r := alice.Login(t, "setsid ending >/dev/null 2>&1 & read x </var/tmp/begun; : >$TMPDIR/f"); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	rig.Await(t, func() string { return "no one process that waits for it" }, func() bool {
		list := supervisors(alice.UID)
		return len(running(rig.Remover, 0)) == 0 && len(list) == 1 && waitsFor(list[0]) == "ending"
	})
	if !exists(alice.Private()) {
		t.Error("the directory is gone before the process is")
	}
	// Nor does one keep what is others'.
	bob.Session(t)
	if r := rig.Sh(t, "tmpshellctl clean --contained --grace 0"); r.Status != 0 || exists(bob.Private()) || !exists(alice.Private()+"/f") {
		t.Errorf("clean beside it: %+v", r)
	}
	rig.Must(t, "sh", "-c", ": >/var/tmp/end") // who writes may find nobody any more
	awaitGone(t, alice.Private())
}
