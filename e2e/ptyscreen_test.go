package e2e

import (
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// pane is a program on a terminal that tmux(1) emulates.
type pane struct {
	t    *testing.T
	a    *rig.Account
	name string
}

func (s pane) tmux(args ...string) string {
	s.t.Helper()
	r := rig.Command{As: s.a, Path: "/usr/bin/tmux", Args: append([]string{"tmux", "-L", s.name, "-f", "/dev/null"}, args...), Env: append(s.a.Env(), "TERM=xterm")}.Run(s.t)
	if r.Status != 0 {
		s.t.Fatalf("tmux %q: %+v", args, r)
	}
	return r.Stdout
}

// shows waits until the screen has all of the words, and returns it.
func (s pane) shows(words ...string) (text string) {
	s.t.Helper()
	rig.Await(s.t, func() string {
		return s.name + ": the screen has not all of " + strings.Join(words, ", ") + ":\n" + text
	}, func() bool {
		text = s.tmux("capture-pane", "-p")
		for _, w := range words {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return true
	})
	return text
}

// drawn is what a program is to draw.
type drawn struct {
	program                    string
	lasting                    []string // of what else it draws, nothing stays; nil: all does
	begun, resized, keys, then []string
	bottom                     string // of the last line, once it is drawn anew
	asks                       string // before the last key of quit
	quit                       []string
}

// steady is what stays on the screen.
func (d drawn) steady(text string) string {
	if d.lasting == nil {
		return text
	}
	var b strings.Builder
	for n, line := range strings.Split(text, "\n") {
		for _, w := range d.lasting {
			if strings.Contains(line, w) {
				b.WriteString(strconv.Itoa(n) + " " + line + "\n")
				break
			}
		}
	}
	return b.String()
}

// TestPTYScreen: programs that draw on the whole screen draw there with --pty what they
// draw without, after a change of its size, too.
func TestPTYScreen(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "tmux", "htop", "vim")
	rig.Install(t)
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Write(t, "/home/alice/inner", `#!/bin/sh
exec tmux -L in$1 -f /dev/null new-session 'exec env PS1=inner: sh' \; set -g status-right '' \; set -g status-left '' \; set -g automatic-rename off \; set -g default-command 'echo second; exec cat'
`, 0o755)
	const line = "one line of many\n"
	rig.Write(t, "/home/alice/text", strings.Repeat(line, 200), 0o644)
	for _, c := range []drawn{
		{"htop -d 100 -p 1", []string{"PID", "F1"}, []string{"PID", "F1Help", "F10Quit"}, []string{"F1Help", "F10Quit"}, []string{"F1"}, []string{"Arrows: scroll", "help screen"}, "F1Help", "", []string{"Space", "q"}},
		{"vim -u NONE -i NONE -n -N text", nil, []string{strings.Repeat(line, 23) + `"text" `}, []string{strings.Repeat(line, 29)}, []string{":set number", "Enter", "G"}, []string{"200 one line"}, "", ":q!", []string{":q!", "Enter"}},
		{"./inner NAME", nil, []string{"inner:", "0:"}, []string{"inner:", "0:"}, []string{"C-b", "\""}, []string{"second"}, "0:", "(y/n)", []string{"C-b", "&", "y"}},
	} {
		t.Run(strings.Fields(c.program)[0], func(t *testing.T) {
			var seen [2][]string
			for n, before := range []string{"", "tmpshell --exec --pty -- "} {
				s := pane{t, a, "screen" + string(rune('a'+n))}
				program := "cd; " + before + "env -u TMUX " + strings.ReplaceAll(c.program, "NAME", s.name) + "; echo status $?; exec cat"
				s.tmux("new-session", "-d", "-x", "80", "-y", "24", program, ";", "set", "status", "off")
				stable := func(words []string) {
					t.Helper()
					// What the last of the words is drawn with is on its way.
					last := ""
					rig.Await(t, func() string { return "it draws all the time:\n" + last }, func() bool {
						now := c.steady(s.shows(words...))
						same := now == last
						last = now
						return same
					})
					seen[n] = append(seen[n], last)
				}
				stable(c.begun)
				s.tmux("resize-window", "-x", "100", "-y", "30")
				rig.Await(t, func() string { return "the last line is not drawn" }, func() bool {
					lines := strings.Split(s.tmux("capture-pane", "-p"), "\n")
					return len(lines) == 31 && strings.Contains(lines[29], c.bottom)
				})
				stable(c.resized)
				s.tmux(append([]string{"send-keys"}, c.keys...)...)
				stable(c.then)
				for i, key := range c.quit {
					if i == len(c.quit)-1 {
						s.shows(c.asks)
					}
					s.tmux("send-keys", key)
				}
				stable([]string{"status 0"})
				s.tmux("kill-server")
			}
			for i := range seen[0] {
				if seen[0][i] != seen[1][i] {
					t.Errorf("picture %d with --pty:\n%s\nwithout:\n%s", i, seen[1][i], seen[0][i])
				}
			}
		})
	}
}
