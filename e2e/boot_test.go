package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// atBoot is what systemd-tmpfiles-setup.service runs.
var atBoot = []string{"--create", "--remove", "--boot", "--exclude-prefix=/dev"}

// TestBoot has systemd-tmpfiles go by all the files of the distribution and of
// tmpshell, as they are, after users have logged in. It says nothing; what it
// empties is gone; and the next login has everything.
func TestBoot(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "systemd-tmpfiles")
	rig.Write(t, "/usr/lib/tmpfiles.d/tmpshell.conf", readSource(t, "etc/tmpfiles.d/tmpshell.conf"), 0o644)
	rig.Install(t, "Directory '/var/tmp/100% full' env", "Match User bob", "Directory /tmp mount share=.X11-unix/,.meet/,tmux-${UID}/,.x*/")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	boot := func(t *testing.T) {
		t.Helper()
		for _, a := range []*rig.Account{alice, bob} {
			if r := a.Login(t, "mkdir -p $TMPDIR/d/e; chmod 0 $TMPDIR/d/e; touch $TMPDIR/old"); r.Status != 0 || r.Stderr != "" {
				t.Fatalf("%s: %+v", a.Name, r)
			}
		}
		r := command(append([]string{"systemd-tmpfiles"}, atBoot...)...).Run(t)
		if r.Status != 0 || r.Stdout+r.Stderr != "" {
			t.Errorf("systemd-tmpfiles: status %d, %s%s", r.Status, r.Stdout, r.Stderr)
		}
		rig.CheckDir(t, "/tmp/.private", 0, 0, 0o711)
		rig.CheckDir(t, "/var/tmp/100% full/.private", 0, 0, 0o711)
		for _, name := range []string{"/tmp/.X11-unix", "/tmp/.meet"} {
			rig.CheckDir(t, name, 0, 0, 0o777|os.ModeSticky)
		}
		if got := bob.Login(t, "ls /tmp").Stdout; got != "tmux-1001\n" {
			t.Errorf("in the instance there are %q", got)
		}
	}
	// What no other file makes, and nothing else.
	const written = "/etc/tmpfiles.d/tmpshell-setup.conf"
	want := `d /var/tmp/100%%\x20full/.private 0711 root root ~10d` + "\nd /tmp/.meet 1777 root root -\n"
	if _, got, _ := strings.Cut(rig.Must(t, "cat", written), "\n"); got != want {
		t.Errorf("setup writes\n%s; want\n%s", got, want)
	}
	if r := rig.Sh(t, "tmpshellctl doctor | grep ^tmpfiles"); strings.Contains(r.Stdout, "warning") {
		t.Errorf("doctor says %s", r.Stdout)
	}
	for name, c := range map[string]struct {
		line string // of /etc/tmpfiles.d/tmp.conf; empty: the distribution's own
		kept bool
	}{
		"as the distribution has it": {"", false},
		"D":                          {"D /tmp 1777 root root -", false},
		"q":                          {"q /tmp 1777 root root 10d", true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.line != "" {
				rig.Write(t, "/etc/tmpfiles.d/tmp.conf", c.line+"\n", 0o644)
				defer rig.Must(t, "rm", "/etc/tmpfiles.d/tmp.conf")
			}
			boot(t)
			_, err := os.Stat(alice.Private() + "/old")
			if kept := err == nil; kept != c.kept && c.line != "" {
				t.Errorf("the user's files are kept: %v", kept)
			}
			alice.Session(t)
			rig.CheckPrivate(t, alice)
		})
	}
	rig.Configure(t)
	rig.Setup(t)
	if _, err := os.Stat(written); err == nil {
		t.Error("setup leaves lines that nothing needs")
	}
}

// TestCleaned: what root removes is removed, without a word: a build root, and what
// earlier versions have left. For /tmp, see testdata/script/removed-by-root.txtar.
func TestCleaned(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	clean := func(t *testing.T, script string) {
		t.Helper()
		if r := rig.Sh(t, script); r.Status != 0 || r.Stdout+r.Stderr != "" {
			t.Errorf("%s: status %d, %s%s", script, r.Status, r.Stdout, r.Stderr)
		}
	}
	// A root of another system's, in which setup has run.
	t.Run("rm -r of a build root", func(t *testing.T) {
		image := rig.MakeImage(t)
		rig.Must(t, "cp", "-a", rig.Ctl, image+"/usr/bin/")
		rig.Must(t, "chroot", image, "/usr/bin/tmpshellctl", "setup")
		rig.CheckDir(t, image+"/tmp/.private", 0, 0, 0o711)
		clean(t, "rm -r "+image)
	})
	// What versions up to 0.1.0 have left.
	for _, verb := range []string{"setup", "setup --remove"} {
		t.Run(verb+" lifts the append-only flag", func(t *testing.T) {
			alice.Session(t)
			rig.Must(t, "chattr", "+a", "/tmp/.private")
			if r := rig.Sh(t, "rm -r /tmp/.private"); r.Status == 0 {
				t.Fatal("the flag has no effect here")
			}
			alice.SetShell(t, "/bin/sh")
			defer alice.SetShell(t, rig.Tmpshell)
			rig.Must(t, "sh", "-c", rig.Ctl+" "+verb)
			clean(t, "rm -r /tmp/.private")
		})
	}
	// A configuration that is refused hides no base: the last good policy has it,
	// and where there is none, that is said.
	t.Run("setup --remove with a wrong configuration", func(t *testing.T) {
		alice.SetShell(t, "/bin/sh")
		rig.Configure(t, "Directory /var/tmp env")
		rig.Setup(t)
		for _, hasPolicy := range []bool{true, false} {
			rig.Must(t, "sh", "-c", "echo nonsense >>/etc/tmpshell.conf; chattr +a /var/tmp/.private")
			r := rig.Sh(t, "tmpshellctl setup --remove")
			if hasPolicy {
				if r.Status != 0 {
					t.Errorf("%+v", r)
				}
				clean(t, "rm -r /var/tmp/.private")
				rig.Must(t, "mkdir", "-m", "711", "/var/tmp/.private")
			} else if r.Status != 1 || !strings.Contains(r.Stdout, "chattr -a") {
				t.Errorf("without a policy: %+v", r)
			}
		}
		rig.Must(t, "chattr", "-a", "/var/tmp/.private")
	})
}
