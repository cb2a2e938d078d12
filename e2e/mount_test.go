package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMount: the user's own directory in the place of the shared one.
func TestMount(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "getcap")
	rig.Install(t, "Directory /tmp mount", "Directory /var/tmp mount options=noexec",
		"Directory /dev/shm tmpfs size=3M inodes=50", "Directory /var/cache/xdg mount variables=XDG_CACHE_HOME")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	before := rig.Sh(t, "find /tmp /var/tmp /dev/shm /var/cache/xdg").Stdout
	for _, login := range []string{"first", "usual"} {
		for _, a := range []*rig.Account{alice, bob} {
			a.Session(t).CheckVariables(t, "/tmp")
			r := a.Login(t, `stat -c '%n %u:%g %a' /tmp /var/tmp /dev/shm /var/cache/xdg; echo $XDG_CACHE_HOME
				for d in /tmp /var/tmp /dev/shm; do findmnt -no OPTIONS $d | tail -n 1; done
				for d in /tmp /var/tmp /dev/shm /var/cache/xdg; do touch $d/of-$USER; ls $d; done
				grep ^Cap /proc/self/status | sort -u -k2`)
			want := fmt.Sprintf("/tmp 0:0 1777\n/var/tmp 0:0 1777\n/dev/shm 0:0 1777\n/var/cache/xdg %d:%d 700\n/var/cache/xdg\n", a.UID, a.GID)
			rest, ok := strings.CutPrefix(r.Stdout, want)
			if !ok || r.Status != 0 || r.Stderr != "" {
				t.Fatalf("%s login of %s: status %d, stderr %q, stdout\n%swant it to begin\n%s", login, a.Name, r.Status, r.Stderr, r.Stdout, want)
			}
			lines := strings.Split(rest, "\n")
			for i, options := range []string{"nosuid,nodev", "nosuid,nodev,noexec", "nosuid,nodev"} {
				if !strings.Contains(lines[i], options) {
					t.Errorf("mount %d has the options %s; want %s", i, lines[i], options)
				}
			}
			if !strings.Contains(lines[2], "size=3072k") || !strings.Contains(lines[2], "nr_inodes=50") {
				t.Errorf("the tmpfs has the options %s", lines[2])
			}
			own := "of-" + a.Name
			if got := lines[3:7]; strings.Join(got, " ") != strings.Join([]string{own, own, own, own}, " ") {
				t.Errorf("in the four directories, %s sees %q; want %s alone", a.Name, got, own)
			}
			if got := strings.Join(lines[7:], " "); strings.Count(got, "Cap") != 2 || !strings.Contains(got, "CapBnd") {
				t.Errorf("capabilities in the session: %s", got)
			}
		}
	}
	if after := rig.Sh(t, "find /tmp /var/tmp /dev/shm /var/cache/xdg").Stdout; after != before {
		t.Errorf("the shared directories had\n%sand have\n%s", before, after)
	}
	rig.CheckDir(t, "/var/lib/tmpshell", 0, 0, 0o700)
	rig.CheckDir(t, "/var/lib/tmpshell/1000", 0, 0, 0o700)
	if r := alice.Login(t, "ls /var/lib/tmpshell; ls /run/tmpshell/sessions"); strings.Count(r.Stderr, "Permission denied") != 2 {
		t.Errorf("the places are open to users: %q, %q", r.Stdout, r.Stderr)
	}
}

// TestMountOneExec: a login whose directories exist runs tmpshell, the same once
// more with capabilities, and the shell.
func TestMountOneExec(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t, "Directory /tmp mount share=.X11-unix/,.s.PGSQL.5432", "Directory /var/tmp tmpfs")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice.Session(t)
	// strace of a program with file capabilities has to be root's own.
	r := rig.Command{Path: "/usr/bin/strace", Args: []string{"strace", "-f", "-q", "-e", "trace=%process", "-e", "signal=none",
		"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", rig.Tmpshell, "-c", ":"}, Env: alice.Env()}.Run(t)
	for line := range strings.Lines(r.Stderr) {
		fork := strings.Contains(line, "fork(") || strings.Contains(line, "clone")
		if fork && !strings.Contains(line, "CLONE_THREAD") && !strings.Contains(line, "resumed") {
			t.Errorf("a usual login makes a process: %s", line)
		}
	}
	var programs []string
	for _, call := range strings.Split(r.Stderr, `execve("`)[1:] {
		program, _, _ := strings.Cut(call, `"`)
		programs = append(programs, program)
	}
	want := []string{"/usr/bin/setpriv", rig.Tmpshell, rig.Mounter, "/bin/bash"}
	if !slices.Equal(programs, want) || r.Status != 0 {
		t.Errorf("status %d, %q were executed; want %q:\n%s", r.Status, programs, want, r.Stderr)
	}
}

// TestMountMatch: another method for users and groups.
func TestMountMatch(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Directory /tmp env", "Match User bob", "  Directory /tmp tmpfs", "Match Group builders",
		"  Directory /tmp mount", "  Directory /var/tmp tmpfs size=1M")
	rig.AddGroup(t, "builders", 2000, "carol")
	for i, c := range []struct {
		name, want string
		groups     []uint32
	}{
		{"alice", "/tmp/.private/1000 - -\n", nil},
		{"bob", "/tmp tmpfs -\n", nil},
		{"carol", "/tmp mount tmpfs\n", []uint32{2000}},
	} {
		name, want := c.name, c.want
		a := rig.AddUser(t, rig.Account{Name: name, UID: uint32(1000 + i), Groups: c.groups})
		r := a.Login(t, `what() { src=$(findmnt -no FSROOT,SOURCE $1 | tail -n 1); case $src in *tmpshell:*) echo tmpfs;; */tmpshell/$UID/*) echo mount;; *) echo -;; esac; }
			echo $TMPDIR $(what /tmp) $(what /var/tmp)`)
		if r.Stdout != want || r.Stderr != "" {
			t.Errorf("%s: %q, stderr %q; want %q", name, r.Stdout, r.Stderr, want)
		}
	}
}
