package namespace

import (
	"strconv"
	"strings"

	"tmpshell/internal/sys"
)

// Present tells from the list of mounts alone, without any capability, whether
// everything is in place already: in a session with no_new_privs the launcher
// has none, and leaves a session of its own user as it is. Only who may mount
// can make such a list; a user namespace of one's own is one's own affair.
func (p Plan) Present() bool {
	table, err := sys.OpenMountinfo()
	if err != nil {
		return false
	}
	defer sys.Close(table)
	present := make(map[string]bool)
	err = sys.EachLine(table, func(line []byte) bool {
		for _, d := range p.Directories {
			if at, is := d.mountedBy(string(line), p.UID); at == d.At {
				present[at] = is
			}
		}
		return true
	})
	for _, d := range p.Directories {
		if !present[d.At] {
			return false
		}
	}
	return err == nil
}

// mountedBy reads one line of the list: where it is mounted, and whether it is
// the user's.
func (d Directory) mountedBy(line string, uid uint32) (at string, is bool) {
	if d.Fresh {
		return mountinfo(line, source(uid))
	}
	at, _ = mountinfo(line, "")
	fields := strings.Fields(line)
	_, kind, _ := strings.Cut(line, " - ")
	end := "/" + strconv.FormatUint(uint64(uid), 10) + "/" + d.Name()
	is = len(fields) > 4 && strings.HasSuffix(fields[3], end) && !strings.HasPrefix(kind, "fuse")
	return at, is
}
