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

// What a login may cost beyond the shell itself: a little more than it does. Counts
// are the same on every machine and under every load; times are make bench's.
var costs = []struct {
	name, user                      string
	stays                           bool // another session of the user lives
	mostCalls, mostFaults, switches int
}{
	{"a usual login", "alice", false, 46, 36, 2},
	{"with mount, a namespace of its own", "carol", false, 220, 70, 2},
	{"with mount, another session's namespace", "carol", true, 175, 70, 2},
	{"with mount, propagation=shared", "dave", false, 295, 70, 2},
}

// TestCost is the guard: what makes a login slow shows here first.
func TestCost(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Must(t, "mount", "--make-rshared", "/")
	rig.Install(t, "Match User carol", "Directory /tmp mount", "Match User dave", "Directory /tmp mount propagation=shared")
	accounts := map[string]*rig.Account{
		"alice": rig.AddUser(t, rig.Account{Name: "alice", UID: 1000}),
		"carol": rig.AddUser(t, rig.Account{Name: "carol", UID: 1001}),
		"dave":  rig.AddUser(t, rig.Account{Name: "dave", UID: 1002}),
	}
	for _, c := range costs {
		a := accounts[c.user]
		a.Login(t, "true")
		if c.stays {
			term := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", "echo there; read x"}, Dir: "/"}.OnTerminal(t)
			term.Expect("there")
		}
		trace := rig.Command{Path: "/usr/bin/strace", Args: []string{"strace", "-f", "-q", "-e", "signal=none", "-u", a.Name,
			rig.Tmpshell, "-c", ":"}, Env: a.Env()}.Run(t)
		_, own, began := strings.Cut(trace.Stderr, `execve("/usr/bin/tmpshell"`)
		own, _, ended := strings.Cut(own, `execve("/bin/bash"`)
		calls := strings.Count(own, "\n")
		if !began || !ended || strings.Contains(own, "clone") || calls > c.mostCalls {
			t.Errorf("%s: %d system calls, want %d at most:\n%s", c.name, calls, c.mostCalls, trace.Stderr)
		}
		bash, login := leastUsage(t, a, "/bin/bash"), leastUsage(t, a, rig.Tmpshell)
		faults, switches := int(login.Minflt-bash.Minflt), int(login.Nvcsw-bash.Nvcsw)
		view.Tell(fmt.Sprintf("%s, beyond bash: %d system calls, %d page faults, %d voluntary context switches\n", c.name, calls, faults, switches))
		if faults > c.mostFaults {
			t.Errorf("%s: %d page faults more than bash, want %d at most", c.name, faults, c.mostFaults)
		}
		if switches > c.switches {
			t.Errorf("%s: %d voluntary context switches more than bash, want %d at most", c.name, switches, c.switches)
		}
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
