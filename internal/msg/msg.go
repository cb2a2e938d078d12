// Package msg writes what tmpshell has to say to a person.
//
// The rules: only on standard error, never on standard output, where scp, rsync
// and git would take it for data. One line a failure, "PROGRAM: what failed:
// why", lower case, no period; a hint on the next line where one exists.
// Unprintable bytes are shown as '?', since a message may quote a file name
// that somebody else chose and ends on a terminal.
package msg

import (
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// Printer writes messages of one program to one descriptor.
type Printer struct {
	Program string
	FD      int
	// Patience bounds the wait for whoever is to read it; 0: there is no bound.
	Patience time.Duration
}

// unread: somebody has not read in that time. They are told nothing more.
var unread atomic.Bool

// Error writes one line; the parts are joined by ": ".
func (p Printer) Error(parts ...string) { p.line(Line(parts...)) }

// Hint writes what the reader can do about the error before it.
func (p Printer) Hint(text string) { p.line("hint: " + clean(text)) }

func (p Printer) line(text string) {
	if p.Patience == 0 {
		p.write(text)
		return
	}
	if unread.Load() {
		return
	}
	written := make(chan bool, 2)
	go func() { p.write(text); written <- true }() // the end of the process ends it
	go func() { sleep(p.Patience); written <- false }()
	unread.Store(!<-written)
}

// sleep is time.Sleep without a timer of the runtime's, whose first one opens
// descriptors, and ends the process where it has none.
func sleep(d time.Duration) {
	for until := time.Now().Add(d); d > 0; d = time.Until(until) {
		_, _ = unix.Poll(nil, int(d.Milliseconds())+1)
	}
}

func (p Printer) write(text string) {
	b := []byte(p.Program + ": " + text + "\n")
	for len(b) > 0 {
		n, err := unix.Write(p.FD, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return // a closed stderr must not stop a login
		}
		b = b[n:]
	}
}

// Line joins the parts of a message and makes them fit for a terminal.
func Line(parts ...string) string {
	s := ""
	for _, p := range parts {
		if p == "" {
			continue
		}
		if s != "" {
			s += ": "
		}
		s += clean(p)
	}
	return s
}

// clean shows as '?' what a terminal would obey or could not show: control
// characters, those of eight bits (U+009B begins a sequence as ESC [ does)
// included, what nobody sees, and bytes that are not UTF-8.
func clean(s string) string {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if unprintable(r, size) {
			return s[:i] + cleaned(s[i:])
		}
		i += size
	}
	return s
}

func cleaned(s string) string {
	b := make([]byte, 0, len(s))
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if unprintable(r, size) {
			b = append(b, '?')
		} else {
			b = append(b, s[:size]...)
		}
		s = s[size:]
	}
	return string(b)
}

func unprintable(r rune, size int) bool {
	return r < ' ' || invisible(r) || 0x7f <= r && r <= 0x9f || r == utf8.RuneError && size == 1
}

// invisible are characters that nobody sees, and those that have a terminal show what
// follows from right to left: a line could say something else than it seems to.
func invisible(r rune) bool {
	return r == 0xad || 0x200b <= r && r <= 0x200f || 0x2028 <= r && r <= 0x202e || 0x2060 <= r && r <= 0x206f || r == 0xfeff
}

// IsTerminal tells whether the descriptor is a terminal.
func IsTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
