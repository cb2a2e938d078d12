package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// shellOf is what /etc/passwd says.
func shellOf(t *testing.T, name string) string {
	t.Helper()
	line, _, _ := strings.Cut(rig.Must(t, "getent", "passwd", name), "\n")
	return line[strings.LastIndexByte(line, ':')+1:]
}

// ctl runs tmpshellctl, and checks its exit status and what it prints.
func ctl(t *testing.T, status int, args string, says ...string) {
	t.Helper()
	r := rig.Sh(t, "tmpshellctl "+args)
	if r.Status != status {
		t.Errorf("tmpshellctl %s: status %d, want %d\n%s%s", args, r.Status, status, r.Stdout, r.Stderr)
	}
	for _, want := range says {
		if !strings.Contains(r.Stdout+r.Stderr, want) {
			t.Errorf("tmpshellctl %s does not say %q:\n%s%s", args, want, r.Stdout, r.Stderr)
		}
	}
}

// TestEnable rolls tmpshell out to accounts and takes it back, and logs in as each
// of them in between.
func TestEnable(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "usermod", "su", "update-shells", "zsh", "dash")
	rig.Install(t)
	rig.AddGroup(t, "staff2", 2000, "zoe", "dan", "root", "gone")
	accounts := map[string]*rig.Account{}
	for i, a := range []rig.Account{
		{Name: "zoe", Shell: "/bin/zsh"}, {Name: "dan", Shell: "/bin/dash"}, {Name: "bob", Shell: "/bin/bash"},
		{Name: "nell", Shell: "/usr/sbin/nologin"}, {Name: "odd", Shell: "/opt/odd"}, {Name: "prim", Shell: "/bin/bash", GID: 2000},
		{Name: "afar", Shell: "/run/shells/away"},
	} {
		a.UID = uint32(1000 + i)
		accounts[a.Name] = rig.AddUser(t, a)
	}
	rig.Must(t, "sh", "-c", "mkdir /run/shells && cp /bin/dash /run/shells/away && echo /run/shells/away >>/etc/shells")
	before := rig.Must(t, "cat", "/etc/passwd", "/etc/shells")

	t.Run("a dry run changes nothing", func(t *testing.T) {
		if r := rig.Sh(t, "tmpshellctl enable --dry-run zoe zoe zoe ''"); r.Status != 1 || strings.Count(r.Stdout, "would add /usr/bin/tmpshell-zsh") != 1 || !strings.Contains(r.Stdout, "\"\": failed: there is no such account") {
			t.Errorf("three times the same account, and none: %+v", r)
		}
		ctl(t, 0, "enable --dry-run zoe bob", "zoe: would get /usr/bin/tmpshell-zsh, not /bin/zsh", "/etc/shells: would add /usr/bin/tmpshell-zsh")
		if diff := cmp.Diff(before, rig.Must(t, "cat", "/etc/passwd", "/etc/shells")); diff != "" {
			t.Errorf("files changed (-before +after):\n%s", diff)
		}
		if _, err := os.Lstat("/usr/bin/tmpshell-zsh"); err == nil {
			t.Error("a link was made")
		}
	})
	t.Run("another file system", func(t *testing.T) {
		// Files of one overlay may have the devices of its layers.
		ctl(t, 0, "enable --dry-run afar bob dan", "afar: warning: /usr/bin/tmpshell is on another file system than /run/shells/away")
		if r := rig.Sh(t, "tmpshellctl enable --dry-run bob dan"); strings.Contains(r.Stdout, "warning") {
			t.Errorf("a warning on one file system: %s", r.Stdout)
		}
	})
	t.Run("what is refused", func(t *testing.T) {
		ctl(t, 1, "enable root nell nobody-there odd", "root: failed: uid 0", "nell: failed: no login", "--force",
			"nobody-there: failed: there is no such account", "odd: failed: /etc/shells has no line for a shell odd")
		ctl(t, 2, "enable", "hint")
		ctl(t, 2, "disable zoe --all")
		ctl(t, 1, "enable --group nobody-there", "there is no group nobody-there")
		if diff := cmp.Diff(before, rig.Must(t, "cat", "/etc/passwd", "/etc/shells")); diff != "" {
			t.Errorf("files changed (-before +after):\n%s", diff)
		}
	})
	t.Run("a group", func(t *testing.T) {
		ctl(t, 0, "enable --group staff2", "zoe: /usr/bin/tmpshell-zsh, was /bin/zsh", "root: left as it is", "prim: /usr/bin/tmpshell-bash")
		ctl(t, 0, "enable --group staff2", "zoe: /usr/bin/tmpshell-zsh (as it was)")
		ctl(t, 0, "enable bob")
		rig.Must(t, "update-shells")
		for name, shell := range map[string]string{"zoe": "zsh", "dan": "dash", "bob": "bash", "prim": "bash", "nell": "", "root": ""} {
			if want := "/usr/bin/tmpshell-" + shell; shell != "" && shellOf(t, name) != want {
				t.Errorf("the shell of %s is %s; want %s", name, shellOf(t, name), want)
			}
			if shell == "" {
				if strings.Contains(shellOf(t, name), "tmpshell") {
					t.Errorf("the shell of %s is %s", name, shellOf(t, name))
				}
				continue
			}
			if listed := rig.Must(t, "cat", "/etc/shells"); !strings.Contains(listed, "/usr/bin/tmpshell-"+shell+"\n") {
				t.Errorf("/etc/shells does not list tmpshell-%s:\n%s", shell, listed)
			}
		}
	})
	t.Run("logins", func(t *testing.T) {
		rig.StartSSHD(t, "UsePAM no")
		for name, shell := range map[string]string{"zoe": "zsh", "dan": "dash", "bob": "bash"} {
			a := accounts[name]
			const script = `basename $(readlink /proc/$$/exe); echo $TMPDIR`
			want := shell + "\n" + a.Private() + "\n"
			if r := rig.Sh(t, "su - "+name+` -c "$1"`, script); r.Stdout != want {
				t.Errorf("su - %s: %q, %q; want %q", name, r.Stdout, r.Stderr, want)
			}
			if r := ssh(t, a, "", script); r.Stdout != want {
				t.Errorf("ssh %s: %q, %q; want %q", name, r.Stdout, r.Stderr, want)
			}
		}
	})
	t.Run("forced", func(t *testing.T) {
		ctl(t, 0, "enable --force nell", "nell: /usr/bin/tmpshell-nologin")
		if r := rig.Sh(t, "su - nell -c 'echo in'"); r.Status == 0 || strings.Contains(r.Stdout, "in\n") {
			t.Errorf("su - nell: status %d, %q; want no login", r.Status, r.Stdout)
		}
		if strings.Contains(rig.Must(t, "cat", "/etc/shells"), "nologin") {
			t.Error("/etc/shells lists tmpshell-nologin")
		}
	})
	t.Run("removal stops", func(t *testing.T) {
		ctl(t, 1, "setup --remove", "still the shell of ", "zoe", "nell", "tmpshellctl disable --all")
		ctl(t, 0, "disable zoe", "zoe: /bin/zsh, was /usr/bin/tmpshell-zsh")
		ctl(t, 0, "disable zoe", "(as it was)")
		if err := os.Remove("/usr/bin/tmpshell-zsh"); err != nil { // an alias, and one that is not there
			t.Fatal(err)
		}
		accounts["bob"].Shell = shellOf(t, "bob")
		accounts["bob"].SetShell(t, "/bin/tmpshell-bash")
		accounts["zoe"].Shell = shellOf(t, "zoe")
		accounts["zoe"].SetShell(t, "/usr/bin/tmpshell-zsh")
		ctl(t, 1, "setup --remove", "bob", "zoe")
	})
	t.Run("and all back", func(t *testing.T) {
		ctl(t, 0, "disable --all", "bob: /bin/bash", "nell: /usr/sbin/nologin")
		want := before[:strings.Index(before, "# /etc/shells")]
		if diff := cmp.Diff(want, rig.Must(t, "cat", "/etc/passwd")); diff != "" {
			t.Errorf("/etc/passwd after enable and disable (-before +after):\n%s", diff)
		}
		ctl(t, 0, "disable --all", "none has tmpshell")
		ctl(t, 0, "setup --remove", "/usr/bin/tmpshell-bash: removed")
		if left := rig.Sh(t, "ls /usr/bin/tmpshell-*; grep tmpshell /etc/shells").Stdout; left != "" {
			t.Errorf("left behind: %s", left)
		}
	})
}

