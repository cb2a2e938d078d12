package capset

import (
	"iter"
	"strings"
)

// Parse returns the capability that a name such as cap_net_raw stands for, in
// whatever case. strings.EqualFold would take letters of other alphabets, too.
func Parse(name string) (Set, bool) {
	for i, n := range names {
		if len(n) == len(name) && strings.EqualFold(n, name) {
			return 1 << i, true
		}
	}
	return 0, false
}

// Each yields every capability of the set alone.
func (s Set) Each() iter.Seq[Set] {
	return func(yield func(Set) bool) {
		for n := range len(names) {
			if one := Set(1) << n; s&one != 0 && !yield(one) {
				return
			}
		}
	}
}

// String lists the names, comma-separated, as setcap(8) takes them.
func (s Set) String() string {
	var list []string
	for i, n := range names {
		if s&(1<<i) != 0 {
			list = append(list, n)
		}
	}
	return strings.Join(list, ",")
}
