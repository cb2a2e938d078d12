// Package view runs a test in a throw-away view of the machine: the same
// programs and files, but namespaces of its own, so that a test may add
// accounts, start daemons and mount file systems as root while the machine
// stays as it is. Everything lives in a tmpfs that only the view's mount
// namespace holds; when its first process dies, so does every other one and
// with the last of them all that the test did.
package view

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stageVar says which of the processes behind one test this is: unset in
// the one that `go test` started, stageInit in the view's pid 1, stageTest
// in its child, which runs the test's body.
const (
	stageVar  = "TMPSHELL_VIEW"
	stageInit = "init"
	stageTest = "test"
)

// Main is to be called first in TestMain. It does not return in the process
// that is a view's pid 1, nor in a keeper.
func Main() {
	if os.Getenv(stageVar) == stageInit {
		os.Exit(runInit())
	}
	if what := os.Getenv(keeperVar); what != "" {
		os.Exit(runKeeper(what))
	}
}

// Inside reports whether the process is in a view.
func Inside() bool { return os.Getenv(stageVar) == stageTest }

// Enter reports whether the test is in a view of its own. Outside it runs
// the test again in a new view, in parallel with others, and takes over how
// it ended there; the caller then has nothing left to do:
//
//	if !view.Enter(t) {
//		return
//	}
func Enter(t *testing.T) bool {
	t.Helper()
	return enter(t, func() []string { return nil })
}

// EnterEach is Enter for the subtests of a test that is in no view itself, such as
// one for each file of a directory: each has a view of its own.
func EnterEach(t *testing.T) bool {
	t.Helper()
	return enterAny(t, func() []string { return nil })
}

// EnterWith is Enter in a machine that has a setting, such as
// fs/protected_symlinks, be value: see sysctl.go.
func EnterWith(t *testing.T, setting, value string) bool {
	t.Helper()
	return enter(t, func() []string { keepSetting(t, setting, value); return nil })
}

// enter has prepare return variables, of KeptVars, for the view.
func enter(t *testing.T, prepare func() []string) bool {
	t.Helper()
	if Inside() {
		return true
	}
	if strings.Contains(t.Name(), "/") {
		t.Fatal("view.Enter is for top-level tests: a subtest shares its test's view")
	}
	return enterAny(t, prepare)
}

func enterAny(t *testing.T, prepare func() []string) bool {
	t.Helper()
	if Inside() {
		return true
	}
	if testing.Short() {
		t.Skip("-short: this needs a view of the machine")
	}
	NeedRoot(t)
	t.Parallel()
	output, err := runAgain(t, prepare())
	output = listen(output)
	switch {
	case err == nil && ended(output, "PASS", t.Name()):
		if testing.Verbose() {
			t.Logf("in the view:\n%s", output)
		}
	case err == nil && ended(output, "SKIP", t.Name()):
		t.Skipf("in the view:\n%s", output)
	case err == nil:
		t.Errorf("the view ran no such test:\n%s", output)
	default:
		t.Errorf("in the view: %v\n%s", err, output)
	}
	return false
}

// runAgain starts the test binary as pid 1 of new namespaces and returns
// what the test printed there.
func runAgain(t *testing.T, env []string) (output []byte, err error) {
	// The kernel sends the parent-death signal when the thread that
	// started the child ends, not the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	cmd := exec.Command("/proc/self/exe",
		"-test.v=true", "-test.count=1", "-test.timeout="+timeLeft(t).String(),
		"-test.run="+onlyThis(t.Name()))
	cmd.Env = append(append(os.Environ(), stageVar+"="+stageInit), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC |
			unix.CLONE_NEWUTS | unix.CLONE_NEWNET,
		Pdeathsig: syscall.SIGKILL,
		Setsid:    true, // no test may read the developer's terminal
	}
	if err := setForeign(cmd.SysProcAttr); err != nil {
		return nil, err
	}
	// A daemon that outlives the view's pid 1 for a moment may hold the pipe.
	// When pid 1 has been waited for, nothing of the view holds the pipe any
	// more.
	err = cmd.Run()
	if state := cmd.ProcessState; state != nil {
		// suite.go reads it.
		t.Logf("processor time: %.2f s", (state.UserTime() + state.SystemTime()).Seconds())
	}
	return out.Bytes(), err
}

// onlyThis narrows -test.run to one test, or one subtest, and keeps what the user
// asked for below a test: `go test -run 'Sshd|Su/exec'`.
func onlyThis(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	pattern := strings.Join(parts, "/")
	if len(parts) > 1 {
		return pattern
	}
	if f := flag.Lookup("test.run"); f != nil {
		if _, sub, found := strings.Cut(f.Value.String(), "/"); found {
			pattern += "/" + sub
		}
	}
	return pattern
}

// timeLeft is the view's time limit, which is the whole run's: a little less, so
// that the view prints where it hangs. Without one there is none.
func timeLeft(t *testing.T) time.Duration {
	deadline, ok := t.Deadline()
	if !ok {
		return 0
	}
	return max(time.Until(deadline)-5*time.Second, time.Second)
}

func ended(output []byte, verdict, name string) bool {
	return bytes.Contains(output, fmt.Appendf(nil, "--- %s: %s (", verdict, name))
}
