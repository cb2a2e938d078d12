package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

const sftpServer = "/usr/lib/openssh/sftp-server"

// Without PAM, sshd sets the session up itself; with it, the environment
// comes in another order and sshd keeps a monitor process.

func TestSSHDShell(t *testing.T)        { sshdShell(t, "UsePAM no") }
func TestSSHDShellWithPAM(t *testing.T) { sshdShell(t, "UsePAM yes") }

// sshdShell has tmpshell as the passwd shell.
func sshdShell(t *testing.T, pam string) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Write(t, alice.Home+"/.profile", "export PROFILE=read\n", 0o644)
	rig.StartSSHD(t, pam, "Subsystem sftp "+sftpServer)

	t.Run("exec", func(t *testing.T) {
		twin(t, alice, func(t *testing.T, script string) rig.Result {
			return ssh(t, alice, "", script)
		})
	})
	t.Run("shell", func(t *testing.T) {
		twin(t, alice, func(t *testing.T, script string) rig.Result {
			return ssh(t, alice, script)
		})
	})
	t.Run("shell on a terminal", func(t *testing.T) {
		twin(t, alice, func(t *testing.T, script string) rig.Result {
			return sshTerminal(t, alice, script)
		})
	})
	t.Run("every byte of the command", func(t *testing.T) {
		for name, command := range hostileCommands {
			t.Run(name, func(t *testing.T) {
				twin(t, alice, func(t *testing.T, script string) rig.Result {
					return ssh(t, alice, "", script+"; : "+command)
				})
			})
		}
	})
	t.Run("death by signal", func(t *testing.T) {
		if r := ssh(t, alice, "", "kill -9 $$"); r.Status != 255 {
			t.Errorf("status %d, want ssh's 255 for exit-signal", r.Status)
		}
	})
	t.Run("sftp", func(t *testing.T) { transfers(t, alice) })
}

// hostileCommands are commands that break a shell's quoting in the middle.
// Each follows the colon command.
var hostileCommands = map[string]string{
	"quotes":   `'it'\''s' "a \"b\"" \\ '\'`,
	"newlines": "a\n: b\n\n",
	"dollar":   `'$HOME ${x} $(id) ` + "`id`" + `'`,
	"bytes":    "'\x05\x7f\xff\xfe \xc3\x28'",
	"100 kB":   "'" + strings.Repeat("long ", 20_000) + "'",
}

// ssh runs a session without a terminal: a shell that reads stdin or, with a
// command, an exec request.
func ssh(t *testing.T, a *rig.Account, stdin string, command ...string) rig.Result {
	t.Helper()
	c := rig.SSH(a)
	c.Stdin, c.Args = stdin, append(c.Args, command...)
	return c.Run(t)
}

// sshTerminal types the script into a shell on a terminal.
func sshTerminal(t *testing.T, a *rig.Account, script string) rig.Result {
	t.Helper()
	return typed(t, a, rig.SSH(a, "-tt"), script)
}

// typed logs in with the command on a terminal and types the script into
// bash. What bash says when it is left is not part of the result.
func typed(t *testing.T, a *rig.Account, login rig.Command, script string) rig.Result {
	t.Helper()
	// Neither echo nor a prompt, so that nothing but output comes back.
	rig.Write(t, a.Home+"/.bash_profile", ". ~/.profile; stty -echo; PS1=; PS2=\n", 0o644)
	defer rig.Must(t, "rm", a.Home+"/.bash_profile")
	term := login.OnTerminal(t)
	term.Send("echo rea''dy\r")
	term.Expect("ready\r\n")
	before := term.Seen()
	term.Send(script + "\r")
	text, status := term.Wait()
	text = strings.ReplaceAll(text[before:], "\r\n", "\n")
	return rig.Result{Stdout: strings.Replace(text, "logout\n", "", 1), Status: status}
}
