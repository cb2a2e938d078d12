package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/internal/sample"
)

// tracedCall is a system call of a recorded run: the nth of its name.
type tracedCall struct {
	name string
	nth  int
	line string // as strace printed it
	// ours: made by main or by package start. The others are the runtime's,
	// which may make one more or less from one run to the next.
	ours bool
	// configuration: one of those that read /etc/tmpshell.conf. What cannot
	// be read is put aside, OnFailure deny with it (tmpshell.conf(5)).
	configuration bool
}

const traceFile = "/run/e2e/trace"

// strace runs a program as the account under strace(1). Only its first thread is
// traced: that makes all of the program's own system calls. strace is root's,
// and sets the user itself (-u), so that file capabilities go on working.
func strace(t *testing.T, a *rig.Account, options []string, argv ...string) (rig.Result, string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(traceFile), 0o755); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"strace", "-q", "-e", "signal=none", "-u", a.Name, "-o", traceFile}, options...)
	r := rig.Command{Path: "/usr/bin/strace", Args: append(args, argv...), Env: a.Env()}.Run(t)
	text, err := os.ReadFile(traceFile)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(text)
}

var callName = regexp.MustCompile(`^([a-z0-9_]+)\(`)

// parseTrace lists the calls up to the end of the program under test: the
// execve(2) of the next one, or exit_group(2).
func parseTrace(text string) []tracedCall {
	var calls []tracedCall
	count := map[string]int{}
	for line := range strings.Lines(text) {
		m := callName.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if len(calls) > 0 { // strace does not count the execve(2) that begins it all
			count[m[1]]++
		}
		calls = append(calls, tracedCall{name: m[1], nth: count[m[1]], line: strings.TrimSpace(line)})
		if m[1] == "execve" && len(calls) > 1 && strings.Contains(line, ") = 0") {
			break
		}
	}
	markOurs(calls)
	return calls
}

// markOurs tells the runtime's calls from the program's. Those of package start
// come before arch_prctl(2), with which the runtime begins; those of main from
// the first getuid(2) on.
func markOurs(calls []tracedCall) {
	const start, runtime, main = 0, 1, 2
	at := start
	for i := range calls {
		opens := strings.Contains(calls[i].line, `"`+rig.Conf+`"`)
		reads := i > 0 && calls[i-1].configuration && calls[i-1].name != "close"
		calls[i].configuration = opens || reads
		switch calls[i].name {
		case "arch_prctl", "sched_getaffinity":
			at = max(at, runtime)
		case "getuid":
			at = main
		}
		switch calls[i].name {
		case "futex", "mmap", "munmap", "madvise", "rt_sigprocmask", "sched_yield", "nanosleep", "tgkill", "rt_sigreturn":
		case "clone":
			calls[i].ours = at == main && !strings.Contains(calls[i].line, "CLONE_THREAD")
		default:
			calls[i].ours = at != runtime
		}
	}
}

// injection is one fault: a call and what happens to it.
type injection struct {
	call  tracedCall
	fault string // an errno, unset, or kill
}

const kill = "KILL"

func (i injection) option(a *rig.Account) string {
	what := ":error=" + i.fault
	switch i.fault {
	case kill:
		what = ":signal=" + kill
	case unset:
		what = fmt.Sprintf(":retval=%d", a.UID)
	}
	return "inject=" + i.call.name + what + ":when=" + strconv.Itoa(i.call.nth)
}

// happened tells whether it has happened, to this call and not to a thread of
// the runtime's that is made in its place.
func (i injection) happened(r rig.Result, trace string) bool {
	at := "(INJECTED)"
	if i.fault == kill {
		if r.Signal != syscall.SIGKILL { // strace dies of what the program died of
			return false
		}
		at = i.call.name + "("
	}
	last := strings.LastIndex(trace, at)
	if last < 0 || !i.call.forks() {
		return last >= 0
	}
	line := trace[strings.LastIndexByte(trace[:last], '\n')+1:]
	return !strings.Contains(line, "CLONE_THREAD")
}

// forks: the call makes a process. The runtime makes its threads by the same
// one, as many as it happens to need.
func (c tracedCall) forks() bool { return c.ours && c.name == "clone" }

// another is the injection for the next try.
func (i injection) another(try int) injection {
	if i.call.forks() {
		i.call.nth += []int{-1, 2, -1}[try%3]
	}
	return i
}

func (i injection) String() string { return i.fault + " at " + i.call.line }

// faults of one call for a round: a different one each round, as far as there
// are several.
func (c tracedCall) faults(t *testing.T, round int) []injection {
	t.Helper()
	list, known := callErrors[c.name]
	if _, cannot := cannotFail[c.name]; known == cannot {
		t.Errorf("%s: not in exactly one of the lists of faulterrors_test.go", c.line)
	}
	if strings.Contains(c.line, "CLONE_THREAD") {
		list = []string{"EAGAIN"}
	}
	if strings.HasPrefix(c.name, "setfs") && strings.Contains(c.line, "(-1)") {
		list = nil // a question
	}
	if len(list) == 0 {
		return nil
	}
	return []injection{{c, list[(c.nth+round)%len(list)]}}
}

// faultTable counts what came of the faults of one program.
type faultTable struct {
	name       string
	calls      int
	left       map[string]int // calls that were not made to fail, by name
	rows       map[string]*faultRow
	unreached  int
	all        int // that there are, in this share or not
	share      sample.Share
	violations int
}

type faultRow struct {
	injected int
	kinds    map[attack.Kind]int
}

func (table *faultTable) add(call string, kind attack.Kind) {
	row := table.rows[call]
	if row == nil {
		row = &faultRow{kinds: map[attack.Kind]int{}}
		table.rows[call] = row
	}
	row.injected++
	row.kinds[kind]++
}
