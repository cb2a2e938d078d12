package launch

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// How many entries of an environment need no memory but the program's own, and of
// these how many are in the page of the rest.
const (
	usualEntries = 2048
	fewEntries   = 128
)

// Environment is an environment block: entries as the kernel delivers them, in
// their order, duplicates and entries without '=' included.
type Environment struct {
	entries []*byte // with a nil behind the last one, or room for more
	n       int
	own     bool // entries is a copy
	// Failed: an entry was lost for a want of memory.
	Failed bare.Errno
	few    [fewEntries]*byte
	usual  []*byte // room for more than that
}

// Take begins with the entries of a block, which end with a nil. They are copied when
// something is changed: the program that only executes the session program changes
// nothing.
func (e *Environment) Take(entries []*byte) {
	e.entries, e.n, e.own, e.Failed = entries, len(entries), false, 0
}

// copy makes a copy of the entries with room for a few more. Where there is no memory
// for that, the block itself is used, and Set may fail.
func (e *Environment) copy() {
	if !e.own && !e.move(fewEntries/4) {
		e.entries = e.entries[:e.n+1]
	}
	e.own = true
}

// move copies the entries to where there is room for more.
func (e *Environment) move(more int) bool {
	from, room := e.entries, e.n+more
	if room < len(e.few) {
		e.entries = e.few[:]
	} else if room = max(room, e.n+usualEntries/2); room < len(e.usual) {
		e.entries = e.usual
	} else if memory, errno := bare.Memory(room * int(unsafe.Sizeof(from[0]))); errno == 0 {
		e.entries = bare.Pointers(memory, room)
	} else {
		return false
	}
	for i := range e.n { // copy would call the runtime for a write barrier
		e.entries[i] = from[i]
	}
	return true
}

// Entries are all of them, with a nil at the end.
func (e *Environment) Entries() []*byte {
	if e.own {
		e.entries[e.n] = nil
	}
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
	e.copy()
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
		if e.n = kept; kept+1 >= len(e.entries) && (kept+1 > len(e.few) || !e.move(usualEntries/2)) {
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
	if _, is := e.Get(name); !is {
		return
	}
	e.copy()
	kept := 0
	for i := range e.n {
		if _, ok := bare.ValueOf(e.entries[i], name); !ok {
			e.entries[kept] = e.entries[i]
			kept++
		}
	}
	e.n = kept
}
