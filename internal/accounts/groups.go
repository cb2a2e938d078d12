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
	if t := lines.open(Group); !t.OK() {
		return nil, t
	}
	n, full := 0, false
	for more := true; more && !full; {
		var gid uint32
		var member bool
		if gid, member, more = lines.group(user); !member {
			continue
		}
		if full = n == len(buf); !full {
			buf[n] = gid
			n++
		}
	}
	t := lines.close(Group)
	if t.OK() && full {
		t = bare.Failed("read", bare.Errno(unix.EFBIG), Group, "")
	}
	return buf[:n], t
}

// group reads a line of group(5), which may be of any length, and tells whether it
// lists a user. more is false at the end of the file.
func (r *reader) group(user string) (gid uint32, member, more bool) {
	n, colons := 0, 0
	same := 0 // so much of the user's name is this member's, -1: it is another one
	for {
		c := byte('\n')
		if more = r.at < r.have || r.fill(); more {
			c = r.buf[r.at]
			r.at++
		}
		switch {
		case colons == 3 && (c == ',' || c == '\n'):
			member = member || same == len(user)
			same = 0
		case colons == 3 && same >= 0 && same < len(user) && user[same] == c:
			same++
		case colons == 3:
			same = -1
		case n < len(r.name):
			r.name[n] = c
			n++
		}
		if c == '\n' {
			break
		}
		if c == ':' && colons < 3 {
			colons++
		}
	}
	var f [4]string
	valid := split(text(r.name[:n]), f[:], false)
	gid, number := ParseID(f[2])
	return gid, member && valid && number, more
}
