package view

import "testing"

// TestMoves: what moves a little for ever stands still, and what moves now and then
// does not.
func TestMoves(t *testing.T) {
	for name, c := range map[string]struct {
		ticks func(look int) uint64
		want  bool
	}{
		"nothing":             {func(int) uint64 { return 0 }, true},
		"looks at a clock":    {func(int) uint64 { return moves - 1 }, true},
		"works now and then":  {func(n int) uint64 { return uint64(n%stallSamples/(stallSamples-1)) * moves }, false},
		"works all the time":  {func(int) uint64 { return 2 * moves }, false},
		"has worked and ends": {func(n int) uint64 { return uint64(max(0, 100-n)) * moves }, true},
	} {
		var a Activity
		stands := false
		for n := range 10 * stallSamples {
			stands = stands || a.stands(c.ticks(n))
		}
		if stands != c.want {
			t.Errorf("what %s: stands still: %v", name, stands)
		}
	}
}
