package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestFilesystems has /tmp on every file system that the kernel offers, from an
// image on a loop device, and on tmpfs and overlay.
func TestFilesystems(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "losetup", "mkfs.ext2", "mkfs.ext3", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	image := func(size string, mkfs ...string) func(t *testing.T) {
		return func(t *testing.T) {
			rig.Must(t, "truncate", "-s", size, "/run/image")
			rig.Must(t, mkfs[0], append(mkfs[1:], "/run/image")...)
			rig.Must(t, "mount", "-o", "loop", "/run/image", "/tmp")
		}
	}
	for _, f := range []struct {
		name  string
		mount func(t *testing.T)
	}{
		{"ext2", image("16M", "mkfs.ext2", "-q", "-F")},
		{"ext3", image("16M", "mkfs.ext3", "-q", "-F")},
		{"ext4", image("16M", "mkfs.ext4", "-q", "-F")},
		{"xfs", image("320M", "mkfs.xfs", "-q", "-f")},
		{"btrfs", image("128M", "mkfs.btrfs", "-q", "-f")},
		{"tmpfs", func(t *testing.T) { rig.Must(t, "mount", "-t", "tmpfs", "none", "/tmp") }},
		{"overlay", func(t *testing.T) {
			rig.Must(t, "mkdir", "-p", "/run/lower", "/run/layers")
			rig.Must(t, "mount", "-t", "tmpfs", "none", "/run/layers")
			rig.Must(t, "mkdir", "/run/layers/upper", "/run/layers/work")
			rig.Must(t, "mount", "-t", "overlay", "-o",
				"lowerdir=/run/lower,upperdir=/run/layers/upper,workdir=/run/layers/work", "none", "/tmp")
		}},
	} {
		t.Run(f.name, func(t *testing.T) {
			f.mount(t)
			defer func() {
				rig.Sh(t, "umount /tmp; rm -f /run/image; umount -q /run/layers")
			}()
			rig.Must(t, "chmod", "1777", "/tmp")
			for range 2 { // the first login makes, the second finds
				r := alice.Login(t, `echo "$TMPDIR"; f=$(mktemp) && echo ok >"$f" && cat "$f"`)
				if r.Stdout != "/tmp/.private/1000\nok\n" || r.Stderr != "" || r.Status != 0 {
					t.Errorf("login printed %q, %q, status %d", r.Stdout, r.Stderr, r.Status)
				}
			}
			rig.CheckPrivate(t, alice)
		})
	}
}

// TestNoRoom has a /tmp that nothing can be made in.
func TestNoRoom(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	log := rig.ListenSyslog(t)
	for _, c := range []struct{ name, options, deny string }{
		{"read-only", "ro,mode=1777", ""},
		{"full", "mode=1777,nr_inodes=1", ""},
		{"read-only, deny", "ro,mode=1777", "OnFailure deny"},
		{"full, deny", "mode=1777,nr_inodes=1", "OnFailure deny"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rig.Must(t, "mount", "-t", "tmpfs", "-o", c.options, "none", "/tmp")
			defer rig.Must(t, "umount", "/tmp")
			rig.Configure(t, c.deny)
			log.Forget()
			// A stale value of the caller's must not survive.
			r := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", "echo [$TMPDIR$TMP]"},
				Env: append(alice.Env(), "TMPDIR=/tmp/.private/1000", "TMP=/nowhere")}.Run(t)
			log.Expect(t, "no private directory in /tmp")
			if c.deny == "" {
				if r.Stdout != "[]\n" || r.Stderr != "" || r.Status != 0 {
					t.Errorf("login printed %q, %q, status %d; want a session without the variables", r.Stdout, r.Stderr, r.Status)
				}
				return
			}
			if r.Stdout != "" || strings.Count(r.Stderr, "\n") != 1 || r.Status != 125 {
				t.Errorf("login printed %q, %q, status %d; want one line and 125", r.Stdout, r.Stderr, r.Status)
			}
			if !strings.HasPrefix(r.Stderr, "tmpshell: no private directory in /tmp: ") {
				t.Errorf("stderr is %q", r.Stderr)
			}
		})
	}
}
