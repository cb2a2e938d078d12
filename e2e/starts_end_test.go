package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// coreHome is where a program that dies may leave a core file.
const coreHome = "/home/alice/core"

// harmless are the signals that end no process.
var harmless = []syscall.Signal{
	unix.SIGCHLD, unix.SIGCONT, unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGURG, unix.SIGWINCH,
}

// TestEnds: how the program ends reaches tmpshell's caller as if it had started
// the program itself.
func TestEnds(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	ways := furnishStarts(t)
	rig.Must(t, "install", "-d", "-m", "1777", coreHome)
	cores, tried := false, 0
	share := sample.Of(16)
	check := func(t *testing.T, state startState, want func(syscall.WaitStatus) bool) {
		t.Helper()
		for _, w := range ways {
			if w.fresh && w.account.UID == 0 {
				continue // it makes its directories itself, as above
			}
			if !share.Has(t.Name(), w.name) {
				continue
			}
			tried++
			w.prepare(t)
			without, err := w.direct(state).Run(t)
			if err != nil {
				t.Fatal(err)
			}
			within, err := w.through(state).Run(t)
			if err != nil {
				t.Fatal(err)
			}
			if without.Status != within.Status || !want(within.Status) {
				t.Errorf("%s: wait status %#x without and %#x with tmpshell", w.name, int(without.Status), int(within.Status))
			}
			if within.Facts.Count() == 0 || within.Stdout+within.Stderr != "" {
				t.Errorf("%s: %d facts, stdout %q, stderr %q", w.name, within.Facts.Count(), within.Stdout, within.Stderr)
			}
			cores = cores || without.Status.CoreDump()
		}
	}
	for _, code := range []int{0, 1, 2, 7, 42, 64, 99, 124, 125, 126, 127, 128, 129, 130, 137, 139, 143, 254, 255} {
		t.Run(fmt.Sprint("exit ", code), func(t *testing.T) {
			check(t, startState{args: []string{"exit", fmt.Sprint(code)}},
				func(s syscall.WaitStatus) bool { return s.Exited() && s.ExitStatus() == code })
		})
	}
	core := []string{limit(unix.RLIMIT_CORE, unix.RLIM_INFINITY, unix.RLIM_INFINITY), "chdir=" + coreHome}
	for n := syscall.Signal(1); n <= 64; n++ {
		if slices.Contains(harmless, n) {
			continue
		}
		died := func(s syscall.WaitStatus) bool { return s.Signaled() && s.Signal() == n }
		t.Run(fmt.Sprint("die ", int(n)), func(t *testing.T) {
			check(t, startState{steps: core, args: []string{"die", fmt.Sprint(int(n))}}, died)
		})
		if n == unix.SIGKILL {
			continue
		}
		// What has been pending all the way arrives when it is unblocked.
		t.Run(fmt.Sprint("pending ", int(n)), func(t *testing.T) {
			pending := []string{fmt.Sprintf("block=%d", n), fmt.Sprintf("process=%d", n)}
			check(t, startState{steps: append(pending, core...), args: []string{"unblock"}}, died)
		})
	}
	t.Run("core", func(t *testing.T) {
		view.Tell(fmt.Sprintf("ends of programs: %d tried; %v\n", tried, share))
		if !cores && sample.All() {
			pattern, _ := os.ReadFile("/proc/sys/kernel/core_pattern")
			view.Missing(t, "core files: the kernel makes none with the pattern "+strings.TrimSpace(string(pattern)))
		}
	})
}
