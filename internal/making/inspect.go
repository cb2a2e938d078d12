package making

import (
	"errors"
	"io/fs"
	"slices"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// Base is the base of method env, named by the shared directory that it is in.
type Base string

// Path is where the base is.
func (b Base) Path() string { return string(b) + "/" + private.Base }

// Verify tells whether the base is there and is as it must be. It changes nothing.
func (b Base) Verify() error {
	fd, t := private.Env{Parent: string(b)}.OpenBase()
	bare.Close(fd)
	return t.Err()
}

// UnsafePath is what an error is about that says that something is not as it must
// be.
func UnsafePath(err error) (string, bool) {
	var t bare.TroubleError
	if !errors.As(err, &t) || !t.Trouble.Unsafe() {
		return "", false
	}
	path := t.Trouble.Where
	if t.Trouble.Entry != "" {
		path += "/" + t.Trouble.Entry
	}
	return path, path != ""
}

// VerifyPlaces tells what is wrong with the places of an instance. One that is
// missing is not: the next login makes it, in a directory that only root can
// write to.
func VerifyPlaces(i private.Instance) error {
	n := of(i)
	if !n.Fresh {
		if t := n.VerifyStore(); !t.OK() && !t.Missing() {
			return t.Err()
		}
	}
	for _, place := range []struct {
		path string
		mode uint32
	}{
		{n.run, private.RunMode},
		{n.run + "/" + private.SharedDir, private.SharedMode},
		{n.run + "/" + private.SessionsDir, private.SessionsMode},
	} {
		parent, t := owned.OpenParent(bare.Dir(place.path))
		if t.OK() {
			var fd int
			fd, t = owned.Open(parent, bare.Dir(place.path), bare.Base(place.path), owned.Roots(place.mode))
			bare.Close(fd)
			bare.Close(parent)
		}
		if err := t.Err(); err != nil && !missing(err) {
			return err
		}
	}
	return nil
}

// Left lists the entries of a user's instance that older share= lines have left.
func Left(i private.Instance, uid uint32) (names []string, err error) {
	err = Apart(func() (err error) {
		names, err = left(i, uid)
		return err
	})
	return names, err
}

func left(i private.Instance, uid uint32) ([]string, error) {
	n := of(i)
	var o private.Opened
	t := n.Open(uid, &o)
	defer o.Close()
	if o.Instance < 0 {
		return nil, t.Err()
	}
	own, err := sys.Reopen(o.Instance)
	if err != nil {
		return nil, at(err, n.path(uid))
	}
	defer sys.Close(own)
	names, err := sys.DirNamesOf(own, n.path(uid))
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool { return !n.IsLeft(o.Shared, o.Instance, name, uid) }), err
}

// Users lists whose directories are kept in the store of an instance.
func Users(i private.Instance) ([]uint32, error) {
	names, err := sys.DirNames(of(i).store)
	var list []uint32
	for _, name := range names {
		if uid, ok := bare.ParseUint(name, 1<<32-2); ok && name == decimal(uint32(uid)) {
			list = append(list, uint32(uid))
		}
	}
	return list, err
}

// CheckMountPoint tells why nothing can be mounted over the shared directory of
// an instance.
func CheckMountPoint(i private.Instance) error {
	fd, t := i.OpenShared()
	bare.Close(fd)
	if err := t.Err(); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.New("it does not exist; tmpshellctl setup makes it, if the directory that it is in exists")
}
