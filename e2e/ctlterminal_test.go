package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

var colors = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestCtlTerminal: on a terminal, tables are folded to its width and have colour; with
// NO_COLOR or in a pipe there is none.
func TestCtlTerminal(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.CopyPrograms(t)
	rig.Configure(t, "SetEnv A=1", "Match User alice,nobody-there", "Directory /tmp mount share=.X11-unix/,.ICE-unix/,.s.PGSQL.5432,mysql.sock")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	const columns = "80"
	on := func(environment, command string) string {
		c := rig.Command{Path: "/bin/sh", Args: []string{"sh", "-c", "stty cols " + columns + "; exec env TERM=xterm " + environment + " " + command}}
		text, _ := c.OnTerminal(t).Wait()
		return strings.ReplaceAll(text, "\r\n", "\n")
	}
	for _, c := range []struct {
		command, colored string // what has a colour of its own
	}{
		{"tmpshellctl show alice", "notice"},
		{"tmpshellctl setup", "warning"},
		{"tmpshellctl setup", ""},
		{"tmpshellctl enable root --dry-run", "failed"},
		{"tmpshellctl doctor --only capabilities,policy,instances", "warning"},
		{"tmpshellctl status --contained", ""},
		{"tmpshellctl audit --list", ""},
		{"tmpshellctl disable --all", ""},
	} {
		if strings.Contains(c.command, "status") {
			alice.Login(t, "true")
		}
		text := on("", c.command)
		if !strings.Contains(text, "\x1b[1m") {
			t.Errorf("%s has nothing bold:\n%q", c.command, text)
		}
		if c.colored != "" && !regexp.MustCompile("\x1b\\[[0-9;]*3[0-9]m"+regexp.QuoteMeta(c.colored)).MatchString(text) {
			t.Errorf("%s has no colour for %s:\n%q", c.command, c.colored, text)
		}
		for line := range strings.Lines(colors.ReplaceAllString(text, "")) {
			line = strings.TrimSuffix(line, "\n")
			if len(line) > 80 || strings.HasSuffix(line, " ") {
				t.Errorf("%s: a line of %d columns, or with a blank at its end, on a terminal of %s:\n%q", c.command, len(line), columns, line)
			}
		}
		if text := on("NO_COLOR=1", c.command); strings.Contains(text, "\x1b") {
			t.Errorf("%s with NO_COLOR: %q", c.command, text)
		}
		if r := rig.Sh(t, c.command); strings.Contains(r.Stdout+r.Stderr, "\x1b") {
			t.Errorf("%s in a pipe: %q, %q", c.command, r.Stdout, r.Stderr)
		}
	}
	stay := strings.Count(rig.Sh(t, "tmpshellctl clean --contained --json").Stdout, `"action": "kept"`)
	if got := on("", "tmpshellctl clean --contained"); stay == 0 || !strings.HasPrefix(got, fmt.Sprintf("nothing to remove: %d director", stay)) {
		t.Errorf("clean: %q; want %d directories that stay", got, stay)
	}
	if r := rig.Sh(t, "tmpshellctl clean --contained"); r.Stdout+r.Stderr != "" {
		t.Errorf("clean in a pipe: %q, %q; cron sends what is printed by mail", r.Stdout, r.Stderr)
	}
	ctl(t, 2, "stauts", "did you mean tmpshellctl status?")
	ctl(t, 2, "clean --dryrun", "did you mean --dry-run?")
	rig.Configure(t, "Directory /tmp mont", "Directory /tmp mount shares=x", "Match Usr bob")
	ctl(t, 1, "check", "did you mean mount?", "did you mean share=?", "did you mean User?")
}
