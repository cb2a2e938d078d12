//go:build bench

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/bench/report"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// row is one command to measure.
type row struct {
	name    string
	ours    bool
	uid     int
	before  string // runs before each time, as root, and is not measured
	command string
	base    string // the row to subtract; the first one if empty
	limits  string // the row of tmpshell's that is to be below this one
}

// rounds is how often each command runs.
func rounds(t *testing.T, usual int) int {
	t.Helper()
	text := os.Getenv(view.KeptVars + "BENCH_ROUNDS")
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 6 {
		t.Fatalf("ROUNDS is %q, want a number of at least 6", text)
	}
	return n
}

// floors makes the programs to compare with.
func floors(t *testing.T) {
	t.Helper()
	view.Compile(t, interleave, []string{"-O2", "-Wall"}, "bench/programs/interleave.c")
	view.Compile(t, floor, []string{"-O2", "-Wall", "-static"}, "bench/programs/floor.c")
	view.Compile(t, floorMount, []string{"-O2", "-Wall", "-static"}, "bench/programs/floormount.c")
	// The go command has no cache in a view: make bench has built this one.
	rig.Must(t, "install", "-m", "755", "/run/tmpshell-bin/gofloor", goFloor)
}

// data is what was measured: for each row and each round.
type data struct {
	rounds int
	rows   []row
	values [][][]float64 // [row][quantity][round]
}

// The quantities of a run, as interleave.c prints them.
const (
	wall = iota
	processor
	voluntary
	switches
	faults
	memory
	quantities
)

func measure(t *testing.T, rounds int, rows []row) data {
	t.Helper()
	var list strings.Builder
	for _, r := range rows {
		before := r.before
		if before == "" {
			before = "-"
		}
		fmt.Fprintf(&list, "%d\t%s\t%s\n", r.uid, before, r.command)
	}
	file := t.TempDir() + "/commands"
	rig.Write(t, file, list.String(), 0o644)
	d := data{rounds, rows, make([][][]float64, len(rows))}
	for i := range rows {
		d.values[i] = make([][]float64, quantities)
		for q := range quantities {
			d.values[i][q] = make([]float64, rounds)
		}
	}
	cmd := exec.Command(interleave, strconv.Itoa(rounds), file)
	var said strings.Builder // by the commands, too
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("interleave: %v\n%s", err, said.String())
	}
	lines := 0
	for line := range strings.Lines(string(out)) {
		var round, row int
		var v [quantities]float64
		if _, err := fmt.Sscan(line, &round, &row, &v[wall], &v[processor], &v[voluntary], &v[switches], &v[faults], &v[memory]); err != nil {
			t.Fatalf("interleave printed %q: %v", line, err)
		}
		v[wall] /= 1e3
		v[processor] /= 1e3
		for q := range quantities {
			d.values[row][q][round] = v[q]
		}
		lines++
	}
	if lines != rounds*len(rows) {
		t.Fatalf("interleave printed %d lines, want %d", lines, rounds*len(rows))
	}
	return d
}

func (d data) index(name string) int {
	for i, r := range d.rows {
		if r.name == name {
			return i
		}
	}
	panic("no row " + name)
}

// added are a row's times, less those of its base in the same round.
func (d data) added(row int) []float64 {
	base := 0
	if d.rows[row].base != "" {
		base = d.index(d.rows[row].base)
	}
	list := make([]float64, d.rounds)
	for i := range list {
		list[i] = d.values[row][wall][i]
		if row != base {
			list[i] -= d.values[base][wall][i]
		}
	}
	return list
}

func (d data) result(name string) report.Row {
	i := d.index(name)
	mid := func(q int) float64 { return report.Median(d.values[i][q]).Mid }
	r := report.Row{Name: name, Ours: d.rows[i].ours, Base: d.rows[i].base, Added: report.Median(d.added(i)),
		Processor: mid(processor), Voluntary: mid(voluntary), Switches: mid(switches), Faults: mid(faults), Memory: mid(memory)}
	if r.Base == "" {
		r.Base = d.rows[0].name
	}
	if r.Base == name {
		r.Base = ""
	}
	return r
}

func (d data) table(name, title string, notes ...string) report.Table {
	table := report.Table{Name: name, Title: title, Rounds: d.rounds, Notes: notes}
	for _, r := range d.rows {
		table.Rows = append(table.Rows, d.result(r.name))
	}
	return table
}

