package audit

// SameNames corrects what is said of names by more runs of one program: a name that
// comes again was not random.
func SameNames(runs ...*Result) {
	where := map[string]int{} // the last run that has the name
	again := map[string]bool{}
	for i, r := range runs {
		for _, o := range r.Objects {
			for _, name := range o.names {
				if last, ok := where[name]; ok && last != i {
					again[name] = true
				}
				where[name] = i
			}
		}
	}
	for _, r := range runs {
		for i, o := range r.Objects {
			if again[o.Path] && !o.Private && o.Kind != kindUnnamed {
				r.Objects[i].Predictable = true
			}
		}
	}
}
