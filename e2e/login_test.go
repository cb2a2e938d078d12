package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestLogin has the real login(1) on a terminal.
func TestLogin(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "/bin/login")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Write(t, alice.Home+"/.profile", "export PROFILE=read\n", 0o644)
	rig.Write(t, alice.Home+"/.hushlogin", "", 0o644)
	login := rig.Command{Path: "/bin/login", Args: []string{"login", "-f", "alice"}, Env: os.Environ()}

	t.Run("session", func(t *testing.T) {
		twin(t, alice, func(t *testing.T, script string) rig.Result {
			// login(1) does not pass a status on.
			r := typed(t, alice, login, script)
			r.Status = exitStatus
			return r
		})
	})
	t.Run("job control", func(t *testing.T) {
		term := login.OnTerminal(t)
		term.Send("export PS1='now''> '\r")
		term.Expect("now> ")
		term.Send("cat\r")
		term.Expect("cat\r\n")
		term.Send("\x1a")
		if got := term.Expect("now> "); !strings.Contains(got, "Stopped") {
			t.Errorf("suspending cat gave %q", got)
		}
		term.Send("jobs; kill %1; tty\r")
		term.Expect("/dev/pts/")
		term.Expect("now> ")
		term.Send("exit\r")
		if text, _ := term.Wait(); strings.Contains(text, "no job control") {
			t.Errorf("no job control:\n%s", text)
		}
	})
	t.Run("nothing from tmpshell on the terminal", func(t *testing.T) {
		term := login.OnTerminal(t)
		term.Send("exit\r")
		if text, _ := term.Wait(); strings.Contains(text, "tmpshell") {
			t.Errorf("on the terminal:\n%s", text)
		}
	})
}
