package bare

import (
	"syscall"
)

// Err is the trouble as an error, nil for none. errors.Is finds its error number,
// and errors.As the trouble itself, as a [TroubleError].
func (t Trouble) Err() error {
	if t.OK() {
		return nil
	}
	return TroubleError{t}
}

// TroubleError is a trouble as an error.
type TroubleError struct{ Trouble Trouble }

// Error is what Trouble.Tell writes.
func (e TroubleError) Error() string {
	var buf [8 << 10]byte
	text := NewText(buf[:])
	e.Trouble.Tell(&text)
	return string(text.Bytes())
}

// Unwrap returns the error number.
func (e TroubleError) Unwrap() error {
	if e.Trouble.Errno == 0 {
		return nil
	}
	return syscall.Errno(e.Trouble.Errno)
}
