package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// guest is what the tests have printed on one kernel.
type guest struct {
	suite  string
	log    string // its file
	system string // kernel and distribution, as guest.sh says them; empty: it never began
	ended  bool   // guest.sh came to its end
	took   time.Duration
	// processor is the machine's processor time, of the boot, too.
	processor time.Duration
	// results has how each test ended, and said what is said of failed ones.
	results map[string]result
	said    map[string]string
	// found has what each script has found: RESULT by WHAT.
	found map[string]map[string]string
}

// result is one test's.
type result struct {
	verdict string // PASS, FAIL or SKIP
	took    time.Duration
}

var (
	resultLine = regexp.MustCompile(`^--- (PASS|FAIL|SKIP): (\S+) \(([0-9.]+s)\)`)
	systemLine = regexp.MustCompile(`^guest: Linux (\S+) \S+ "?([^"]*)"?, ready after`)
	// finding is a line of a script's: SCRIPT: WHAT: RESULT.
	finding = regexp.MustCompile(`^([a-z]+): (.+?): (.*)`)
	// reason begins a complaint in what a test has printed: FILE:LINE: …
	reason = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)`)
)

// parse reads what a guest has printed, which is what go test prints.
func parse(suite, file, text string) guest {
	g := guest{suite: suite, log: file, results: map[string]result{}, said: map[string]string{}, found: map[string]map[string]string{}}
	for _, script := range scripts(suite) {
		g.found[script] = map[string]string{}
	}
	failed := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if m := systemLine.FindStringSubmatch(line); m != nil {
			g.system = m[1] + ", " + m[2]
		}
		g.ended = g.ended || strings.HasPrefix(line, "guest: ended")
		if m := resultLine.FindStringSubmatch(line); m != nil {
			seconds, _ := time.ParseDuration(m[3])
			g.results[m[2]] = result{m[1], seconds}
			failed = ""
			if m[1] != "PASS" {
				failed = m[2]
			}
			continue
		}
		if m := finding.FindStringSubmatch(line); m != nil && g.found[m[1]] != nil {
			if before, twice := g.found[m[1]][m[2]]; twice {
				m[3] = before + ", " + m[3] // which nobody wants
			}
			g.found[m[1]][m[2]] = m[3]
		}
		if m := reason.FindStringSubmatch(line); m != nil && failed != "" && !strings.HasPrefix(m[1], "processor time") && !strings.HasPrefix(m[1], "in the view") {
			if g.said[failed] == "" {
				g.said[failed] = m[1]
			}
		}
	}
	return g
}

func (g guest) summary() string {
	system := g.system
	if system == "" {
		system = "did not begin"
	}
	end := ""
	if !g.ended {
		end = "; did not come to its end"
	}
	return fmt.Sprintf("%s: Linux %s%s; %d s; %s", g.suite, system, end, int(g.took.Seconds()), g.log)
}

// verdict is a row's on one kernel: what the table says, with the seconds of the
// guest's clock, whether that is as it must be, and why not.
func (g guest) verdict(r row) (cell string, good bool, why []string) {
	var took time.Duration
	if r.on != "" && r.on != g.suite {
		return "-", true, nil
	}
	names := append(append([]string{}, r.tests...), r.units...)
	if r.script != "" {
		names = append(names, r.script)
		why = r.wrong(g.found[r.script])
	}
	for _, name := range names {
		one := g.results[name]
		took += one.took
		switch one.verdict {
		case "PASS":
		case "":
			why = append(why, name+" did not end")
		default:
			why = append(why, strings.TrimSuffix(name+": "+g.said[name], ": "))
		}
	}
	if why != nil {
		return "FAIL", false, why
	}
	return fmt.Sprintf("pass, %.1f s", took.Seconds()), true, nil
}

// table is rows × kernels as Markdown, what is to be said of them, and whether all is
// good.
func table(guests []guest) (text string, good bool) {
	var out, notes strings.Builder
	good = len(guests) > 0
	head, rule, all := "| row |", "| --- |", "| all, with the boot: the machine's processor time, and how long it took |"
	for _, g := range guests {
		version, _, _ := strings.Cut(g.system, "-")
		head += fmt.Sprintf(" %s, Linux %s |", g.suite, version)
		rule += " --- |"
		all += fmt.Sprintf(" %.0f s, %.0f s |", g.processor.Seconds(), g.took.Seconds())
		good = good && g.ended
	}
	fmt.Fprintf(&out, "\n%s what is run |\n%s --- |\n", head, rule)
	for _, r := range rows {
		fmt.Fprintf(&out, "| %s |", r.name)
		for _, g := range guests {
			cell, ok, why := g.verdict(r)
			good = good && ok
			fmt.Fprintf(&out, " %s |", cell)
			for _, line := range why {
				fmt.Fprintf(&notes, "%s, %s: %s\n", g.suite, r.name, line)
			}
		}
		fmt.Fprintf(&out, " %s |\n", r.what())
	}
	fmt.Fprintf(&out, "%s |\n\n", all)
	return out.String() + notes.String(), good
}
