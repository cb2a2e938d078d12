package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// working uses the private directory as a program would.
const working = `set -e
cd "$TMPDIR"; f=$(mktemp); echo text >"$f"; [ "$(cat "$f")" = text ]
mkdir d; mv "$f" d/f; ln d/f hard; ln -s d/f soft; mkfifo fifo; rm -r d hard soft fifo; rmdir "$(mktemp -d)"`

// TestFileSystems has every file system as /tmp that a distribution offers.
func TestFileSystems(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "chattr", "lsattr", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	loop := func(t *testing.T, size, mkfs string) {
		image := filepath.Join("/run", strings.ReplaceAll(t.Name(), "/", "-"))
		rig.Must(t, "truncate", "-s", size, image)
		rig.Must(t, "sh", "-c", mkfs+" "+image)
		rig.MountTmp(t, "-o", "loop,nosuid,nodev", image)
		rig.Must(t, "chmod", "1777", "/tmp")
	}
	for _, fs := range []struct {
		name  string
		mount func(t *testing.T)
	}{
		{"ext2", func(t *testing.T) { loop(t, "16M", "mkfs.ext2 -q") }},
		{"ext3", func(t *testing.T) { loop(t, "32M", "mkfs.ext3 -q") }},
		{"ext4", func(t *testing.T) { loop(t, "32M", "mkfs.ext4 -q") }},
		{"xfs", func(t *testing.T) { loop(t, "400M", "mkfs.xfs -q") }},
		{"btrfs", func(t *testing.T) { loop(t, "200M", "mkfs.btrfs -q") }},
		{"tmpfs", func(t *testing.T) { rig.FreshTmp(t) }},
		{"overlay", func(t *testing.T) {
			rig.Must(t, "mkdir", "-p", "/run/o/lower", "/run/o/upper", "/run/o/work")
			rig.Must(t, "chmod", "1777", "/run/o/upper")
			rig.MountTmp(t, "-t", "overlay", "-o", "lowerdir=/run/o/lower,upperdir=/run/o/upper,workdir=/run/o/work", "overlay")
		}},
	} {
		t.Run(fs.name, func(t *testing.T) {
			fs.mount(t)
			alice.Session(t).CheckVariables(t, alice.Private())
			rig.CheckPrivate(t, alice)
			if r := alice.Login(t, working); r.Status != 0 || r.Stderr != "" {
				t.Errorf("the directory does not work: status %d: %s", r.Status, r.Stderr)
			}
			rig.Must(t, "mkdir", "/tmp/probe")
			able := rig.Sh(t, "chattr +a /tmp/probe").Status == 0
			rig.Sh(t, "chattr -a /tmp/probe")
			if flagged := appendOnly(t, "/tmp/.private"); flagged != able {
				t.Errorf("append-only flag of the base: %v; the file system is able to: %v", flagged, able)
			}
			if able && fs.name != "overlay" {
				if r := rig.Sh(t, "rmdir "+alice.Private()+" || mv /tmp/.private /tmp/x"); r.Status == 0 {
					t.Error("even root's mistakes move what the flag protects")
				}
			}
			switch fs.name {
			case "ext2", "ext3", "ext4", "xfs", "btrfs":
				if !able {
					t.Error("chattr +a does not work here: the test shows nothing")
				}
			}
		})
	}
}

func appendOnly(t *testing.T, dir string) bool {
	t.Helper()
	r := rig.Sh(t, "lsattr -d "+dir)
	flags, _, _ := strings.Cut(r.Stdout, " ")
	return strings.Contains(flags, "a")
}

// TestUnusableTmp has a /tmp in which nothing can be made: the session starts,
// and no variable names a directory that is not there.
func TestUnusableTmp(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	for _, unusable := range []struct {
		name  string
		mount func(t *testing.T)
	}{
		{"read-only", func(t *testing.T) {
			rig.MountTmp(t, "-t", "tmpfs", "-o", "mode=1777", "tmp")
			rig.Must(t, "mount", "-o", "remount,ro", "/tmp")
		}},
		{"full", func(t *testing.T) {
			rig.MountTmp(t, "-t", "tmpfs", "-o", "mode=1777,nr_inodes=1", "tmp")
		}},
		{"not sticky", func(t *testing.T) {
			rig.MountTmp(t, "-t", "tmpfs", "-o", "mode=0777", "tmp")
		}},
		{"another user's", func(t *testing.T) {
			rig.MountTmp(t, "-t", "tmpfs", "-o", "mode=1777,uid=1234", "tmp")
		}},
		{"a symbolic link", func(t *testing.T) {
			rig.FreshTmp(t)
			rig.Configure(t, "Directory /tmp off", "Directory /link env variables=TMPDIR,TMP,TEMP,TEMPDIR")
			t.Cleanup(func() { rig.Must(t, "rm", rig.Conf) })
		}},
	} {
		t.Run(unusable.name, func(t *testing.T) {
			unusable.mount(t)
			log := rig.ListenSyslog(t)
			r := alice.Login(t, rig.Probe)
			rig.ParseSession(t, r).CheckVariables(t, "")
			if r.Stderr != "" {
				t.Errorf("a session that is not interactive has stderr %q", r.Stderr)
			}
			log.Expect(t, "1000")
		})
		t.Run(unusable.name+", deny", func(t *testing.T) {
			unusable.mount(t)
			rig.Sh(t, "echo OnFailure deny >>"+rig.Conf)
			defer rig.Must(t, "rm", "-f", rig.Conf)
			r := alice.Login(t, "echo a session")
			if r.Status != 125 || r.Stdout != "" || !strings.HasPrefix(r.Stderr, "tmpshell: ") {
				t.Errorf("status %d, stdout %q, stderr %q; want 125, nothing, and a reason", r.Status, r.Stdout, r.Stderr)
			}
		})
	}
	t.Run("an older directory on a read-only file system", func(t *testing.T) {
		rig.FreshTmp(t)
		alice.Session(t)
		rig.Must(t, "mount", "-o", "remount,ro", "/tmp")
		alice.Session(t).CheckVariables(t, alice.Private())
	})
}
