package e2e

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestUsualLogin: once the directories exist, a login runs no other program
// and no privileged one.
func TestUsualLogin(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	executed := func() []string {
		t.Helper()
		r := rig.Command{Path: "/usr/bin/strace", Args: []string{"strace", "-f", "-q", "-e", "trace=execve,execveat",
			"-e", "signal=none", "-u", "alice", rig.Tmpshell, "-c", ":"}, Env: alice.Env()}.Run(t)
		var programs []string
		for line := range strings.Lines(r.Stderr) {
			if _, rest, ok := strings.Cut(line, `execve("`); ok && !strings.Contains(line, "= -1 ") {
				program, _, _ := strings.Cut(rest, `"`)
				programs = append(programs, program)
			}
		}
		return programs
	}
	if first := executed(); len(first) != 3 || first[1] != rig.Helper {
		t.Errorf("the first login executed %q, want the helper in between", first)
	}
	if usual := executed(); len(usual) != 2 || usual[0] != rig.Tmpshell || usual[1] != "/bin/bash" {
		t.Errorf("a usual login executed %q, want tmpshell and the shell alone", usual)
	}
	caps := rig.Must(t, "getcap", rig.Tmpshell, rig.Helper, rig.Ctl)
	if strings.Count(caps, "\n") != 1 || !strings.HasPrefix(caps, rig.Helper+" ") || !strings.HasSuffix(caps, "=p\n") {
		t.Errorf("file capabilities are\n%swant the helper's alone, permitted only", caps)
	}
	for program, want := range map[string]os.FileMode{rig.Tmpshell: 0o711, rig.Mounter: 0o711, rig.Helper: 0o711, rig.Supervise: 0o711, rig.Remover: 0o711, rig.Ctl: 0o755} {
		info, err := os.Stat(program)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want a plain %v", program, info.Mode(), err, want)
		}
	}
}

// TestNoProcessRemains: the shell has the process that tmpshell had, and
// nothing of tmpshell's lives beside it, not even after a first login.
func TestNoProcessRemains(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	for _, login := range []string{"first", "usual"} {
		r := alice.Login(t, "ps -o pid=,comm= -u alice; echo $$ bash")
		lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
		if len(lines) != 3 || strings.TrimSpace(lines[0]) != lines[2] || !strings.HasSuffix(lines[1], " ps") {
			t.Errorf("%s login, alice's processes:\n%s", login, r.Stdout)
		}
	}
}

// TestFirstLoginsAtOnce: many sessions of many users begin at the same moment,
// over a squatted base.
func TestFirstLoginsAtOnce(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	const users, each = 5, 8
	accounts := make([]*rig.Account, users)
	for i := range accounts {
		accounts[i] = rig.AddUser(t, rig.Account{Name: fmt.Sprint("user", i), UID: uint32(1000 + i)})
	}
	mallory := rig.AddUser(t, rig.Account{Name: "mallory", UID: 1666, Shell: "/bin/bash"})
	for _, state := range []struct{ name, squat string }{
		{"nothing there", ""},
		{"squatted", "mkdir -m 777 /tmp/.private"},
	} {
		t.Run(state.name, func(t *testing.T) {
			for range 3 {
				atOnce(t, accounts, each, func() {
					if state.squat != "" {
						as(t, mallory, state.squat)
					}
				})
			}
		})
	}
}

func atOnce(t *testing.T, accounts []*rig.Account, each int, before func()) {
	rig.Sh(t, "rm -rf /tmp/.private* /run/user/*")
	before()
	var all sync.WaitGroup
	for _, a := range accounts {
		for range each {
			all.Go(func() {
				r := a.Login(t, `echo "$TMPDIR"; mktemp >/dev/null`)
				if r.Stdout != a.Private()+"\n" || r.Stderr != "" || r.Status != 0 {
					t.Errorf("%s: status %d, stdout %q, stderr %q", a.Name, r.Status, r.Stdout, r.Stderr)
				}
			})
		}
	}
	all.Wait()
	for _, a := range accounts {
		rig.CheckPrivate(t, a)
	}
	if left := rig.Sh(t, "ls -d /tmp/.private.squatted-* | wc -l").Stdout; left != "0\n" && left != "1\n" {
		t.Errorf("%s objects were moved aside", strings.TrimSpace(left))
	}
}
