package e2e

import (
	"slices"
	"sync"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMatrixEmulators has the terminals that are programs: xterm on a display of
// its own, and mosh, whose server ssh starts and then leaves.
func TestMatrixEmulators(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "Xvfb", "xauth", "xdpyinfo", "xterm", "xdotool", "mosh", "mosh-server", "mosh-client")
	startX(t)
	rig.StartSSHD(t, "UsePAM no")
	matrix(t, "terminals", []caller{
		{name: "xterm", login: inXterm("SHELL={shell}", "xterm"), varies: xtermVaries},
		{name: "xterm, shell of passwd", login: inXterm("-u", "SHELL", "xterm"), varies: xtermVaries},
		{name: "xterm -ls", login: inXterm("SHELL={shell}", "xterm", "-ls"), varies: xtermVaries},
		{name: "xterm -e", login: inXterm("SHELL={shell}", "xterm", "-e", "{script}"), varies: xtermVaries},
		{name: "mosh", login: byMosh()},
		{name: "mosh command", login: byMosh("observe")},
	})
}

// xterm names the passwd shell, and X numbers its windows.
var xtermVaries = []string{"XTERM_SHELL", "WINDOWID"}

// oneDisplay: what is typed goes to the window under the pointer.
var oneDisplay sync.Mutex

// inXterm starts xterm, and types the script into its window unless it is on
// the command line.
func inXterm(words ...string) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, script string) rig.Result {
		oneDisplay.Lock()
		defer oneDisplay.Unlock()
		cookie := a.Home + "/.Xauthority"
		rig.Must(t, "install", "-o", a.Name, "-m", "600", xauthority, cookie)
		c := program(a, fill(a, script, words)...)
		c.Env = append(a.Env(), "DISPLAY="+display)
		if slices.Contains(words, "{script}") {
			return status(c.Run(t))
		}
		var typing sync.WaitGroup
		typing.Go(func() {
			rig.Sh(t, `export XAUTHORITY="$1" DISPLAY="$2"
				xdotool search --sync --onlyvisible --class xterm mousemove 20 20
				xdotool type --delay 1 "$3"; xdotool key Return`, cookie, display, script)
		})
		defer typing.Wait()
		return status(c.Run(t))
	}
}

// status is a result without what an emulator has to say itself.
func status(r rig.Result) rig.Result { return rig.Result{Status: r.Status, Signal: r.Signal} }

// byMosh has mosh's client on a terminal here.
func byMosh(words ...string) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, script string) rig.Result {
		c := command(append([]string{"mosh", "--ssh=" + rig.SSHShell(), rig.Host(a), "--"}, fill(a, script, words)...)...)
		if len(words) == 0 {
			c.Args = c.Args[:len(c.Args)-1]
			return status(atPrompt(t, a, c, script))
		}
		_, code := c.OnTerminal(t).Wait()
		return rig.Result{Status: code}
	}
}
