package bare

import (
	"strings"
	"unsafe"
)

// Lines reads a file line by line, through a buffer that the caller gives it.
type Lines struct {
	fd         int
	buf        []byte
	begin, end int  // what was read and not yet returned
	Cut        bool // the line goes on, beyond what was returned last: see More
}

// NewLines begins with the file open as n. The buffer's size is the length of the
// longest line that is returned whole.
func NewLines(n int, buf []byte) Lines { return Lines{fd: n, buf: buf} }

// Next returns the next line, without its newline, or false at the end. It is
// valid until the next call.
func (l *Lines) Next() (line string, ok bool, e Errno) {
	for l.Cut {
		if _, _, e = l.part(); e != 0 {
			return "", false, e
		}
	}
	return l.part()
}

// More returns the next part of a line that did not fit, or false at its end.
func (l *Lines) More() (part string, ok bool, e Errno) {
	if !l.Cut {
		return "", false, 0
	}
	return l.part()
}

// part returns what is left of a line, or as much of it as there is room for.
func (l *Lines) part() (string, bool, Errno) {
	for {
		have := unsafe.String(unsafe.SliceData(l.buf[l.begin:]), l.end-l.begin)
		if i := strings.IndexByte(have, '\n'); i >= 0 {
			l.begin += i + 1
			l.Cut = false
			return have[:i], true, 0
		}
		if len(have) == len(l.buf) {
			l.begin, l.end = 0, 0
			l.Cut = true
			return have, true, 0
		}
		l.end = copy(l.buf, have)
		l.begin = 0
		n, e := Read(l.fd, l.buf[l.end:])
		if e != 0 {
			return "", false, e
		}
		if n == 0 { // a last line without a newline
			have = unsafe.String(unsafe.SliceData(l.buf), l.end)
			l.begin, l.Cut = l.end, false
			return have, have != "", 0
		}
		l.end += n
	}
}
