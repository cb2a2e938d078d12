package e2e

// alwaysDifferent are facts that differ in every state.
type alwaysDifferent struct {
	prefix string // of the key
	words  string // of tmpshell(8)
}

var alwaysUnequal = []alwaysDifferent{
	{"cost, ", "Used resources"},
}
