package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/e2e/witness"
)

// The shell of the last resort: its name comes from tmpshell's own.
const (
	lastShell  = "/bin/probe"
	lastCalled = "/usr/bin/tmpshell-probe"
)

const (
	fewProcesses = "tmpshell: no private directory: the limit on processes is too small for the launcher\n"
	littleMemory = "tmpshell: no private directory: the limit on memory is too small for the launcher\n"
	noThreads    = "tmpshell: no private directory: the launcher may have no threads\n"
	noCounter    = "tmpshell: no private directory: the time stamp counter must not be read\n"
)

// furnishLimited gives an account that nobody else uses, so that a limit on
// processes counts this test's alone, a shell of the last resort.
func furnishLimited(t *testing.T) startWay {
	t.Helper()
	furnishStarts(t)
	rig.Configure(t, "Exempt exempt") // the last resort obeys Shell, too
	rig.Must(t, "install", witness.Probe, lastShell)
	if err := os.Symlink("tmpshell", lastCalled); err != nil {
		t.Fatal(err)
	}
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 21117})
	return startWay{name: "a user's shell", account: bob}
}

// TestHardLimits: where the launcher cannot run there is a shell all the same,
// from every state the same one as without it, and one line says why.
func TestHardLimits(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	way := furnishLimited(t)
	both := func(resource int, n uint64) string { return limit(resource, n, n) }
	const signals = "ignore=2,13,17"
	for _, test := range []struct {
		startState
		stderr string
	}{
		{startState{name: "ulimit -Hv 500000", steps: []string{both(unix.RLIMIT_AS, 512_000_000)}}, littleMemory},
		{startState{name: "less address space, soft", steps: []string{limit(unix.RLIMIT_AS, 100*mega, 512_000_000)}}, littleMemory},
		{startState{name: "32 MiB of data", steps: []string{limit(unix.RLIMIT_DATA, 20*mega, 32*mega)}}, littleMemory},
		{startState{name: "no process", steps: []string{"user", both(unix.RLIMIT_NPROC, 0)}}, fewProcesses},
		{startState{name: "one process", steps: []string{"user", both(unix.RLIMIT_NPROC, 1)}}, fewProcesses},
		{startState{name: "two processes", steps: []string{"user", limit(unix.RLIMIT_NPROC, 1, 2)}}, fewProcesses},
		{startState{name: "no children", steps: []string{"scheduling=6:0:0:10000000:30000000:30000000"}, optional: true}, fewProcesses},
		{startState{name: "children in another PID namespace", steps: []string{fmt.Sprintf("unshare=%d", unix.CLONE_NEWPID)}}, noThreads},
		{startState{name: "no time stamp counter", steps: []string{prctl(unix.PR_SET_TSC, unix.PR_TSC_SIGSEGV)}, optional: true}, noCounter},
		{startState{name: "everything small, signals ignored, blocked and pending", env: []string{"A=1", "A=2", "", "GODEBUG=x", "TMPDIR=/none"},
			steps: []string{signals, "block=1,3,15,17,34", "process=1,15", "thread=3", "umask=077", "close=0", open(1023, unix.O_RDONLY, someFile),
				both(unix.RLIMIT_DATA, 32*mega), both(unix.RLIMIT_STACK, mega), both(unix.RLIMIT_NOFILE, 12)}}, littleMemory},
	} {
		t.Run(test.name, func(t *testing.T) {
			way.compareLast(t, test.startState, test.stderr,
				witness.Start{Path: lastShell, Argv: []string{"-probe", "-c", "x"}},
				witness.Start{Path: lastCalled, Argv: []string{"-tmpshell-probe", "-c", "x"}})
			way.compareLast(t, test.startState, test.stderr,
				witness.Start{Path: lastShell, Argv: []string{lastShell, "x"}},
				witness.Start{Path: rig.Tmpshell, Argv: []string{"tmpshell", "--exec", lastShell, "x"}})
		})
	}
}

