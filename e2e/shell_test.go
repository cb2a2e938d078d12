package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestRealShell: the order of the choice; that nobody is locked out by a shell
// that is tmpshell itself, or an unrestricted one that is not there; and that
// nothing stands in for one that may restrict its user.
func TestRealShell(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "zsh", "dash")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Must(t, "ln", "-s", "tmpshell", "/usr/bin/tmpshell-zsh")
	rig.Must(t, "ln", "/usr/bin/tmpshell", "/usr/bin/othername")
	rig.Must(t, "ln", "-s", "/usr/bin/tmpshell", "/usr/local/bin/linked")
	rig.Write(t, "/usr/local/bin/script", "echo script $TMPDIR \"$@\"\n", 0o755)
	for _, name := range []string{"mksh", "guarded"} {
		rig.Write(t, "/usr/local/bin/"+name, "#!/bin/sh\n", 0o644)
		rig.Write(t, "/usr/local/lib/"+name, "#!/no/such/interpreter\n", 0o755)
		rig.Must(t, "install", "-d", "/usr/local/share/"+name)
		rig.Write(t, "/usr/local/foreign/"+name, "\x7fELF\x07\x07\x07\x00\necho wrong\n", 0o755)
	}
	rig.Write(t, "/usr/local/bin/there/guarded", "#!/bin/sh\necho guarded\n", 0o755)
	rig.Must(t, "sh", "-c", "sed -i /csh/d /etc/shells; echo /bin/guarded >>/etc/shells; echo /usr/local/bin/there/guarded >>/etc/shells")
	rig.Setup(t) // lists the link
	if shells := rig.Must(t, "cat", "/etc/shells"); !strings.Contains(shells, "\n/usr/bin/tmpshell-zsh\n") {
		t.Errorf("setup did not list the link:\n%s", shells)
	}
	const show = `echo $SHELL $(readlink /proc/$$/exe)`
	for _, c := range []struct {
		name, conf, passwd, argv0, want, stderr string
		status                                  int
	}{
		{"passwd is tmpshell", "", rig.Tmpshell, "tmpshell", "/bin/bash /usr/bin/bash", "", 0},
		{"passwd has another", "", "/bin/dash", "tmpshell", "/bin/dash /usr/bin/dash", "", 0},
		{"link", "", rig.Tmpshell, "tmpshell-zsh", "/bin/zsh /usr/bin/zsh", "", 0},
		{"link, login", "", rig.Tmpshell, "-/usr/bin/tmpshell-zsh", "/bin/zsh /usr/bin/zsh", "", 0},
		{"link before passwd", "", "/bin/dash", "tmpshell-zsh", "/bin/zsh /usr/bin/zsh", "", 0},
		{"link to none", "", "/bin/dash", "tmpshell-nosuch", "", "tmpshell: tmpshell-nosuch names a shell that is not in /etc/shells\n", 127},
		{"link to none, unrestricted", "", "/bin/dash", "tmpshell-csh", "", "tmpshell: tmpshell-csh names a shell that is not in /etc/shells\n", 127},
		{"link in passwd, called otherwise", "", "/usr/bin/tmpshell-zsh", "/usr/bin/tmpshell", "/bin/zsh /usr/bin/zsh", "", 0},
		{"link, the second line", "", rig.Tmpshell, "tmpshell-guarded", "guarded", "tmpshell: cannot run /bin/guarded: no such file or directory\n", 0},
		{"configured", "Shell /bin/dash", rig.Tmpshell, "tmpshell-zsh", "/bin/dash /usr/bin/dash", "", 0},
		{"configured, missing", "Shell /nowhere/csh", "/bin/dash", "tmpshell", "/bin/dash /usr/bin/dash", "tmpshell: cannot run /nowhere/csh: no such file or directory\n", 0},
		{"not executable", "Shell /usr/local/bin/mksh", rig.Tmpshell, "tmpshell", "/bin/bash /usr/bin/bash", "tmpshell: cannot run /usr/local/bin/mksh: permission denied\n", 0},
		{"without its interpreter", "Shell /usr/local/lib/mksh", rig.Tmpshell, "tmpshell", "/bin/bash /usr/bin/bash",
			"tmpshell: cannot run /usr/local/lib/mksh: no such file or directory\n", 0},
		{"a directory", "Shell /usr/local/share/mksh", rig.Tmpshell, "tmpshell", "/bin/bash /usr/bin/bash", "tmpshell: cannot run /usr/local/share/mksh: permission denied\n", 0},
		{"missing, may restrict", "Shell /bin/guarded", "/bin/dash", "tmpshell", "", "tmpshell: cannot run /bin/guarded: no such file or directory\n", 127},
		{"not executable, may restrict", "Shell /usr/local/bin/guarded", "/bin/dash", "tmpshell", "", "tmpshell: cannot run /usr/local/bin/guarded: permission denied\n", 126},
		{"without its interpreter, may restrict", "Shell /usr/local/lib/guarded", "/bin/dash", "tmpshell", "",
			"tmpshell: cannot run /usr/local/lib/guarded: no such file or directory\n", 127},
		{"a directory, may restrict", "Shell /usr/local/share/guarded", "/bin/dash", "tmpshell", "", "tmpshell: cannot run /usr/local/share/guarded: permission denied\n", 126},
		{"in passwd, missing, may restrict", "", "/bin/guarded", "tmpshell", "", "tmpshell: cannot run /bin/guarded: no such file or directory\n", 127},
		{"in passwd, missing", "", "/nowhere/csh", "tmpshell", "/bin/bash /usr/bin/bash", "tmpshell: cannot run /nowhere/csh: no such file or directory\n", 0},
		{"itself by a hard link", "Shell /usr/bin/othername", "/usr/bin/othername", "tmpshell", "/bin/bash /usr/bin/bash", "", 0},
		{"itself by a symbolic link", "Shell /usr/local/bin/linked", "/usr/local/bin/linked", "tmpshell", "/bin/bash /usr/bin/bash", "", 0},
		{"empty in passwd", "", "", "tmpshell", "/bin/bash /usr/bin/bash", "", 0},
		{"for another processor", "Shell /usr/local/foreign/mksh", rig.Tmpshell, "tmpshell", "/bin/bash /usr/bin/bash",
			"tmpshell: cannot run /usr/local/foreign/mksh: exec format error\n", 0},
		{"for another processor, may restrict", "Shell /usr/local/foreign/guarded", "/bin/dash", "tmpshell", "",
			"tmpshell: cannot run /usr/local/foreign/guarded: exec format error\n", 126},
		{"script without #!", "Shell /usr/local/bin/script", rig.Tmpshell, "tmpshell", "script /tmp/.private/1000 -c " + show, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rig.Configure(t, c.conf)
			alice.SetShell(t, c.passwd)
			r := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{c.argv0, "-c", show}}.Run(t)
			want := c.want
			if c.status == 0 {
				want += "\n"
			}
			if r.Stdout != want || r.Stderr != c.stderr || r.Status != c.status {
				t.Errorf("login printed %q, %q, status %d; want %q, %q, %d", r.Stdout, r.Stderr, r.Status, want, c.stderr, c.status)
			}
		})
	}
	// Even with nothing to go by there is /bin/sh.
	rig.Configure(t, "")
	alice.SetShell(t, "/nowhere/fish")
	rig.Sh(t, "rm /etc/shells")
	if r := alice.Login(t, "echo $SHELL"); r.Stdout != "/bin/sh\n" {
		t.Errorf("without any shell, login printed %q, %q", r.Stdout, r.Stderr)
	}
}

