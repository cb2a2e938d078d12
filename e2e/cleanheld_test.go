package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// holder is how somebody keeps the kernel waiting in a directory.
const holder = "/usr/local/bin/holder"

// TestCleanHeld: a user holds the lock of a directory in the kernel for as long as they
// like, so that what changes it, or reads it, waits in a call that no signal ends.
// Everybody else's directories are looked after, and the program ends.
func TestCleanHeld(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc", "fusermount3", "setpriv")
	rig.Must(t, "sh", "-c", "test -e /dev/fuse || mknod -m 666 /dev/fuse c 10 229")
	rig.Install(t, "Directory /tmp env max-age=1s")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	rig.AddUser(t, rig.Account{Name: "mallory", UID: 1002})
	attack.Build(t, holder)
	rig.Must(t, "install", "-d", "-o", "mallory", "/run/m")
	const old = "2020-01-01"
	fill := func() {
		for _, a := range []*rig.Account{alice, bob} {
			if r := a.Login(t, "mkdir -p $TMPDIR/d/e; touch -d "+old+" $TMPDIR/d/f $TMPDIR/d/g; sleep 1.1"); r.Status != 0 {
				t.Fatalf("%+v", r)
			}
		}
	}
	// hold has mallory hold a directory of alice's, who is not there: she gave her its
	// descriptor before.
	hold := func(dir string, more string) (stop func()) {
		end := background(t, nil, "sh", "-c", "exec setpriv --reuid 1002 --clear-groups "+holder+" /run/m - "+more+" <"+dir)
		return func() {
			end()
			rig.Must(t, "umount", "-l", "/run/m")
		}
	}

	const passed = "the kernel waits in it for somebody"

	// Others are shown, and aged, though nobody can read hers.
	fill()
	stop := hold(removing+"/d", "waiting")
	rig.Must(t, "touch", "-d", old, removing)
	r := ctlAsRoot(t, "status", "--contained")
	saysOf(t, "status", r, 1, "does not answer", "error: look "+removing+": "+passed)
	if words := strings.Fields(rig.Sh(t, "echo \"$1\" | grep ^bob", r.Stdout).Stdout); len(words) < 7 || words[6] != "6" {
		t.Errorf("status shows bob as %q; want 6 inodes", words)
	}
	saysOf(t, "clean", ctlAsRoot(t, "clean", "--contained", "--patience", "1s"), 1, "failed "+removing+" of alice: "+passed, "aged /tmp/.private/1001 of bob: 2 files, ")
	stop()
	saysOf(t, "the next one", ctlAsRoot(t, "clean", "--contained"), 0, "aged "+removing+" of alice: 2 files, ")

	// What is to be removed waits at its first change, with the locks of the run, or
	// when it is being removed.
	for _, dir := range []string{removing, removing + "/d"} {
		fill()
		stop := hold(dir, "")
		saysOf(t, "clean", ctlAsRoot(t, "clean", "--contained", "--grace", "0", "--patience", "1s"), 1, passed, "removed /tmp/.private/1001 of bob: 2 files")
		bob.Session(t)
		saysOf(t, "purge", ctlAsRoot(t, "purge", "--contained", "bob"), 0, "removed /tmp/.private/1001 of bob: 0 files")
		stop()
		saysOf(t, "the next one", ctlAsRoot(t, "clean", "--contained", "--grace", "0"), 0, "removed "+removing+" of alice")
		if got := rig.Sh(t, "ls -A /tmp/.private").Stdout; got != "" {
			t.Errorf("%s: afterwards there are %q", dir, got)
		}
	}
}
