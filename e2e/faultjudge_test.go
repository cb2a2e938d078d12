package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
)

// starving are the errors that keep a process from finding out (tmpshell(8),
// ERRORS): limits, memory, input and output, a time-out.
var starving = []string{"EMFILE", "ENOMEM", "EAGAIN", "EIO", "ETIMEDOUT"}

// keeps tells whether a fault is of that kind. EINTR is not: it is tried again.
func keeps(fault string) bool {
	return slices.Contains(starving, fault) || slices.Contains([]string{"ENFILE", "ECHILD", "EBUSY", "EMLINK", "ENODATA"}, fault)
}

// login is what a right login finds. The shared /tmp is as a process outside
// sees it.
func (p faultProgram) login(t *testing.T) attack.Login {
	t.Helper()
	r := rig.Command{Path: attack.Session, Args: []string{"session"}, Env: os.Environ()}.Run(t)
	outside, ok := attack.Parse(r.Stdout)
	if !ok {
		t.Fatalf("%+v", r)
	}
	l := attack.Login{UID: p.account.UID, Shared: outside.Tmp, Outside: outside.Namespace, Descriptors: outside.Descriptors}
	if p.mounted {
		l.Instance = fmt.Sprintf("/var/lib/tmpshell/%d/tmp", p.account.UID)
	}
	return l
}

// judge is Judge, or for the helper what its exit status says.
func (p faultProgram) judge(l attack.Login, i injection, r rig.Result) (attack.Kind, string) {
	if !p.helper {
		if r.Status == 125 && r.Stdout+r.Stderr == "" && (i.call.name == "write" || i.also != nil && i.also.call.name == "write") {
			return attack.Refused, "" // and could not say so
		}
		return l.Judge(r)
	}
	const failed, gone, kept, setup = 1, 2, 3, 5
	said := r.Stdout == "" && strings.HasPrefix(r.Stderr, "tmpshell-helper: ") && !strings.Contains(r.Stderr, "goroutine")
	switch {
	case r.Signal != 0:
		return attack.Killed, ""
	case r.Status == 0 && r.Stdout+r.Stderr == "":
		return attack.Right, ""
	case (r.Status == failed || r.Status == kept || r.Status == setup) && said:
		return attack.Reported, ""
	case r.Status == gone && !i.call.ours && r.Stdout == "":
		return attack.Reported, "" // the Go runtime gives up, and the launcher takes it so
	}
	return attack.Violation, fmt.Sprintf("the helper: status %d, %q, %q", r.Status, r.Stdout, r.Stderr)
}

// allowed tells whether a login may end so. Judge has seen to it that no session
// has less than is demanded by Shell, NoNewPrivileges and deny.
func (p faultProgram) allowed(d demand, i injection, end attack.Kind, stderr string) string {
	if p.helper {
		return ""
	}
	demanded := p.mounted || d.name != demandNothing.name
	starves := keeps(i.fault) || i.also != nil
	executes := i.call.name == "execve" || i.also != nil && i.also.call.name == "execve"
	switch {
	case end == attack.Killed:
		if i.fault != kill {
			return "it died of a signal"
		}
	case i.fault == stop && end != attack.Right:
		return "it was stopped for a moment, and no more"
	case end == attack.NoShell:
		if !executes {
			return "the shell was not the matter"
		}
	case demanded && starves && end != attack.Right && end != attack.Refused:
		return "something is demanded, and it was kept from finding out: that is no session"
	case !demanded && end == attack.Refused && !i.mayRefuse() && !(p.helps && i.call.between) && !strings.Contains(stderr, " /etc/passwd: "):
		// The shell of an account may be one that restricts it; and where the
		// policy has to be compiled, nothing is known before it is.
		return "nothing is demanded"
	}
	return ""
}

// mayRefuse: what the configuration demands was not known yet, or privilege could
// not be given up, or looked at.
func (i injection) mayRefuse() bool {
	if i.also != nil && i.also.mayRefuse() {
		return true
	}
	return i.call.unknown || slices.Contains([]string{"capget", "capset", "prctl"}, i.call.name)
}

func mountTable(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// leftovers are what no run may leave: objects moved aside although nobody has
// squatted anything, and directories in the bases that are not their user's.
func leftovers(t *testing.T) string {
	t.Helper()
	var odd []string
	for _, pattern := range []string{"/tmp/.private*", "/tmp/.private/*", "/run/user/*", "/run/tmpshell/*/*", "/var/lib/tmpshell/*", "/var/lib/tmpshell/*/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			var st unix.Stat_t
			if err := unix.Lstat(name, &st); err != nil {
				t.Fatal(err)
			}
			ours := filepath.Base(name) == "1000" && filepath.Dir(name) != "/var/lib/tmpshell"
			if strings.Contains(name, "squatted") || ours && st.Uid != 1000 || !ours && st.Uid != 0 && !strings.HasPrefix(name, "/tmp/.private-1000") {
				odd = append(odd, fmt.Sprintf("left behind: %s of %d", name, st.Uid))
			}
		}
	}
	return strings.Join(odd, ", ")
}
