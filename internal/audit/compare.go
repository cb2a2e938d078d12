package audit

import (
	"path"
	"slices"
	"strings"
)

// Compare corrects what is said of names by more runs of one program: one that comes again
// was not random, and one that has another run's random name's form was.
func Compare(runs ...*Result) {
	for i, r := range runs {
		for j := range r.Objects {
			o := &r.Objects[j]
			for k, other := range runs {
				if k != i {
					o.learn(other.Objects)
				}
			}
		}
	}
}

// learn corrects one object by those of another run.
func (o *Object) learn(others []Object) {
	for _, other := range others {
		if o.Kind != other.Kind || o.Program != other.Program || o.Kind == kindUnnamed {
			continue
		}
		if slices.ContainsFunc(o.names, func(name string) bool { return slices.Contains(other.names, name) }) {
			o.Predictable = !o.Private
			return
		}
		below, form := o.below(o.Path), other.below(other.Pattern)
		if !strings.Contains(o.Pattern, randomMark) && len(below) == len(other.below(other.Path)) && hasForm(below, form) {
			o.Pattern = path.Join(o.Place, form)
			first, _, _ := strings.Cut(form, "/")
			o.Predictable = o.Predictable && !strings.Contains(first, randomMark)
			return
		}
	}
}

// below is a path without the place.
func (o *Object) below(file string) string {
	return strings.TrimPrefix(strings.TrimPrefix(file, o.Place), "/")
}

// hasForm tells whether a name differs from a pattern in the random part alone.
func hasForm(name, form string) bool {
	before, after, random := strings.Cut(form, randomMark)
	return random && len(before)+len(after) < len(name) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after) &&
		!strings.Contains(name[len(before):len(name)-len(after)], "/")
}
