package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestNested: sessions inside sessions. What is the caller's own stays with
// the caller.
func TestNested(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sudo")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	rig.Write(t, "/etc/sudoers.d/e2e", "alice ALL=(ALL) NOPASSWD:SETENV: ALL\nDefaults:alice env_keep += \"TMPDIR TMP TEMP TEMPDIR XDG_RUNTIME_DIR\"\n", 0o440)
	const show = `echo $TMPDIR $TMP $TEMP $TEMPDIR $XDG_RUNTIME_DIR`
	four := func(a *rig.Account) string { p := a.Private(); return p + " " + p + " " + p + " " + p }
	for _, c := range []struct{ name, script, want string }{
		{"su bob, as root in alice's session", `sudo su bob -c "$1"`, four(bob) + " /tmp/.private/1001/.runtime\n"},
		{"su - bob", `sudo su - bob -c "$1"`, four(bob) + " /tmp/.private/1001/.runtime\n"},
		{"sudo -i -u bob", `sudo -u bob -i bash -c "$1"`, four(bob) + " /tmp/.private/1001/.runtime\n"},
		{"to bob and back", `sudo su bob -c "sudo su alice -c '$1'"`, four(alice) + " /tmp/.private/1000/.runtime\n"},
		{"the same user again", `/usr/bin/tmpshell -c "$1"`, four(alice) + " /tmp/.private/1000/.runtime\n"},
		{"su to root, who is exempt", `sudo su -c "/usr/bin/tmpshell -c 'echo \$TMPDIR \$TMP \$TEMP \$TEMPDIR'"`, "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rig.Write(t, "/etc/sudoers.d/bob", "bob ALL=(ALL) NOPASSWD:SETENV: ALL\n", 0o440)
			r := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", c.script, "bash", show}}.Run(t)
			if r.Stdout != c.want || r.Stderr != "" || r.Status != 0 {
				t.Errorf("status %d, stdout %q, stderr %q; want %q", r.Status, r.Stdout, r.Stderr, c.want)
			}
		})
	}
}

// TestRecursion: no arrangement of shells and links makes tmpshell exec itself
// for ever.
func TestRecursion(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	for _, link := range []string{"/usr/bin/tmpshell-tmpshell", "/usr/local/bin/zsh", "/usr/local/bin/bash"} {
		rig.Must(t, "ln", "-s", rig.Tmpshell, link)
		rig.Sh(t, "echo "+link+" >>/etc/shells")
	}
	for name, shell := range map[string]string{
		"tmpshell": rig.Tmpshell, "a link": "/usr/local/bin/zsh", "tmpshell-tmpshell": "/usr/bin/tmpshell-tmpshell",
		"another name": "/usr/local/bin/bash", "a path with detours": "/usr/../usr//bin/./tmpshell",
	} {
		t.Run(name, func(t *testing.T) {
			a := rig.AddUser(t, rig.Account{Name: "u" + name[len(name)-3:], UID: uint32(2000 + len(name)), Shell: shell})
			r := rig.Command{As: a, Path: shell, Args: []string{"-" + shell, "-c", "echo $SHELL"}}.Run(t)
			if r.Stdout != "/bin/bash\n" && r.Stdout != "/usr/bin/bash\n" || r.Status != 0 {
				t.Errorf("status %d, stdout %q, stderr %q; want bash", r.Status, r.Stdout, r.Stderr)
			}
		})
	}
}
