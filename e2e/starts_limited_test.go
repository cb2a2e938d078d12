package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/e2e/witness"
)

// The shell is that of a link, and the configuration demands nothing.
const (
	linkedShell  = "/bin/probe"
	linkedCalled = "/usr/bin/tmpshell-probe"
)

// furnishLimited gives an account that nobody else uses, so that a limit on
// processes counts this test's alone.
func furnishLimited(t *testing.T) startWay {
	t.Helper()
	ways := furnishStarts(t)
	rig.Configure(t, "Exempt exempt")
	rig.Must(t, "install", witness.Probe, linkedShell)
	rig.Sh(t, "echo "+linkedShell+" >>/etc/shells")
	if err := os.Symlink("tmpshell", linkedCalled); err != nil {
		t.Fatal(err)
	}
	rig.Setup(t)
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 21117})
	return startWay{name: "a user's shell", account: bob, named: ways[0].named}
}

func both(resource int, n uint64) string { return limit(resource, n, n) }

// limitedState is a state in which a program with a runtime could not start, and
// nothing can be made.
type limitedState struct {
	startState
	// first is what becomes of a session whose directories are not there:
	// empty for a session that has them, else what is said of a plain one.
	first string
}

const (
	noFork    = "tmpshell: clone " + rig.Helper + ": resource temporarily unavailable; a session without private directories\n"
	noRuntime = "tmpshell: " + rig.Helper + ": "
)

var limitedStates = []limitedState{
	{startState{name: "ulimit -Hv 500000", steps: []string{both(unix.RLIMIT_AS, 512_000_000)}}, noRuntime},
	{startState{name: "less address space, soft", steps: []string{limit(unix.RLIMIT_AS, 100*mega, 512_000_000)}}, noRuntime},
	{startState{name: "less address space and data, soft", steps: []string{limit(unix.RLIMIT_AS, 100*mega, infinity), limit(unix.RLIMIT_DATA, 32*mega, infinity)}}, ""},
	{startState{name: "24 MiB of address space", steps: []string{both(unix.RLIMIT_AS, 24*mega)}}, noRuntime}, // probe needs 19
	{startState{name: "32 MiB of data", steps: []string{limit(unix.RLIMIT_DATA, 20*mega, 32*mega)}}, noRuntime},
	{startState{name: "no process", steps: []string{"user", both(unix.RLIMIT_NPROC, 0)}}, noFork},
	{startState{name: "one process", steps: []string{"user", both(unix.RLIMIT_NPROC, 1)}}, noFork},
	{startState{name: "one process, soft", steps: []string{"user", limit(unix.RLIMIT_NPROC, 1, 3000)}}, noFork},
	{startState{name: "no children", steps: []string{"scheduling=6:0:0:10000000:30000000:30000000"}, optional: true}, noFork},
	{startState{name: "children in another PID namespace", steps: []string{fmt.Sprintf("unshare=%d", unix.CLONE_NEWPID)}}, ""},
	{startState{name: "no time stamp counter", steps: []string{prctl(unix.PR_SET_TSC, unix.PR_TSC_SIGSEGV)}, optional: true}, ""},
	{startState{name: "everything small, signals ignored, blocked and pending", env: []string{"A=1", "A=2", "", "GODEBUG=x", "TMPDIR=/none"},
		steps: []string{"ignore=2,13,17", "block=1,3,15,17,34", "process=1,15", "thread=3", "umask=077", "close=0", open(1023, unix.O_RDONLY, someFile),
			both(unix.RLIMIT_DATA, 32*mega), both(unix.RLIMIT_AS, 24*mega), both(unix.RLIMIT_STACK, 64<<10), both(unix.RLIMIT_NOFILE, 12)}}, noRuntime},
	{startState{name: "clone is deadly", steps: []string{prctl(unix.PR_SET_NO_NEW_PRIVS, 1), "user", fmt.Sprintf("deadly=%d", unix.SYS_CLONE)}}, "killed"},
}

