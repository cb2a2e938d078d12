// Package orders is what tmpshell-supervise is asked for: its first argument, and
// the list of --init, as the launcher reads it and hands it on.
//
// It keeps the rules of package bare.
package orders

import (
	"strings"

	"tmpshell/internal/bare"
)

// What the first argument may be.
const (
	Watch  = "watch"  // descriptor 0 is of the process whose end is waited for
	Parent = "parent" // above a program: --init, --pty
)

// Orders are those of --init=LIST.
type Orders struct {
	// Group: signals go to the whole process group of the program.
	Group bool
	// Grace is for how many milliseconds the other processes may go on after
	// the program has ended and they were sent SIGTERM.
	Grace int64
	// remapped are the exit codes that are turned into 0.
	remapped [4]uint64
}

// usualGrace is that of s6-overlay; Docker gives ten seconds for everything.
const usualGrace = 3000

// Parse reads LIST, comma-separated: group, grace=SECONDS, remap=CODE. It tells
// whether every word of it is one of them.
func (o *Orders) Parse(list string) bool {
	*o = Orders{Grace: usualGrace}
	for more := list != ""; more; {
		var word string
		word, list, more = strings.Cut(list, ",")
		if !o.take(word) {
			return false
		}
	}
	return true
}

func (o *Orders) take(word string) bool {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "group":
		o.Group = true
		return word == name
	case "grace":
		seconds, ok := bare.ParseUint(value, 3600)
		o.Grace = int64(seconds) * 1000
		return ok
	case "remap":
		code, ok := bare.ParseUint(value, 255)
		o.remapped[code/64&3] |= 1 << (code % 64)
		return ok
	}
	return false
}

// Remapped tells whether an exit code becomes 0.
func (o *Orders) Remapped(code int) bool {
	return o.remapped[code/64&3]&(1<<(code&63)) != 0
}
