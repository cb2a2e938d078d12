package launch

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// usualEntries is how many entries of an environment need no memory but the
// program's own.
const usualEntries = 2048

// Environment is an environment block: entries as the kernel delivers them, in
// their order, duplicates and entries without '=' included.
type Environment struct {
	entries []*byte // with room for more
	n       int
	// Failed: an entry was lost for a want of memory.
	Failed bare.Errno
	few    [usualEntries + 1]*byte
}

// Take begins with the entries of a block, which end with a nil, and room for
// some more. Where there is no memory for that, the block itself is used, and
// Set may fail.
func (e *Environment) Take(entries []*byte) {
	e.n, e.Failed = len(entries), 0
	const more = usualEntries / 2
	if room := len(entries) + more; room < len(e.few) {
		e.entries = e.few[:]
	} else if memory, errno := bare.Memory(room * int(unsafe.Sizeof(entries[0]))); errno == 0 {
		e.entries = bare.Pointers(memory, room)
	} else {
		e.entries = entries[:len(entries)+1]
		return
	}
	//lint:ignore S1001 copy would call the runtime for a write barrier
	for i := range entries {
		e.entries[i] = entries[i]
	}
}

// Entries are all of them, with a nil at the end.
func (e *Environment) Entries() []*byte {
	e.entries[e.n] = nil
	return e.entries[:e.n+1]
}

// Get returns the value of a variable; of duplicates the last one, which is
// the one that a shell takes.
func (e *Environment) Get(name string) (*byte, bool) {
	return lastOf(e.entries[:e.n], name)
}

func lastOf(entries []*byte, name string) (*byte, bool) {
	for i := len(entries) - 1; i >= 0; i-- {
		if value, ok := bare.ValueOf(entries[i], name); ok {
			return value, true
		}
	}
	return nil, false
}

// Set gives a variable an entry "NAME=VALUE", NUL-terminated, at the place where
// it is, or at the end.
func (e *Environment) Set(name string, entry *byte) {
	kept, done := 0, false
	for i := range e.n {
		old := e.entries[i]
		if _, ok := bare.ValueOf(old, name); ok {
			if done {
				continue
			}
			old, done = entry, true
		}
		e.entries[kept] = old
		kept++
	}
	if !done {
		if kept+1 >= len(e.entries) {
			e.Failed = bare.Errno(unix.ENOMEM)
			return
		}
		e.entries[kept] = entry
		kept++
	}
	e.n = kept
}

// Unset removes a variable, every duplicate of it.
func (e *Environment) Unset(name string) {
	kept := 0
	for i := range e.n {
		if _, ok := bare.ValueOf(e.entries[i], name); !ok {
			e.entries[kept] = e.entries[i]
			kept++
		}
	}
	e.n = kept
}
