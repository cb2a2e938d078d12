package config

import (
	"errors"
	"slices"
	"strings"
)

// neverMounted are directories that a session needs as they are.
var neverMounted = []string{"/dev", "/home", "/proc", "/run", "/sys", "/var"}

// checkMountPath tells whether something can be mounted over a path.
func checkMountPath(p string) error {
	for _, kept := range []string{Store, Run} {
		if within(kept, p) {
			return errors.New("nothing can be mounted over " + p + ": " + kept + " is kept below it")
		}
		if within(p, kept) {
			return errors.New("nothing can be mounted in " + kept + ", which is tmpshell's own")
		}
	}
	if slices.Contains(neverMounted, p) || within(p, "/proc") || within(p, "/sys") {
		return errors.New("nothing can be mounted over " + p + ": sessions need it as it is")
	}
	return nil
}

// within tells whether a path is another one or below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// Conflict finds two directories of a policy that cannot be had together, and
// says why. Directories are mounted in their order.
func (p Policy) Conflict() (Directory, error) {
	for i, d := range p.Directories {
		for j, other := range p.Directories {
			switch {
			case d.Store != "" && other.Mounted() && within(d.Store, other.Path) && (i != j || d.Store == d.Path):
				return d, errors.New(d.Path + " cannot be kept in " + d.Store + ", where sessions see something else: " + other.Path + " is mounted over")
			case i == j || d.Method == Off || !other.Mounted():
			case d.Mounted() && d.Store == other.Store && InstanceName(d.Path) == InstanceName(other.Path):
				if i > j {
					return d, errors.New(d.Path + " and " + other.Path + " would be kept under one name, " + InstanceName(d.Path))
				}
			case !within(d.Path, other.Path):
			case !d.Mounted():
				return d, errors.New(d.Path + " is inside " + other.Path + ", which is mounted over: use method mount or tmpfs for it, too")
			case i < j:
				return d, errors.New(d.Path + " would be hidden by " + other.Path + ", which is mounted after it: put the line of " + other.Path + " first")
			}
		}
	}
	return Directory{}, nil
}

// conflicts adds to the errors of a configuration what each of its sections,
// taken alone, makes impossible.
func (p *parser) conflicts() {
	for _, v := range p.conf.Variants() {
		d, err := v.Conflict()
		if err != nil && !slices.ContainsFunc(p.errs, func(e *Error) bool { return e.Pos == d.Pos }) {
			p.errs = append(p.errs, &Error{d.Pos, err.Error()})
		}
	}
}
