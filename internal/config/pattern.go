package config

import (
	"errors"
	"strconv"
	"strings"

	"tmpshell/internal/account"
)

// patternList is a comma list of patterns with '*', '?' and a leading '!', as
// in PATTERNS of ssh_config(5).
type patternList []string

func parsePatterns(s string) (patternList, error) {
	list := strings.Split(s, ",")
	for _, p := range list {
		if strings.TrimPrefix(p, "!") == "" {
			return nil, errors.New("an empty pattern in " + strconv.Quote(s))
		}
	}
	return list, nil
}

// match answers +1 when a pattern matches, -1 when a negated one does, which
// wins wherever it stands, and 0 otherwise.
func (l patternList) match(name string) int {
	result := 0
	for _, p := range l {
		pattern, negated := strings.CutPrefix(p, "!")
		if !glob(pattern, name) {
			continue
		}
		if negated {
			return -1
		}
		result = 1
	}
	return result
}

// glob matches '*' and '?' without backtracking further than the last '*', so
// that no pattern takes exponential time. Bytes, not runes: account names are
// bytes.
func glob(pattern, name string) bool {
	p, n := 0, 0
	star, mark := -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// uidRange is "1000", "1000-1999" or "1000-" (to the highest uid there is).
type uidRange struct {
	first, last uint32
	negated     bool
}

func (r uidRange) has(uid uint32) bool { return r.first <= uid && uid <= r.last }

func parseUIDRange(s string) (uidRange, bool) {
	from, to, isRange := strings.Cut(s, "-")
	first, ok := account.ParseID(from)
	if !ok {
		return uidRange{}, false
	}
	switch {
	case !isRange:
		return uidRange{first: first, last: first}, true
	case to == "":
		return uidRange{first: first, last: 1<<32 - 2}, true
	}
	last, ok := account.ParseID(to)
	return uidRange{first: first, last: last}, ok && first <= last
}

type uidList []uidRange

func parseUIDs(s string) (uidList, error) {
	var list uidList
	for _, word := range strings.Split(s, ",") {
		number, negated := strings.CutPrefix(word, "!")
		r, ok := parseUIDRange(number)
		if number == "*" {
			r, ok = uidRange{last: 1<<32 - 2}, true
		}
		if !ok {
			return nil, errors.New(strconv.Quote(word) + " is no uid, and no range such as 1000-1999")
		}
		r.negated = negated
		list = append(list, r)
	}
	return list, nil
}

func (l uidList) match(uid uint32) bool {
	found := false
	for _, r := range l {
		if r.has(uid) {
			if r.negated {
				return false
			}
			found = true
		}
	}
	return found
}
