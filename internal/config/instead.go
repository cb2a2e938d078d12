package config

import (
	"errors"

	"golang.org/x/sys/unix"
)

// starved are the errors of a configuration that could not be read for a want
// of descriptors or memory.
type starved struct{ Errors }

func (s starved) Unwrap() error { return s.Errors }

// Instead returns the configuration that takes the place of one that Load gave
// err for: the built-in one. It must not lock anybody out, but neither may a
// caller get round "OnFailure deny" with a limit of his own making: where the
// file could not be read for a want of descriptors or memory, that is assumed.
func Instead(err error) *Config {
	c := &Config{}
	if _, ok := err.(starved); ok {
		deny := true
		c.global.deny = &deny
	}
	return c
}

// starves notes what kind of error it is.
func (l *loader) starves(err error) error {
	if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM) {
		l.starved = true
	}
	return err
}

// failed is what load returns with errors.
func (l *loader) failed(errs Errors) (*Config, error) {
	if l.starved {
		return nil, starved{errs}
	}
	return nil, errs
}
