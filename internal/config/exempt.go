package config

import (
	"errors"
	"strconv"
	"strings"
)

// Exempt says whose sessions are left alone: users, @groups, uids, uid ranges.
type Exempt struct {
	// Words as in the file, for show.
	Words []string

	users, groups []string
	uids          uidList
}

func parseExempt(args []string) (*Exempt, error) {
	e := &Exempt{Words: args}
	for _, w := range args {
		r, isUID := parseUIDRange(w)
		switch {
		case strings.EqualFold(w, "none"):
			if len(args) > 1 {
				return nil, errors.New("Exempt none stands alone")
			}
			return e, nil
		case w == "" || w == "@" || strings.ContainsAny(w, "*?!,"), looksLikeUIDs(w) && !isUID:
			return nil, errors.New(strconv.Quote(w) + " is no user, @group, uid or uid range; patterns belong in Match")
		case strings.HasPrefix(w, "@"):
			e.groups = append(e.groups, w[1:])
		case w == "root":
			// Every account with uid 0 is root, whatever it is called, and
			// the default configuration needs no look-up of names.
			e.uids = append(e.uids, uidRange{})
		case isUID:
			e.uids = append(e.uids, r)
		default:
			e.users = append(e.users, w)
		}
	}
	return e, nil
}

// looksLikeUIDs: a wrong range such as 2000-1000 is nobody's name.
func looksLikeUIDs(word string) bool { return strings.Trim(word, "0123456789-") == "" }

// match tells whether the subject is exempt. Uids come first: they cost no
// look-up.
func (e *Exempt) match(s Subject) (bool, error) {
	if e.uids.match(s.UID()) {
		return true, nil
	}
	if len(e.users) > 0 {
		name, err := s.Name()
		if err != nil {
			return false, err
		}
		for _, u := range e.users {
			if u == name {
				return true, nil
			}
		}
	}
	if len(e.groups) == 0 {
		return false, nil
	}
	groups, err := s.Groups()
	for _, want := range e.groups {
		for _, g := range groups {
			if g == want {
				return true, nil
			}
		}
	}
	return false, err
}
