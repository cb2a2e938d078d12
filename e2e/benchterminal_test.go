//go:build bench

package e2e

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/bench/report"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestBenchTerminal measures what goes through a terminal: with Supervise nothing is
// between the program and the caller's, and with --pty there is another one.
func TestBenchTerminal(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	const terminal, end, size = "/usr/local/bin/terminal", "/usr/local/bin/terminalend", 16 << 20
	view.Compile(t, terminal, []string{"-O2", "-Wall"}, "bench/programs/terminal.c")
	view.Compile(t, end, []string{"-O2", "-Wall"}, "bench/programs/terminalend.c")
	rig.Install(t, "Match User watched", "Supervise yes")
	for i, name := range []string{"plain", "watched"} {
		rig.AddUser(t, rig.Account{Name: name, UID: uint32(1000 + i)}).Session(t)
	}
	const program = "/usr/local/bin/program"
	rig.Write(t, program, fmt.Sprintf("#!/bin/sh\nexec %s %d\n", end, size), 0o755)
	rows := []struct {
		name    string
		uid     int
		process string // whose memory counts
		command string
	}{
		{"the terminal alone", 1000, "-", program},
		{"**tmpshell, Supervise**", 1001, "tmpshell-superv", rig.Tmpshell + " --exec " + program},
		{"**tmpshell, --pty**", 1000, "tmpshell-superv", rig.Tmpshell + " --exec --pty " + program},
		{"script", 1000, "script", "/usr/bin/script -q -c " + program + " /dev/null"},
	}
	var list strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&list, "%d\t%s\t%s\n", r.uid, r.process, r.command)
	}
	file := t.TempDir() + "/commands"
	rig.Write(t, file, list.String(), 0o644)
	n := max(6, rounds(t, 300)/10)
	cmd := exec.Command(terminal, strconv.Itoa(n), strconv.Itoa(size), file)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("terminal: %v\n%s", err, said.String())
	}
	values := make([][3][]float64, len(rows))
	for line := range strings.Lines(string(out)) {
		var round, row int
		var v [3]float64
		if _, err := fmt.Sscan(line, &round, &row, &v[0], &v[1], &v[2]); err != nil {
			t.Fatalf("terminal printed %q: %v", line, err)
		}
		for q := range v {
			values[row][q] = append(values[row][q], v[q])
		}
	}
	text := fmt.Sprintf("%d MiB from a program to its terminal, and %d keystrokes and their echoes, each from one end to the other. Medians of %d rounds, 95 %% intervals. Memory is that of tmpshell-supervise, or script(1), while the session lives (VmRSS).\n\n"+
		"| | MiB/s | interval | a keystroke, µs | interval | memory, KiB |\n| --- | ---: | --- | ---: | --- | ---: |\n", size>>20, 300, n)
	for i, r := range rows {
		rate, key := report.Median(values[i][0]), report.Median(values[i][1])
		text += fmt.Sprintf("| %s | %.0f | %.0f to %.0f | %.1f | %.1f to %.1f | %.0f |\n", r.name, rate.Mid, rate.Low, rate.High, key.Mid, key.Low, key.High, report.Median(values[i][2]).Mid)
	}
	publishSection("terminal", text, "")
}
