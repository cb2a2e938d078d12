package e2e

import (
	"slices"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// TestMatrixDropbear has the server of small machines in the place of sshd, for
// all that its clients do. It forces commands by an option and by authorized_keys,
// and says that a client asked for none by an empty SSH_ORIGINAL_COMMAND, where
// sshd leaves the variable out. It knows no X11, no PAM and no ~/.ssh/rc, and of
// eight sessions at once over one connection it loses some, whatever the shell.
func TestMatrixDropbear(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "mosh", "mosh-server", "mosh-client")
	rig.Write(t, reference, referenceText, 0o755)
	rig.Write(t, "/usr/lib/sftp-server", "#!/bin/sh\nexec observe "+sftpServer+"\n", 0o755)
	rig.StartDropbear(t, "127.0.0.1")
	rig.StartDropbear(t, "127.0.0.2", "-c", rig.Tmpshell)
	rig.StartDropbear(t, "127.0.0.4", "-c", reference)
	rows := slices.Concat(
		sshCallers(),
		transferCallers(t),
		agentCallers(t),
		ansibleCallers(t),
		jobCallers(t, "job control", sshTerminal),
		[]caller{{name: "mosh", login: byMosh()}, {name: "mosh command", login: byMosh("observe")}},
		forcedCallers(),
		keyCallers(),
	)
	for i, row := range rows {
		rows[i].leaks = true
		rows[i].login = func(t *testing.T, a *rig.Account, script string) rig.Result {
			rig.Authorize(t, a, "") // a row of keys writes another
			return row.login(t, a, script)
		}
	}
	matrixShare(t, "dropbear", sample.Of(32), rows)
}

// keyCallers have the account's key come with a command.
func keyCallers() []caller {
	key := func(command string, login func(*testing.T, *rig.Account, string) rig.Result) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			forced := command
			if forced == "" { // tmpshell for the second session, over the real shell
				if forced = reference; isTmpshell(a) {
					a.SetShell(t, realShellOf(t, a))
					forced = rig.Tmpshell
				}
			}
			rig.Authorize(t, a, `command="`+forced+`"`)
			return login(t, a, script)
		}
	}
	return []caller{
		{name: "key, tmpshell: exec", login: key("", over(nil, "{script}")), unordered: true},
		{name: "key, tmpshell: no terminal", login: key("", over(nil)), unordered: true},
		{name: "key, tmpshell: terminal", login: key("", overTerminal()), unordered: true},
		{name: "key, tmpshell: sftp", login: key("", bySFTP("put {local} {remote}")), unordered: true},
		{name: "key, another's command", login: key("observe; echo forced; exit 7", over(nil, "asked for"))},
		{name: "key, another's, nothing asked for", login: key("observe cat; exit 7", over(nil))},
	}
}