// TestEnableElsewhere has accounts that are not in /etc/passwd, lines beside it that
// run tmpshell, and a machine without usermod(8).
func TestEnableElsewhere(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "usermod", "su")
	rig.Install(t)
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1000, Shell: "/bin/bash"})
	nsswitch := rig.Must(t, "cat", "/etc/nsswitch.conf")
	use := func(service string) {
		rig.Write(t, "/etc/nsswitch.conf", strings.NewReplacer("passwd: files", "passwd: files "+service, "group: files", "group: files "+service).Replace(nsswitch), 0o644)
	}
	t.Run("without usermod", func(t *testing.T) {
		rig.Must(t, "mv", "/usr/sbin/usermod", "/root/usermod")
		ctl(t, 0, "enable bob", "bob: /usr/bin/tmpshell-bash, was /bin/bash")
		if r := rig.Sh(t, `su - bob -c 'echo $TMPDIR'`); r.Stdout != bob.Private()+"\n" {
			t.Errorf("su - bob: %q, %q; want %s", r.Stdout, r.Stderr, bob.Private())
		}
		rig.Must(t, "sh", "-c", "pwck -qr; test ! -e /etc/passwd.lock -a ! -e /etc/passwd+")
		ctl(t, 0, "disable bob", "bob: /bin/bash, was /usr/bin/tmpshell-bash")
		rig.Must(t, "mv", "/root/usermod", "/usr/sbin/usermod")
	})
	t.Run("a directory", func(t *testing.T) {
		use("extrausers")
		rig.Write(t, "/var/lib/extrausers/passwd", "carol:x:5000:5000::/home/carol:/bin/bash\n", 0o644)
		rig.Write(t, "/var/lib/extrausers/group", "far:x:5001:carol\n", 0o644)
		ctl(t, 1, "enable carol", "carol: failed: not in /etc/passwd", "Match User %s\\n    ForceCommand %s", "carol /usr/bin/tmpshell")
		ctl(t, 1, "enable --group far", "carol: failed: not in /etc/passwd", "far /usr/bin/tmpshell")
		rig.Write(t, "/var/lib/extrausers/passwd", "carol:x:5000:5000::/home/carol:/usr/bin/tmpshell\n", 0o644)
		ctl(t, 1, "setup --remove", "name service: failed: tmpshell is still the shell of carol")
		ctl(t, 1, "disable --all", "carol: failed: not in /etc/passwd")
		if err := os.Remove("/var/lib/extrausers/passwd"); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a directory that lists nobody", func(t *testing.T) {
		use("ldap")
		ctl(t, 1, "setup --remove", "ldap lists no accounts", "--force")
		use("")
	})
	t.Run("accounts that cannot be read", func(t *testing.T) {
		rig.Must(t, "mv", "/usr/bin/getent", "/root/getent")
		rig.Write(t, "/usr/bin/getent", "#!/bin/sh\necho out of order >&2; exit 3\n", 0o755)
		ctl(t, 1, "setup --remove", "it cannot be told whose shell tmpshell is", "out of order")
		ctl(t, 1, "disable --all", "out of order")
		rig.Must(t, "mv", "/root/getent", "/usr/bin/getent")
	})
	t.Run("what else runs it", func(t *testing.T) {
		for file, line := range map[string]string{
			"/etc/ssh/sshd_config":                              "ForceCommand /usr/bin/tmpshell",
			"/etc/ssh/sshd_config.d/x.conf":                     "Match Group lab\n  forcecommand=\"/usr/bin/tmpshell\"",
			"/etc/cron.d/job":                                   "SHELL=/usr/bin/tmpshell\n* * * * * root true",
			"/var/spool/cron/crontabs/bob":                      "# x\nSHELL = '/usr/bin/tmpshell'\n",
			"/etc/adduser.conf":                                 "DSHELL=/bin/tmpshell",
			"/etc/systemd/system/user@.service.d/tmpshell.conf": "[Service]\nExecStart=\nExecStart=-/usr/bin/tmpshell --exec -- x",
		} {
			text := rig.Sh(t, `cat "$1"`, file).Stdout
			rig.Write(t, file, text+line+"\n", 0o644)
			ctl(t, 1, "setup --remove", file+":", "sed -i")
			rig.Write(t, file, text, 0o644)
		}
		// A FIFO in a crontab's place keeps nobody waiting.
		rig.Must(t, "sh", "-c", "rm -f /var/spool/cron/crontabs/bob; mkfifo /var/spool/cron/crontabs/bob")
		ctl(t, 0, "setup --remove")
	})
	t.Run("forced", func(t *testing.T) {
		rig.Setup(t)
		ctl(t, 0, "enable bob")
		ctl(t, 0, "setup --remove --force", "passwd: warning: tmpshell is still the shell of bob")
		rig.Setup(t)
		ctl(t, 0, "setup --remove --disable", "bob: /bin/bash")
		if got := shellOf(t, "bob"); got != "/bin/bash" {
			t.Errorf("the shell of bob is %s; want /bin/bash", got)
		}
	})
}

