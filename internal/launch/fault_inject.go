//go:build faulttest

package launch

import (
	"unsafe"

	"tmpshell/internal/bare"
)

// faultVariable says which fault is had at which stage: two bytes, the stage and
// the kind, and "!" for one more at the end of what follows. It exists in a
// program that is built for tests alone.
const faultVariable = "TMPSHELL_FAULT"

// faulty is what the kinds need.
var faulty struct {
	had   int
	array [4]byte
	zero  int
	null  *[4]byte
	call  func()
}

// reached has the fault that the environment asks for.
func reached(at stage) {
	for i := range self.given {
		value, ok := bare.ValueOf(self.given[i], faultVariable)
		if !ok {
			continue
		}
		how := bare.String(value)
		again := len(how) > 2 && faulty.had == 1 && at == atEnd
		if faulty.had == 0 && stage(how[0]) == at || again {
			faulty.had++
			fault(how[1], len(how)+2)
		}
	}
}

func fault(kind byte, four int) {
	switch kind {
	case 'b':
		faulty.array[four] = 1
	case 's':
		_ = bare.String(nil)[four:]
	case 'n':
		faulty.null[0] = 1
	case 'w':
		*unsafe.StringData(faultVariable) = 1 // read-only
	case 'a':
		*(*byte)(unsafe.Add(unsafe.Pointer(&faulty), ^four<<30)) = 1 // of nobody
	case 'd':
		faulty.zero = four / faulty.zero
	case 'r':
		faulty.zero = deep(four)
	case 'c':
		faulty.call()
	case 'l':
		_ = unsafe.String(&faulty.array[0], -four)
	}
}

// deep recurses until the stack is used up.
//
//go:noinline
func deep(n int) int {
	var frame [2048]byte
	frame[n%len(frame)] = byte(n)
	return deep(n+1) + int(frame[n*7%len(frame)])
}
