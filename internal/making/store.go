package making

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// store makes sure that the directory is there in which instances are kept, and opens
// it (O_PATH). One that store= names is the administrator's: what is there and is not
// as it must be is left alone, unless others can have taken the name. Then it is
// replaced as a base is.
func (m *Maker) store(i instance, shared int) (int, error) {
	if i.store == private.Store {
		return m.named(i.store, private.StoreMode)
	}
	dir := shared
	if below, ok := i.StoreInShared(); !ok || bare.Dir(below) != "/" {
		var err error
		if dir, err = m.storeParent(i, shared); err != nil {
			return -1, err
		}
		defer sys.Close(dir)
	}
	where, entry := bare.Dir(i.store), bare.Base(i.store)
	var in bare.Stat
	if e := bare.Fstat(dir, &in); e != 0 {
		return -1, &fs.PathError{Op: "statx", Path: where, Err: unix.Errno(e)}
	}
	want := private.StoreWant(&in)
	if want.NoMount {
		return m.makeRoots(dir, where, entry, want, false)
	}
	err := at(sys.MkdirAt(dir, entry, want.Mode), i.store)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return -1, err
	}
	return open(dir, where, entry, want)
}

// storeParent opens what the store is in.
func (m *Maker) storeParent(i instance, shared int) (int, error) {
	below, ok := i.StoreInShared()
	if !ok {
		return m.parent(bare.Dir(i.store))
	}
	var st bare.Stat
	fd, t := owned.Walk(shared, bare.Dir(below), &st)
	return fd, t.Err()
}
