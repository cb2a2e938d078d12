package main

import (
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"
)

// guest is what the tests have printed on one kernel.
type guest struct {
	suite  string
	log    string // its file
	system string // kernel and distribution, as guest.sh says them; empty: it never began
	ended  bool   // guest.sh came to its end
	took   time.Duration
	// results has PASS, FAIL or SKIP for each test, and what is said of failed ones.
	results map[string]string
	said    map[string]string
}

var (
	resultLine = regexp.MustCompile(`^--- (PASS|FAIL|SKIP): (\S+) \(`)
	systemLine = regexp.MustCompile(`^guest: Linux (\S+) \S+ "?([^"]*)"?, ready after`)
	// reason begins a complaint in what a test has printed: FILE:LINE: …
	reason = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)`)
)

// parse reads what a guest has printed, which is what go test prints.
func parse(suite, file, text string, took time.Duration) guest {
	g := guest{suite: suite, log: file, took: took, results: map[string]string{}, said: map[string]string{}}
	failed := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if m := systemLine.FindStringSubmatch(line); m != nil {
			g.system = m[1] + ", " + m[2]
		}
		g.ended = g.ended || strings.HasPrefix(line, "guest: ended")
		if m := resultLine.FindStringSubmatch(line); m != nil {
			g.results[m[2]] = m[1]
			failed = ""
			if m[1] != "PASS" {
				failed = m[2]
			}
			continue
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

// verdict is a row's on one kernel: what the table says, whether that is as it must
// be, and why not.
func (g guest) verdict(r row) (cell string, good bool, why []string) {
	if r.on != "" && r.on != g.suite {
		return "-", true, nil
	}
	for _, name := range append(append([]string{}, r.tests...), r.units...) {
		switch result := g.results[name]; result {
		case "PASS":
		case "":
			why = append(why, name+" did not end")
		default:
			why = append(why, strings.TrimSuffix(name+": "+g.said[name], ": "))
		}
	}
	cannot := r.cannot[g.suite]
	switch {
	case cannot == "" && why == nil:
		return "pass", true, nil
	case cannot == "":
		return "FAIL", false, why
	case why == nil:
		return "FAIL", false, []string{"passes, although it must not: " + cannot}
	}
	return "cannot", true, []string{cannot}
}

// table is rows × kernels, what is to be said of them, and whether all is good.
func table(guests []guest) (text string, good bool) {
	var out, notes strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	good = len(guests) > 0
	fmt.Fprint(w, "\n")
	for _, g := range guests {
		version, _, _ := strings.Cut(g.system, "-")
		fmt.Fprintf(w, "\t%s %s", g.suite, version)
		good = good && g.ended
	}
	fmt.Fprint(w, "\n")
	for _, r := range rows {
		fmt.Fprint(w, r.name)
		for _, g := range guests {
			cell, ok, why := g.verdict(r)
			good = good && ok
			fmt.Fprint(w, "\t", cell)
			for _, line := range why {
				fmt.Fprintf(&notes, "%s, %s: %s\n", g.suite, r.name, line)
			}
		}
		fmt.Fprint(w, "\n")
	}
	w.Flush()
	return out.String() + "\n" + notes.String(), good
}
