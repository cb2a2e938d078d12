package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// reference is a ForceCommand that does what tmpshell does as one, and nothing
// else.
const reference = "/usr/bin/reference"

const referenceText = `#!/usr/bin/perl
my $shell = (getpwuid $<)[8];
(my $name = $shell) =~ s{.*/}{};
my $command = delete $ENV{SSH_ORIGINAL_COMMAND};
exec {$shell} length $command ? ($name, "-c", $command) : ("-$name");
`

// TestMatrixForced has tmpshell as ForceCommand: over the passwd shell that it
// stands for, and over itself as the passwd shell. sshd has the passwd shell run
// a ForceCommand: bash and zsh leave nothing of themselves, so that the session
// is as without it; the others do, with any ForceCommand, and are compared
// with one of three lines. And it has forced commands of others, with
// tmpshell as the passwd shell.
func TestMatrixForced(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	const sftp = "Subsystem sftp /usr/local/bin/observe " + sftpServer
	rig.Write(t, reference, referenceText, 0o755)
	// fish sets a locale that is not there, of which perl warns.
	rig.StartSSHD(t, "UsePAM no", "SetEnv PERL_BADLANG=0", "ListenAddress 127.0.0.2", "ListenAddress 127.0.0.3", "ListenAddress 127.0.0.4", sftp,
		"Match LocalAddress 127.0.0.4", "ForceCommand "+reference,
		"Match LocalAddress 127.0.0.2", "ForceCommand "+rig.Tmpshell,
		"Match LocalAddress 127.0.0.3", "AuthorizedKeysFile .ssh/forced_keys")
	toKeys := []string{"-oHostName=127.0.0.3"}
	// key has the account's key come with a command.
	key := func(commandLine string, words ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			rig.Write(t, a.Home+"/.ssh/forced_keys", `command="`+commandLine+`" `+rig.Must(t, "cat", "/etc/ssh/e2e/client.pub"), 0o644)
			return over(toKeys, words...)(t, a, script)
		}
	}
	matrix(t, "forced commands", append(forcedCallers(),
		caller{name: "command= in authorized_keys", login: key("observe; echo forced; exit 7", "asked for")},
		caller{name: "command=, nothing asked for", login: key("observe cat; exit 7")}))
}

// forcedCallers have servers that force tmpshell on 127.0.0.2, reference on
// 127.0.0.4, and nothing on 127.0.0.1.
func forcedCallers() []caller {
	toForced, toReference := []string{"-oHostName=127.0.0.2"}, []string{"-oHostName=127.0.0.4"}
	type sessions func(options ...string) func(*testing.T, *rig.Account, string) rig.Result
	// direct compares with a session that no command is forced on.
	direct := func(session sessions) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			if !isTmpshell(a) {
				return session()(t, a, script)
			}
			a.SetShell(t, realShellOf(t, a))
			return session(toForced...)(t, a, script)
		}
	}
	// forced compares with reference as the forced command. tmpshell comes
	// over the real shell, or over itself as the passwd shell.
	forced := func(overItself bool, session sessions) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			if !isTmpshell(a) {
				return session(toReference...)(t, a, script)
			}
			if !overItself {
				a.SetShell(t, realShellOf(t, a))
			}
			return session(toForced...)(t, a, script)
		}
	}
	exec := func(options ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return over(options, "{script}")
	}
	shell := func(options ...string) func(*testing.T, *rig.Account, string) rig.Result { return over(options) }
	terminal := func(options ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return overTerminal(options...)
	}
	put := func(options ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return bySFTP("put {local} {remote}", options...)
	}
	bourne := []string{"bash", "zsh"}
	return []caller{
		{name: "as without it: exec", login: direct(exec), only: bourne},
		{name: "as without it: hostile bytes", login: direct(hostileBytes), only: bourne},
		{name: "as without it: no terminal", login: direct(shell), only: bourne},
		{name: "as without it: terminal", login: direct(terminal), only: bourne},
		{name: "as without it: sftp", login: direct(put), only: bourne},
		{name: "over the shell: exec", login: forced(false, exec), unordered: true},
		{name: "over the shell: hostile bytes", login: forced(false, hostileBytes), unordered: true},
		{name: "over the shell: no terminal", login: forced(false, shell), unordered: true},
		{name: "over the shell: terminal", login: forced(false, terminal), unordered: true},
		{name: "over the shell: sftp", login: forced(false, put), unordered: true},
		{name: "over tmpshell: exec", login: forced(true, exec), unordered: true},
		{name: "over tmpshell: hostile bytes", login: forced(true, hostileBytes), unordered: true},
		{name: "over tmpshell: no terminal", login: forced(true, shell), unordered: true},
		{name: "over tmpshell: terminal", login: forced(true, terminal), unordered: true},
		{name: "over tmpshell: sftp", login: forced(true, put), unordered: true},
	}
}

// isTmpshell: it is the second session of a cell.
func isTmpshell(a *rig.Account) bool { return strings.HasPrefix(a.Shell, rig.Tmpshell) }

// realShellOf is the account's column.
func realShellOf(t *testing.T, a *rig.Account) string {
	t.Helper()
	for _, s := range realShells {
		if a.Name == "u"+s.name {
			return s.path
		}
	}
	t.Fatal(a.Name)
	return ""
}
