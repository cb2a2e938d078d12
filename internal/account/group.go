package account

import (
	"bytes"
	"slices"
)

// GroupsOf returns the ids of the groups that an account would have at its next
// login: its own, and those that list it (initgroups(3)). For a session that
// runs already, getgroups(2) tells the truth.
func (s *Source) GroupsOf(a Account) ([]uint32, error) {
	users := map[string][]uint32{a.Name: {a.GID}}
	err := s.FileGroups(users)
	gids := users[a.Name]
	if s.Getent == nil {
		return gids, err
	}
	// "NAME gid gid …"; a name service that cannot list (musl has no
	// initgroups database) adds nothing.
	out, asked := s.Getent("initgroups", a.Name)
	if asked == nil {
		rest, _ := bytes.CutPrefix(out, []byte(a.Name))
		for _, word := range bytes.Fields(rest) {
			if gid, ok := ParseID(string(word)); ok && !slices.Contains(gids, gid) {
				gids = append(gids, gid)
			}
		}
	}
	return gids, err
}

// FileGroups adds to each of the users, by name, the ids of the groups that list it
// in the group file, which is read once for all of them.
func (s *Source) FileGroups(users map[string][]uint32) error {
	return eachLine(s.Group, func(line []byte) bool {
		_, gid, members, ok := parseGroup(line)
		if !ok {
			return true
		}
		for m := range bytes.SplitSeq(members, []byte(",")) {
			if gids, wanted := users[string(m)]; wanted && !slices.Contains(gids, gid) {
				users[string(m)] = append(gids, gid)
			}
		}
		return true
	})
}

func parseGroup(line []byte) (name string, gid uint32, members []byte, ok bool) {
	var f [4][]byte
	if !fields(line, f[:]) {
		return "", 0, nil, false
	}
	gid, ok = ParseID(string(f[2]))
	return string(f[0]), gid, f[3], ok
}
