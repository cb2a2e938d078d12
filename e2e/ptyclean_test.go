package e2e

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// onPTY are a program on a terminal, and the same with --pty in between.
func onPTY(t *testing.T, a *rig.Account, script string, talk func(*rig.Term)) (plain, with string) {
	t.Helper()
	run := func(args ...string) string {
		c := rig.Command{As: a, Path: "/usr/bin/env", Args: append(append([]string{"env", "TERM=vt100", "HOME=" + a.Home}, args...), "bash", "--norc", "-c", script), Dir: a.Home}
		term := c.OnTerminal(t)
		talk(term)
		text, status := term.Wait()
		return fmt.Sprintf("%s\nstatus %d", text, status)
	}
	return run(), run(rig.Tmpshell, "--exec", "--pty", "--")
}

// TestPTYClean: --pty changes no byte in either direction, and a program that
// draws on the whole screen writes there what it writes on the terminal itself.
func TestPTYClean(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "vim", "stty", "od")
	rig.Install(t)
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})

	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	sent := string(every) + "\x1b[200~pasted\r\n\x03\x1a\x04\x1b[201~"
	script := fmt.Sprintf("stty raw -echo; echo ready; head -c %d | od -An -v -tx1 | tr -d ' \\n'; stty sane; exit 7", len(sent))
	plain, with := onPTY(t, a, script, func(term *rig.Term) {
		term.Expect("ready")
		term.Send(sent)
	})
	if want := hex.EncodeToString([]byte(sent)); !strings.Contains(plain, want) || plain != with {
		t.Errorf("raw mode:\n%q with --pty,\n%q without; want %q in both", with, plain, want)
	}

	// One key at a time: what is drawn depends on what has been typed by then.
	plain, with = onPTY(t, a, "rm -f f; vim -u NONE -i NONE -n -N f; cat f", func(term *rig.Term) {
		for _, key := range []struct{ send, drawn string }{
			{"", "[New"}, {"i", "INSERT"}, {"one", "one"}, {"\rtwo", "two"}, {"\x1b:set number\r", "2 "}, {":%s/two/four/\r", "four"}, {":wq\r", "written"},
		} {
			term.Send(key.send)
			term.Expect(key.drawn)
		}
	})
	if !strings.HasSuffix(plain, "one\r\nfour\r\n\nstatus 0") || plain != with {
		t.Errorf("vim writes\n%q with --pty,\n%q without", with, plain)
	}
}
