package start_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tmpshell/internal/start"
)

<<<<<<< HEAD
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
	timer := time.AfterFunc(20*time.Second, func() { syscall.Kill(pid, syscall.SIGKILL) })
	defer timer.Stop()
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

func TestIgnoredAndBlocked(t *testing.T) {
	for n := 1; n <= 64; n++ {
		if n == int(syscall.SIGKILL) || n == int(syscall.SIGSTOP) {
			continue
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			check := func(steps ...string) {
				t.Helper()
				lines := map[string]string{"ignore": "SigIgn", "block": "SigBlk", "process": "ShdPnd", "thread": "SigPnd"}
				verb, _, _ := strings.Cut(steps[len(steps)-1], "=")
				one := sameStatus(t, nil, steps)
				_, text, _ := strings.Cut(one.stdout, lines[verb]+":\t")
				text, _, _ = strings.Cut(text, "\n")
				// Others may be set as well: make(1) starts us with 32 ignored.
				if set, _ := strconv.ParseUint(text, 16, 64); set&(1<<(n-1)) == 0 {
					t.Errorf("the stage did not work: signal %d is not in %s %q of\n%+v", n, lines[verb], text, one)
				}
			}
			ignore, block := fmt.Sprintf("ignore=%d", n), fmt.Sprintf("block=%d", n)
			check(ignore)
			check(block)
			check(ignore, block)
			check(block, "again", fmt.Sprintf("process=%d", n))
			check(block, "again", fmt.Sprintf("thread=%d", n))
			check(ignore, block, "again", fmt.Sprintf("process=%d", n))
		})
	}
}

func TestSignalsTogether(t *testing.T) {
	for _, steps := range [][]string{
		{},
		{"ignore=all"},
		{"block=all"},
		{"block=all", "again", "process=all"},
		{"block=all", "again", "thread=all", "process=all"},
		{"ignore=all", "block=all", "again", "process=all"},
		{"ignore=1,3,13,15", "block=2,10,17"},
	} {
		t.Run(strings.Join(steps, " "), func(t *testing.T) { state(t, nil, steps) })
	}
}

