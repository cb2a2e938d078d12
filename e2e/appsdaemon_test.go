package e2e

import (
	"bytes"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"tmpshell/e2e/rig"
)

// daemon runs a server outside of every session until the test ends, or stop is
// called. It counts as started when the shell command ready succeeds.
func daemon(t testing.TB, ready string, as *rig.Account, program string, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if as != nil {
		cmd.Env = as.Env()
		cmd.SysProcAttr.Credential = as.Credential()
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		// More than once: atd forgets one that comes while it looks at its jobs.
		sent := time.Time{}
		rig.Await(t, func() string { return program + " does not end when it is told to" }, func() bool {
			if now := time.Now(); now.Sub(sent) > 100*time.Millisecond {
				_ = cmd.Process.Signal(syscall.SIGTERM)
				sent = now
			}
			return hasEnded(ended)
		})
	}
	t.Cleanup(stop)
	// ready may start programs, which then move: the whole run's limit holds.
	rig.Await(t, func() string { return program + " is not ready:\n" + said.String() }, func() bool {
		if hasEnded(ended) {
			t.Fatalf("%s has ended:\n%s", program, said.String())
		}
		return rig.Sh(t, ready).Status == 0
	})
	return stop
}

func hasEnded(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// reaches says where a login finds the socket of a server outside, or that it
// does not. Both must be so: that talk succeeds, and that the socket is there.
func (c *cell) reaches(path, talk string) string {
	c.Helper()
	_, seen := c.first.Do("test -S " + path)
	out, status := c.first.Do(talk)
	switch {
	case seen == 0 && status == 0:
		return c.at(c.first, path)
	case seen != 0 && status != 0:
		return notReached
	}
	c.Errorf("%s: status %d, and of test -S %s %d: %s", talk, status, path, seen, out)
	return "broken"
}

// notReached is what the table says where a session and a server outside cannot
// meet.
const notReached = "not reached"
