package account

import "bytes"

// GroupsOf returns the ids of the groups that an account would have at its next
// login: its own, and those that list it (initgroups(3)). For a session that
// runs already, getgroups(2) tells the truth.
func (s *Source) GroupsOf(a Account) ([]uint32, error) {
	gids := []uint32{a.GID}
	have := map[uint32]bool{a.GID: true}
	add := func(gid uint32) {
		if !have[gid] {
			have[gid] = true
			gids = append(gids, gid)
		}
	}
	err := eachLine(s.Group, func(line []byte) bool {
		_, gid, members, ok := parseGroup(line)
		if ok && isMember(members, a.Name) {
			add(gid)
		}
		return true
	})
	if s.Getent == nil {
		return gids, err
	}
	// "NAME gid gid …"; a name service that cannot list (musl has no
	// initgroups database) adds nothing.
	out, asked := s.Getent("initgroups", a.Name)
	if asked == nil {
		rest, _ := bytes.CutPrefix(out, []byte(a.Name))
		for _, word := range bytes.Fields(rest) {
			if gid, ok := ParseID(string(word)); ok {
				add(gid)
			}
		}
	}
	return gids, err
}

func parseGroup(line []byte) (name string, gid uint32, members []byte, ok bool) {
	var f [4][]byte
	if !fields(line, f[:]) {
		return "", 0, nil, false
	}
	gid, ok = ParseID(string(f[2]))
	return string(f[0]), gid, f[3], ok
}

func isMember(list []byte, name string) bool {
	for m := range bytes.SplitSeq(list, []byte(",")) {
		if string(m) == name {
			return true
		}
	}
	return false
}
