package launch

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// arenaSize is for all strings that a login makes: paths and entries of the
// environment, and as much again for the names and arguments of a shell, which no
// variable of the caller's takes the room of. The kernel takes no string of more than
// 128 KiB (execve(2), MAX_ARG_STRLEN).
const arenaSize = 144 << 10

// arena is memory for strings that last until the program is another one.
type arena struct {
	n      int
	failed bare.Errno
	buf    []byte // arenaSize, and from become on twice that
}

// text begins a string at the end of the arena; keep ends it.
func (a *arena) text() bare.Text { return bare.NewText(a.buf[a.n:max(a.n, len(a.buf)-1)]) }

// keep ends a string with NUL and returns it. One that does not fit is empty,
// and remembered.
func (a *arena) keep(t *bare.Text) string {
	if t.Full() || a.n == len(a.buf) {
		a.failed = bare.Errno(unix.ENOMEM)
		return ""
	}
	s := t.String()
	a.buf[a.n+len(s)] = 0
	a.n += len(s) + 1
	return s
}

// join keeps the three parts as one string.
func (a *arena) join(x, y, z string) string {
	t := a.text()
	t.Add(x)
	t.Add(y)
	t.Add(z)
	return a.keep(&t)
}

// empty is a NUL-terminated string of no bytes.
var empty [1]byte

// pointer is the address of a string that keep, or the kernel, has ended with
// NUL.
func pointer(s string) *byte {
	if s == "" {
		return &empty[0]
	}
	return unsafe.StringData(s)
}
