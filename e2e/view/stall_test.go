package view_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tmpshell/e2e/view"
)

// stallVar makes TestStalls the victim of TestStalled.
const stallVar = view.KeptVars + "STALL"

// TestStalls is TestStalled's victim.
func TestStalls(t *testing.T) {
	if os.Getenv(stallVar) == "" {
		t.Skip("run by TestStalled")
	}
	if !view.Enter(t) {
		return
	}
	out, err := exec.Command("sh", "-c", "n=0; while [ $n -lt 300000 ]; do n=$((n+1)); done; echo moved; sleep 123456").Output()
	t.Errorf("it has ended: %q, %v", out, err)
}

// TestStalled: a test in whose view nothing moves any more is ended. It says where
// it is, and what is left of its view.
func TestStalled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: this needs a view of the machine")
	}
	view.NeedRoot(t)
	t.Parallel()
	victim := exec.Command("/proc/self/exe", "-test.run=^TestStalls$", "-test.v")
	victim.Env = append(os.Environ(), stallVar+"=1", view.KeptVars+"LOOKS=2")
	out, err := victim.CombinedOutput()
	if err == nil {
		t.Errorf("it has passed:\n%s", out)
	}
	for _, want := range []string{"nothing moves any more", `"sleep 123456"`, "goroutine ", "TestStalls("} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in what it says:\n%s", want, out)
		}
	}
}

// TestQuestionsDoNotMove: those who wait ask by short-lived processes, and that
// does not count as a movement for others who wait.
func TestQuestionsDoNotMove(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	for range 4 {
		go func() {
			for t.Context().Err() == nil {
				_ = exec.Command("sh", "-c", "pgrep -x nobody").Run()
			}
		}()
	}
	const looks, most = 2, 20
	a := view.Activity{Looks: looks}
	for began := time.Now(); !a.Stalled(); time.Sleep(100 * time.Millisecond) {
		if time.Since(began) > most*2*time.Second {
			t.Fatalf("%d looks find that something moves", most)
		}
	}
}
