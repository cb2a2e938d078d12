package bare

import "unsafe"

// kept is where Keep puts texts. A process has a few of them.
var (
	kept    [16 << 10]byte
	keptEnd int
)

// Keep joins parts into a text that outlives the function which calls it, as the
// path in a [Trouble] must. When the room for all of them is used up, the oldest
// are overwritten: nothing is decided by such a text. One thread may call it.
func Keep(a, b, c, d string) string {
	n := min(len(a)+len(b)+len(c)+len(d), len(kept))
	if n > len(kept)-keptEnd {
		keptEnd = 0
	}
	t := NewText(kept[keptEnd : keptEnd+n])
	t.Add(a)
	t.Add(b)
	t.Add(c)
	t.Add(d)
	keptEnd += n
	return unsafe.String(unsafe.SliceData(t.buf), n)
}
