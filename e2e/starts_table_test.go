package e2e

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/view"
	"tmpshell/e2e/witness"
	"tmpshell/internal/sample"
)

// fewestStates is what the table must have on every machine, whatever its
// kernel cannot do.
const fewestStates = 80

// TestStarts: the program at the end of a login sees what it would have seen
// without tmpshell, from whatever state tmpshell is started in.
func TestStarts(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	table := startTable{ways: furnishStarts(t)}
	table.run(t)
}

// startTable gathers what was found.
type startTable struct {
	ways       []startWay
	rows       []startRow
	impossible []string // states that this machine cannot bring about, and why
	starts     int
	share      sample.Share
	direct     map[string]witness.Outcome // of the state, by account and argv
	used       map[string][]string        // words of effects, by way
}

func (table *startTable) run(t *testing.T) {
	table.used, table.share = map[string][]string{}, sample.Of(36)
	for _, state := range startStates {
		t.Run(state.name, func(t *testing.T) { table.add(t, state) })
	}
	view.Tell(table.String())
	// With go test -run NAME/STATE there are as few as were asked for.
	all := len(startStates) == len(table.rows)+len(table.impossible)
	if all && len(table.rows) < fewestStates {
		t.Errorf("%d start states, want %d at least", len(table.rows), fewestStates)
	}
	for _, w := range table.ways {
		if words := w.words(); all && sample.All() && !slices.Equal(words, slices.Compact(slices.Sorted(slices.Values(table.used[w.name])))) {
			t.Errorf("%s: differences %q, and all that can be are %q", w.name, table.used[w.name], words)
		}
	}
}

type startRow struct {
	name  string
	cells []startCell // as many as there are ways
}

type startCell struct {
	notChosen   bool // another seed tries it, and make test-all
	facts       int
	differences int
	known       int // of these, in the manual page
}

func (table *startTable) add(t *testing.T, state startState) {
	if why := emulatorChanges(state); why != "" && emulated(t) {
		table.impossible = append(table.impossible, state.name+": "+why)
		return
	}
	row := startRow{name: state.name}
	table.direct = map[string]witness.Outcome{}
	for _, w := range table.ways {
		if !w.possible(state) {
			row.cells = append(row.cells, startCell{})
			continue
		}
		if !state.always && !table.share.Has(w.name, state.name) {
			row.cells = append(row.cells, startCell{notChosen: true})
			continue
		}
		without, err := table.without(t, w, state)
		if err != nil && state.optional {
			table.impossible = append(table.impossible, state.name+": "+err.Error())
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		w.prepare(t)
		within, err := w.through(state).Run(t)
		if err != nil {
			t.Fatal(err)
		}
		table.starts++
		row.cells = append(row.cells, table.compare(t, w, state, without, within))
	}
	table.rows = append(table.rows, row)
}

// without is the start without tmpshell, one for all ways that have the same.
func (table *startTable) without(t *testing.T, w startWay, state startState) (witness.Outcome, error) {
	t.Helper()
	start := w.direct(state)
	key := w.account.Name + " " + start.Argv[0]
	if o, ok := table.direct[key]; ok {
		return o, nil
	}
	o, err := start.Run(t)
	table.direct[key] = o
	table.starts++
	return o, err
}

// compare reports what differs and is in no list.
func (table *startTable) compare(t *testing.T, w startWay, state startState, without, within witness.Outcome) startCell {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf(w.name+": "+format, args...)
	}
	for _, line := range state.shows {
		if !without.Facts.Has(line) {
			key, _, _ := strings.Cut(line, ": ")
			fail("the state has not come about: without tmpshell there is no %.300q, but %.300q", line, without.Facts[key])
		}
	}
	for i, o := range []witness.Outcome{without, within} {
		with := []string{"without", "with"}[i]
		if o.Stdout != "" || o.Stderr != "" && !(with == "with" && w.tells(state, o.Stderr)) || o.Status != 0 {
			fail("%s tmpshell: status %#x, stdout %q, stderr %q", with, int(o.Status), o.Stdout, o.Stderr)
		}
		if pid := fmt.Sprint(o.PID); !slices.Equal(o.Facts["pid"], []string{pid}) {
			fail("%s tmpshell: the program is process %q, and %s was started", with, o.Facts["pid"], pid)
		}
		if parent := fmt.Sprint(os.Getpid()); !slices.Equal(o.Facts["parent"], []string{parent}) {
			fail("%s tmpshell: the parent is %q, not the caller, %s", with, o.Facts["parent"], parent)
		}
		if n := fmt.Sprint(len(o.Facts["environment"])); !slices.Equal(o.Facts["entries of the environment"], []string{n}) {
			fail("%s tmpshell: entries of the environment: %q, want %s", with, o.Facts["entries of the environment"], n)
		}
	}
	w.checkVariables(t, state, without.Facts, within.Facts["environment"])

	direct, found := w.comparable(without.Facts), w.comparable(within.Facts)
	if emulated(t) {
		slices.Reverse(direct["environment"])
	}
	if w.tells(state, within.Stderr) { // which may not have been read yet
		found["descriptor 2"] = slices.Clone(found["descriptor 2"])
		for i, fact := range found["descriptor 2"] {
			found["descriptor 2"][i] = strings.Replace(fact, fmt.Sprintf(" %d bytes to read", len(within.Stderr)), " 0 bytes to read", 1)
		}
	}
	expected, words := w.expect(state, direct, found)
	table.used[w.name] = append(table.used[w.name], words...)
	unexpected := map[string]bool{}
	unequal := maps.Clone(state.unequal)
	for _, d := range witness.Compare(expected, found) {
		if _, known := unequal[d.Key]; known {
			delete(unequal, d.Key)
			continue
		}
		unexpected[d.Key] = true
		fail("%s differs:\n without tmpshell %.2000q\n expected         %.2000q\n with tmpshell    %.2000q", d.Key, direct[d.Key], d.Without, d.Within)
	}
	for key, words := range unequal {
		fail("%s is equal now: take %q off the list, and out of tmpshell-internals(7)", key, words)
	}
	cell := startCell{facts: without.Facts.Count()}
	for _, d := range witness.Compare(direct, found) {
		cell.differences++
		if !unexpected[d.Key] {
			cell.known++
		}
	}
	return cell
}

