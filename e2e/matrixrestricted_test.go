package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// restrictedShells are chosen by a link, or by the configuration.
var restrictedShells = []realShell{
	{"rbash", "/bin/rbash", rig.Tmpshell + "-rbash"},
	{"rbashC", "/bin/rbash", rig.Tmpshell},
	{"nologin", "/usr/sbin/nologin", rig.Tmpshell + "-nologin"},
	{"nologinC", "/usr/sbin/nologin", rig.Tmpshell},
	{"false", "/bin/false", rig.Tmpshell + "-false"},
	{"git", "/usr/bin/git-shell", rig.Tmpshell + "-git-shell"},
	{"gitC", "/usr/bin/git-shell", rig.Tmpshell},
}

// escapes are what rbash refuses, and what it allows.
var escapes = strings.Join([]string{
	"cd /", "pwd", "/bin/ls", "PATH=/bin", "SHELL=/bin/sh", "ENV=x", "BASH_ENV=x", "echo >file", "exec dash", "set +r",
	"set +o restricted", ". /etc/profile", "command -p true", "hash -p /bin/ls ls", "enable -f x x", "echo $-", "exit 7",
}, "\n")

// TestMatrixRestricted: an account that is refused something by its shell is
// refused it by tmpshell in front of it, too.
func TestMatrixRestricted(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "rbash", "git-shell", "nologin")
	rig.Sh(t, "echo /usr/bin/git-shell >>/etc/shells")
	rig.Sh(t, "sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su") // everybody knows the password
	rig.StartSSHD(t, "UsePAM no", "Subsystem sftp "+sftpServer)
	su := func(args ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, _ string) rig.Result {
			c := asRootFor(a, escapes, args...)
			c.Stdin = escapes + "\n"
			return c.Run(t)
		}
	}
	remote := func(words ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, _ string) rig.Result {
			c := rig.SSH(a)
			c.Stdin, c.Args = escapes+"\n", append(c.Args, words...)
			return c.Run(t)
		}
	}
	rows := []caller{
		{name: "ssh", login: remote()},
		{name: "ssh command", login: remote(escapes)},
		{name: "ssh terminal", login: func(t *testing.T, a *rig.Account, _ string) rig.Result {
			return restrictedTerminal(t, a, rig.SSH(a, "-tt"))
		}},
		{name: "sftp", login: func(t *testing.T, a *rig.Account, _ string) rig.Result {
			c := rig.SFTP(a)
			c.Stdin = "pwd\n"
			return c.Run(t)
		}},
		{name: "git over ssh", login: remote("git-upload-pack '/nosuch'")},
		{name: "su", login: su("su", "{user}")},
		{name: "su -", login: su("su", "-", "{user}")},
		{name: "su -c", login: su("su", "-c", "{script}", "{user}")},
		{name: "su - -c", login: su("su", "-", "-c", "{script}", "{user}")},
		{name: "su with the words of tmpshell", login: su("su", "{user}", "--", "--exec", "/bin/echo", "escaped"),
			only: []string{"rbash", "nologin", "false", "git"}},
		{name: "su - with the words of tmpshell", login: su("su", "-", "{user}", "--", "--exec", "/bin/echo", "escaped")},
		// Neither is in shells(5), where tmpshell itself is.
		{name: "su -s, not by root", login: func(t *testing.T, a *rig.Account, _ string) rig.Result {
			return program(a, "su", "-s", "/bin/sh", "-c", "id -un", a.Name).Run(t)
		}, only: []string{"nologin", "false"}},
		{name: "login", login: func(t *testing.T, a *rig.Account, _ string) rig.Result {
			rig.Write(t, a.Home+"/.hushlogin", "", 0o644)
			r := restrictedTerminal(t, a, asRootFor(a, "", "login", "-f", "{user}"))
			r.Status = exitStatus // login(1) does not pass it on
			return r
		}},
		{name: "sudo -i", login: su("sudo", "-n", "-i", "-u", "{user}")},
		{name: "sudo -i command", login: su("sudo", "-n", "-i", "-u", "{user}", "/bin/ls", "/")},
	}
	for i, row := range rows {
		rows[i].silent = true
		rows[i].login = func(t *testing.T, a *rig.Account, script string) rig.Result {
			r := row.login(t, a, script)
			// Who refuses something may say whose shell it is.
			r.Stderr = strings.ReplaceAll(r.Stderr, a.Shell, "SHELL")
			if r.Status == 0 || strings.Contains(r.Stdout, "escaped") {
				t.Errorf("nothing is refused: %+v", r)
			}
			return r
		}
	}
	matrixOf(t, "restricted shells (C: configured)", sample.Of(16), restrictedShells, rows,
		"Match User urbashC", "Shell /bin/rbash",
		"Match User unologinC", "Shell /usr/sbin/nologin",
		"Match User ugitC", "Shell /usr/bin/git-shell")
}

// restrictedTerminal types where there is a shell to type to.
func restrictedTerminal(t *testing.T, a *rig.Account, login rig.Command) rig.Result {
	term := login.OnTerminal(t)
	if strings.HasPrefix(a.Name, "urbash") {
		term.Expect("$ ")
		term.Send("cd /; exit 7\r")
		term.Expect("restricted")
	}
	text, status := term.Wait()
	return rig.Result{Stdout: text, Status: status}
}
