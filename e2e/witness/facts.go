package witness

import (
	"maps"
	"slices"
	"strings"
)

// Facts are what probe says: for each key its values, in their order.
type Facts map[string][]string

func parse(text string) Facts {
	f := Facts{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		f[key] = append(f[key], value)
	}
	return f
}

// Has reports whether there is a line like this one, in whose value a '*' stands
// for anything.
func (f Facts) Has(line string) bool {
	key, pattern, _ := strings.Cut(line, ": ")
	return slices.ContainsFunc(f[key], func(value string) bool { return match(strings.Split(pattern, "*"), value) })
}

func match(parts []string, value string) bool {
	rest, ok := strings.CutPrefix(value, parts[0])
	for i, part := range parts[1:] {
		if !ok || i == len(parts)-2 {
			return ok && strings.HasSuffix(rest, part)
		}
		_, rest, ok = strings.Cut(rest, part)
	}
	return ok && rest == ""
}

// Count is the number of lines.
func (f Facts) Count() int {
	n := 0
	for _, values := range f {
		n += len(values)
	}
	return n
}

// Difference is a key whose values differ.
type Difference struct {
	Key             string
	Without, Within []string // without tmpshell, and with it
}

// Compare lists the keys whose values differ.
func Compare(without, within Facts) []Difference {
	all := maps.Clone(without)
	maps.Copy(all, within)
	var list []Difference
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !slices.Equal(without[key], within[key]) {
			list = append(list, Difference{key, without[key], within[key]})
		}
	}
	return list
}
