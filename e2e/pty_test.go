package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestPTY: --exec --pty has a terminal where there is none, and changes nothing of
// what goes through it.
func TestPTY(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "python3", "stty")
	rig.Install(t)
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	with := func(script, stdin string) rig.Result {
		return rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "--pty", "--", "sh", "-c", script}, Stdin: stdin}.Run(t)
	}
	for script, want := range map[string]rig.Result{
		"[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && stty size </dev/tty; exit 7": {Stdout: "24 80\r\n", Status: 7},
		"kill -TERM $$": {Status: -1, Signal: 15},
		"echo out; echo err >&2; (sleep 0.05; echo late) & wait": {Stdout: "out\r\nerr\r\nlate\r\n"},
	} {
		if r := with(script, ""); r.Status != want.Status || r.Signal != want.Signal || strings.TrimPrefix(r.Stdout, "^D\b\b") != want.Stdout {
			t.Errorf("%s: %+v; want %+v", script, r, want)
		}
	}
	// A file that is typed in, and its end.
	if r := with("stty -echo; cat >$TMPDIR/typed; cat $TMPDIR/typed", "one\ntwo\nthree"); !strings.HasSuffix(r.Stdout, "one\r\ntwo\r\nthree") {
		t.Errorf("what was typed: %+v", r)
	}
	// One end is read, not two: what reads next is not ended by it.
	for _, typed := range []string{"one\n", "one"} {
		const read = `stty -echo; exec python3 -c 'import os
print(os.read(0, 9), os.read(0, 9), flush=True)
os.set_blocking(0, False)
try: print("ended again", os.read(0, 9))
except BlockingIOError: print("goes on")'`
		if r := with(read, typed); !strings.HasSuffix(r.Stdout, fmt.Sprintf("b%s b''\r\ngoes on\r\n", strings.ReplaceAll(strconv.Quote(typed), `"`, "'"))) {
			t.Errorf("the end of %q: %+v", typed, r)
		}
	}
	const size = 32 << 20
	start := time.Now()
	r := with("stty -opost; head -c 33554432 /dev/zero", "")
	if n := strings.Count(r.Stdout, "\x00"); n != size {
		t.Errorf("%d of %d bytes came through", n, size)
	}
	view.Tell("through --pty: " + time.Since(start).String() + " for 32 MiB\n")
	// On a terminal: its size, its signals, and its end.
	term := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "--pty", "--", "bash", "--norc"}}.OnTerminal(t)
	term.Send("stty size; echo in''side\n")
	term.Expect("24 80")
	term.Expect("inside")
	term.Resize(40, 100)
	term.Send("until [ \"$(stty size)\" = '40 100' ]; do sleep 0.01; done; echo res''ized\n")
	term.Expect("resized")
	term.Send("sleep 1000\n")
	rig.Await(t, func() string { return "no sleep" }, func() bool { return rig.Sh(t, "pgrep -u alice sleep").Stdout != "" })
	term.Send("\x03echo after''wards\n")
	term.Expect("afterwards")
	term.HangUp()
	rig.Await(t, func() string { return rig.Sh(t, "ps -fu alice").Stdout }, func() bool { return rig.Sh(t, "pgrep -u alice").Stdout == "" })
	// The settings that a person has made are the inner terminal's, too.
	term = rig.Command{As: a, Path: "/bin/sh", Args: []string{"sh", "-c", "stty -ixon intr ^G; stty -g; tmpshell --exec --pty -- stty -g"}}.OnTerminal(t)
	text, _ := term.Wait()
	if outer, inner, _ := strings.Cut(text, "\r\n"); outer == "" || strings.TrimSpace(inner) != outer {
		t.Errorf("the settings of the outer and the inner terminal are %q", text)
	}
	// A program that takes no notice of the signal reads the end.
	term = rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "--pty", "--", "sh", "-c", "trap '' HUP; echo begun; cat; echo ended >~/ended"}}.OnTerminal(t)
	term.Expect("begun")
	term.HangUp()
	rig.Await(t, func() string { return "it reads no end:\n" + rig.Sh(t, "ps -fu alice").Stdout }, func() bool { return exists("/home/alice/ended") })
}
