package rig

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"tmpshell/e2e/view"
)

// Result is what a finished command left.
type Result struct {
	Stdout, Stderr string
	// Status is the exit status, -1 after a death by Signal.
	Status int
	Signal syscall.Signal
}

// Command is one to run to its end.
type Command struct {
	// As is the account to run as; nil is root.
	As *Account
	// Path is the program, Args its argv, argv[0] included.
	Path  string
	Args  []string
	Env   []string // nil: the account's
	Dir   string
	Stdin string
	// Patience, if it is not 0, is after how many looks in a row, one
	// every two seconds, that find nothing moving the command is killed: it may hang.
	Patience int
}

// Run runs the command. A command that cannot be started, or that does not end
// although nothing moves any more, fails the test.
func (c Command) Run(t testing.TB) Result {
	t.Helper()
	cmd := exec.Command(c.Path)
	cmd.Args = c.Args
	cmd.Dir = c.Dir
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	cmd.Env = c.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if c.As != nil {
		cmd.SysProcAttr.Credential = c.As.Credential()
		if c.Env == nil {
			cmd.Env = c.As.Env()
		}
	}
	cmd.Stdin = bytes.NewReader([]byte(c.Stdin))
	out, err := newOutput()
	errs, err2 := newOutput()
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out.write, errs.write
	cmd.WaitDelay = time.Second // for a daemon that does not read its input
	err = cmd.Start()
	out.start()
	errs.start()
	if err != nil {
		t.Fatalf("%s %q: %v", c.Path, c.Args, err)
	}
	done := make(chan struct{})
	defer c.watch(cmd.Process.Pid, done)()
	go func() { err = cmd.Wait(); close(done) }()
	defer func() { _ = cmd.Process.Kill() }() // if it is not there, it does no harm
	AwaitEnd(t, done, func() string {
		return fmt.Sprintf("%q has not finished\nstdout: %q\nstderr: %q", c.Args, out, errs)
	})
	out.finish()
	errs.finish()
	r := Result{Stdout: out.String(), Stderr: errs.String()}
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
	case errors.As(err, &exit):
		r.Status = exit.ExitCode()
		if status := exit.Sys().(syscall.WaitStatus); status.Signaled() {
			r.Signal = status.Signal()
		}
	default:
		t.Fatalf("%s %q: %v", c.Path, c.Args, err)
	}
	return r
}

// watch kills a command's session when its patience is over.
func (c Command) watch(pid int, done <-chan struct{}) (stop func()) {
	if c.Patience == 0 {
		return func() {}
	}
	stopped := make(chan struct{})
	go func() {
		for stood := (view.Activity{Looks: c.Patience}); ; {
			select {
			case <-done:
				return
			case <-stopped:
				return
			case <-time.After(time.Second):
			}
			if stood.Stalled() {
				_ = syscall.Kill(-pid, syscall.SIGKILL)
			}
		}
	}()
	return func() { close(stopped) }
}

// Start runs a daemon of root's, which must stay in the foreground, until the
// test ends.
func Start(t testing.TB, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", name, out.String())
		}
	})
}

// Sh runs a script with bash as root, for preparations that need a shell and
// for callers with odd habits: closed descriptors, limits, umask.
func Sh(t testing.TB, script string, args ...string) Result {
	t.Helper()
	return Command{Path: "/bin/bash", Args: append([]string{"bash", "-c", script, "bash"}, args...), Env: os.Environ()}.Run(t)
}

// Login runs tmpshell as sshd would for the account: argv[0] is `tmpshell`, as
// for `ssh host command`.
func (a *Account) Login(t testing.TB, script string) Result {
	t.Helper()
	return Command{As: a, Path: Tmpshell, Args: []string{"tmpshell", "-c", script}, Dir: a.Home}.Run(t)
}

// Session logs in with Login and reports a status or an output that is not a
// good login's.
func (a *Account) Session(t testing.TB) Session {
	t.Helper()
	r := a.Login(t, Probe)
	s := ParseSession(t, r)
	if r.Status != 0 || r.Stderr != "" || s.Before+s.After != "" {
		t.Errorf("status %d, stderr %q, stdout beside the session's %q", r.Status, r.Stderr, s.Before+s.After)
	}
	return s
}
