package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// The examples in etc/ are tried as they are.

// TestShippedConfiguration: each keyword with its default, and each suggestion.
func TestShippedConfiguration(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	check := func(what, text string) {
		t.Helper()
		rig.Write(t, rig.Conf, text, 0o644)
		if r := rig.Sh(t, "tmpshellctl check"); r.Status != 0 || strings.Contains(r.Stdout, "error") {
			t.Errorf("%s: %d, %s%s", what, r.Status, r.Stdout, r.Stderr)
		}
	}
	text := readSource(t, "etc/tmpshell.conf")
	check("as it is", text)
	var all strings.Builder
	for line := range strings.Lines(text) {
		if len(line) > 1 && line[0] == '#' && (line[1] == '\t' || 'A' <= line[1] && line[1] <= 'Z') {
			line = line[1:] // not "# words"
		}
		if !strings.HasPrefix(line, "\ttmpshellctl") {
			all.WriteString(line)
		}
	}
	check("all of it", all.String())
	mount := exampleLines(t, "#Directory /tmp mount")[0] + "\n"
	if !strings.Contains(readSource(t, "man/tmpshell.conf.5"), "\n"+mount) {
		t.Errorf("tmpshell.conf(5) has another example than %s", mount)
	}
	check("mount", mount)
	rig.Setup(t)
	r := alice.Login(t, "echo $TMPDIR; ls -A /tmp; findmnt -no TARGET -T /tmp/.X11-unix")
	if want := "/tmp\n.ICE-unix\n.X11-unix\n.runtime\n.s.PGSQL.5432\nmysql.sock\n/tmp/.X11-unix\n"; r.Stdout != want || r.Stderr != "" {
		t.Errorf("with method mount: %q, %q; want %q", r.Stdout, r.Stderr, want)
	}
}

// TestShippedSSHD: members of the group, and nobody else.
func TestShippedSSHD(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.AddGroup(t, "students", 2000, "alice")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash", Groups: []uint32{2000}})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001, Shell: "/bin/bash"})
	rig.Write(t, "/etc/ssh/e2e.d/tmpshell.conf", readSource(t, "etc/sshd_config.d/tmpshell.conf"), 0o644)
	rig.StartSSHD(t, "UsePAM no", "Include /etc/ssh/e2e.d/*.conf")
	for a, want := range map[*rig.Account]string{alice: alice.Private() + " /bin/bash\n", bob: " /bin/bash\n"} {
		if r := ssh(t, a, "", "echo $TMPDIR $SHELL"); strings.TrimLeft(r.Stdout, " ") != strings.TrimLeft(want, " ") || r.Stderr != "" {
			t.Errorf("%s: %q, %q; want %q", a.Name, r.Stdout, r.Stderr, want)
		}
	}
}

// TestShippedTmpfiles: at boot there is what tmpshell needs, and what stands for
// /tmp is empty; at other times it is not.
func TestShippedTmpfiles(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "systemd-tmpfiles")
	rig.Install(t, "Directory /tmp mount share=.X11-unix/,mysql.sock", "Directory /dev/shm mount", "Directory /var/tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	const rules = "/usr/lib/tmpfiles.d/tmpshell.conf"
	rig.Write(t, rules, readSource(t, "etc/tmpfiles.d/tmpshell.conf"), 0o644)
	alice.Login(t, "mkdir -m 0 /tmp/d; touch /tmp/old /dev/shm/old /var/tmp/old")
	const look = "cd /; ls -A /tmp /dev/shm /var/tmp"
	full := alice.Login(t, look).Stdout
	rig.Must(t, "systemd-tmpfiles", "--create", "--remove", rules)
	if got := alice.Login(t, look).Stdout; got != full || strings.Count(got, "old") != 3 {
		t.Errorf("without --boot, the files were\n%sand are\n%s", full, got)
	}
	// What a boot leaves.
	rig.Sh(t, "rm -rf /run/tmpshell /tmp/.private")
	rig.Must(t, "systemd-tmpfiles", "--create", "--remove", "--boot", rules)
	for path, mode := range map[string]os.FileMode{
		"/tmp/.private": 0o711, "/run/tmpshell": 0o755, "/run/tmpshell/sessions": 0o700, "/run/tmpshell/shared": 0o755, "/var/lib/tmpshell": 0o700,
	} {
		rig.CheckDir(t, path, 0, 0, mode)
	}
	r := alice.Login(t, look)
	if want := "/dev/shm:\n\n/tmp:\n.X11-unix\n.runtime\nmysql.sock\n\n/var/tmp:\nold\n"; r.Stdout != want || r.Stderr != "" {
		t.Errorf("after a boot: %q, %q; want %q", r.Stdout, r.Stderr, want)
	}
}
