package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestInitSuspend: for a shell with job control, --init is a job as any other, too: the
// program has the terminal itself, and has it again after fg.
func TestInitSuspend(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Write(t, "/home/alice/answer", "#!/bin/sh\necho up >/home/alice/up\nwhile read x; do echo \"$x-answered\"; done\n", 0o755)
	term := outerShell(t, a)
	term.Send("tmpshell --exec --init -- ~/answer\n")
	rig.Await(t, func() string { return "the program does not run" }, func() bool { return exists("/home/alice/up") })
	for range 2 {
		term.Send("first\n")
		term.Expect("first-answered")
		term.Send("\x1a")
		term.Expect("Stopped")
		term.Expect("outer> ")
		term.Send("echo is-''shell\n")
		term.Expect("is-shell")
		term.Expect("outer> ")
		term.Send("fg\n")
		term.Expect("tmpshell --exec")
	}
	term.Send("last\n")
	term.Expect("last-answered")
	term.Send("\x04")
	term.Expect("outer> ")
	term.Send("exit\n")
	term.Wait()
}
