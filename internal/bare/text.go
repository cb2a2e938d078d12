package bare

import "unsafe"

// Text is text in a buffer of a fixed size, the first of which is filled. What
// does not fit is left out, and remembered.
type Text struct {
	buf  []byte
	n    int
	full bool
}

// NewText begins a text in a buffer.
func NewText(buf []byte) Text { return Text{buf: buf} }

// Add appends a string.
func (t *Text) Add(s string) {
	n := copy(t.buf[t.n:], s)
	t.n += n
	t.full = t.full || n < len(s)
}

// AddByte appends a byte.
func (t *Text) AddByte(c byte) {
	if t.n == len(t.buf) {
		t.full = true
		return
	}
	t.buf[t.n] = c
	t.n++
}

// AddUint appends a number to a base from 2 to 10; octal numbers begin with 0.
func (t *Text) AddUint(n uint64, base uint64) {
	if base == 8 {
		t.AddByte('0')
	}
	var digits [64]byte
	at := len(digits) - 1
	for digits[at] = byte('0' + n%base); n >= base && at > 0; digits[at] = byte('0' + n%base) {
		n /= base
		at--
	}
	for ; at < len(digits); at++ {
		t.AddByte(digits[at])
	}
}

// Full tells whether something was left out.
func (t *Text) Full() bool { return t.full }

// String is the text so far. It shares the buffer.
func (t *Text) String() string { return unsafe.String(unsafe.SliceData(t.buf), t.n) }

// Bytes is the text so far. It shares the buffer.
func (t *Text) Bytes() []byte { return t.buf[:t.n] }

// Reset empties the text.
func (t *Text) Reset() { t.n, t.full = 0, false }

// Decimal writes a number into buf and returns it as a string that shares buf.
func Decimal(buf *[20]byte, n uint64) string {
	t := NewText(buf[:])
	t.AddUint(n, 10)
	return t.String()
}

// ParseUint reads a decimal number up to max. No sign, no blank, no empty text.
func ParseUint(s string, max uint64) (uint64, bool) {
	if s == "" {
		return 0, false
	}
	n := uint64(0)
	for i := 0; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 || n > (max-uint64(d))/10 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, n <= max
}

// Advance takes the next n bytes of the buffer as they are for text.
func (t *Text) Advance(n int) { t.n = min(t.n+n, len(t.buf)) }

// EndLine puts a newline at the end, in place of the last byte where the buffer
// is full.
func (t *Text) EndLine() {
	if t.n == len(t.buf) {
		t.n--
	}
	t.AddByte('\n')
}