// TestHardLimits: a usual login needs nothing of memory, processes, threads and
// clocks but what its program file is mapped to, so that there is a session with
// its directories under every limit, and no fact of it differs.
func TestHardLimits(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	way := furnishLimited(t)
	for _, state := range limitedStates {
		t.Run(state.name, func(t *testing.T) {
			way.prepare(t)
			way.compareLimited(t, state.startState,
				witness.Start{Path: linkedShell, Argv: []string{"-probe", "-c", "x"}},
				witness.Start{Path: linkedCalled, Argv: []string{"-tmpshell-probe", "-c", "x"}})
			way.compareLimited(t, state.startState,
				witness.Start{Path: linkedShell, Argv: []string{linkedShell, "x"}},
				witness.Start{Path: rig.Tmpshell, Argv: []string{"tmpshell", "--exec", linkedShell, "x"}})
		})
	}
}

// compareLimited wants no difference but in the variables, which name the
// directories.
func (w startWay) compareLimited(t *testing.T, state startState, direct, through witness.Start) {
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
	for _, d := range witness.Compare(w.comparable(without.Facts), w.comparable(within.Facts)) {
		t.Errorf("%s differs:\n without tmpshell %.2000q\n with tmpshell    %.2000q", d.Key, d.Without, d.Within)
	}
	if without.Status != 0 || within.Status != 0 || within.Facts.Count() < 100 {
		t.Errorf("status %#x without and %#x with tmpshell, %d facts", int(without.Status), int(within.Status), within.Facts.Count())
	}
	if said := without.Stdout + without.Stderr + within.Stdout + within.Stderr; said != "" {
		t.Errorf("said: %q", said)
	}
	rig.Session{Env: within.Facts["environment"]}.CheckVariables(t, w.account.Private())
}

// TestHardLimitsFirst: where the limits do not let the helper make the
// directories, a session of which nothing is demanded is a plain one, and one of
// which something is demanded is refused.
func TestHardLimitsFirst(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	way := furnishLimited(t)
	way.fresh = true
	run := func(t *testing.T, state startState) (witness.Outcome, bool) {
		t.Helper()
		way.prepare(t)
		o, err := witness.Start{Path: rig.Tmpshell, Argv: []string{"tmpshell", "--exec", linkedShell, "x"}, Env: way.env(state), Steps: way.steps(state)}.Run(t)
		if err != nil && !state.optional {
			t.Fatal(err)
		}
		return o, err == nil
	}
	for _, state := range limitedStates {
		t.Run(state.name, func(t *testing.T) {
			rig.Configure(t, "Exempt exempt")
			rig.Setup(t)
			o, ok := run(t, state.startState)
			if !ok {
				return
			}
			session := rig.Session{Env: o.Facts["environment"]}
			switch {
			case state.first == "killed": // by the filter, and not by tmpshell
				if o.Status.Signal() != unix.SIGSYS {
					t.Errorf("status %#x, %q", int(o.Status), o.Stderr)
				}
				return
			case state.first == "":
				session.CheckVariables(t, way.account.Private())
			case o.Facts.Has("environment: TMPDIR=*/.private*"):
				t.Errorf("there is a directory: %q", session.Env)
			}
			if o.Status != 0 || !strings.HasPrefix(o.Stderr, state.first) || strings.Count(o.Stderr, "\n") > 1 || state.first == "" && o.Stderr != "" {
				t.Errorf("status %#x, stderr %q; want %q", int(o.Status), o.Stderr, state.first)
			}
			rig.Configure(t, "Exempt exempt", "OnFailure deny")
			rig.Setup(t)
			o, _ = run(t, state.startState)
			if refused := o.Status.ExitStatus() == 125 && o.Facts.Count() == 0 && strings.HasSuffix(o.Stderr, "; no session\n"); refused != (state.first != "") {
				t.Errorf("OnFailure deny: status %#x, stderr %q, %d facts", int(o.Status), o.Stderr, o.Facts.Count())
			}
		})
	}
}

