package bare

import "unsafe"

// keptEnd is where the next text goes.
var keptEnd int

// Keep joins parts into a text that outlives the function which calls it, as the
// path in a [Trouble] must. When the room for all of them is used up, the oldest
// are overwritten: nothing is decided by such a text. One thread may call it.
func Keep(a, b, c, d string) string {
	n := min(len(a)+len(b)+len(c)+len(d), len(run.kept))
	if n > len(run.kept)-keptEnd {
		keptEnd = 0
	}
	t := NewText(run.kept[keptEnd : keptEnd+n])
	t.Add(a)
	t.Add(b)
	t.Add(c)
	t.Add(d)
	keptEnd += n
	return unsafe.String(unsafe.SliceData(t.buf), n)
}
