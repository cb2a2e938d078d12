package policy

import (
	"slices"

	"tmpshell/internal/bare"
)

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
	// What the blocks that only may match leave of a grant: these capabilities, and
	// of being exempt nothing.
	grants uint64
	barred bool
}

// hasGroup tells whether the caller has a group of these.
func (m *matcher) hasGroup(first, last uint32) bool {
	is := func(gid uint32) bool { return first <= gid && gid <= last }
	return is(m.c.GID) || slices.ContainsFunc(m.c.Groups, is)
}

// block tells whether all criteria of a block match.
func (m *matcher) block(first, n uint32) Verdict {
	all := Yes
	for r := m.f.records(first, n, CriterionSize); len(r) >= CriterionSize; r = r[CriterionSize:] {
		switch m.items(le32(r[4:]), le32(r[8:])) {
		case No:
			return No
		case Maybe:
			all = Maybe
		}
	}
	return all
}

// list is [matcher.items] for the list that a pair of numbers at an offset names.
func (m *matcher) list(at uint32) Verdict { return m.items(m.f.Number(at), m.f.Number(at+4)) }

// items tells whether a list of items matches: one of them does, and none that is
// negated.
func (m *matcher) items(first, n uint32) Verdict {
	found, may, mayNot := false, false, false
	for r := m.f.records(first, n, ItemSize); len(r) >= ItemSize; r = r[ItemSize:] {
		negated := le32(r)&ItemNegated != 0
		switch m.item(r) {
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

func (m *matcher) item(r []byte) Verdict {
	if le32(r[12:]) == SubjectUser {
		return m.one(r, m.c.UID, 0)
	}
	all := m.one(r, m.c.GID, -1)
	for i := range m.c.Groups {
		if all == Yes {
			break
		}
		if v := m.one(r, m.c.Groups[i], i); v != No {
			all = v
		}
	}
	return all
}

// one compares an item with one uid or gid.
func (m *matcher) one(r []byte, id uint32, i int) Verdict {
	switch kind := le32(r) &^ ItemNegated; kind {
	case ItemRange:
		if le32(r[4:]) <= id && id <= le32(r[8:]) {
			return Yes
		}
		return No
	case ItemPattern, ItemUnknown:
		name, state := m.name(le32(r[12:]), id, i)
		switch {
		case state == Nameless && kind == ItemPattern:
			return No
		case state != Named:
			// A number without a name may be that of the one that the
			// name service did not say.
			return Maybe
		case bare.Glob(m.f.text(le32(r[4:]), int(le32(r[8:]))), name):
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
			text := f.Text(at + 8)
			switch {
			case text != "":
				return text, Named, true
			case !f.broken:
				return "", Nameless, true
			}
			return "", NotKnown, false
		}
	}
	return "", NotKnown, false
}
