package config

import (
	"errors"
	"strings"
)

// Subject is whom a policy is for. Names are asked for only where a line of the
// configuration needs them, since asking may mean a directory server.
type Subject interface {
	UID() uint32
	// Name is the login name, empty for a uid that no source knows.
	Name() (string, error)
	// Groups are the names of the session's groups.
	Groups() ([]string, error)
}

// criterion is one test of a Match line.
type criterion interface {
	match(Subject) (bool, error)
}

type (
	matchUser  struct{ patternList }
	matchGroup struct{ patternList }
	matchUID   struct{ uidList }
)

func (m matchUser) match(s Subject) (bool, error) {
	name, err := s.Name()
	if err != nil || name == "" {
		return false, err
	}
	return m.patternList.match(name) > 0, nil
}

func (m matchGroup) match(s Subject) (bool, error) {
	groups, err := s.Groups()
	if err != nil {
		return false, err
	}
	found := false
	for _, g := range groups {
		switch m.patternList.match(g) {
		case -1:
			return false, nil
		case 1:
			found = true
		}
	}
	return found, nil
}

func (m matchUID) match(s Subject) (bool, error) { return m.uidList.match(s.UID()), nil }

// criteria are ANDed; none match everybody.
type criteria []criterion

func (c criteria) match(s Subject) (bool, error) {
	// Uids first, wherever they stand: they cost nothing, and where they
	// rule the subject out, no name service has to answer.
	for _, uids := range []bool{true, false} {
		for _, one := range c {
			if _, isUID := one.(matchUID); isUID != uids {
				continue
			}
			if ok, err := one.match(s); !ok {
				return false, err
			}
		}
	}
	return true, nil
}

func parseMatch(args []string) (criteria, error) {
	if len(args) == 1 && strings.EqualFold(args[0], "all") {
		return nil, nil
	}
	if len(args) == 0 || len(args)%2 != 0 {
		return nil, errors.New("Match takes All, or pairs such as \"User alice,bob\"")
	}
	var list criteria
	for i := 0; i < len(args); i += 2 {
		var c criterion
		var err error
		switch strings.ToLower(args[i]) {
		case "user":
			var l patternList
			l, err = parsePatterns(args[i+1])
			c = matchUser{l}
		case "group":
			var l patternList
			l, err = parsePatterns(args[i+1])
			c = matchGroup{l}
		case "uid":
			var l uidList
			l, err = parseUIDs(args[i+1])
			c = matchUID{l}
		case "all":
			err = errors.New("Match All stands alone")
		default:
			err = errors.New("Match knows User, Group, Uid and All, not " + args[i])
		}
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}
