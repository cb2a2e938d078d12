package rig

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Stop is the nth call of a name, after which strace(1) stops a program.
type Stop struct {
	Call string
	Nth  int
	// As is the account that the program runs as. Without one it is root's, and
	// its children are stopped at their nth call, too.
	As *Account
}

// Run runs a program to its end, and does something each time that it stands
// still. It returns how often that was.
func (s Stop) Run(t *testing.T, argv []string, meanwhile func()) (Result, int) {
	t.Helper()
	// Not a pipe: the program would have it open, too.
	const fifo, end = "/run/e2e/stopped", "the end"
	if err := os.MkdirAll(filepath.Dir(fifo), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(fifo, 0o600); err != nil && err != unix.EEXIST {
		t.Fatal(err)
	}
	trace, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer trace.Close()
	args := []string{"-q", "-o", fifo, "-e", "trace=" + s.Call, "-e", "signal=STOP",
		"-e", fmt.Sprintf("inject=%s:signal=STOP:when=%d", s.Call, s.Nth)}
	if s.As != nil {
		args = append(args, "-u", s.As.Name)
	} else {
		args = append(args, "-f")
	}
	var stdout, stderr strings.Builder
	cmd := exec.Command("strace", append(args, argv...)...)
	if s.As != nil {
		cmd.Env, cmd.Dir = s.As.Env(), "/"
	}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait()
		fmt.Fprintln(trace, end)
	}()
	stops := 0
	for lines := bufio.NewScanner(trace); lines.Scan() && lines.Text() != end; {
		if !strings.Contains(lines.Text(), "--- stopped by SIGSTOP ---") {
			continue
		}
		stops++
		meanwhile()
		children, err := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for list := strings.Fields(string(children)); len(list) > 0; list = list[1:] {
			var pid int
			if _, err := fmt.Sscan(list[0], &pid); err == nil {
				below, _ := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", pid)) // or it has ended
				list = append(list, strings.Fields(string(below))...)
				_ = syscall.Kill(pid, syscall.SIGCONT) // one that descends from our child
			}
		}
	}
	<-done
	r := Result{Stdout: stdout.String(), Stderr: stderr.String(), Status: cmd.ProcessState.ExitCode()}
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		r.Signal = status.Signal()
	}
	return r, stops
}
