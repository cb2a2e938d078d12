package bare

import "unsafe"

// Lines reads a file line by line, through a buffer that the caller gives it.
type Lines struct {
	fd         int
	buf        []byte
	begin, end int  // what was read and not yet returned
	skip       bool // the end of a line that did not fit
	Cut        bool // the line returned last did not fit: its end is left out
}

// NewLines begins with the file open as n. The buffer's size is the length of the
// longest line that is returned whole.
func NewLines(n int, buf []byte) Lines { return Lines{fd: n, buf: buf} }

// Next returns the next line, without its newline, or false at the end. It is
// valid until the next call.
func (l *Lines) Next() (string, bool, Errno) {
	l.Cut = false
	for {
		for at := l.begin; at < l.end; at++ {
			if l.buf[at] != '\n' {
				continue
			}
			line := l.take(at)
			l.begin = at + 1
			if !l.skip {
				return line, true, 0
			}
			l.skip = false
		}
		if l.begin == 0 && l.end == len(l.buf) {
			line := l.take(l.end)
			l.begin, l.end = 0, 0
			if !l.skip {
				l.skip, l.Cut = true, true
				return line, true, 0
			}
		}
		l.end = copy(l.buf, l.buf[l.begin:l.end])
		l.begin = 0
		n, e := Read(l.fd, l.buf[l.end:])
		if e != 0 {
			return "", false, e
		}
		if n == 0 { // a last line without a newline
			line := l.take(l.end)
			l.begin = l.end
			return line, line != "" && !l.skip, 0
		}
		l.end += n
	}
}

func (l *Lines) take(end int) string {
	return unsafe.String(unsafe.SliceData(l.buf[l.begin:]), end-l.begin)
}
