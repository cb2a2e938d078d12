package start_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tmpshell/internal/sample"
)

func TestIgnoredAndBlocked(t *testing.T) {
	for n := 1; n <= 64; n++ {
		if n == int(syscall.SIGKILL) || n == int(syscall.SIGSTOP) {
			continue
		}
		if !sample.Of(8).Has("signal", n) {
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

// A child of the launcher's own leaves no trace.
func TestChild(t *testing.T) {
	for _, steps := range [][]string{
		{},
		{"ignore=17"},
		{"block=17"},
		{"ignore=17", "block=17"},
		{"block=17", "again", "process=17"},
		{"block=17", "again", "thread=17"},
		{"block=17", "again", "thread=17", "process=17"},
		{"ignore=17", "block=17", "again", "thread=17"},
		{"ignore=17", "block=17", "again", "process=17"},
	} {
		t.Run(strings.Join(steps, " "), func(t *testing.T) { sameStatus(t, []string{"RELAY_CHILD=/bin/true"}, steps) })
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
			goW.Close()
			err := cmd.Wait()
			if got := out.String() + fmt.Sprint(err); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}