// TestHelperGone: a helper that is missing or has lost its capabilities leads to a
// directory without privilege, and a person at a terminal is told what to do. One
// that was killed says nothing: a plain session, as nothing is demanded.
func TestHelperGone(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	for name, spoil := range map[string]string{
		"stripped":       "setcap -r /usr/libexec/tmpshell-helper",
		"copied":         "cp /usr/libexec/tmpshell-helper /usr/libexec/h; mv /usr/libexec/h /usr/libexec/tmpshell-helper",
		"missing":        "rm /usr/libexec/tmpshell-helper",
		"not executable": "chmod 0644 /usr/libexec/tmpshell-helper",
		"not a program":  "echo garbage >/usr/libexec/tmpshell-helper",
		"killed":         `printf '#!/bin/sh\nkill -9 $$\n' >/usr/libexec/tmpshell-helper; chmod 755 /usr/libexec/tmpshell-helper`,
		"lying":          `printf '#!/bin/sh\nexit 0\n' >/usr/libexec/tmpshell-helper; chmod 755 /usr/libexec/tmpshell-helper`,
	} {
		t.Run(name, func(t *testing.T) {
			rig.Install(t, "")
			rig.Sh(t, "rm -rf /tmp/.private*; "+spoil)
			dir, says := "/tmp/.private-1000", "; using /tmp/.private-1000\r\n"
			if name == "killed" {
				dir, says = "", "; a session without private directories\r\n"
			}
			r := alice.Login(t, "echo $TMPDIR")
			if r.Stdout != dir+"\n" || r.Stderr != "" {
				t.Errorf("login printed %q, %q", r.Stdout, r.Stderr)
			}
			if dir != "" {
				rig.CheckDir(t, dir, 1000, 1000, 0o700)
			}
			term := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"-tmpshell", "-c", "true"}}.OnTerminal(t)
			text, status := term.Wait()
			if status != 0 || strings.Count(text, "tmpshell: ") < 1 || !strings.Contains(text, says) ||
				dir != "" && !strings.Contains(text, "tmpshell: no private directory in /tmp: ") {
				t.Errorf("on a terminal: status %d, %q", status, text)
			}
			if name == "stripped" || name == "missing" || name == "copied" {
				if !strings.Contains(text, "hint: an administrator can run \"tmpshellctl setup\"") {
					t.Errorf("no hint in %q", text)
				}
			}
			rig.Configure(t, "OnFailure deny")
			if r := alice.Login(t, "echo in"); r.Status != 125 || r.Stdout != "" || r.Stderr == "" {
				t.Errorf("with OnFailure deny: %q, %q, status %d; want 125", r.Stdout, r.Stderr, r.Status)
			}
		})
	}
}

