package e2e

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestSquattedBase has another user make the base first.
func TestSquattedBase(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	mallory := rig.AddUser(t, rig.Account{Name: "mallory", UID: 1666, Shell: "/bin/bash"})
	rig.Write(t, "/etc/secret", "secret\n", 0o600)
	for _, squat := range []struct{ name, script string }{
		{"directory", "mkdir -m 777 /tmp/.private; touch /tmp/.private/squatter"},
		{"directory with the user's name in it", "mkdir -m 711 /tmp/.private; mkdir -m 777 /tmp/.private/1000"},
		{"symbolic link", "ln -s /home/mallory /tmp/.private"},
		{"symbolic link to a root directory", "ln -s /etc /tmp/.private"},
		{"dangling link", "ln -s /tmp/nowhere /tmp/.private"},
		{"file", "echo squatter >/tmp/.private; chmod 666 /tmp/.private"},
		{"FIFO", "mkfifo -m 666 /tmp/.private"},
		{"socket", `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/tmp/.private")' || perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "/tmp/.private", Listen => 1)'`},
	} {
		t.Run(squat.name, func(t *testing.T) {
			rig.FreshTmp(t)
			log := rig.ListenSyslog(t)
			as(t, mallory, squat.script)
			before := inode(t, "/tmp/.private")
			alice.Session(t).CheckVariables(t, alice.Private())
			rig.CheckPrivate(t, alice)
			log.Expect(t, "/tmp/.private")

			entries, _ := os.ReadDir("/tmp")
			kept := false
			for _, e := range entries {
				if e.Name() != ".private" && inode(t, "/tmp/"+e.Name()) == before {
					kept = true
				}
			}
			if !kept {
				t.Errorf("the squatter's object is gone; /tmp has %v", entries)
			}
			log.Forget()
			alice.Session(t)
			if lines := log.Tmpshell(); len(lines) > 0 {
				t.Errorf("the second login is not quiet: %q", lines)
			}
		})
	}
	t.Run("nothing happened to link targets", func(t *testing.T) {
		for path, mode := range map[string]os.FileMode{"/etc": 0o755, "/home/mallory": 0o755} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v", path, info.Mode(), err)
			}
		}
	})
}

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

func inode(t *testing.T, path string) uint64 {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}
