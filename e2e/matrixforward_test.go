package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// display is the X server's; sshd's own displays begin at 10.
const display = ":99"

// TestMatrixForward has the sessions that reach back to the client: to its
// agent and to its X server.
func TestMatrixForward(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "Xvfb", "xauth", "xdpyinfo")
	startX(t)
	rig.StartSSHD(t, "UsePAM no", "PermitUserRC yes", "X11Forwarding yes", "XAuthLocation /usr/bin/xauth")
	x := forwards([]string{"DISPLAY=" + display, "XAUTHORITY=" + xauthority}, "default screen number:", "-Y", "observe; xdpyinfo; exit 7")
	matrix(t, "forwarding", append(agentCallers(t), []caller{
		{name: "X11", varies: []string{"DISPLAY"}, login: x},
		{name: "X11, xauth by ~/.ssh/rc", varies: []string{"DISPLAY"},
			login: func(t *testing.T, a *rig.Account, script string) rig.Result {
				// As in sshd(8): the cookie comes on stdin.
				rig.Write(t, a.Home+"/.ssh/rc", `read proto cookie && echo "add unix:$(echo $DISPLAY | cut -c11-) $proto $cookie" | xauth -q -`+"\n", 0o644)
				defer rig.Must(t, "rm", a.Home+"/.ssh/rc")
				return x(t, a, script)
			}},
	}...))
}

// agentCallers reach the client's agent.
func agentCallers(t *testing.T) []caller {
	t.Helper()
	view.Need(t, "ssh-agent", "ssh-add")
	env := []string{"SSH_AUTH_SOCK=" + startAgent(t)}
	const key, script = "e2e agent (ED25519)", "observe; ssh-add -l; exit 7"
	return []caller{
		{name: "agent", varies: []string{"SSH_AUTH_SOCK"}, login: forwards(env, key, "-A", script)},
		{name: "agent, on a terminal", varies: []string{"SSH_AUTH_SOCK"}, login: forwards(env, key, "-A -tt", script)},
	}
}

// forwards has a client that forwards what env names. The cell fails if the
// script does not print what that answers; all that it prints is compared.
func forwards(env []string, answer, options, script string) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, _ string) rig.Result {
		rig.Must(t, "rm", "-f", a.Home+"/.Xauthority") // xauth says when it makes it
		c := rig.SSH(a, strings.Fields(options)...)
		c.Env = append(os.Environ(), env...)
		c.Args = append(c.Args, script)
		r := c.Run(t)
		r.Stdout = forwarded.ReplaceAllString(r.Stdout, "${1}N")
		if !strings.Contains(r.Stdout, answer) {
			t.Errorf("no %q: status %d, stdout %.300q, stderr %q", answer, r.Status, r.Stdout, r.Stderr)
		}
		return r
	}
}

// forwarded is what the number of sshd's display is in.
var forwarded = regexp.MustCompile(`(localhost:)[0-9]+`)

const xauthority = "/root/xauthority"

// startX runs an X server that lets nobody in but by a cookie.
func startX(t *testing.T) {
	t.Helper()
	cookie := strings.Repeat("0123456789abcdef", 2)
	rig.Must(t, "xauth", "-q", "-f", xauthority, "add", display, ".", cookie)
	// Without -noreset it refuses who comes just after its last client has left.
	rig.Start(t, "Xvfb", display, "-noreset", "-screen", "0", "800x600x24", "-nolisten", "tcp", "-auth", xauthority)
	until(t, "the X server", func() bool {
		return rig.Sh(t, "XAUTHORITY="+xauthority+" xdpyinfo -display "+display).Status == 0
	})
}

// startAgent runs an agent with one key and returns its socket.
func startAgent(t *testing.T) string {
	t.Helper()
	const dir = "/root/agent"
	rig.Must(t, "mkdir", "-m", "700", dir)
	rig.Start(t, "ssh-agent", "-D", "-a", dir+"/socket")
	rig.Must(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "e2e agent", "-f", dir+"/key")
	until(t, "the agent", func() bool {
		return rig.Sh(t, "SSH_AUTH_SOCK="+dir+"/socket ssh-add -q "+dir+"/key").Status == 0
	})
	return dir + "/socket"
}
