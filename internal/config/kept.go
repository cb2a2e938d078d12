package config

import (
	"errors"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// kept are the errors of a configuration that could not be looked at, which says
// nothing of what it is.
type kept struct{ Errors }

func (k kept) Unwrap() error { return k.Errors }

// Kept tells whether an error of Load says that the process was kept from
// reading the configuration, and not that it is wrong.
func Kept(err error) bool {
	_, ok := err.(kept)
	return ok
}

// keeps notes what kind of error it is.
func (l *loader) keeps(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) && bare.Errno(errno).Kind() == bare.Kept {
		l.kept = true
	}
	return err
}

// failed is what load returns with errors.
func (l *loader) failed(errs Errors) (*Config, error) {
	c := &Config{Sources: l.sources}
	if l.kept {
		return c, kept{errs}
	}
	return c, errs
}
