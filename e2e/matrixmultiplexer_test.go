package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMatrixMultiplexers has the programs that start shells on terminals of
// their own making. SHELL names the passwd shell here, as in a session that
// began without tmpshell; inside one that began with it, it names the real
// shell and there is nothing left to compare.
func TestMatrixMultiplexers(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "script", "tmux", "screen")
	rig.Must(t, "install", "-d", "-m", "1777", "/run/screen") // as tmpfiles.d has it
	matrix(t, "script, tmux, screen", []caller{
		{name: "script", login: func(t *testing.T, a *rig.Account, script string) rig.Result {
			return atPrompt(t, a, program(a, "script", "-q", "-e", "/dev/null"), script)
		}},
		{name: "script -c", login: func(t *testing.T, a *rig.Account, script string) rig.Result {
			return program(a, "script", "-q", "-e", "-c", script, "/dev/null").Run(t)
		}},
		{name: "tmux", login: tmux(nil), varies: tmuxVaries},
		{name: "tmux, shell of passwd", login: tmux([]string{"env", "-u", "SHELL"}), varies: tmuxVaries},
		{name: "tmux command", login: func(t *testing.T, a *rig.Account, script string) rig.Result {
			return inTmux(t, a, nil, script, "")
		}, varies: tmuxVaries},
		{name: "screen", login: screen(""), varies: []string{"STY"}},
		{name: "screen, login shells", login: screen("shell -$SHELL\n"), varies: []string{"STY"}},
	})
}

// program is a command of the account's own, whose SHELL is the passwd shell.
func program(a *rig.Account, args ...string) rig.Command {
	return rig.Command{As: a, Path: "/usr/bin/env", Args: append([]string{"env"}, args...), Dir: a.Home}
}

var tmuxVaries = []string{"TMUX"}

func tmux(before []string) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, script string) rig.Result {
		return inTmux(t, a, before, "", script)
	}
}

// inTmux starts a server with one window, for a command or a shell to type
// the script into, and stops it.
func inTmux(t *testing.T, a *rig.Account, before []string, command, typed string) rig.Result {
	t.Helper()
	do := func(args ...string) string {
		t.Helper()
		r := program(a, append(append(before, "tmux", "-f", "/etc/tmux.e2e"), args...)...).Run(t)
		if r.Status != 0 || r.Stderr != "" {
			t.Fatalf("tmux %q: status %d: %s", args, r.Status, r.Stderr)
		}
		return strings.TrimSpace(r.Stdout)
	}
	if _, err := os.Stat("/etc/tmux.e2e"); err != nil {
		rig.Write(t, "/etc/tmux.e2e", "set -g remain-on-exit on\n", 0o644)
	}
	session := []string{"new-session", "-d", "-x", "80", "-y", "24"}
	if command != "" {
		session = append(session, command)
	}
	// A server that is about to end may still answer at its socket, and takes
	// the new session with it.
	until(t, "a server", func() bool {
		r := program(a, append(append(before, "tmux", "-f", "/etc/tmux.e2e"), session...)...).Run(t)
		if r.Status != 0 && !strings.Contains(r.Stderr, "server exited") {
			t.Fatalf("tmux %q: status %d: %s", session, r.Status, r.Stderr)
		}
		return r.Status == 0
	})
	defer func() {
		do("kill-server")
		until(t, "the server's end", func() bool {
			return program(a, "tmux", "has-session").Run(t).Status != 0
		})
	}()
	if typed != "" {
		until(t, "a prompt", func() bool { return strings.HasSuffix(do("capture-pane", "-p"), "$") })
		do("send-keys", typed, "Enter")
	}
	var status int
	until(t, "the window's end", func() bool {
		do("run-shell", "-b", "true") // tmux 3.3a may overlook a child's end until the next one's
		n, _ := fmt.Sscanf(do("display-message", "-p", "#{pane_dead_status}"), "%d", &status)
		return n == 1
	})
	return rig.Result{Status: status}
}

// screen starts a session with one window, detached, and types the script.
func screen(config string) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, script string) rig.Result {
		do := func(args ...string) rig.Result {
			t.Helper()
			return program(a, append([]string{"screen", "-S", "e2e"}, args...)...).Run(t)
		}
		copied := a.Home + "/hardcopy"
		rig.Must(t, "rm", "-f", copied)
		rig.Write(t, a.Home+"/.screenrc", config, 0o644)
		if r := do("-d", "-m"); r.Status != 0 {
			t.Fatalf("screen: status %d: %s", r.Status, r.Stdout)
		}
		until(t, "a prompt", func() bool {
			do("-p", "0", "-X", "hardcopy", copied) // fails until the session has its socket
			text, _ := os.ReadFile(copied)
			return strings.HasSuffix(strings.TrimSpace(string(text)), "$")
		})
		do("-p", "0", "-X", "stuff", script+"\r")
		until(t, "screen's end", func() bool {
			sockets, _ := filepath.Glob("/run/screen/S-" + a.Name + "/*")
			return len(sockets) == 0
		})
		return rig.Result{}
	}
}

// until waits for something to become true.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	rig.Await(t, func() string { return "no " + what }, is)
}
