package config

import (
	"errors"
	"slices"
	"strings"
)

// Criterion is one test of a Match line: one of its items matches, and none that
// is negated. It is about users, or about groups.
type Criterion []Item

// isMetByNobody: as in sshd_config(5), what is negated matches nothing by itself.
func (c Criterion) isMetByNobody() bool {
	return !slices.ContainsFunc(c, func(i Item) bool { return !i.Negated })
}

func parseMatch(args []string) ([]Criterion, error) {
	if len(args) == 1 && strings.EqualFold(args[0], "all") {
		return nil, nil
	}
	if len(args) == 0 || len(args)%2 != 0 {
		return nil, errors.New("Match takes All, or pairs such as \"User alice,bob\"; a name with a blank in it is quoted")
	}
	var list []Criterion
	for i := 0; i < len(args); i += 2 {
		var c Criterion
		var err error
		switch value := args[i+1]; strings.ToLower(args[i]) {
		case "user":
			c, err = parseNames(value, false)
		case "group":
			c, err = parseNames(value, true)
		case "uid":
			c, err = parseNumbers(value, false)
		case "gid":
			c, err = parseNumbers(value, true)
		case "all":
			err = errors.New("Match All stands alone")
		default:
			err = errors.New("Match knows User, Group, Uid, Gid and All, not " + args[i] + meant(args[i], "; a name with a blank in it is quoted", "User", "Group", "Uid", "Gid", "All"))
		}
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}
