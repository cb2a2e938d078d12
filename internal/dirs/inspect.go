package dirs

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"tmpshell/internal/sys"
)

// VerifyBase tells whether a base is there and is as it must be, rules (b) and
// (c). It changes nothing.
func VerifyBase(s Spec) error {
	parent, err := openParent(s.Parent)
	if err != nil {
		return err
	}
	defer sys.Close(parent)
	base, err := openBase(parent, s)
	sys.Close(base)
	return err
}

// UnsafePath is what an error that wraps ErrUnsafe is about.
func UnsafePath(err error) (string, bool) {
	var unsafe *unsafeError
	if errors.As(err, &unsafe) {
		return unsafe.path, true
	}
	return "", false
}

// AppendOnly tells whether a base that VerifyBase finds right has the
// append-only flag. An error says that the file system has no such flag, or that
// the caller may not ask.
func AppendOnly(s Spec) (bool, error) {
	parent, err := openParent(s.Parent)
	if err != nil {
		return false, err
	}
	defer sys.Close(parent)
	base, err := openBase(parent, s)
	if err != nil {
		return false, err
	}
	defer sys.Close(base)
	fd, err := sys.Reopen(base)
	if err != nil {
		return false, withPath(err, s.BasePath())
	}
	defer sys.Close(fd)
	flags, err := sys.Flags(fd)
	return flags&appendOnly != 0, err
}

// squatted is what a name gets that was moved aside, before the random part.
const squatted = ".squatted-"

// IsMovedAside tells whether an entry's name is one that tmpshell gives what it
// found in the place of a directory and would not use, and what it was called.
func IsMovedAside(entry string) (was string, ok bool) {
	was, tail, _ := strings.Cut(entry, squatted)
	return was, was != "" && len(tail) == randomLength && strings.Trim(tail, digits) == ""
}

// VerifyPlaces tells what is wrong with the places of an instance. One that is
// missing is not: the next login makes it, in a directory that only root can
// write to.
func (i Instance) VerifyPlaces() error {
	for _, place := range []struct {
		path string
		mode uint32
		kept bool
	}{
		{i.In.Run, 0o755, true}, {i.In.Run + "/shared", 0o755, true}, {i.In.Run + "/sessions", 0o700, true},
		{i.In.Store, 0o700, !i.Fresh},
	} {
		if !place.kept {
			continue
		}
		parent, err := openParent(path.Dir(place.path))
		if err == nil {
			var fd int
			fd, err = openRoots(parent, place.path, path.Base(place.path), place.mode)
			sys.Close(fd)
			sys.Close(parent)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