// comparable are the facts without those that differ from one process to the
// next, those that are checked otherwise, and the variables that the session
// may differ in. They are those of ENVIRONMENT in tmpshell(8).
func (w startWay) comparable(facts witness.Facts) witness.Facts {
	kept := witness.Facts{}
	for key, values := range facts {
		switch {
		case key == "pid", key == "entries of the environment":
		case differsAlways(key):
		case key == "environment":
			kept[key] = slices.DeleteFunc(slices.Clone(values), func(entry string) bool {
				name, _, assigned := strings.Cut(entry, "=")
				return assigned && slices.Contains(w.named, name)
			})
		case key == "status":
			for _, line := range values {
				name, value, _ := strings.Cut(line, ":")
				kept["status "+name] = append(kept["status "+name], value)
			}
		default:
			kept[key] = values
		}
	}
	return kept
}

func differsAlways(key string) bool {
	for prefix := range alwaysUnequal {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func (table *startTable) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "The same session: start states, and for each way to be started differences/facts compared;\n"+
		"* where the differences are among those that tmpshell-internals(7) names, - where the state is not one of this way,\n"+
		". where it is not one of this run: %v.\n\n", table.share)
	fmt.Fprintf(&b, "%-48s", "")
	for i := range table.ways {
		fmt.Fprintf(&b, " %9s", fmt.Sprintf("(%d)", i+1))
	}
	b.WriteString("\n")
	var facts, differences, known int
	for _, row := range table.rows {
		fmt.Fprintf(&b, "%-48s", row.name)
		for _, c := range row.cells {
			text := "-"
			if c.notChosen {
				text = notChosen
			}
			if c.facts > 0 {
				text = fmt.Sprintf("%d/%d", c.differences, c.facts)
			}
			if c.known > 0 {
				text = "*" + text
			}
			fmt.Fprintf(&b, " %9s", text)
			facts, differences, known = facts+c.facts, differences+c.differences, known+c.known
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for i, w := range table.ways {
		fmt.Fprintf(&b, "(%d) %s\n", i+1, w.name)
	}
	for _, why := range table.impossible {
		fmt.Fprintf(&b, "not on this machine: %s\n", why)
	}
	fmt.Fprintf(&b, "%d states, %d starts, %d facts compared, %d differences (%d of them in tmpshell-internals(7))\n",
		len(table.rows), table.starts, facts, differences, known)
	return b.String()
}
