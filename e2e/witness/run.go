package witness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/rig"
)

// Start is one start of a program. Descriptor 0 is empty, 1 and 2 are read by
// the test, and 9 is where probe says what it sees.
type Start struct {
	Steps []string // of stage
	Path  string
	Argv  []string // argv[0] included
	Env   []string
}

// Outcome is what became of it.
type Outcome struct {
	Facts          Facts
	Stdout, Stderr string
	Status         syscall.WaitStatus
	PID            int
}

// Run starts the program and waits for its end. The error is that of a step
// that failed.
func (s Start) Run(t testing.TB) (Outcome, error) {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	const closed = ^uintptr(0)
	files := []uintptr{null.Fd(), closed, closed, closed, closed, closed, closed, closed, closed, closed}
	read := map[int]*reader{1: {}, 2: {}, 9: {}}
	for fd, r := range read {
		files[fd] = r.open(t)
	}
	argv := append(append(append([]string{"stage"}, s.Steps...), "--", s.Path), s.Argv...)
	// Not os/exec, which drops duplicates from the environment.
	pid, err := syscall.ForkExec(Stage, argv, &syscall.ProcAttr{Dir: "/", Env: s.Env, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	out := Outcome{PID: pid}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, r := range read {
			r.finish()
		}
		for {
			if _, err := syscall.Wait4(pid, &out.Status, 0, nil); err != syscall.EINTR {
				return
			}
		}
	}()
	rig.AwaitEnd(t, done, func() string {
		return fmt.Sprintf("%q %q has not finished", s.Steps, s.Argv)
	})
	said := read[9].text.String()
	if strings.HasPrefix(said, "stage: ") {
		return out, errors.New(strings.TrimSuffix(said, "\n"))
	}
	out.Stdout, out.Stderr, out.Facts = read[1].text.String(), read[2].text.String(), parse(said)
	return out, nil
}

// reader gathers what is written to a pipe.
type reader struct {
	write *os.File
	text  bytes.Buffer
	done  chan struct{}
}

func (r *reader) open(t testing.TB) uintptr {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.write, r.done = write, make(chan struct{})
	go func() {
		_, _ = r.text.ReadFrom(read)
		read.Close()
		close(r.done)
	}()
	return write.Fd()
}

// finish waits for the last writer's end. Called after the fork.
func (r *reader) finish() {
	r.write.Close()
	<-r.done
}