// What arrives while the launcher runs must do what it would have done to the
// shell: stay pending if blocked, end it as ever if not.
func TestSignalOnTheWay(t *testing.T) {
	for _, test := range []struct {
		block  bool
		signal syscall.Signal
		want   string
	}{
		{true, syscall.SIGHUP, "ShdPnd:\t0000000000000001"},
		{true, syscall.SIGINT, "ShdPnd:\t0000000000000002"},
		{true, syscall.SIGTERM, "ShdPnd:\t0000000000004000"},
		{true, syscall.SIGCHLD, "SigPnd:\t0000000000000000"},
		{true, syscall.SIGPIPE, "ShdPnd:\t0000000000001000"},
		{false, syscall.SIGTERM, "signal: terminated"},
		{false, syscall.SIGQUIT, "signal: quit"},
	} {
		t.Run(fmt.Sprint(test.signal, test.block), func(t *testing.T) {
			readyR, readyW, _ := os.Pipe()
			goR, goW, _ := os.Pipe()
			steps := []string{}
			if test.block {
				steps = []string{fmt.Sprintf("block=%d", test.signal)}
			}
			cmd := exec.Command(stage, append(steps, "--", relay, "grep", "Pnd", "/proc/self/status")...)
			cmd.Env = []string{"RELAY=/bin/grep", "RELAY_WAIT=1"}
			cmd.ExtraFiles = []*os.File{nil, nil, nil, nil, readyW, goR} // 7 and 8
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			readyW.Close()
			goR.Close()
			readyR.Read(make([]byte, 8))
			cmd.Process.Signal(test.signal)
			time.Sleep(20 * time.Millisecond)
			goW.Close()
			err := cmd.Wait()
			if got := out.String() + fmt.Sprint(err); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}

=======
>>>>>>> start
func TestEnvironment(t *testing.T) {
	for _, env := range [][]string{
		nil,
		{"A=1", "A=2", "B=", "=x", "", "novalue", "A=3", ""},
		{"GODEBUG=inittrace=1,schedtrace=1"},
		{"GOMEMLIMIT=garbage"},
		{"GOMEMLIMIT=1"},
		{"GOMAXPROCS=100000"},
		{"GOGC=garbage", "GOGC=1"},
		{"GOTRACEBACK=crash", "GOTRACEBACK=none"},
		{"GOCOVERDIR=/nonexistent", "GOROOT=/nonexistent", "GODEBUG=madvdontneed=1,asyncpreemptoff=0,panicnil=1"},
	} {
		t.Run(strings.Join(env, " "), func(t *testing.T) {
			begin := time.Now()
			if result := same(t, env, nil, "/bin/cat", look...); result.stderr != "" {
				t.Errorf("stderr: %s", result.stderr)
			}
			if time.Since(begin) > 5*time.Second {
				t.Error("took more than 5 s")
			}
		})
	}
}

func TestArguments(t *testing.T) {
	same(t, nil, nil, "/bin/cat", "", "/proc/self/cmdline")
	same(t, nil, nil, "/bin/cat", "-cat with blanks\xff", "/proc/self/cmdline", "/dev/null")
	same(t, nil, nil, "/bin/sh", "-sh", "-c", `cat /proc/$$/cmdline`, "", "\xff", "b")
	many := slices.Repeat([]string{"x"}, 20000)
	same(t, nil, nil, "/bin/sh", append([]string{"sh", "-c", `echo $#`}, many...)...)
	// argc 0; the shell reads descriptor 0, which is empty.
	if got := same(t, nil, nil, "/bin/sh"); got.status != "exit 0" {
		t.Errorf("argc 0: %+v", got)
	}
}

func TestDescriptors(t *testing.T) {
	const list = `for i in 0 1 2 3 4 5 6 7 8; do if [ -e /proc/$$/fd/$i ]; then l="$l $i"; fi; done; read x; echo "$?$l" >&9`
	for _, test := range []struct {
		steps []string
		want  string
	}{
		{nil, "1 0 1 2\n"},
		{[]string{"close=0"}, "1 1 2\n"},
		{[]string{"close=1"}, "1 0 2\n"},
		{[]string{"close=2"}, "1 0 1\n"},
		{[]string{"close=0", "close=2"}, "1 1\n"},
		{[]string{"close=0", "close=1", "close=2"}, "1\n"},
	} {
		t.Run(strings.Join(test.steps, " "), func(t *testing.T) {
			if got := same(t, nil, test.steps, "/bin/sh", "sh", "-c", list); got.fd9 != test.want {
				t.Errorf("the stage did not work: %q, want %q", got.fd9, test.want)
			}
		})
	}
}

func TestNoDevNull(t *testing.T) {
	needRoot(t)
	root := t.TempDir()
	for _, program := range []string{relay, stage} {
		text, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, filepath.Base(program)), text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	steps := []string{"chroot=" + root, "close=0", "close=1", "close=2"}
	got := run(t, []string{"RELAY=/stage"}, steps, "/relay", "stage", "print=alive")
	if got.fd9 != "alive" {
		t.Errorf("got %+v", got)
	}
}

func TestFailedExec(t *testing.T) {
	env := []string{"RELAY_FAIL=1"}
	state(t, env, []string{"ignore=17", "as=1500000000:inf", "nofile=100:200"})
	state(t, env, []string{"ignore=17", "block=17", "again", "process=17"})
}

// A launcher that stays: the child finds what it would have found, and the
// parent can catch what was neither ignored nor blocked.
func TestStay(t *testing.T) {
	for _, test := range []struct {
		steps  []string
		caught string
	}{
		{nil, "user defined signal 1\nuser defined signal 2\n"},
		{[]string{"ignore=2,12,13,15,17,33"}, "user defined signal 1\n"},
		{[]string{"block=1,2,10,15,17"}, "user defined signal 2\n"},
		{[]string{"ignore=17", "close=0", "as=1500000000:inf", "data=200000000:inf", "nofile=50:100"}, "user defined signal 1\nuser defined signal 2\n"},
	} {
		t.Run(strings.Join(test.steps, " "), func(t *testing.T) {
			env := []string{"RELAY=/bin/cat", "A=1", "A=2"}
			for _, files := range [][]string{look, {"cat", "/proc/self/status"}} {
				want := run(t, env, test.steps, "/bin/cat", files...)
				want.fd9 = test.caught
				got := run(t, env, test.steps, stay, files...)
				if len(files) == 2 {
					want, got = status(want), status(got)
				}
				if got != want {
					t.Errorf("child:\n%+v\ndirectly:\n%+v", got, want)
				}
			}
		})
	}
}

func TestStart(t *testing.T) {
	got := run(t, []string{"STAY_SHOW=1"}, []string{"close=0", "ignore=12,17"}, stay)
	if want := "true " + stay + " 0 true true false true true false\n"; got.stdout != want {
		t.Errorf("got %+v, want %q", got, want)
	}
}

// A test binary is not linked with the entry point.
func TestWithoutEntry(t *testing.T) {
	if start.Active() {
		t.Fatal("active without the entry point")
	}
	if got := start.Args(); !slices.Equal(got, os.Args) {
		t.Errorf("Args: %q, want %q", got, os.Args)
	}
	if got := start.Environ(); !slices.Equal(got, os.Environ()) {
		t.Errorf("Environ: %q, want %q", got, os.Environ())
	}
	if got := start.ExecFn(); got != os.Args[0] && !strings.HasSuffix(got, ".test") {
		t.Errorf("ExecFn: %q, want %q", got, os.Args[0])
	}
	if secure, ok := start.Auxv(start.AtSecure); !ok || secure != 0 {
		t.Errorf("AT_SECURE: %d, %v", secure, ok)
	}
	if err := start.Restore(); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(start.Closed(0))
}
