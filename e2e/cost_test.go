package e2e

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/guard"
)

// costs are the logins whose numbers internal/guard/costs.txt has. Counts are the same on
// every machine and under every load; times are make bench's.
var costs = []struct {
	name, user string
	stays      bool // another session of the user lives
	args       []string
}{
	{"env", "alice", false, []string{"-c"}},
	{"env --exec", "alice", false, []string{"--exec", "/bin/bash", "-c"}},
	{"mount", "carol", false, []string{"-c"}},
	{"mount, joined", "carol", true, []string{"-c"}},
	{"mount, shared", "dave", false, []string{"-c"}},
	{"tmpfs", "erin", false, []string{"-c"}},
}

// TestCost is the guard: what makes a login slow shows here first.
func TestCost(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Must(t, "mount", "--make-rshared", "/")
	rig.Install(t, "Match User carol", "Directory /tmp mount", "Match User dave", "Directory /tmp mount propagation=shared",
		"Match User erin", "Directory /tmp tmpfs")
	accounts := map[string]*rig.Account{}
	for i, name := range []string{"alice", "carol", "dave", "erin"} {
		accounts[name] = rig.AddUser(t, rig.Account{Name: name, UID: uint32(1000 + i)})
		accounts[name].Login(t, "true")
	}
	for _, c := range costs {
		a := accounts[c.user]
		if c.stays {
			term := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", "echo there; read x"}, Dir: "/"}.OnTerminal(t)
			term.Expect("there")
		}
		trace := rig.Command{Path: "/usr/bin/strace", Args: slices.Concat([]string{"strace", "-f", "-q", "-e", "signal=none", "-u", a.Name,
			rig.Tmpshell}, c.args, []string{":"}), Env: a.Env()}.Run(t)
		_, own, began := strings.Cut(trace.Stderr, `execve("/usr/bin/tmpshell"`)
		own, _, ended := strings.Cut(own, `execve("/bin/bash"`)
		if !began || !ended || strings.Contains(own, "clone") {
			t.Errorf("%s: not a login that becomes the shell:\n%s", c.name, trace.Stderr)
			continue
		}
		bash, login := leastUsage(t, a, "/bin/bash", "-c"), leastUsage(t, a, rig.Tmpshell, c.args...)
		calls := hold(t, c.name+": system calls", strings.Count(own, "\n"), kernelSlack(t))
		faults := hold(t, c.name+": page faults", int(login.Minflt-bash.Minflt), goSlack(t))
		switches := hold(t, c.name+": context switches", int(login.Nvcsw-bash.Nvcsw), 1)
		view.Tell(fmt.Sprintf("%-14s beyond bash: system calls %s; page faults %s; voluntary context switches %s\n", c.name, calls, faults, switches))
		if t.Failed() {
			t.Logf("%s:\n%s", c.name, own)
		}
	}
}

// TestSizes is the guard of what a login reads from the disk.
func TestSizes(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("missing: a machine that is amd64: programs have another size otherwise")
	}
	dir, err := view.Binaries()
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"tmpshell", "tmpshell-helper", "tmpshell-supervise", "tmpshell-remover", "tmpshellctl"} {
		info, err := os.Stat(filepath.Join(dir, program))
		if err != nil {
			t.Fatal(err)
		}
		// VERSION and PREFIX are in it: a two-hundredth.
		view.Tell(fmt.Sprintf("%-16s bytes %s\n", program, hold(t, program+": bytes", int(info.Size()), 1.005*goSlack(t))))
	}
}

// hold compares a number with the guard's table and returns both.
func hold(t *testing.T, name string, n int, slack float64) string {
	t.Helper()
	most := guard.Costs.Most(name)
	if float64(n) > float64(most)*slack {
		t.Errorf("%s: %d, and internal/guard/costs.txt allows %d", name, n, most)
	}
	return fmt.Sprintf("%d of %d", n, most)
}

// kernelSlack is for kernels that the table's system calls were not counted on.
func kernelSlack(t *testing.T) float64 {
	t.Helper()
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(unix.ByteSliceToString(name.Release[:]), "6.18.") {
		return 1
	}
	return 1.1
}

// goSlack is for programs of a Go other than that of go.mod, which have another size: a tenth.
// The Go that has compiled the test says nothing of them: sudo's PATH may have another.
func goSlack(t *testing.T) float64 {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	goMod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := view.Binaries()
	if err != nil {
		t.Fatal(err)
	}
	program, err := buildinfo.ReadFile(filepath.Join(dir, "tmpshell"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(goMod), "\ngo "+strings.TrimPrefix(program.GoVersion, "go")+"\n") {
		return 1
	}
	return 1.1
}

// leastUsage is what the cheapest of some runs has used: what the machine does
// besides can only add to it.
func leastUsage(t *testing.T, a *rig.Account, program string, args ...string) syscall.Rusage {
	t.Helper()
	var least syscall.Rusage
	for i := range 60 {
		cmd := exec.Command(program, append(slices.Clone(args), "true")...)
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
