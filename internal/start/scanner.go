package start

// configScanner reads just enough of the configuration's syntax. It has no
// stack to speak of, so everything it needs is in it.
type configScanner struct {
	deny   bool
	nnp    bool // there is a line NoNewPrivileges yes
	exempt bool // there is an Exempt line
	match  bool // there has been a Match line
	nested bool // in an included file

	comment bool
	word    [256]byte
	size    uint
	index   int // of the word in its line
	keyword int

	shell [256]byte // of the first Shell line, NUL-terminated

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
	noNewPrivileges
	realShell
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
	case s.index == 0 && s.is("nonewprivileges"):
		s.keyword = noNewPrivileges
	case s.index == 0 && s.is("shell"):
		s.keyword = realShell
	case s.index == 0:
		s.exempt = s.exempt || s.is("exempt")
		s.match = s.match || s.is("match")
		s.keyword = otherKeyword
	case s.keyword == onFailure && s.is("deny"):
		s.deny = true
	case s.keyword == includeFiles:
		s.addInclude()
	case s.keyword == noNewPrivileges:
		s.nnp = s.nnp || s.is("yes")
	case s.keyword == realShell:
		s.addShell()
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

// addShell notes the real shell, which may be a restricted one. Whom a shell in a
// Match block or in an included file is for cannot be known here: that counts as
// deny, and so does a path with a blank.
//
//go:nosplit
//go:norace
func (s *configScanner) addShell() {
	if s.index > 1 || s.match || s.nested || s.size >= uint(len(s.shell))-1 {
		s.deny = true
		return
	}
	if s.shell[0] != 0 {
		return // the first line counts
	}
	for i := uint(0); i < s.size && i < uint(len(s.shell))-1; i++ {
		s.shell[i] = s.word[i]
	}
}
