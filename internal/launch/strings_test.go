package launch

import (
	"strings"
	"testing"
)

// What fits is kept, to the last byte, and what does not is empty and remembered.
func TestArena(t *testing.T) {
	for left := range 4 {
		for n := range 5 {
			a := arena{buf: make([]byte, 8), n: 8 - left}
			want, fits := strings.Repeat("x", n), n < left
			if got := a.join(want, "", ""); got == want != fits && n > 0 || (a.failed == 0) != fits {
				t.Errorf("%d bytes where there is room for %d: %q, %v; want that it fits: %v", n, left, got, a.failed != 0, fits)
			}
			if fits && a.buf[a.n-1] != 0 {
				t.Errorf("%d bytes where there is room for %d do not end with NUL", n, left)
			}
		}
	}
}
