package sys

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// What RandomName returns is made of.
const (
	RandomDigits = "0123456789abcdef"
	RandomLength = 12
)

// RandomName is a name, or the end of one, that nobody can make beforehand, and that
// no other process makes: a process number is another's, too, in a PID namespace or on
// another machine. An error is getrandom(2)'s.
func RandomName() (string, error) {
	var b [RandomLength / 2]byte
	err := Retry(func() error {
		n, err := unix.Getrandom(b[:], 0)
		if err == nil && n != len(b) {
			err = unix.EIO
		}
		return err
	})
	if err != nil {
		return "", &fs.PathError{Op: "getrandom", Path: "name", Err: err}
	}
	text := make([]byte, 0, RandomLength)
	for _, c := range b {
		text = append(text, RandomDigits[c>>4], RandomDigits[c&15])
	}
	return string(text), nil
}
