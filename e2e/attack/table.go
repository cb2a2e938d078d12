package attack

import (
	"fmt"
	"strings"
	"testing"
)

// Table gathers what came of each attack.
type Table struct {
	Title string
	rows  []row
}

type row struct {
	name, note           string
	tries, naive         int // against the naive program, and won
	attempts, violations int // against tmpshell
	ends                 map[Kind]int
}

// Row is one attack, in one or more variations.
type Row struct {
	t testing.TB
	row
}

// Begin begins a row.
func Begin(t testing.TB, name string) *Row {
	return &Row{t, row{name: name, ends: map[Kind]int{}}}
}

// Naive notes a try against the naive program, and what it won.
func (r *Row) Naive(won bool) {
	r.tries++
	if won {
		r.naive++
	}
}

// NaiveRun notes a run of tries against the naive program, and how many it lost.
func (r *Row) NaiveRun(tries, won int) {
	r.tries += tries
	r.naive += won
}

// Note adds a remark to a row.
func (r *Row) Note(text string) { r.note = text }

// Held notes tries against tmpshell, and reports what went wrong.
func (r *Row) Held(times int, end Kind, wrong ...string) {
	r.t.Helper()
	r.attempts += times
	r.ends[end] += times
	if len(wrong) > 0 {
		r.violations += times
		r.t.Errorf("%s: %s", r.name, strings.Join(wrong, "; "))
	}
}

// Add ends a row. An attack that never succeeds against the naive program shows
// nothing about tmpshell.
func (table *Table) Add(r *Row) {
	r.t.Helper()
	if r.naive == 0 {
		r.t.Errorf("%s: it does not succeed against the naive program (%d tries)", r.name, r.tries)
	}
	if r.attempts == 0 {
		r.t.Errorf("%s: not tried against tmpshell", r.name)
	}
	table.rows = append(table.rows, r.row)
}

// String is the table, and its sums.
func (table *Table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nAttacks: %s\n%-46s %12s %8s  %s\n", table.Title, "attack", "naive: won", "held", "how the logins ended")
	var tried, naive, attempts, violations int
	for _, r := range table.rows {
		var ends []string
		for _, k := range []Kind{Right, Fallback, Without, Refused, Killed, Reported, Violation} {
			if n := r.ends[k]; n > 0 {
				ends = append(ends, fmt.Sprintf("%s %d", k, n))
			}
		}
		if r.note != "" {
			ends = append(ends, r.note)
		}
		fmt.Fprintf(&b, "%-46s %12s %8s  %s\n", r.name, fmt.Sprintf("%d of %d", r.naive, r.tries),
			fmt.Sprintf("%d/%d", r.attempts-r.violations, r.attempts), strings.Join(ends, ", "))
		tried++
		naive += min(r.naive, 1)
		attempts += r.attempts
		violations += r.violations
	}
	fmt.Fprintf(&b, "%s: tried %d attacks in %d logins, succeeded against the naive one %d, held %d, %d violations\n",
		table.Title, tried, attempts, naive, attempts-violations, violations)
	return b.String()
}
