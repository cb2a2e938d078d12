package rig

import (
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Open is a session that stays open and takes one script after the other, as
// `ssh host` without a terminal would be.
type Open struct {
	t     testing.TB
	cmd   *exec.Cmd
	stdin io.WriteCloser
	said  said
	count int
	pid   int
}

// said is what a session has printed and nobody has read yet.
type said struct {
	sync.Mutex
	text    string
	changed chan struct{}
}

func (s *said) Write(p []byte) (int, error) {
	s.Lock()
	defer s.Unlock()
	s.text += string(p)
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return len(p), nil
}

// Open logs in with the account's passwd shell.
func (a *Account) Open(t testing.TB, env ...string) *Open {
	t.Helper()
	name := a.Shell[strings.LastIndexByte(a.Shell, '/')+1:]
	return Command{As: a, Path: a.Shell, Args: []string{name}, Env: append(a.Env(), env...), Dir: a.Home}.Open(t)
}

// Open starts a session: a command that ends in a shell which reads its input.
// The test's end kills the command, not what the session has left behind.
func (c Command) Open(t testing.TB) *Open {
	t.Helper()
	o := &Open{t: t, cmd: exec.Command(c.Path), said: said{changed: make(chan struct{}, 1)}}
	o.cmd.Args, o.cmd.Env, o.cmd.Dir = c.Args, c.Env, c.Dir
	o.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if c.As != nil {
		o.cmd.SysProcAttr.Credential = c.As.Credential()
	}
	o.cmd.Stdout, o.cmd.Stderr = &o.said, &o.said
	o.cmd.WaitDelay = time.Millisecond // a daemon may hold the pipe
	var err error
	if o.stdin, err = o.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := o.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	pid, _ := o.Do("echo $$")
	if o.pid, err = strconv.Atoi(strings.TrimSpace(pid)); err != nil {
		t.Fatal("no session: ", err)
	}
	return o
}

// PID is the session's shell, in whose /proc/PID/root its mounts are.
func (o *Open) PID() int { return o.pid }

// Close ends the session.
func (o *Open) Close() {
	o.stdin.Close()
	_ = o.cmd.Process.Kill()
	_ = o.cmd.Wait()
}

// Do runs a script in a subshell of the session and returns what it printed on
// either output, and its status. One that does not end although
// nothing moves any more fails the test.
func (o *Open) Do(script string) (string, int) {
	o.t.Helper()
	o.count++
	mark := fmt.Sprintf("<<end %d>>", o.count)
	if _, err := fmt.Fprintf(o.stdin, "( %s\n) </dev/null; echo \"%s $?\"\n", script, mark); err != nil {
		o.t.Fatalf("the session is gone: %v, after %q", err, o.said.text)
	}
	var before, status string
	AwaitOn(o.t, o.said.changed, func() string {
		return fmt.Sprintf("%s has not finished\noutput: %q", script, before)
	}, func() bool {
		o.said.Lock()
		defer o.said.Unlock()
		var after, rest string
		var ok, whole bool
		before, after, ok = strings.Cut(o.said.text, mark+" ")
		status, rest, whole = strings.Cut(after, "\n")
		if ok && whole {
			o.said.text = rest
		}
		return ok && whole
	})
	n, err := strconv.Atoi(status)
	if err != nil {
		o.t.Fatalf("status %q of %q", status, script)
	}
	return before, n
}
