package config

import (
	"errors"
	"strconv"
	"strings"

	"tmpshell/internal/account"
)

// Item is one word of a criterion of Match, or of Exempt: a name, a pattern, or
// a range of numbers.
type Item struct {
	Group   bool // it is about groups, not about users
	Negated bool
	// Text is a name, or a pattern with '*' and '?'. It is empty for a range.
	Text        string
	First, Last uint32
}

// IsRange tells whether the item compares numbers.
func (i Item) IsRange() bool { return i.Text == "" }

// IsPattern tells whether the item is more than one name.
func (i Item) IsPattern() bool { return strings.ContainsAny(i.Text, "*?") }

// highest is the last uid or gid: 2^32-1 is nobody's.
const highest = 1<<32 - 2

// parseNames reads a comma list of patterns with '*', '?' and a leading '!', as
// in PATTERNS of ssh_config(5).
func parseNames(s string, group bool) ([]Item, error) {
	var list []Item
	for word := range strings.SplitSeq(s, ",") {
		text, negated := strings.CutPrefix(word, "!")
		if text == "" {
			return nil, errors.New("an empty pattern in " + strconv.Quote(s))
		}
		list = append(list, Item{Group: group, Negated: negated, Text: text})
	}
	return list, nil
}

// parseNumbers reads a comma list of uids or gids and their ranges.
func parseNumbers(s string, group bool) ([]Item, error) {
	what := "uid"
	if group {
		what = "gid"
	}
	var list []Item
	for word := range strings.SplitSeq(s, ",") {
		number, negated := strings.CutPrefix(word, "!")
		item, ok := parseRange(number)
		if number == "*" {
			item, ok = Item{Last: highest}, true
		}
		if !ok {
			return nil, errors.New(strconv.Quote(word) + " is no " + what + ", and no range such as 1000-1999")
		}
		item.Group, item.Negated = group, negated
		list = append(list, item)
	}
	return list, nil
}

// parseRange reads "1000", "1000-1999" or "1000-" (to the highest number).
func parseRange(s string) (Item, bool) {
	from, to, isRange := strings.Cut(s, "-")
	first, ok := account.ParseID(from)
	if !ok {
		return Item{}, false
	}
	switch {
	case !isRange:
		return Item{First: first, Last: first}, true
	case to == "":
		return Item{First: first, Last: highest}, true
	}
	last, ok := account.ParseID(to)
	return Item{First: first, Last: last}, ok && first <= last
}

// parseExempt reads whose sessions are left alone: users, @groups, uids, ranges
// of uids.
func parseExempt(args []string) ([]Item, error) {
	var list []Item
	for _, w := range args {
		item, isNumber := parseRange(w)
		switch {
		case strings.EqualFold(w, "none"):
			if len(args) > 1 {
				return nil, errors.New("Exempt none stands alone")
			}
			return nil, nil
		case w == "" || w == "@" || strings.ContainsAny(w, "*?!,"), looksLikeNumbers(w) && !isNumber:
			return nil, errors.New(strconv.Quote(w) + " is no user, @group, uid or uid range; patterns belong in Match")
		case strings.HasPrefix(w, "@"):
			item = Item{Group: true, Text: w[1:]}
		case w == "root":
			// Every account with uid 0 is root, whatever it is called.
			item = Item{}
		case !isNumber:
			item = Item{Text: w}
		}
		list = append(list, item)
	}
	return list, nil
}

// looksLikeNumbers: a wrong range such as 2000-1000 is nobody's name.
func looksLikeNumbers(word string) bool { return strings.Trim(word, "0123456789-") == "" }
