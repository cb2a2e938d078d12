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
	// ours: the program's own, and not the Go runtime's, which may make one
	// more or less from one run to the next. The launcher has no runtime.
	ours bool
	// unknown: at this call it is not known yet what is demanded.
	unknown bool
	// between: made by the process that starts the helper.
	between bool
}

const traceFile = "/run/e2e/trace"

// strace runs a program as the account under strace(1). Only its first process, and
// of that the first thread, is traced: it makes all of the program's own system
// calls. strace is root's,
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
// execve(2) of the shell, or exit_group(2). tmpshell-session is tmpshell.
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
		calls = append(calls, tracedCall{name: m[1], nth: count[m[1]], line: strings.TrimSpace(line), ours: true})
		if len(calls) > 1 && calls[len(calls)-1].becomes() {
			break
		}
	}
	return calls
}

// becomes: the call has made it another program.
func (c tracedCall) becomes() bool {
	return c.name == "execve" && strings.HasSuffix(c.line, ") = 0") && !strings.Contains(c.line, rig.Mounter)
}

// parse is parseTrace with what is known of the program.
func (p faultProgram) parse(text string) []tracedCall {
	calls := parseTrace(text)
	if p.helper {
		markRuntime(calls)
		return calls
	}
	// After the policy, directories are looked at from the root on, or mounts.
	for i := range calls {
		line := calls[i].line
		if strings.HasPrefix(line, `openat(AT_FDCWD, "/", `) || strings.Contains(line, "mountinfo") {
			break
		}
		calls[i].unknown = true
	}
	return calls
}

// markRuntime tells the Go runtime's calls from the helper's: those before the
// first getuid(2), and some at any time.
func markRuntime(calls []tracedCall) {
	main := false
	for i := range calls {
		main = main || calls[i].name == "getuid"
		switch calls[i].name {
		case "futex", "mmap", "munmap", "madvise", "rt_sigprocmask", "sched_yield", "nanosleep", "getpid", "tgkill", "rt_sigreturn":
			calls[i].ours = false
		case "clone":
			calls[i].ours = main && !strings.Contains(calls[i].line, "CLONE_THREAD")
		default:
			calls[i].ours = main
		}
	}
}

// injection is one fault: a call and what happens to it.
type injection struct {
	call  tracedCall
	fault string // an errno, unset, kill, or stop
	// also is a second one, at the same call or a later one of the same run.
	also *injection
}

const (
	kill = "KILL"
	stop = "STOP" // and continued
)

// options are strace's.
func (i injection) options(a *rig.Account) []string {
	names := i.call.name
	if i.also != nil && names != "execve" {
		names += ",execve"
	}
	what := []string{"-e", i.option(a)}
	if second := i.also; second != nil && second.call.name != i.call.name {
		names += "," + second.call.name
		what = append(what, "-e", second.option(a))
	} else if second != nil {
		// One expression for each call: it fails from the first time on.
		what[1] += "+"
	}
	if i.call.between {
		what = append(what, "-f")
	}
	return append(what, "-e", "trace="+names)
}

func (i injection) option(a *rig.Account) string {
	what := ":error=" + i.fault
	switch i.fault {
	case kill, stop:
		what = ":signal=" + i.fault
	case unset:
		what = fmt.Sprintf(":retval=%d", a.UID)
	}
	return "inject=" + i.call.name + what + ":when=" + strconv.Itoa(i.call.nth)
}

// happened tells whether it has happened, to this call and not to a thread of
// the runtime's that is made in its place.
func (i injection) happened(r rig.Result, trace string) bool {
	at := "(INJECTED)"
	switch {
	case i.fault == kill && i.call.between:
		return strings.Contains(trace, "= ?\n")
	case i.fault == kill:
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

// late tells whether the second of a pair has hit what tmpshell has become: after
// the first, it makes fewer calls.
func (i injection) late(trace string) bool {
	if i.also == nil {
		return false
	}
	began := false
	for line := range strings.Lines(trace) {
		c := tracedCall{name: "execve", line: strings.TrimSpace(line)}
		switch {
		case !strings.HasPrefix(line, "execve("):
			if began && strings.Contains(line, "(INJECTED)") {
				return true
			}
		case c.becomes() && !strings.Contains(line, `("`+rig.Tmpshell+`"`):
			began = true
		}
	}
	return false
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

func (i injection) String() string {
	text := i.fault + " at " + i.call.line
	if i.also != nil {
		text += ", and " + i.also.String()
	}
	return text
}

// faults of one call for a round: of those that it alone has, a different one each
// round, and for the launcher all that any call may be kept from its work by.
func (c tracedCall) faults(t *testing.T, round int, helper bool) []injection {
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
	all := []injection{{call: c, fault: list[(c.nth+round)%len(list)]}}
	if helper {
		return all
	}
	for _, fault := range starving {
		if fault != all[0].fault {
			all = append(all, injection{call: c, fault: fault})
		}
	}
	return all
}

// faultsBetween are those of the process between the launcher and the helper: no
// other one of a login makes these calls.
func faultsBetween() (list []injection) {
	for _, c := range []tracedCall{{name: "dup3", nth: 1}, {name: "dup3", nth: 2}, {name: "dup3", nth: 3}, {name: "close_range", nth: 1}} {
		c.line, c.ours, c.between = c.name+" before the helper", true, true
		for _, fault := range append([]string{kill, "EBADF"}, starving...) {
			list = append(list, injection{call: c, fault: fault})
		}
	}
	return list
}

// faultTable counts what came of the faults of one program.
type faultTable struct {
	name       string
	calls      int
	left       map[string]int // calls that were not made to fail, by name
	rows       map[string]*faultRow
	demands    map[string]*faultRow // by what is demanded
	unreached  int
	all        int // that there are, in this share or not
	share      sample.Share
	violations int
}

type faultRow struct {
	injected int
	kinds    map[attack.Kind]int
}

func (table *faultTable) add(i injection, d demand, kind attack.Kind) {
	name := i.call.name
	switch {
	case i.also != nil:
		name = "(pairs)"
	case i.fault == kill, i.fault == stop:
		name = "(" + i.fault + ")"
	}
	for rows, key := range map[*map[string]*faultRow]string{&table.rows: name, &table.demands: d.name} {
		row := (*rows)[key]
		if row == nil {
			row = &faultRow{kinds: map[attack.Kind]int{}}
			(*rows)[key] = row
		}
		row.injected++
		row.kinds[kind]++
	}
}