// compareLast wants no difference, not even in the environment.
func (w startWay) compareLast(t *testing.T, state startState, stderr string, direct, through witness.Start) {
	t.Helper()
	direct.Env, direct.Steps = w.env(state), w.steps(state)
	through.Env, through.Steps = direct.Env, direct.Steps
	without, err := direct.Run(t)
	if err != nil && state.optional {
		view.Tell(fmt.Sprintf("hard limits, not on this machine: %s: %v\n", state.name, err))
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	within, err := through.Run(t)
	if err != nil {
		t.Fatal(err)
	}
	// The line may still be in the pipe.
	lines := without.Facts["descriptor 2"]
	if now := within.Facts["descriptor 2"]; len(lines) > 0 && len(now) == len(lines) {
		waiting := regexp.MustCompile(` [0-9]+ bytes to read`)
		last := len(lines) - 1
		now[last] = waiting.ReplaceAllString(now[last], waiting.FindString(lines[last]))
	}
	for _, d := range witness.Compare(w.comparable(without.Facts), w.comparable(within.Facts)) {
		t.Errorf("%s differs:\n without tmpshell %.2000q\n with tmpshell    %.2000q", d.Key, d.Without, d.Within)
	}
	if without.Status != 0 || within.Status != 0 || within.Facts.Count() < 100 {
		t.Errorf("status %#x without and %#x with tmpshell, %d facts", int(without.Status), int(within.Status), within.Facts.Count())
	}
	if without.Stdout+without.Stderr+within.Stdout != "" || within.Stderr != stderr {
		t.Errorf("stdout %q, stderr %q, want on stderr %q; without tmpshell %q, %q",
			within.Stdout, within.Stderr, stderr, without.Stdout, without.Stderr)
	}
}

// TestFewDescriptors: down to the descriptors that tmpshell(8) names there are
// private directories, with fewer there are none, and with none left
// the session is refused.
func TestFewDescriptors(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	ways := furnishStarts(t)
	run := func(w startWay, n uint64) witness.Outcome {
		t.Helper()
		w.prepare(t)
		// Descriptors 0 to 2 are open. 9 is above the limit, where it counts
		// for nothing.
		o, err := w.through(startState{args: []string{"x"}, steps: []string{limit(unix.RLIMIT_NOFILE, n, n)}}).Run(t)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	for _, w := range ways[:4] {
		least := uint64(3 + 3)
		if w.fresh {
			least++
		}
		for n := uint64(3); n < 17; n++ {
			o := run(w, n)
			private := o.Facts.Has("environment: TMPDIR=" + w.account.Private())
			switch {
			case n > 3 && (o.Status != 0 || o.Stderr != "" || !o.Facts.Has(limitLine(unix.RLIMIT_NOFILE, n, n))):
				t.Errorf("%s, %d files: status %#x, stderr %q, limit %q", w.name, n, int(o.Status), o.Stderr, o.Facts["limit 7"])
			case n == 3 && (o.Status.ExitStatus() != 125 || strings.Count(o.Stderr, "\n") != 1 || !strings.HasSuffix(o.Stderr, "too many open files\n")):
				t.Errorf("%s, %d files: status %#x, stderr %q, want it refused", w.name, n, int(o.Status), o.Stderr)
			case private != (n >= least):
				t.Errorf("%s, %d files: a private directory: %v; %q", w.name, n, private, o.Facts["environment"])
			}
		}
	}
	t.Run("OnFailure deny", func(t *testing.T) {
		rig.Configure(t, "OnFailure deny", "Shell "+witness.Probe)
		for n := uint64(3); n < 6; n++ {
			if o := run(ways[1], n); o.Status.ExitStatus() != 125 || o.Facts.Count() != 0 {
				t.Errorf("%d files: status %#x, stderr %q, want it refused", n, int(o.Status), o.Stderr)
			}
		}
	})
}
