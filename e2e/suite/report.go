package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// event is a line of `go test -json`, see go doc test2json.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// report gathers what the tests say and prints what matters of it.
type report struct {
	to io.Writer
	// mustRun: a test that is skipped has failed, unless another one runs it.
	mustRun bool
	output  map[string][]string // of what has not ended yet, by package and test
	running running
	tests   []test
	skipped []string
	failed  []string
}

// runByAnother is in what a test says that is the victim of another one.
const runByAnother = ": run by Test"

// test is one that has passed or failed, without those below it.
type test struct {
	name      string
	seconds   float64
	processor float64 // of its view, in seconds; negative where it is not known
}

func newReport(to io.Writer, mustRun bool) *report {
	return &report{to: to, mustRun: mustRun, output: map[string][]string{}, running: running{since: map[string]time.Time{}}}
}

func (r *report) read(from io.Reader) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		var e event
		if line != "" && json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
			r.add(e)
		} else if line != "" {
			fmt.Fprint(r.to, line) // go's own
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) add(e event) {
	top, _, below := strings.Cut(e.Test, "/")
	key := e.Package + " " + top
	if !below {
		r.running.add(e.Action, key)
	}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.to, e.Output)
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "pass", "fail", "skip":
		switch said := strings.Join(r.output[key], ""); {
		case e.Test == "":
			r.endPackage(e, said)
		case e.Action == "skip" && r.mustRun && !strings.Contains(said, runByAnother):
			r.failed = append(r.failed, e.Package+" "+e.Test+": skipped: "+reason(said))
		case below:
			return
		case e.Action == "fail":
			r.failed = append(r.failed, key)
			fmt.Fprintf(r.to, "%s:\n%s", e.Package, said)
			r.tests = append(r.tests, test{key, e.Elapsed, processor(said)})
		case e.Action == "skip":
			r.skipped = append(r.skipped, key+": "+reason(said))
		default:
			r.tests = append(r.tests, test{key, e.Elapsed, processor(said)})
		}
		delete(r.output, key)
	}
}

// endPackage prints what a package has said that belongs to no test, if it has
// failed, and what its tests were saying when it ended early.
func (r *report) endPackage(e event, said string) {
	if e.Action == "fail" {
		for _, key := range slices.Sorted(maps.Keys(r.output)) {
			if strings.HasPrefix(key, e.Package+" ") && key != e.Package+" " {
				fmt.Fprint(r.to, strings.Join(r.output[key], ""))
			}
		}
		fmt.Fprint(r.to, said)
		r.failed = append(r.failed, e.Package)
	}
	fmt.Fprintf(r.to, "%-4s %s %.1f s\n", e.Action, e.Package, e.Elapsed)
}

// processor is what package view has measured: the sum, where each subtest has a view.
// It is -1 where there was none.
func processor(said string) float64 {
	sum, views := 0.0, 0
	for part := range strings.SplitSeq(said, "processor time: ") {
		number, _, _ := strings.Cut(part, " ")
		if n, err := strconv.ParseFloat(number, 64); err == nil {
			sum += n
			views++
		}
	}
	if views == 0 {
		return -1
	}
	return sum
}

// reason is why a test was skipped: what it said last.
func reason(said string) string {
	why := ""
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") && !strings.Contains(line, "processor time: ") {
			why = line
		}
	}
	return why
}

// slowest is how many tests the end names.
const slowest = 10

// end prints what is left to say, and tells whether all is well: something was run,
// and nothing has failed.
func (r *report) end() bool {
	slices.Sort(r.skipped)
	for _, s := range r.skipped {
		fmt.Fprintln(r.to, "skipped:", s)
	}
	slices.SortFunc(r.tests, func(a, b test) int { return int(1000 * (b.seconds - a.seconds)) })
	fmt.Fprintf(r.to, "\nThe slowest tests, in seconds, and what their views have used of the processors:\n")
	for _, t := range r.tests[:min(slowest, len(r.tests))] {
		used := "-"
		if t.processor >= 0 {
			used = fmt.Sprintf("%.1f", t.processor)
		}
		fmt.Fprintf(r.to, "%8.1f %8s  %s\n", t.seconds, used, t.name)
	}
	fmt.Fprintf(r.to, "\n%d tests, %d failed, %d skipped\n", len(r.tests), len(r.failed), len(r.skipped))
	for _, f := range r.failed {
		fmt.Fprintln(r.to, "FAILED:", f)
	}
	if len(r.tests) == 0 {
		fmt.Fprintln(r.to, "FAILED: no test was run")
	}
	return len(r.tests) > 0 && len(r.failed) == 0
}
