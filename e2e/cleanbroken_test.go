package e2e

import (
	"fmt"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestCleanBroken: a file system on which a directory cannot be read any more, or nothing
// be written. What can be removed is, and what cannot is named.
func TestCleanBroken(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "losetup", "mkfs.ext4", "debugfs", "e2fsck", "strace")
	rig.Install(t, "Directory /tmp env max-age=1s")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	const mount = "mount -o loop,errors=continue /run/image /tmp"
	rig.Must(t, "sh", "-ec", "truncate -s 16M /run/image; mkfs.ext4 -q -F /run/image; "+mount+"; chmod 1777 /tmp")
	fill := func() {
		for _, a := range []*rig.Account{alice, bob} {
			if r := a.Login(t, "for d in 1 2 3 4 5; do mkdir -p $TMPDIR/$d/bad; touch -d 2020-01-01 $TMPDIR/$d/f $TMPDIR/$d/bad/f; done; sleep 1.1"); r.Status != 0 {
				t.Fatalf("%+v", r)
			}
		}
	}

	files := func() string {
		return strings.TrimSpace(rig.Sh(t, "find /tmp/.private -type f 2>/dev/null | wc -l").Stdout)
	}
	fill()
	rig.Must(t, "sh", "-ec", `umount /tmp; b=$(debugfs -R 'blocks /.private/1000/3/bad' /run/image 2>/dev/null)
		tr '\0' '\377' </dev/zero | dd of=/run/image bs=$(dumpe2fs -h /run/image 2>/dev/null | sed -n 's/^Block size: *//p') count=1 iflag=fullblock seek=$b conv=notrunc 2>/dev/null; `+mount)
	const bad = "/3/bad: "
	saysOf(t, "status", ctlAsRoot(t, "status", "--contained"), 1, "not all of it can be looked at", "error: look "+removing+bad, "bob ")
	saysOf(t, "ageing", ctlAsRoot(t, "clean", "--contained"), 1, "failed "+removing+" of alice: look "+removing+bad, "aged /tmp/.private/1001 of bob: 10 files")
	if n := files(); n != "0" { // 9 that can be reached were old
		t.Errorf("ageing leaves %s files", n)
	}
	saysOf(t, "what may be young", ctlAsRoot(t, "clean", "--contained", "--grace", "1s"), 1, "failed "+removing+" of alice: look "+removing+bad)
	if !exists(removing) {
		t.Error("what may be young is gone")
	}
	fill()
	saysOf(t, "all", ctlAsRoot(t, "clean", "--contained", "--grace", "0"), 1, "failed "+removing+".removed-", bad, "not all of it could be removed", "removed /tmp/.private/1001 of bob: 10 files")
	if got := rig.Sh(t, "cd /tmp/.private; find -mindepth 2 | cut -d/ -f3- | sort").Stdout; got != "3\n3/bad\n" {
		t.Errorf("of alice's there are %q; want what cannot be read", got)
	}
	rig.Must(t, "sh", "-c", "umount /tmp; e2fsck -fy /run/image >/dev/null 2>&1; "+mount)
	saysOf(t, "repaired", ctlAsRoot(t, "clean", "--contained", "--grace", "0"), 0, "removed "+removing)

	for _, at := range []struct {
		call string
		nth  int
	}{{"fchmod", 1}, {"renameat2", 1}, {"unlinkat", 3}, {"unlinkat", 12}} {
		fill()
		r := stopped(t, at.call, at.nth, func() { rig.Must(t, "mount", "-o", "remount,ro", "/tmp") }, cleanArgs)
		what := fmt.Sprintf("read-only at %s %d", at.call, at.nth)
		saysOf(t, what, r, 1, "ead-only file system")
		rig.Must(t, "mount", "-o", "remount,rw", "/tmp")
		if at.call == "fchmod" { // a login takes the mark off
			bob.Session(t)
			rig.CheckPrivate(t, bob)
		}
		saysOf(t, what+", and the next run", ctlAsRoot(t, "clean", "--contained", "--grace", "0"), 0, "removed ")
		if got := rig.Sh(t, "ls -A /tmp/.private").Stdout; got != "" {
			t.Errorf("%s: afterwards there are %q", what, got)
		}
	}
}
