package account

// Databases that have numbers for names, as getent(1) calls them.
const (
	Users  = "passwd"
	Groups = "group"
)

// columns of an entry in passwd(5) and group(5).
func columns(database string) int {
	if database == Users {
		return 7
	}
	return 4
}

// keptBytes is how much of a field is kept: more is no name and no number.
const keptBytes = 512

// Entries finds names and numbers in what passwd(5) or group(5) holds. A field is
// kept up to a limit, and no more of a line: the size of a group does not matter.
type Entries struct {
	// Visit gets each entry and tells whether more are wanted.
	Visit func(name string, id uint32) bool

	columns int
	field   int
	kept    [7][]byte
	begun   bool // a line
	done    bool
}

// NewEntries reads one of the two databases.
func NewEntries(database string, visit func(name string, id uint32) bool) *Entries {
	return &Entries{Visit: visit, columns: columns(database)}
}

// Add takes the next bytes, and tells whether more are wanted.
func (e *Entries) Add(text []byte) bool {
	for _, c := range text {
		if e.done {
			return false
		}
		switch {
		case c == '\n':
			e.End()
			continue
		case c == ':':
			e.field++
		case e.field < len(e.kept) && len(e.kept[e.field]) < keptBytes:
			e.kept[e.field] = append(e.kept[e.field], c)
		}
		e.begun = true
	}
	return !e.done
}

// End takes the end of a line, or of the text.
func (e *Entries) End() {
	if e.begun && !e.done {
		if name, id, ok := e.entry(); ok {
			e.done = !e.Visit(name, id)
		}
	}
	for i := range e.kept {
		e.kept[i] = e.kept[i][:0]
	}
	e.field, e.begun = 0, false
}

// Shell is the last field of the entry that Visit is called for, of passwd(5).
func (e *Entries) Shell() string { return string(e.kept[6]) }

// entry: as fields, and the gid of an account has to be one.
func (e *Entries) entry() (string, uint32, bool) {
	name := e.kept[0]
	if e.field != e.columns-1 || len(name) == 0 || len(name) == keptBytes || name[0] == '#' || name[0] == '+' || name[0] == '-' {
		return "", 0, false
	}
	id, ok := ParseID(string(e.kept[2]))
	if e.columns == columns(Users) && ok {
		_, ok = ParseID(string(e.kept[3]))
	}
	return string(name), id, ok
}
