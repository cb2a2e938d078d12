package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// containerProbe is for busybox, which has no `env -0`. It tells which process
// the shell is: with exec all the way the first of the container.
const containerProbe = `echo "$0 $$ $TMPDIR $TMP $TEMP $TEMPDIR $*"; touch "$TMPDIR/made"; exit 7`

func TestContainer(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.MakeImage(t)
	const base, fallback = "/tmp/.private/", "/tmp/.private-"
	for _, c := range []struct {
		name  string
		is    rig.Container
		want  string // the private directory
		based bool   // whether it has a root-owned base
	}{
		{"root with Docker's capabilities", rig.Container{Capabilities: rig.DockerCapabilities}, base + "0", true},
		{"root with them and no_new_privs", rig.Container{Capabilities: rig.DockerCapabilities, NoNewPrivileges: true}, base + "0", true},
		{"root without any", rig.Container{}, base + "0", true},
		{"root without any, no_new_privs", rig.Container{NoNewPrivileges: true}, base + "0", true},
		{"user with Docker's bounding set", rig.Container{UID: 1000, Capabilities: rig.DockerCapabilities}, base + "1000", true},
		{"user with no_new_privs", rig.Container{UID: 1000, Capabilities: rig.DockerCapabilities, NoNewPrivileges: true}, fallback + "1000", false},
		{"user with an empty bounding set", rig.Container{UID: 1000}, fallback + "1000", false},
		{"unknown uid", rig.Container{UID: 4242, Capabilities: rig.DockerCapabilities}, base + "4242", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.is.Args = []string{rig.Tmpshell, "--exec", "sh", "-c", containerProbe, "sh", "an argument", "--init"}
			r, root := c.is.Run(t)
			want := "sh 1 " + c.want + " " + c.want + " " + c.want + " " + c.want + " an argument --init\n"
			if r.Stdout != want || r.Status != exitStatus {
				t.Errorf("status %d, stdout %q\nwant %d, %q\nstderr: %s", r.Status, r.Stdout, exitStatus, want, r.Stderr)
			}
			// A container has no system log: what cannot be had is said here.
			if said := strings.HasPrefix(r.Stderr, "tmpshell: no private directory in /tmp: ") && strings.HasSuffix(r.Stderr, "; using "+c.want+"\n"); said == c.based || c.based && r.Stderr != "" {
				t.Errorf("stderr: %q; want a line about the directory: %v", r.Stderr, !c.based)
			}
			rig.CheckDir(t, filepath.Join(root, c.want), c.is.UID, c.is.UID, 0o700)
			if c.based {
				rig.CheckDir(t, filepath.Join(root, "/tmp/.private"), 0, 0, 0o711)
			}
		})
	}
	t.Run("program not found", func(t *testing.T) {
		r, _ := rig.Container{Args: []string{rig.Tmpshell, "--exec", "--", "no-such-program"}}.Run(t)
		if r.Status != 127 || r.Stdout != "" {
			t.Errorf("status %d, stdout %q; want 127 and nothing", r.Status, r.Stdout)
		}
	})
	t.Run("not a program", func(t *testing.T) {
		r, _ := rig.Container{Args: []string{rig.Tmpshell, "--exec", "/etc"}}.Run(t)
		if r.Status != 126 {
			t.Errorf("status %d, want 126", r.Status)
		}
	})
	t.Run("read-only root", func(t *testing.T) {
		r, _ := rig.Container{UID: 1000, ReadOnly: true, Capabilities: rig.DockerCapabilities,
			Args: []string{rig.Tmpshell, "--exec", "sh", "-c", `echo "${TMPDIR-unset}"; exit 7`}}.Run(t)
		if r.Stdout != "unset\n" || r.Status != exitStatus {
			t.Errorf("status %d, stdout %q: no directory can be had, and none may be named", r.Status, r.Stdout)
		}
	})
}