// TestSquattedBase: bob was first, and is moved aside and named in the log.
func TestSquattedBase(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	log := rig.ListenSyslog(t)
	for name, squat := range map[string]string{
		"directory": "mkdir -m 777 .private; mkdir .private/1000", "link": "ln -s /etc .private",
		"file": "echo >.private", "fifo": "mkfifo .private",
	} {
		t.Run(name, func(t *testing.T) {
			rig.Sh(t, "rm -rf /tmp/.private*")
			log.Forget()
			rig.Command{As: bob, Path: "/bin/sh", Args: []string{"sh", "-c", squat}, Dir: "/tmp"}.Run(t)
			if r := alice.Login(t, "echo $TMPDIR"); r.Stdout != "/tmp/.private/1000\n" || r.Stderr != "" {
				t.Errorf("login printed %q, %q", r.Stdout, r.Stderr)
			}
			rig.CheckPrivate(t, alice)
			log.Expect(t, "tmpshell-helper", "/tmp/.private", "moved aside to /tmp/.private.squatted-")
			if left := rig.Sh(t, "find /tmp -maxdepth 1 -name '.private.squatted-*' -user bob").Stdout; strings.Count(left, "\n") != 1 {
				t.Errorf("bob's object is not kept: %q", left)
			}
		})
	}
}

// TestMountedOver: something mounted on a name that anybody could take says
// what it likes about owner and mode, as a user's FUSE server does.
func TestMountedOver(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Sh(t, `rm -rf /tmp/.private; mkdir /tmp/.private /tmp/.private-1000
		mount -t tmpfs -o mode=711 none /tmp/.private
		install -d -m 700 -o 1000 -g 1000 /tmp/.private/1000
		mount -t tmpfs -o mode=700,uid=1000,gid=1000 none /tmp/.private-1000`)
	rig.CheckPrivate(t, alice) // all looks as it must
	if r := alice.Login(t, "echo $TMPDIR"); r.Stdout != "/tmp/.private-1000.1\n" {
		t.Errorf("login printed %q, %q; want /tmp/.private-1000.1", r.Stdout, r.Stderr)
	}
	rig.Configure(t, "OnFailure deny")
	if r := alice.Login(t, "echo in"); r.Status != 125 || !strings.Contains(r.Stderr, "/tmp/.private is a mount point") {
		t.Errorf("with OnFailure deny: %q, %q, status %d", r.Stdout, r.Stderr, r.Status)
	}
}
