package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestInitLayer: a directory that was made while an image was built is in a lower layer
// of the container's overlay, and cannot be renamed (EXDEV of rename(2)). It stays, and
// that is no failure: what the container has made in it goes with the container.
func TestInitLayer(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice.Session(t)
	rig.Must(t, "sh", "-ec", `
		mkdir /run/image /run/new /run/work; chattr -a /tmp/.private; cp -a /tmp/. /run/image
		chmod --reference=/tmp /run/new
		mount -t overlay -o redirect_dir=off,lowerdir=/run/image,upperdir=/run/new,workdir=/run/work container /tmp`)
	const first = `exec unshare --pid --fork --kill-child --mount-proc setpriv --reuid 1000 --regid 1000 --clear-groups \
		tmpshell --exec --init sh -c 'echo >$TMPDIR/file; echo $TMPDIR'`
	if r := rig.Sh(t, first); r.Status != 0 || r.Stdout != alice.Private()+"\n" || r.Stderr != "" {
		t.Errorf("--init: %+v", r)
	}
	rig.CheckPrivate(t, alice)
	if r := rig.Sh(t, "tmpshellctl clean --contained --grace 0"); r.Status != 0 || !exists(alice.Private()) {
		t.Errorf("clean: %+v", r)
	}
	rig.CheckPrivate(t, alice)
}
