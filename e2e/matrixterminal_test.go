package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// prompt ends as those do of the shells that read no file.
const prompt = "ready$ "

// atPrompt types the script when the shell asks for it and returns what was
// on the terminal. fish draws its line again as it finds the time, so that
// its terminal is never the same twice.
func atPrompt(t *testing.T, a *rig.Account, login rig.Command, script string) rig.Result {
	t.Helper()
	term := login.OnTerminal(t)
	term.Expect("$ ")
	term.Send(script + "\r")
	text, status := term.Wait()
	if strings.Contains(text, "tmpshell:") {
		t.Errorf("on the terminal:\n%s", text)
	}
	if a.Name == "ufish" {
		text = ""
	}
	return rig.Result{Stdout: text, Status: status}
}

// exactly starts the shell itself with this argv, as a login would.
func exactly(a *rig.Account, argv ...string) rig.Command {
	return rig.Command{As: a, Path: a.Shell, Args: fill(a, "", argv), Dir: a.Home, Env: append(a.Env(), "CALLER=kept")}
}

// TestMatrixTerminal has the callers that bring a terminal.
func TestMatrixTerminal(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "/bin/login", "su", "sudo", "runuser", "setpriv")
	as := func(args ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			return atPrompt(t, a, asRootFor(a, "", args...), script)
		}
	}
	argv := func(words ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			return atPrompt(t, a, exactly(a, words...), script)
		}
	}
	login := func(args ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			rig.Write(t, a.Home+"/.hushlogin", "", 0o644)
			r := atPrompt(t, a, asRootFor(a, "", args...), script)
			r.Status = exitStatus // login(1) does not pass it on
			return r
		}
	}
	// What machinectl and systemd-run have a container's or host's pid 1 run.
	const byGetent = `shell=$(getent passwd {user} 2>/dev/null | { IFS=: read _ _ _ _ _ _ x; echo "$x"; })
exec setpriv --reuid {user} --regid {user} --init-groups env HOME=/home/{user} USER={user} SHELL={shell} "${shell:-/bin/sh}" -l`
	matrix(t, "on a terminal", []caller{
		{name: "login -f", login: login("login", "-f", "{user}")},
		{name: "login -p -f", login: login("login", "-p", "-f", "{user}")},
		{name: "su", login: as("su", "{user}")},
		{name: "su -", login: as("su", "-", "{user}")},
		{name: "su - --pty", login: as("su", "-", "--pty", "{user}")},
		{name: "runuser -l", login: as("runuser", "-l", "{user}")},
		{name: "sudo -i", login: as("sudo", "-n", "-i", "-u", "{user}")},
		{name: "sudo -s", login: as("env", "SHELL={shell}", "sudo", "-n", "-s", "-u", "{user}")},
		{name: "argv -NAME (getty, sshd)", login: argv("-{name}")},
		{name: "argv -/full/path (run0)", login: argv("-{shell}")},
		{name: "argv /full/path (terminal emulators)", login: argv("{shell}")},
		{name: "argv NAME", login: argv("{name}")},
		{name: "argv PATH -i", login: argv("{shell}", "-i")},
		{name: "argv PATH -l -i", login: argv("{shell}", "-l", "-i")},
		{name: "machinectl shell", login: as("/bin/sh", "-c", byGetent)},
		{name: "GNOME: exec -l SHELL -c", login: func(t *testing.T, a *rig.Account, script string) rig.Result {
			c := exactly(a, "bash", "-c", `exec -l "$SHELL" -c "$1"`, "bash", script)
			c.Path = "/bin/bash"
			return c.Run(t)
		}},
	})
}
