package config

import (
	"strings"
	"unicode/utf8"

	"github.com/kballard/go-shellquote"
)

// lost begins the notice of a backslash that is gone.
const lost = "a backslash outside of quotes is gone: write "

// Meant is what a notice of a backslash that is gone says to write; empty for
// another one.
func (e *Error) Meant() string {
	word, ok := strings.CutPrefix(e.Message, lost)
	if !ok {
		return ""
	}
	return word
}

// lostBackslash finds the first word of a line with a backslash outside of quotes
// that quotes what needs none, as in CORP\carol, and is gone: whoever writes that
// means the backslash. It returns the word as it was meant, quoted, or nothing.
func lostBackslash(line string) string {
	var meant strings.Builder // the word without its quoting, but with such backslashes
	quote, found := byte(0), false
	line = cutComment(line)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == 0 && (c == ' ' || c == '\t'):
			if found {
				return inQuotes(meant.String())
			}
			meant.Reset()
			continue
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
			continue
		case c == quote:
			quote = 0
			continue
		case c == '\\' && i+1 < len(line) && quote != '\'':
			next := line[i+1]
			if quote == 0 && isOrdinary(next) {
				found = true
			} else if quote == 0 || strings.IndexByte("\"\\$`", next) >= 0 {
				i++
				c = next
			}
		}
		meant.WriteByte(c)
	}
	if found {
		return inQuotes(meant.String())
	}
	return ""
}

// inQuotes is in single quotes, which are easier to read than backslashes.
func inQuotes(word string) string {
	if strings.Contains(word, "'") {
		return shellquote.Join(word)
	}
	return "'" + word + "'"
}

// isOrdinary: no shell gives the character a meaning.
func isOrdinary(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '_' || c == '-' || c == '.' || c >= utf8.RuneSelf
}
