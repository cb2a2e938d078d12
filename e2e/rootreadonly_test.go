package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestReadOnlyRoot: a root file system that is read-only takes nothing from a session,
// and one below /var/lib takes the instances of method mount alone, if the shared
// directory can be written to. Setup and doctor say what cannot be written.
func TestReadOnlyRoot(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	const base, refused = "/tmp/.private/1000/", "is on a read-only file system"
	for _, c := range []struct {
		places      string
		env         string // where mktemp(1) makes a file, or what is said
		mount, deny string
		tmpfs       string
	}{
		{"/", base, "/tmp/tmp.", "/tmp/tmp.", "/tmp/tmp."},
		{"/ /tmp", "Read-only", "/tmp/tmp.", "/tmp/tmp.", "/tmp/tmp."},
		{"/ /var/lib", base, base, refused, "/tmp/tmp."},
		{"/ /var/lib /tmp", "Read-only", "Read-only", "Read-only", "/tmp/tmp."},
	} {
		for _, s := range []struct{ method, failure, want string }{
			{"env", "", c.env}, {"env", "OnFailure deny", c.env},
			{"mount", "", c.mount}, {"mount", "OnFailure deny", c.deny},
			{"tmpfs", "", c.tmpfs}, {"tmpfs", "OnFailure deny", c.tmpfs},
		} {
			name := strings.Join([]string{s.method, s.failure, "with", c.places}, " ")
			rig.Configure(t, "Directory /tmp "+s.method, s.failure)
			rig.Must(t, "tmpshellctl", "setup")
			if r := alice.Login(t, "mktemp"); r.Status != 0 {
				t.Fatalf("%s, before: %+v", name, r)
			}
			for _, place := range strings.Fields(c.places) {
				rig.Sh(t, `mountpoint -q $1 || mount --bind $1 $1`, place)
				rig.Must(t, "mount", "-o", "remount,bind,ro", place)
			}
			r := alice.Login(t, "mktemp")
			if out := r.Stdout + r.Stderr; !strings.Contains(out, s.want) || strings.Count(out, "\n") != 1 || (s.want == refused) != (r.Status == 125) {
				t.Errorf("%s: status %d, %q, %q; want %q", name, r.Status, r.Stdout, r.Stderr, s.want)
			}
			library := strings.Contains(c.places, "lib")
			if r := rig.Sh(t, "tmpshellctl setup"); (r.Status != 0) != library || strings.Contains(r.Stdout+r.Stderr, "read-only file system") != library {
				t.Errorf("%s: setup: status %d, %s%s", name, r.Status, r.Stdout, r.Stderr)
			}
			if r := rig.Sh(t, "tmpshellctl doctor --only policy"); strings.Contains(r.Stdout, "/var/lib/misc is on a read-only file system") != library {
				t.Errorf("%s: doctor: status %d, %s%s", name, r.Status, r.Stdout, r.Stderr)
			}
			for _, place := range strings.Fields(c.places) {
				rig.Must(t, "mount", "-o", "remount,bind,rw", place)
			}
		}
	}
}