// tinyProgram says whether it has a directory. It is static.
const tinyProgram = `#include <stdlib.h>
#include <string.h>
int main(void) { const char *d = getenv("TMPDIR"); return d && !strcmp(d, "/tmp/.private/21117") ? 42 : 43; }
`

// TestLeastMemory finds the least limits on memory under which there is a session,
// beside those under which a small static program starts. Below them the kernel
// ends the process in execve(2): what the program file is mapped to does not fit.
func TestLeastMemory(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	way := furnishLimited(t)
	way.prepare(t)
	const tiny = "/usr/local/bin/tiny"
	rig.Write(t, "/run/tiny.c", tinyProgram, 0o644)
	view.Compile(t, tiny, []string{"-static"}, "/run/tiny.c")
	for _, l := range []struct {
		name     string
		resource int
		most     uint64 // in KiB, for a session
	}{
		{"RLIMIT_AS", unix.RLIMIT_AS, 2560},
		{"RLIMIT_DATA", unix.RLIMIT_DATA, 1024},
		{"RLIMIT_STACK", unix.RLIMIT_STACK, 64},
	} {
		least := func(path string, argv []string, want int) uint64 {
			for n := uint64(16); ; n += 16 {
				o, err := witness.Start{Path: path, Argv: argv, Env: way.env(startState{}),
					Steps: way.steps(startState{steps: []string{both(l.resource, n<<10)}})}.Run(t)
				switch {
				case err == nil && o.Status.ExitStatus() == want:
					return n
				case err == nil && o.Status.ExitStatus() == 125:
					t.Fatalf("%s of %d KiB: %q", l.name, n, o.Stderr)
				case n > 64<<10:
					t.Fatalf("%s: %s does not start", l.name, path)
				}
			}
		}
		direct := least(tiny, []string{tiny}, 43)
		through := least(rig.Tmpshell, []string{"tmpshell", "--exec", tiny}, 42)
		view.Tell(fmt.Sprintf("least %s: %d KiB for a small static program, %d KiB for tmpshell and that program\n", l.name, direct, through))
		if through > max(l.most, direct) {
			t.Errorf("%s: a session needs %d KiB, want %d at most", l.name, through, l.most)
		}
	}
}

// TestFewDescriptors: with the descriptors that tmpshell-internals(7) names there are
// private directories. With fewer it cannot be found out what is there: a session
// of which something is demanded is refused, and where there is no configuration
// one has no directory.
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
	const least = 3 + 2
	for _, w := range ways[:4] {
		for n := uint64(0); n < 17; n++ {
			o := run(w, n)
			private := o.Facts.Has("environment: TMPDIR=" + w.account.Private())
			switch {
			case n < least && (o.Status.ExitStatus() != 125 || o.Facts.Count() != 0 || strings.Count(o.Stderr, "\n") != 1 || !strings.HasSuffix(o.Stderr, ": too many open files; no session\n")):
				t.Errorf("%s, %d files: status %#x, stderr %q, want it refused", w.name, n, int(o.Status), o.Stderr)
			case n >= least && (o.Status != 0 || o.Stderr != "" || !o.Facts.Has(limitLine(unix.RLIMIT_NOFILE, n, n)) || !private):
				t.Errorf("%s, %d files: status %#x, stderr %q, limit %q, %q", w.name, n, int(o.Status), o.Stderr, o.Facts["limit 7"], o.Facts["environment"])
			}
		}
	}
	t.Run("no configuration", func(t *testing.T) {
		rig.Must(t, "rm", rig.Conf)
		for _, w := range []startWay{ways[2], ways[3]} {
			for n := uint64(0); n <= least; n++ {
				o := run(w, n)
				private := o.Facts.Has("environment: TMPDIR=" + w.account.Private())
				if o.Status != 0 || private != (n == least) || o.Facts.Has("environment: TMPDIR=*") != private {
					t.Errorf("%s, %d files: status %#x, stderr %q, %q", w.name, n, int(o.Status), o.Stderr, o.Facts["environment"])
				}
			}
		}
	})
}
