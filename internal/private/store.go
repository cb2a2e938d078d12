package private

import (
	"strings"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
)

// StoreWant is what the store must be, in a directory that was looked at. Where
// others can write to that, anybody could have taken its name.
func StoreWant(parent *bare.Stat) owned.Want {
	w := owned.Roots(StoreMode)
	w.NoMount = parent.Perm()&0o022 != 0
	return w
}

// StoreInShared returns where the store is in the shared directory, beginning with
// "/", if it is kept there. A session finds it where it finds that directory.
func (i *Instance) StoreInShared() (string, bool) {
	s := i.store()
	if len(s) > len(i.At) && strings.HasPrefix(s, i.At) && s[len(i.At)] == '/' {
		return s[len(i.At):], true
	}
	return "", false
}

// openStore opens the store (O_PATH) from the root directory, or from the shared one,
// which is open.
func (i *Instance) openStore(root int, o *Opened) (int, bare.Trouble) {
	base, path := root, i.store()
	var in bare.Stat
	if below, ok := i.StoreInShared(); ok {
		base, path, in = o.Shared, below, o.SharedIs
	}
	parent := base
	var t bare.Trouble
	if dir := bare.Dir(path); dir != "/" {
		parent, t = owned.Walk(base, dir, &in)
	}
	fd := -1
	if t.OK() {
		fd, t = owned.OpenEntry(parent, bare.Base(path), StoreWant(&in))
		if !t.OK() {
			t.Where = i.store()
		}
	}
	if parent != base {
		bare.Close(parent)
	}
	return fd, t
}

// addPathFrom writes the path of a user's instance, as it is inside a session that
// keeps the shared directory elsewhere, or outside.
func (i *Instance) addPathFrom(to *bare.Text, uid uint32, kept bool) {
	below, ok := i.StoreInShared()
	if !kept || !ok {
		i.AddPath(to, uid)
		return
	}
	i.AddSharedPath(to)
	to.Add(below)
	i.addOwn(to, uid)
}
