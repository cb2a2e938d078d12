package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// What a usual login may cost beyond the shell itself: a little more than it does.
// Counts are the same on every machine and under every load; times are make
// bench's.
const (
	mostCalls    = 46
	mostFaults   = 40
	mostSwitches = 2
)

// TestCost is the guard: what makes a login slow shows here first.
func TestCost(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t, "# nothing but what is built in")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice.Login(t, "true")

	trace := rig.Command{Path: "/usr/bin/strace", Args: []string{"strace", "-f", "-q", "-e", "signal=none", "-u", "alice",
		rig.Tmpshell, "-c", ":"}, Env: alice.Env()}.Run(t)
	_, own, began := strings.Cut(trace.Stderr, `execve("/usr/bin/tmpshell"`)
	own, _, ended := strings.Cut(own, `execve("/bin/bash"`)
	calls := strings.Count(own, "\n")
	if !began || !ended || strings.Contains(own, "clone") || calls > mostCalls {
		t.Errorf("a usual login makes %d system calls, want %d at most:\n%s", calls, mostCalls, trace.Stderr)
	}
	bash, login := leastUsage(t, alice, "/bin/bash"), leastUsage(t, alice, rig.Tmpshell)
	faults, switches := login.Minflt-bash.Minflt, login.Nvcsw-bash.Nvcsw
	view.Tell(fmt.Sprintf("a usual login, beyond bash: %d system calls, %d page faults, %d voluntary context switches\n", calls, faults, switches))
	if faults > mostFaults {
		t.Errorf("a usual login has %d page faults more than bash, want %d at most", faults, mostFaults)
	}
	if switches > mostSwitches {
		t.Errorf("a usual login has %d voluntary context switches more than bash, want %d at most", switches, mostSwitches)
	}
}

// leastUsage is what the cheapest of some runs has used: what the machine does
// besides can only add to it.
func leastUsage(t *testing.T, a *rig.Account, program string) syscall.Rusage {
	t.Helper()
	var least syscall.Rusage
	for i := range 25 {
		cmd := exec.Command(program, "-c", "true")
		cmd.Env, cmd.Dir = a.Env(), "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.Credential()}
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		u := *cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if i == 0 {
			least = u
		}
		least.Minflt, least.Nvcsw = min(least.Minflt, u.Minflt), min(least.Nvcsw, u.Nvcsw)
	}
	return least
}
