package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestVerdict: what was not seen to pass has failed.
func TestVerdict(t *testing.T) {
	const begun = "guest: Linux 5.10.0-32-cloud-amd64 x86_64, \"Debian GNU/Linux 11 (bullseye)\", ready after 3 s\n"
	const ended = "guest: ended after 9 s\n"
	both := row{name: "both", tests: []string{"TestA"}, units: []string{"unit"}}
	elsewhere := both
	elsewhere.on = "trixie"
	const good = begun + "--- PASS: TestA (1.0s)\nok\n--- PASS: unit (2s)\n" + ended
	const bad = begun + "=== RUN   TestA\n--- FAIL: TestA (1.0s)\n    view.go:1: processor time: 1.0 s\n    view.go:9: in the view: exit status 1\n            a_test.go:3: what it says\n        --- FAIL: TestA (0.1s)\n--- PASS: unit (0s)\n" + ended
	for _, c := range []struct {
		text string
		row  row
		cell string
		why  []string
	}{
		{good, both, "pass, 3.0 s", nil},
		{bad, both, "FAIL", []string{"TestA: what it says"}},
		{"", both, "FAIL", []string{"TestA did not end", "unit did not end"}},
		{begun + "--- SKIP: TestA (0.00s)\n--- PASS: unit (0s)\n" + ended, both, "FAIL", []string{"TestA"}},
		{bad, elsewhere, "-", nil},
	} {
		g := parse("bullseye", "log", c.text)
		cell, ok, why := g.verdict(c.row)
		if cell != c.cell || !slices.Equal(why, c.why) || ok != (cell != "FAIL") {
			t.Errorf("%q: %s, good: %v, %q; want %s, %q", c.text, cell, ok, why, c.cell, c.why)
		}
	}
	if g := parse("bullseye", "log", good); g.system != "5.10.0-32-cloud-amd64, Debian GNU/Linux 11 (bullseye)" || !g.ended {
		t.Errorf("%+v", g)
	}
	// A guest that stops before its end, and none at all, are no success.
	for _, guests := range [][]guest{nil, {parse("bullseye", "log", strings.TrimSuffix(good, ended))}} {
		if text, ok := table(guests); ok {
			t.Errorf("good: %s", text)
		}
	}
}

// TestScript: a script's row is good if all that must be found was found, once, and
// nothing else.
func TestScript(t *testing.T) {
	i := slices.IndexFunc(rows, func(r row) bool { return r.script == "gssd" })
	r := rows[i]
	const what = "FILE:/tmp/krb5cc_%{uid}, mount, renewed inside"
	with := func(result string) map[string]string {
		found := maps.Clone(r.want)
		found[what] = result
		return found
	}
	without := maps.Clone(r.want)
	delete(without, what)
	for _, c := range []struct {
		found map[string]string
		more  string // lines
		want  string // what is said; empty: nothing
	}{
		{r.want, "", ""},
		{with("reached"), "", what + ": reached; want denied"},
		{without, "", what + ": not found"},
		{r.want, "gssd: " + what + ": denied\n", what + ": denied, denied; want denied"},
		{r.want, "gssd: other: reached\n", "other: not expected"},
		{r.want, "--- FAIL: gssd (9s)\n", "gssd"},
	} {
		var text strings.Builder
		for what, result := range c.found {
			fmt.Fprintf(&text, "gssd: %s: %s\n", what, result)
		}
		fmt.Fprintf(&text, "--- PASS: gssd (8s)\n%s", c.more)
		_, ok, why := parse(r.on, "log", text.String()).verdict(r)
		if said := strings.Join(why, "\n"); said != c.want || ok != (c.want == "") {
			t.Errorf("%q: good: %v; want %q", said, ok, c.want)
		}
	}
	if _, ok, _ := parse(r.on, "log", "").verdict(r); ok {
		t.Error("a script that has not run is good")
	}
}
