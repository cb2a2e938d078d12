package making

import (
	"io/fs"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// What random returns is made of.
const (
	digits       = "0123456789abcdef"
	randomLength = 12
)

// random is a name that nobody can make beforehand.
func random() (string, error) {
	var b [randomLength / 2]byte
	err := sys.Retry(func() error {
		n, err := unix.Getrandom(b[:], 0)
		if err == nil && n != len(b) {
			err = unix.EIO
		}
		return err
	})
	if err != nil {
		return "", &fs.PathError{Op: "getrandom", Path: "name", Err: err}
	}
	text := make([]byte, 0, randomLength)
	for _, c := range b {
		text = append(text, digits[c>>4], digits[c&15])
	}
	return string(text), nil
}
