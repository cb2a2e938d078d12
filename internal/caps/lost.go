package caps

import "errors"

// ErrLost is wrapped by the errors of a thread that could not lower its
// capabilities, or take its own ids back. It may still act as root, so that
// nothing more is done with privilege, and no session begins.
var ErrLost = errors.New("privilege could not be given up")

// lost is why, of the one thread that has privilege: the locked one.
var lost error

func lose(why error) error {
	if lost == nil {
		lost = lostError{why}
	}
	return lost
}

type lostError struct{ why error }

func (e lostError) Error() string        { return ErrLost.Error() + ": " + e.why.Error() }
func (e lostError) Unwrap() error        { return e.why }
func (e lostError) Is(target error) bool { return target == ErrLost }
