// Package guard has what a login may cost and what the programs may consist of: one
// table, costs.txt, that tests hold the programs to. Its numbers do not depend on how
// fast or busy the machine is.
package guard

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed costs.txt
var text string

// A Table is what costs.txt says.
type Table struct {
	most  map[string]int
	links map[string][]string
}

// Costs is the table of this checkout. It panics where costs.txt is wrong.
var Costs = func() Table {
	table, err := parse(text)
	if err != nil {
		panic("costs.txt: " + err.Error())
	}
	return table
}()

// Most is the largest number allowed, such as of "env: system calls".
func (t Table) Most(name string) int {
	n, known := t.most[name]
	if !known {
		panic("costs.txt has no number of " + name)
	}
	return n
}

// Links are the packages that a program may link, sorted, those internal to the
// standard library left out.
func (t Table) Links(program string) []string { return t.links[program] }

// parse reads lines "NAME: WHAT NUMBER" and "PROGRAM links PACKAGE"; '#' begins a
// comment.
func parse(text string) (Table, error) {
	table := Table{map[string]int{}, map[string][]string{}}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case len(words) == 3 && words[1] == "links":
			table.links[words[0]] = append(table.links[words[0]], words[2])
		default:
			last := len(words) - 1
			name := strings.Join(words[:last], " ")
			n, err := strconv.Atoi(words[last])
			if _, twice := table.most[name]; err != nil || twice || !strings.Contains(name, ":") {
				return table, fmt.Errorf("%q: want NAME: WHAT NUMBER, once, or PROGRAM links PACKAGE", strings.TrimSpace(line))
			}
			table.most[name] = n
		}
	}
	return table, nil
}
