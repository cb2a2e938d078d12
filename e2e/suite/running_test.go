package main

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// runVar makes the test binary the suite, with its arguments.
const runVar = "TMPSHELL_SUITE_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(runVar) != "" {
		os.Exit(run(os.Args))
	}
	os.Exit(m.Run())
}

// begun is a run in which TestB and a test of another package have not ended, and
// TestC waits for its turn.
const begun = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestC"}
{"Action":"pause","Package":"p","Test":"TestC"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"run","Package":"p","Test":"TestB/sub"}
{"Action":"run","Package":"q","Test":"TestQ"}
`

func TestRunning(t *testing.T) {
	r := newReport(nil, false)
	if err := r.read(strings.NewReader(begun)); err != nil {
		t.Fatal(err)
	}
	const want = "running for 0 s: p TestB\nrunning for 0 s: q TestQ\n"
	if got := r.running.list(); got != want {
		t.Errorf("running:\n%s\nwant:\n%s", got, want)
	}
}

// TestEndedBySignal: a run that is ended from outside, or whose parent is, says which
// tests ran, and has them say where they are: SIGQUIT does, for Go's tests.
func TestEndedBySignal(t *testing.T) {
	const tests = `trap 'echo here I am; exit 2' QUIT; printf '%s' "$EVENTS"; echo begun; while :; do sleep 1 & wait $!; done`
	for name, by := range map[string][]string{"a signal": nil, "the death of its parent": {"sh", "-c", `"$0" "$@"; :`}} {
		t.Run(name, func(t *testing.T) {
			args := append(append([]string{}, by...), os.Args[0], t.TempDir()+"/tables", "sh", "-c", tests)
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Env = append(os.Environ(), runVar+"=1", "EVENTS="+begun)
			out, err := cmd.StdoutPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			for lines := bufio.NewScanner(out); lines.Scan(); {
				said.WriteString(lines.Text() + "\n")
				if lines.Text() == "begun" {
					_ = cmd.Process.Signal(syscall.SIGTERM)
				}
			}
			if err := cmd.Wait(); err == nil {
				t.Error("it has ended well")
			}
			for _, want := range []string{"terminated\n", " s: p TestB\n", " s: q TestQ\n", "here I am\n", "1 tests, 0 failed"} {
				if !strings.Contains(said.String(), want) {
					t.Errorf("no %q in\n%s", want, said.String())
				}
			}
			if strings.Contains(said.String(), "TestC") || strings.Contains(said.String(), "s: p TestA") {
				t.Errorf("a test that does not run is named:\n%s", said.String())
			}
		})
	}
}