// verdicts are below a table.
func verdicts(lines ...string) string {
	return "Ratios of the added times, by a bootstrap over the rounds:\n\n| | ratio | interval | at most | |\n| --- | ---: | --- | ---: | --- |\n" + strings.Join(lines, "\n")
}

// verdict is a line that says whether the first row adds at most so many times what
// the second does.
func (d data) verdict(what, a, b string, most float64) string {
	r := report.Ratio(d.added(d.index(a)), d.added(d.index(b)))
	said := "met"
	switch {
	case report.Median(d.added(d.index(b))).Low <= 0:
		said = "open: what the second one adds cannot be told from nothing"
	case r.Low > most:
		said = "**not met**"
	case r.High > most:
		said = "open: the interval reaches over it"
	}
	return fmt.Sprintf("| %s | %.2f | %.2f to %.2f | %.2f | %s |", what, r.Mid, r.Low, r.High, most, said)
}

// machine says where all this was measured.
func machine(t *testing.T) {
	t.Helper()
	first := func(command string) string { return strings.TrimSpace(rig.Sh(t, command).Stdout) }
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	publishSection("machine", fmt.Sprintf("%s, %d processors, %s of memory; %s %s, Debian %s; %s; %s; load at the beginning %s.\n\nBeside it: %s.",
		first(`sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1`), runtime.NumCPU(), first(`free -h --si | awk '/^Mem/ { print $2 }'`),
		unix.ByteSliceToString(name.Sysname[:]), unix.ByteSliceToString(name.Release[:]), first("cat /etc/debian_version"),
		first(rig.Ctl+" version 2>/dev/null || /run/tmpshell-bin/tmpshellctl version | head -n 1"), runtime.Version(), first("cut -d' ' -f1 /proc/loadavg"),
		first(`dpkg-query -W -f '${Package} ${Version}, ' bash bubblewrap gosu tini dumb-init catatonit util-linux openssh-server gcc 2>/dev/null; ls /run/tmpshell-source/bin/peers/*.deb 2>/dev/null | sed 's|.*/||; s|_[a-z0-9]*\.deb||; s|_| |; s|%3a|:|' | paste -sd, | sed 's/,/, /g'`)), "")
}

// section is a part of docs/benchmarks.md, with a picture or none.
type section struct{ Name, Text, Picture string }

const publishMark = "section "

// publishSection hands a section to the process outside of the view.
func publishSection(name, text, picture string) {
	line, err := json.Marshal(section{name, text, picture})
	if err != nil {
		panic(err)
	}
	view.Tell(publishMark + string(line) + "\n")
}

func init() { publish = publishDocument }

// publishDocument puts the sections into docs/benchmarks.md and the picture of the
// first table into docs/benchmarks.svg, and returns all that was told in a form
// that a person reads.
func publishDocument(told string) string {
	const document, picture = "../docs/benchmarks.md", "../docs/benchmarks.svg"
	texts, readable := map[string]string{}, ""
	for line := range strings.Lines(told) {
		text, is := strings.CutPrefix(line, publishMark)
		if !is {
			readable += line
			continue
		}
		var s section
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return fmt.Sprintf("%v: %s", err, line)
		}
		if s.Name == "machine" {
			s.Text = time.Now().UTC().Format("2 January 2006") + ". " + s.Text
		}
		texts[s.Name] = s.Text
		readable += "\n" + s.Text + "\n"
		if s.Name == "login" {
			texts[s.Name] = "![Added times of a login](benchmarks.svg)\n\n" + s.Text
			if err := os.WriteFile(picture, []byte(s.Picture), 0o644); err != nil {
				readable += err.Error() + "\n"
			}
		}
	}
	if len(texts) == 0 {
		return readable
	}
	old, err := os.ReadFile(document)
	if err != nil {
		return readable + err.Error() + "\n"
	}
	changed, missing := report.Sections(string(old), texts)
	if err := os.WriteFile(document, []byte(changed), 0o644); err != nil {
		readable += err.Error() + "\n"
	}
	if len(missing) > 0 {
		readable += fmt.Sprintf("%s has no place for %q\n", document, missing)
	}
	return readable
}
