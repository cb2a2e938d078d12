package start

// configScanner reads just enough of the configuration's syntax. It has no
// stack to speak of, so everything it needs is in it.
type configScanner struct {
	deny   bool
	exempt bool // there is an Exempt line
	nested bool // in an included file

	comment bool
	word    [256]byte
	size    uint
	index   int // of the word in its line
	keyword int

	include  [8][256]byte // directories, NUL-terminated
	includes uint

	text    [4096]byte
	entries [4096]byte
}

var scanner configScanner

const (
	otherKeyword = iota
	onFailure
	includeFiles
)

// feed takes the next character: words are separated by blanks or "=", quotes
// and backslashes are taken off, "#" begins a comment.
//
//go:nosplit
//go:norace
func (s *configScanner) feed(c byte) {
	switch {
	case c == '\n':
		s.endWord()
		s.index, s.comment = 0, false
	case s.comment, c == '"', c == '\'', c == '\\':
	case c == ' ', c == '\t', c == '\r', c == '=':
		s.endWord()
	case c == '#' && s.size == 0:
		s.comment = true
	case s.size < uint(len(s.word))-1:
		s.word[s.size] = c
		s.size++
	}
}

//go:nosplit
//go:norace
func (s *configScanner) endWord() {
	switch {
	case s.size == 0:
		return
	case s.index == 0 && s.is("onfailure"):
		s.keyword = onFailure
	case s.index == 0 && s.is("include"):
		s.keyword = includeFiles
	case s.index == 0:
		s.exempt = s.exempt || s.is("exempt")
		s.keyword = otherKeyword
	case s.keyword == onFailure && s.is("deny"):
		s.deny = true
	case s.keyword == includeFiles:
		s.addInclude()
	}
	s.size = 0
	s.index++
}

// is compares the word with one in lower case, ignoring case.
//
//go:nosplit
//go:norace
func (s *configScanner) is(text string) bool {
	if s.size != uint(len(text)) {
		return false
	}
	for i := uint(0); i < uint(len(text)) && i < uint(len(s.word)); i++ {
		if s.word[i]|0x20 != text[i] {
			return false
		}
	}
	return true
}

// addInclude notes the directory of a pattern.
//
//go:nosplit
//go:norace
func (s *configScanner) addInclude() {
	size, wild := uint(0), false
	for i := uint(0); i < s.size && i < uint(len(s.word)); i++ {
		switch s.word[i] {
		case '/':
			size = i
			s.deny = s.deny || wild
		case '*', '?', '[':
			wild = true
		}
	}
	index := s.includes
	if s.nested || size == 0 || s.word[0] != '/' || index >= uint(len(s.include)) || s.size >= uint(len(s.word))-1 {
		s.deny = true
		return
	}
	directory := &s.include[index]
	for i := uint(0); i < size && i < uint(len(s.word))-1; i++ {
		directory[i] = s.word[i]
	}
	s.includes++
}
