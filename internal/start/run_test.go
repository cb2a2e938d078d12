package start_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The tests compare a program that is executed by relay, which stands for the
// launcher, with the same program executed directly from the same state.
// Programs that are not Go's (cat, sh) look at the state: they do not change it.

var relay, stage, stay string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "start-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		syscall.Umask(0o022)
		os.Chmod(dir, 0o755) // for other uids
		// The linker leaves what only the entry point uses out of a test binary,
		// so go test would take an older result for this one's. It does not
		// where the test has opened files that have changed since.
		for _, pattern := range []string{"*.go", "*.s", "internal/*/*.go"} {
			sources, _ := filepath.Glob(pattern)
			for _, source := range sources {
				if _, err := os.ReadFile(source); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return 1
				}
			}
		}
		relay, stage, stay = filepath.Join(dir, "relay"), filepath.Join(dir, "stage"), filepath.Join(dir, "stay")
		for _, program := range []string{relay, stage, stay} {
			build := exec.Command("go", "build", "-ldflags", "-E tmpshell_start", "-o", program, "./internal/"+filepath.Base(program))
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
				return 1
			}
		}
		return m.Run()
	}())
}

// need skips a test that cannot run here, unless nothing may be skipped.
func need(t *testing.T, ok bool, what string) {
	t.Helper()
	switch {
	case ok:
	case os.Getenv("TMPSHELL_MUST_RUN") == "1":
		t.Fatalf("needs %s, and TMPSHELL_MUST_RUN is set", what)
	default:
		t.Skipf("needs %s", what)
	}
}

func needRoot(t *testing.T) { t.Helper(); need(t, os.Geteuid() == 0, "root") }

// result is what became of a process.
type result struct {
	stdout, stderr, fd9 string
	status              string
}

// run starts stage with the steps, the program at path and its arguments.
// Descriptor 9 is a pipe, for programs without a standard output.
func run(t *testing.T, env []string, steps []string, path string, argv ...string) result {
	t.Helper()
	var out, errors, nine bytes.Buffer
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	files := []uintptr{null.Fd()}
	var done []chan struct{}
	var ends []*os.File
	for fd := 1; fd <= 9; fd++ {
		buffer := map[int]*bytes.Buffer{1: &out, 2: &errors, 9: &nine}[fd]
		if buffer == nil {
			files = append(files, ^uintptr(0))
			continue
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		files, ends = append(files, w.Fd()), append(ends, w)
		finished := make(chan struct{})
		done = append(done, finished)
		go func() { buffer.ReadFrom(r); r.Close(); close(finished) }()
	}
	args := append(append(append([]string{"stage"}, steps...), "--", path), argv...)
	pid, err := syscall.ForkExec(stage, args, &syscall.ProcAttr{Env: env, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range ends {
		end.Close()
	}
	for _, finished := range done {
		<-finished
	}
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	outcome := fmt.Sprintf("exit %d", status.ExitStatus())
	if status.Signaled() {
		outcome = status.Signal().String()
	}
	return result{out.String(), errors.String(), nine.String(), outcome}
}

// same runs the program directly and through relay and wants no difference.
func same(t *testing.T, env, steps []string, path string, argv ...string) result {
	t.Helper()
	env = append(slices.Clone(env), "RELAY="+path)
	want := run(t, env, steps, path, argv...)
	got := run(t, env, steps, relay, argv...)
	if got != want {
		t.Errorf("through the launcher:\n%+v\ndirectly:\n%+v", got, want)
	}
	return want
}

var look = []string{"cat", "/proc/self/limits", "/proc/self/environ", "/proc/self/cmdline"}

// status is what cat prints of /proc/self/status, without the lines that vary
// from one process to the next.
func status(r result) result {
	var kept []string
	for _, line := range strings.Split(r.stdout, "\n") {
		switch name, _, _ := strings.Cut(line, ":"); name {
		case "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
			"Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp", "Umask", "Threads":
			kept = append(kept, line)
		}
	}
	r.stdout = strings.Join(kept, "\n")
	return r
}

// sameStatus is same for what /proc/self/status says.
func sameStatus(t *testing.T, env, steps []string) result {
	t.Helper()
	env = append(slices.Clone(env), "RELAY=/bin/cat")
	want := status(run(t, env, steps, "/bin/cat", "cat", "/proc/self/status"))
	got := status(run(t, env, steps, relay, "cat", "/proc/self/status"))
	if got != want {
		t.Errorf("through the launcher:\n%+v\ndirectly:\n%+v", got, want)
	}
	return want
}

// state compares all that /proc shows.
func state(t *testing.T, env, steps []string) {
	t.Helper()
	same(t, env, steps, "/bin/cat", look...)
	sameStatus(t, env, steps)
}
