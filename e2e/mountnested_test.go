package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountNested: sessions inside sessions, and programs that change the user.
func TestMountNested(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sudo", "gcc")
	rig.Install(t, "Directory /tmp mount", "Directory /var/cache/xdg mount variables=XDG_CACHE_HOME", "Match User carol", "Directory /tmp tmpfs")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	for i, name := range []string{"bob", "carol"} {
		a := rig.AddUser(t, rig.Account{Name: name, UID: uint32(1001 + i)})
		a.Login(t, "touch /tmp/of-"+name)
	}
	alice.Login(t, "touch /tmp/of-alice")
	before := rig.Sh(t, "ls -A /tmp").Stdout
	rig.Write(t, "/etc/sudoers.d/e2e", "ALL ALL=(ALL) NOPASSWD:SETENV: ALL\n", 0o440)
	const see = "/usr/local/bin/see"
	rig.Write(t, see, "#!/bin/sh\necho $(ls /tmp) $(stat -c %u /tmp /var/cache/xdg)\n", 0o755)
	for _, c := range []struct{ name, script, want string }{
		{"the same user again", `/usr/bin/tmpshell -c "$1"`, "of-alice 0 1000\n"},
		{"in the same namespace", `a=$(readlink /proc/self/ns/mnt); [ $a = $(/usr/bin/tmpshell -c "readlink /proc/self/ns/mnt") ] && echo same`, "same\n"},
		{"su - bob", `sudo su - bob -c "$1"`, "of-bob 0 1001\n"},
		{"su bob", `sudo su bob -c "$1"`, "of-bob 0 1001\n"},
		{"sudo -i -u bob", `sudo -u bob -i bash -c "$1"`, "of-bob 0 1001\n"},
		{"leaving it", `sudo su bob -c :; sudo su - bob -c :; eval "$1"`, "of-alice 0 1000\n"},
		{"to bob and back", `sudo su bob -c "sudo su alice -c '$1'"`, "of-alice 0 1000\n"},
		{"three deep", `sudo su bob -c "sudo su alice -c 'sudo su bob -c \"$1\"'"`, "of-bob 0 1001\n"},
		{"to a tmpfs", `sudo su carol -c "$1"`, "0 1002\n"},
		{"a tmpfs again", `sudo su carol -c "touch /tmp/mine; /usr/bin/tmpshell -c '$1'"`, "mine 0 1002\n"},
		{"from a tmpfs", `sudo su carol -c "touch /tmp/mine; sudo su bob -c '$1'"`, "of-bob 0 1001\n"},
		{"root, who is exempt", `sudo -i /usr/bin/tmpshell -c "$1"`, "of-alice 0 1000\n"},
		{"with no_new_privs", `setpriv --no-new-privs /usr/bin/tmpshell -c "$1; echo \$TMPDIR"`, "of-alice 0 1000\n/tmp\n"},
		{"sudo's own files", `sudo sh -c 'mktemp >/dev/null'; ls /tmp | grep -c '^tmp\.'; sudo find /tmp -name "tmp.*" -delete`, "1\n"},
	} {
		r := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", c.script, "bash", see}}.Run(t)
		if r.Stdout != c.want || r.Stderr != "" {
			t.Errorf("%s: status %d, stdout %q, stderr %q; want %q", c.name, r.Status, r.Stdout, r.Stderr, c.want)
		}
	}
	if got := rig.Sh(t, "ls -A /tmp").Stdout; got != before {
		t.Errorf("in the shared directory: %q, and before it was %q", got, before)
	}
}

// TestMountSetID: setuid-root, setuid-to-somebody and setgid programs make
// their files in the private directory. That the kernel goes on guarding them
// against the user's symbolic links is in TestAttackMounts.
func TestMountSetID(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc")
	rig.Install(t, "Directory /tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.AddUser(t, rig.Account{Name: "games", UID: 3000})
	buildWriter(t)
	before := rig.Sh(t, "ls -A /tmp").Stdout
	for program, want := range map[string]string{"setuidroot": "root:alice", "setuidgames": "games:alice", "setgidgames": "alice:games"} {
		r := alice.Login(t, program+" /tmp/"+program+" && stat -c %U:%G /tmp/"+program)
		if r.Stdout != want+"\n" || r.Status != 0 {
			t.Errorf("%s: %q, %q; want a file of %s", program, r.Stdout, r.Stderr, want)
		}
	}
	if got := rig.Sh(t, "ls -A /tmp").Stdout; got != before {
		t.Errorf("in the shared directory: %q, and before it was %q", got, before)
	}
	rig.Must(t, "chown", "alice:alice", "/var/lib/tmpshell/1000/tmp")
	// The next login does not take it as it is.
	r := alice.Login(t, "stat -c '%u %a' /tmp; ls -A /tmp")
	if r.Stdout != "0 1777\n.runtime\n" || r.Status != 0 {
		t.Errorf("after the instance was given to alice: %q, %q", r.Stdout, r.Stderr)
	}
}

// buildWriter makes programs that write to a file that they are told, setuid and
// setgid.
func buildWriter(t *testing.T) {
	t.Helper()
	rig.Write(t, "/run/writer.c", `
		#include <fcntl.h>
		#include <stdio.h>
		#include <unistd.h>
		int main(int argc, char **argv) {
			int fd = open(argv[1], O_WRONLY | O_CREAT, 0644);
			if (fd < 0) { perror("open"); return 1; }
			return write(fd, "written\n", 8) != 8;
		}`, 0o644)
	for name, mode := range map[string]string{"setuidroot": "root:root 4755", "setuidgames": "games:games 4755", "setgidgames": "root:games 2755"} {
		owner, bits, _ := strings.Cut(mode, " ")
		view.Compile(t, "/usr/local/bin/"+name, nil, "/run/writer.c")
		rig.Must(t, "chown", owner, "/usr/local/bin/"+name)
		rig.Must(t, "chmod", bits, "/usr/local/bin/"+name)
	}
}
