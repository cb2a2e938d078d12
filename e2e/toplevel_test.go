package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestTopLevelDirectory configures a directory right below the root that is
// not there yet. The view's own root is read-only, so the login is in a chroot.
func TestTopLevelDirectory(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "chroot", "setpriv")
	rig.Install(t)
	rig.Configure(t, "Directory /scratch env variables=SCRATCH")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	const root = "/var/lib/e2e-root"
	rig.Must(t, "sh", "-ec", `
		mkdir -p "$1" && cd "$1" && chmod 755 .
		mkdir usr etc proc dev tmp run home && chmod 1777 tmp
		for d in bin sbin lib lib64; do ln -s usr/$d $d; done
		for d in usr etc proc dev home; do mount --rbind /$d $d; done
		`, "sh", root)
	r := rig.Sh(t, `cd / && exec chroot "$1" setpriv --reuid 1000 --regid 1000 --clear-groups tmpshell -c 'echo $SCRATCH'`, root)
	if r.Stdout != "/scratch/.private/1000\n" || r.Stderr != "" || r.Status != 0 {
		t.Errorf("status %d, stdout %q, stderr %q; want the directory", r.Status, r.Stdout, r.Stderr)
	}
	rig.CheckDir(t, root+"/scratch", 0, 0, 0o755)
	rig.CheckDir(t, root+"/scratch/.private", 0, 0, 0o711)
	rig.CheckDir(t, root+"/scratch/.private/1000", alice.UID, alice.GID, 0o700)
}
