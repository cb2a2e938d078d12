package doctor

import (
	"slices"
	"strings"

	"tmpshell/internal/account"
	"tmpshell/internal/accounts"
	"tmpshell/internal/compile"
	"tmpshell/internal/policy"
)

// administrating are the groups whose members distributions let use sudo(8).
var administrating = []string{"sudo", "wheel"}

// administrators notes who of them has sessions in which a mount of root's does not
// reach the machine. Others may be let by sudoers(5), which is not read.
func (r *report) administrators(m *machine) {
	f := new(policy.File)
	if t := f.Read(policy.Path, make([]byte, policy.MaxSize+1)); !t.OK() {
		return // checkPolicy says so
	}
	groups := map[string][]uint32{}
	for _, a := range m.users {
		groups[a.Name] = []uint32{a.GID}
	}
	if account.System().FileGroups(groups) != nil {
		return // the name service is not asked: there may be thousands of users
	}
	for _, group := range administrating {
		gid, found, t := accounts.GroupByName(group)
		if !found || !t.OK() {
			continue
		}
		var names []string
		for _, a := range m.users {
			if !slices.Contains(groups[a.Name], gid) {
				continue
			}
			said, err := compile.System().Resolve(f, compile.Who{UID: a.UID, GID: a.GID, Groups: groups[a.Name]})
			if err == nil && !said.Exempt && keepsMounts(said) {
				names = append(names, a.Name)
			}
		}
		if len(names) > 0 {
			r.note("what " + strings.Join(names, ", ") + " of group " + group + " mount with sudo is gone with their sessions: \"Match Group " + group +
				"\" and, for each directory, \"Directory PATH mount propagation=shared\" or \"Directory PATH off\" bring it to the machine")
		}
	}
}

// keepsMounts tells whether what is mounted in a session stays in it.
func keepsMounts(p *policy.Policy) bool {
	var d policy.Directory
	for slot, ok := uint32(0), true; ; {
		if slot, ok = p.Directory(slot, &d); !ok {
			return false
		}
		if d.Mounted() && d.Propagation != policy.PropagationShared {
			return true
		}
	}
}
