package start_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tmpshell/internal/start"
)

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
			if result := same(t, env, nil, "/bin/cat", look...); result.stderr != "" {
				t.Errorf("stderr: %s", result.stderr)
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
	if err := start.Exec("/nonexistent", []string{"x"}, nil); err != syscall.ENOENT {
		t.Errorf("Exec: %v", err)
	}
	if err := start.Restore(); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(start.Closed(0))
}
