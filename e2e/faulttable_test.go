package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tmpshell/e2e/attack"
	"tmpshell/internal/sample"
)

// faultKinds are the columns: how a login may end, and how it may not.
var faultKinds = []attack.Kind{attack.Right, attack.Fallback, attack.Without, attack.Refused, attack.NoShell, attack.Reported, attack.Killed, attack.Violation}

// faultTable counts what came of the faults of one program.
type faultTable struct {
	name       string
	calls      int
	left       map[string]int // calls that were not made to fail, by name
	rows       map[string]*faultRow
	demands    map[string]*faultRow // by what is demanded
	unreached  int
	share      sample.Share // of single faults
	pairs      sample.Share
	violations int
}

type faultRow struct {
	injected int
	kinds    map[attack.Kind]int
}

func (table *faultTable) add(i injection, d demand, kind attack.Kind) {
	name := i.call.name
	switch {
	case i.after > 0:
		name = "(pairs)"
	case i.lasting:
		name = "(lasting)"
	case i.fault == kill, i.fault == stop:
		name = "(" + i.fault + ")"
	}
	for rows, key := range map[*map[string]*faultRow]string{&table.rows: name, &table.demands: d.name} {
		row := (*rows)[key]
		if row == nil {
			row = &faultRow{kinds: map[attack.Kind]int{}}
			(*rows)[key] = row
		}
		row.injected++
		row.kinds[kind]++
	}
}

func (table *faultTable) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nFaults: %s, %d system calls\n", table.name, table.calls)
	fmt.Fprintf(&b, "%-26s %9s", "call", "injected")
	for _, k := range faultKinds {
		fmt.Fprintf(&b, " %*s", max(9, len(k)), k)
	}
	b.WriteString("\n")
	total := faultRow{kinds: map[attack.Kind]int{}}
	for _, call := range slices.Sorted(maps.Keys(table.rows)) {
		row := table.rows[call]
		row.print(&b, call)
		total.injected += row.injected
		for k, n := range row.kinds {
			total.kinds[k] += n
		}
	}
	total.print(&b, "all")
	for _, d := range slices.Sorted(maps.Keys(table.demands)) {
		table.demands[d].print(&b, "demanded: "+d)
	}
	for _, call := range slices.Sorted(maps.Keys(table.left)) {
		fmt.Fprintf(&b, "killed at, not made to fail: %s (%d): %s\n", call, table.left[call], cannotFail[call].why)
	}
	fmt.Fprintf(&b, "%s: single faults: %v\n", table.name, table.share)
	fmt.Fprintf(&b, "%s: pairs: %v\n", table.name, table.pairs)
	fmt.Fprintf(&b, "%s: injected %d, session %d, fallback %d, without directory %d, refused (125) %d, no shell (126, 127) %d, reported by the helper %d, killed %d, not made this time %d, %d violations\n",
		table.name, total.injected, total.kinds[attack.Right], total.kinds[attack.Fallback], total.kinds[attack.Without],
		total.kinds[attack.Refused], total.kinds[attack.NoShell], total.kinds[attack.Reported], total.kinds[attack.Killed], table.unreached, table.violations)
	return b.String()
}

func (row faultRow) print(b *strings.Builder, name string) {
	fmt.Fprintf(b, "%-26s %9d", name, row.injected)
	for _, k := range faultKinds {
		text := "."
		if n := row.kinds[k]; n > 0 {
			text = fmt.Sprint(n)
		}
		fmt.Fprintf(b, " %*s", max(9, len(k)), text)
	}
	b.WriteString("\n")
}
