package e2e

import (
	"fmt"
	"os"
	"strings"
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
	// In the background it is stopped when it reads, and so is the job.
	term.Send("tmpshell --exec --init -- ~/answer &\n")
	term.Expect("outer> ")
	rig.Await(t, func() string { return "the shell sees no job that has stopped" }, func() bool {
		term.Send("jobs -s; echo look''ed\n")
		return strings.Contains(term.Expect("looked"), "Stopped")
	})
	term.Send("fg\n")
	term.Expect("tmpshell --exec")
	term.Send("late\n")
	term.Expect("late-answered")
	term.Send("\x04")
	term.Expect("outer> ")
	term.Send("exit\n")
	term.Wait()
}

// TestInitCore: where the program is killed by a signal, tmpshell-supervise dies of the
// same one, and leaves no core file of its own in the place of the program's.
func TestInitCore(t *testing.T) {
	if !view.EnterWith(t, "kernel/core_pattern", "core") {
		return
	}
	rig.Install(t)
	// Root may read the program, and so its process could be dumped.
	for who, a := range map[string]*rig.Account{"root": nil, "alice": rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})} {
		for _, how := range []string{"--init", "--pty"} {
			for limit, left := range map[string]string{"0": "", "unlimited": "core\n"} {
				rig.Must(t, "sh", "-c", "rm -rf /tmp/x; mkdir -m 777 /tmp/x")
				script := fmt.Sprintf("ulimit -c unlimited; exec tmpshell --exec %s -- sh -c 'ulimit -c %s; kill -SEGV $$'", how, limit)
				r := rig.Command{As: a, Path: "/bin/sh", Args: []string{"sh", "-c", script}, Dir: "/tmp/x", Env: os.Environ()}.Run(t)
				if got := rig.Sh(t, "ls /tmp/x").Stdout; r.Signal != 11 || got != left {
					t.Errorf("%s, %s, limit %s: there is %q, want %q; %+v", who, how, limit, got, left, r)
				}
			}
		}
	}
}
