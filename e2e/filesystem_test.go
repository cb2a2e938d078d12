package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestFilesystems has /tmp, and what method mount keeps, on every file system that the
// kernel offers, from an image on a loop device, and on tmpfs and overlay.
func TestFilesystems(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "losetup", "mkfs.ext2", "mkfs.ext3", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs")
	rig.Install(t, "Match User bob", "Directory /tmp mount share=.meet/")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
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
				rig.Sh(t, "umount /var/lib/tmpshell; umount /tmp; rm -f /run/image; umount -q /run/layers")
			}()
			rig.Must(t, "sh", "-ec", "chmod 1777 /tmp; mkdir -m 700 /tmp/.store; mount --bind /tmp/.store /var/lib/tmpshell")
			for range 2 { // the first login makes, the second finds
				r := alice.Login(t, `echo "$TMPDIR"; f=$(mktemp) && echo ok >"$f" && cat "$f"`)
				if r.Stdout != "/tmp/.private/1000\nok\n" || r.Stderr != "" || r.Status != 0 {
					t.Errorf("login printed %q, %q, status %d", r.Stdout, r.Stderr, r.Status)
				}
				r = bob.Login(t, `echo "$TMPDIR"; echo ok >/tmp/file && cat /tmp/file; touch /tmp/.meet/of-bob`)
				if r.Stdout != "/tmp\nok\n" || r.Stderr != "" || r.Status != 0 {
					t.Errorf("login with method mount printed %q, %q, status %d", r.Stdout, r.Stderr, r.Status)
				}
			}
			rig.CheckPrivate(t, alice)
			rig.CheckDir(t, "/tmp/.store/1001/tmp", 0, 0, 0o777|os.ModeSticky)
			if !exists("/tmp/.store/1001/tmp/file") || !exists("/tmp/.meet/of-bob") {
				t.Errorf("there are %s", rig.Sh(t, "find /tmp").Stdout)
			}
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
