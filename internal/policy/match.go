package policy

import "tmpshell/internal/bare"

// Verdict is an answer to "does it match".
type Verdict uint8

// The verdicts. Maybe: a name could not be learned. What restricts counts then,
// and what grants does not.
const (
	No Verdict = iota
	Yes
	Maybe
)

// NameState says what is known of the name of a uid or gid.
type NameState uint8

// The states of a name.
const (
	NotKnown NameState = iota // nobody could be asked
	Nameless                  // there is no such account or group
	Named
)

// Caller is whom a policy is asked for.
type Caller struct {
	UID, GID uint32
	Groups   []uint32 // supplementary ones
	// UserName is the name of the uid, and GroupName that of the i-th group,
	// where -1 stands for GID. They are asked only where a pattern, or a name
	// that could not be learned, needs them. The account files are all that
	// they know; the policy itself knows more, see learnt.
	UserName  func() (string, NameState)
	GroupName func(i int) (string, NameState)
}

// matcher is one evaluation of a policy.
type matcher struct {
	f *File
	c *Caller
	// unlearnt: a name was wanted that the name service has not been asked
	// for.
	unlearnt bool
}

// block tells whether all criteria of a block match.
func (m *matcher) block(at uint32) Verdict {
	first, n := m.f.table(at, CriterionSize)
	all := Yes
	for i := range n {
		switch m.list(first + i*CriterionSize + 4) {
		case No:
			return No
		case Maybe:
			all = Maybe
		}
	}
	return all
}

// list tells whether a list of items matches: one of them does, and none that
// is negated.
func (m *matcher) list(at uint32) Verdict {
	first, n := m.f.table(at, ItemSize)
	found, may, mayNot := false, false, false
	for i := range n {
		item := first + i*ItemSize
		negated := m.f.Number(item)&ItemNegated != 0
		switch m.item(item) {
		case Yes:
			if negated {
				return No
			}
			found = true
		case Maybe:
			may, mayNot = may || !negated, mayNot || negated
		}
	}
	switch {
	case found && !mayNot:
		return Yes
	case found || may:
		return Maybe
	}
	return No
}

func (m *matcher) item(at uint32) Verdict {
	kind := m.f.Number(at) &^ ItemNegated
	if m.f.Number(at+12) == SubjectUser {
		return m.one(kind, at, m.c.UID, 0)
	}
	all := m.one(kind, at, m.c.GID, -1)
	for i := range m.c.Groups {
		if all == Yes {
			break
		}
		if v := m.one(kind, at, m.c.Groups[i], i); v != No {
			all = v
		}
	}
	return all
}

// one compares an item with one uid or gid.
func (m *matcher) one(kind, at, id uint32, i int) Verdict {
	switch kind {
	case ItemRange:
		if m.f.Number(at+4) <= id && id <= m.f.Number(at+8) {
			return Yes
		}
		return No
	case ItemPattern, ItemUnknown:
		name, state := m.name(m.f.Number(at+12), id, i)
		switch {
		case state == Nameless && kind == ItemPattern:
			return No
		case state != Named:
			// A number without a name may be that of the one that the
			// name service did not say.
			return Maybe
		case bare.Glob(m.f.Text(at+4), name):
			return Yes
		}
		return No
	}
	m.f.broken = true
	return Maybe
}

// name is the name of a uid or gid: from the account file, else as the policy
// has learnt it.
func (m *matcher) name(subject, id uint32, i int) (string, NameState) {
	name, state := "", NotKnown
	if subject == SubjectUser {
		name, state = m.c.UserName()
	} else {
		name, state = m.c.GroupName(i)
	}
	if state != Nameless { // the file could not be read, or has it
		return name, state
	}
	if name, state, ok := m.f.Learnt(subject, id); ok {
		return name, state
	}
	m.unlearnt = true
	return "", NotKnown
}

// Learnt is what the name service has said of a number that the account files do
// not have. The table is sorted by subject and id.
func (f *File) Learnt(subject, id uint32) (string, NameState, bool) {
	first, n := f.table(AtLearnt, LearntSize)
	key := uint64(subject)<<32 | uint64(id)
	for low, high := uint32(0), n; low < high; {
		middle := low + (high-low)/2
		at := first + middle*LearntSize
		switch have := uint64(f.Number(at))<<32 | uint64(f.Number(at+4)); {
		case have < key:
			low = middle + 1
		case have > key:
			high = middle
		default:
			if text := f.Text(at + 8); text != "" {
				return text, Named, true
			}
			return "", Nameless, true
		}
	}
	return "", NotKnown, false
}
