package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestFUSE has a file system that a user has mounted in one session, by a server
// that outlives it, as "ssh host sshfs …" does: the next session sees it, and
// unmounts it. With tmpfs, each session has mounts of its own.
func TestFUSE(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "bindfs", "fusermount3")
	rig.Must(t, "sh", "-c", "test -e /dev/fuse || mknod -m 666 /dev/fuse c 10 229")
	for _, a := range installMethods(t, "Match User mount", "Ambient cap_net_raw") {
		t.Run(a.Name, func(t *testing.T) {
			login := func(script string) rig.Result {
				return rig.Command{As: a, Path: a.Shell, Args: []string{"shell", "-c", script}, Dir: a.Home}.Run(t)
			}
			r := login("mkdir from at; touch from/file; bindfs --no-allow-other from at")
			if r.Status != 0 {
				t.Fatalf("bindfs: %s%s", r.Stdout, r.Stderr)
			}
			want := "file\n"
			if a.Name == "tmpfs" {
				want = ""
			}
			if r := login("ls at"); r.Stdout != want || r.Stderr != "" {
				t.Errorf("the next session finds %q, %q; want %q", r.Stdout, r.Stderr, want)
			}
			if r := login("fusermount3 -u at"); r.Status == 0 != (want != "") {
				t.Errorf("fusermount3 -u: status %d, %s", r.Status, r.Stderr)
			}
			rig.Sh(t, "pkill -u $1 bindfs", a.Name)
		})
	}
}
