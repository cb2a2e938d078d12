package capset

import "tmpshell/internal/bare"

// AsUser runs f with the file-system ids of a user, and with exactly the
// capabilities of also effective, in a process of root's that is permitted
// [SetUID] and [SetGID]. What f makes is the user's from its first moment. Its
// trouble is Lost where root's ids cannot be taken back.
func AsUser(uid, gid uint32, also Set, f func() bare.Trouble) bare.Trouble {
	if !lost.OK() {
		return lost
	}
	t := become(uid, gid)
	if t.OK() {
		t = With(also, f)
	}
	if back := become(0, 0); !back.OK() {
		return lose(back)
	}
	return t
}
