package capset

import (
	"encoding/binary"
	"iter"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// Parse returns the capability that a name such as cap_net_raw stands for, in
// whatever case. strings.EqualFold would take letters of other alphabets, too.
func Parse(name string) (Set, bool) {
	for i, n := range names {
		if len(n) == len(name) && strings.EqualFold(n, name) {
			return 1 << i, true
		}
	}
	return 0, false
}

// Names are those of all capabilities.
func Names() []string { return names[:] }

// Each yields every capability of the set alone.
func (s Set) Each() iter.Seq[Set] {
	return func(yield func(Set) bool) {
		for n := range len(names) {
			if one := Set(1) << n; s&one != 0 && !yield(one) {
				return
			}
		}
	}
}

// String lists the names, comma-separated, as setcap(8) takes them.
func (s Set) String() string {
	var list []string
	for i, n := range names {
		if s&(1<<i) != 0 {
			list = append(list, n)
		}
	}
	return strings.Join(list, ",")
}

// AsUser runs f with the file-system ids of a user, and with exactly the
// capabilities of also effective, and takes the ids back that were there before. It
// needs [SetUID] and [SetGID]. Its trouble is Lost where that cannot be undone.
//
// What f makes is the user's from its first moment: what belongs to somebody else
// until a later chown(2) could be opened and changed in between.
func AsUser(uid, gid uint32, also Set, f func() bare.Trouble) bare.Trouble {
	if !lost.OK() {
		return lost
	}
	wasUID, wasGID := fsuid(), fsgid()
	t := become(uid, gid)
	if t.OK() {
		t = With(also, f)
	}
	// One of the two may have been set where become has failed.
	if back := become(wasUID, wasGID); !back.OK() {
		return lose(back)
	}
	return t
}

// become sets both ids and verifies them: setfsuid(2) reports no error, so the
// only way to know is to ask again, with an id that cannot be set.
func become(uid, gid uint32) bare.Trouble {
	if t := Effective(SetUID | SetGID); !t.OK() {
		return t
	}
	setID(bare.SysSetFSGID, gid)
	setID(bare.SysSetFSUID, uid)
	// The kernel raises or lowers the file-system capabilities when the
	// fsuid changes to or from 0 (capabilities(7)); none shall act.
	if t := Effective(0); !t.OK() {
		return t
	}
	if fsuid() != uid || fsgid() != gid {
		return failed("setfsuid", bare.Errno(unix.EPERM))
	}
	return bare.Trouble{}
}

const noID = ^uint32(0)

func fsuid() uint32 { return setID(bare.SysSetFSUID, noID) }
func fsgid() uint32 { return setID(bare.SysSetFSGID, noID) }

// setID returns the id that was in effect before.
func setID(call uintptr, id uint32) uint32 {
	r, _ := bare.Call(call, uintptr(id), 0, 0, 0, 0, 0)
	return uint32(r)
}

// OfFile returns the permitted set that the program file at a path gives, empty
// where it gives none here or cannot be read: security.capability of revision 2,
// or of revision 3 for the initial user namespace (capabilities(7)).
func OfFile(path string) Set {
	const (
		revision2, revision3, mask = 0x02000000, 0x03000000, 0xff000000
		length2, length3           = 20, 24 // bytes
	)
	var b [length3]byte
	n, err := unix.Lgetxattr(path, "security.capability", b[:])
	if err != nil {
		return 0
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
	switch revision := word(0) & mask; {
	case n == length2 && revision == revision2:
	case n == length3 && revision == revision3 && word(5) == 0:
	default:
		return 0
	}
	return Set(word(1)) | Set(word(3))<<32
}
