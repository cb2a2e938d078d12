package config

import (
	"errors"
	"strconv"
	"strings"

	"github.com/kballard/go-shellquote"
)

// Pos is where something stands in a configuration file.
type Pos struct {
	File string
	Line int
}

func (p Pos) String() string { return p.File + ":" + strconv.Itoa(p.Line) }

// Error is one fault of a configuration, printed as FILE:LINE: message.
type Error struct {
	Pos
	Message string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return e.Pos.String() + ": " + e.Message
}

// words splits one line: comment cut off, shell quoting undone.
func words(line string) ([]string, error) {
	if strings.IndexByte(line, 0) >= 0 {
		return nil, errors.New("the line has a NUL byte: this is not a text file")
	}
	list, err := shellquote.Split(cutComment(strings.TrimRight(line, " \t\r")))
	switch err {
	case shellquote.UnterminatedSingleQuoteError:
		err = errors.New("a single quote is not closed on its line")
	case shellquote.UnterminatedDoubleQuoteError:
		err = errors.New("a double quote is not closed on its line")
	case shellquote.UnterminatedEscapeError:
		err = errors.New("a backslash at the end of a line quotes nothing: lines cannot be continued")
	}
	return list, err
}

// cutComment ends the line before a '#' that begins a word, as a shell would.
// shellquote takes '#' for a letter.
func cutComment(line string) string {
	quote := byte(0)
	wordStart := true
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '\'':
			if c == quote {
				quote = 0
			}
		case c == '\\':
			i++
		case quote == '"':
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '#' && wordStart:
			return line[:i]
		}
		wordStart = quote == 0 && (c == ' ' || c == '\t')
	}
	return line
}
