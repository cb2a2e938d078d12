package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestSquattedFallback has no helper to help, and another user take the names.
func TestSquattedFallback(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.Must(t, "tmpshellctl", "setup", "--remove")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	mallory := rig.AddUser(t, rig.Account{Name: "mallory", UID: 1666, Shell: "/bin/bash"})
	for _, squat := range []struct{ name, script string }{
		{"directory", "mkdir -m 777 /tmp/.private-1000"},
		{"symbolic link to the user's directory", "ln -s /home/alice /tmp/.private-1000"},
		{"file", "touch /tmp/.private-1000"},
		{"FIFO", "mkfifo /tmp/.private-1000"},
		{"all that can be guessed", "mkdir -m 777 /tmp/.private-1000 /tmp/.private-1000.{0..50}"},
	} {
		t.Run(squat.name, func(t *testing.T) {
			rig.FreshTmp(t)
			rig.Must(t, "chmod", "1777", "/tmp")
			as(t, mallory, squat.script)
			s := alice.Session(t)
			dir, _ := s.Getenv("TMPDIR")
			if !strings.HasPrefix(dir, "/tmp/.private-1000") || dir == "/tmp/.private-1000" {
				t.Fatalf("TMPDIR is %q, want another name that begins with /tmp/.private-1000", dir)
			}
			s.CheckVariables(t, dir)
			rig.CheckDir(t, dir, 1000, 1000, 0o700)
		})
	}
	t.Run("a wrong mode of the user's own", func(t *testing.T) {
		rig.FreshTmp(t)
		as(t, alice, "mkdir -m 755 /tmp/.private-1000")
		dir, _ := alice.Session(t).Getenv("TMPDIR")
		if !strings.HasPrefix(dir, "/tmp/.private-1000") {
			t.Errorf("TMPDIR is %q", dir)
		}
		rig.CheckDir(t, dir, 1000, 1000, 0o700)
	})
	t.Run("the same one the next time", func(t *testing.T) {
		rig.FreshTmp(t)
		first, _ := alice.Session(t).Getenv("TMPDIR")
		second, _ := alice.Session(t).Getenv("TMPDIR")
		if first != "/tmp/.private-1000" || first != second {
			t.Errorf("TMPDIR is %q, then %q; want /tmp/.private-1000 both times", first, second)
		}
	})
}

// as runs a script as the account, without tmpshell.
func as(t *testing.T, a *rig.Account, script string) {
	t.Helper()
	r := rig.Command{As: a, Path: "/bin/bash", Args: []string{"bash", "-c", "umask 0; " + script}}.Run(t)
	if r.Status != 0 {
		t.Fatalf("%s: status %d: %s", script, r.Status, r.Stderr)
	}
}
