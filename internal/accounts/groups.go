package accounts

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// GroupByName finds the gid of the first group with a name, as getgrnam(3) does.
func GroupByName(name string) (gid uint32, found bool, t bare.Trouble) {
	t = EachGroup(func(n string, id uint32) bool {
		if found = n == name; found {
			gid = id
		}
		return !found
	})
	return gid, found, t
}

// GroupsOf returns, in buf, the gids of the groups that list a user as a member.
// More than there is room for are EFBIG.
func GroupsOf(user string, buf []uint32) ([]uint32, bare.Trouble) {
	n, failed := 0, bare.Errno(0)
	t := each(Group, func(line string) bool {
		var f [4]string
		valid := split(line, f[:], false)
		gid, number := ParseID(f[2])
		m := member{name: user}
		if valid {
			m.in(line[len(f[0])+len(f[1])+len(f[2])+3:]) // f[3] ends at a colon
		}
		for more := lines.Cut; more && failed == 0; {
			var part string
			part, more, failed = lines.More()
			m.in(part)
		}
		if m.in(","); !m.found || !valid || !number || failed != 0 {
			return failed == 0
		}
		if n == len(buf) {
			failed = bare.Errno(unix.EFBIG)
			return false
		}
		buf[n] = gid
		n++
		return true
	})
	if t.OK() {
		t = bare.Failed("read", failed, Group, "")
	}
	return buf[:n], t
}

// member looks for a name in a list of any length, which comes in parts.
type member struct {
	name  string
	same  int // so much of the name is this member's, -1: it is another one
	found bool
}

func (m *member) in(part string) {
	for i := range len(part) {
		switch c := part[i]; {
		case c == ',':
			m.found = m.found || m.same == len(m.name)
			m.same = 0
		case m.same >= 0 && m.same < len(m.name) && m.name[m.same] == c:
			m.same++
		default:
			m.same = -1
		}
	}
}
