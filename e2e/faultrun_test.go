package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/fault"
	"tmpshell/e2e/rig"
)

// tracedCall is a system call of a recorded run: the nth of its name.
type tracedCall struct {
	name   string
	number int // of the call, and fault.Thread where it makes a thread
	nth    int
	line   string // as strace printed it
	// ours: the program's own, and not the Go runtime's, which may make one
	// more or less from one run to the next. The launcher has no runtime.
	ours bool
	// unknown: at this call it is not known yet what is demanded.
	unknown bool
	// between: made by the process that starts the helper.
	between bool
}

const traceFile = "/run/e2e/trace"

// strace runs a program as the account under strace(1), which lists its calls. Only its first process, and
// of that the first thread, is traced: it makes all of the program's own system
// calls. strace is root's,
// and sets the user itself (-u), so that file capabilities go on working.
func strace(t *testing.T, a *rig.Account, options []string, argv ...string) (rig.Result, string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(traceFile), 0o755); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"strace", "-q", "-n", "-e", "signal=none", "-u", a.Name, "-o", traceFile}, options...)
	r := rig.Command{Path: "/usr/bin/strace", Args: append(args, argv...), Env: a.Env()}.Run(t)
	text, err := os.ReadFile(traceFile)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(text)
}

var callName = regexp.MustCompile(`^\[ *([0-9]+)\] ([a-z0-9_]+)\(`)

// parseTrace lists the calls up to the end of the program under test: the
// execve(2) of the shell, or exit_group(2). tmpshell-session is tmpshell.
func parseTrace(text string) []tracedCall {
	var calls []tracedCall
	count := map[int]int{}
	for line := range strings.Lines(text) {
		m := callName.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		number, _ := strconv.Atoi(m[1])
		if strings.Contains(line, "CLONE_THREAD") {
			number |= fault.Thread
		}
		if len(calls) > 0 { // the execve(2) that begins it all does not count
			count[number]++
		}
		_, line, _ = strings.Cut(strings.TrimSpace(line), "] ")
		calls = append(calls, tracedCall{name: m[2], number: number, nth: count[number], line: line, ours: true})
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
	// lasting: and to all later ones of the call.
	lasting bool
	// after, if it is not 0, is a second fault: then happens to the so many-th
	// call that can fail after the first one.
	after  int
	then   string
	second int // the number of the call that it has happened to
}

const (
	kill = "KILL"
	stop = "STOP" // and continued
)

// of is the fault as package fault has it.
func (i injection) of() fault.Fault {
	return fault.Fault{
		Call: i.call.number, Nth: i.call.nth, What: what(i.fault), Lasting: i.lasting,
		After: i.after, Then: what(i.then), Follow: i.call.between,
	}
}

// errnos are the numbers of the errors.
var errnos = func() map[string]syscall.Errno {
	m := map[string]syscall.Errno{}
	for n := syscall.Errno(1); n < 134; n++ {
		m[unix.ErrnoName(n)] = n
	}
	return m
}()

func what(name string) fault.What {
	switch name {
	case kill:
		return fault.Kill
	case stop:
		return fault.Stop
	case unset, "":
		return fault.Undone
	}
	return fault.What(errnos[name])
}

func (i injection) String() string {
	text := i.fault + " at " + i.call.line
	if i.lasting {
		text += " and all later ones"
	}
	if i.after > 0 {
		text += fmt.Sprintf(", and %s at call %d after it", i.then, i.after)
	}
	return text
}

// killAt is strace's option that kills at a call.
func killAt(c tracedCall) string {
	return fmt.Sprintf("inject=%s:signal=KILL:when=%d", c.name, c.nth)
}

// faults of one call for a round: of those that it alone has, a different one each
// round, and for the launcher all that any call may be kept from its work by. For
// the helper, all that it has.
func (c tracedCall) faults(t *testing.T, round int, helper bool) []injection {
	t.Helper()
	list, known := callErrors[c.name]
	if _, cannot := cannotFail[c.name]; known == cannot {
		t.Errorf("%s: not in exactly one of the lists of faulterrors_test.go", c.line)
	}
	if c.number&fault.Thread != 0 {
		list = []string{"EAGAIN"}
	}
	if strings.HasPrefix(c.name, "setfs") && strings.Contains(c.line, "(-1)") {
		list = nil // a question
	}
	if len(list) == 0 {
		return nil
	}
	if !helper {
		list = append([]string{list[(c.nth+round)%len(list)]}, starving...)
	}
	var all []injection
	for i, name := range list {
		if !slices.Contains(list[:i], name) {
			all = append(all, injection{call: c, fault: name})
		}
	}
	return all
}

// faultsBetween are those of the process between the launcher and the helper: no
// other one of a login makes these calls.
func faultsBetween() (list []injection) {
	for _, c := range []tracedCall{
		{name: "dup3", number: unix.SYS_DUP3, nth: 1}, {name: "dup3", number: unix.SYS_DUP3, nth: 2},
		{name: "dup3", number: unix.SYS_DUP3, nth: 3}, {name: "close_range", number: unix.SYS_CLOSE_RANGE, nth: 1},
	} {
		c.line, c.ours, c.between = c.name+" before the helper", true, true
		for _, name := range append([]string{kill, "EBADF"}, starving...) {
			list = append(list, injection{call: c, fault: name})
		}
	}
	return list
}