// TestNotSetUp has a configuration that needs what setup has not given yet.
func TestNotSetUp(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.CopyPrograms(t)
	rig.AddUser(t, rig.Account{Name: "bob", UID: 1000, Shell: "/bin/bash"})
	const helper = "/usr/libexec/tmpshell-helper lacks cap_dac_override"
	ctl(t, 1, "enable bob", "bob: failed: "+helper, "tmpshellctl setup")
	ctl(t, 0, "check", helper)
	rig.Setup(t)
	if r := rig.Sh(t, "tmpshellctl check; tmpshellctl show bob"); strings.Contains(r.Stdout, "lacks") {
		t.Errorf("after setup:\n%s", r.Stdout)
	}
	rig.Configure(t, "Directory /tmp mount")
	const session = `/usr/libexec/tmpshell-session lacks cap_`
	ctl(t, 0, "check", "notice: "+session, `which the configuration needs; run "tmpshellctl setup"`)
	ctl(t, 0, "show bob", "notice "+session)
	ctl(t, 0, "show --json bob", `"not_set_up": "`+session)
	ctl(t, 1, "enable bob", session)
	rig.Setup(t)
	ctl(t, 0, "enable bob")
	// One check alone, and a finding that does not count.
	ctl(t, 0, "doctor --only capabilities,policy", "capabilities: ok", "policy: ok")
	rig.Must(t, "setcap", "-r", rig.Mounter)
	ctl(t, 1, "doctor --only capabilities --level error", "capabilities: error")
	ctl(t, 0, "doctor --only policy,capabilities --ignore capabilities", "policy: ok")
}
