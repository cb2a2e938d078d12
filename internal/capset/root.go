package capset

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// AsRoot runs f with the file-system user and group ids of root, without any
// capability effective but those of also, and takes the ids back afterwards. It
// needs [SetUID] and [SetGID]. Its trouble is Lost where that cannot be undone.
//
// What f makes is root's from its first moment: a directory that belongs to the
// caller until a later chown(2) could be opened, stopped at (SIGSTOP) and given
// an encryption policy, a project id or an ACL in between.
func AsRoot(also Set, f func() bare.Trouble) bare.Trouble {
	uid, gid := fsuid(), fsgid()
	if uid == 0 && gid == 0 {
		return With(also, f)
	}
	if !lost.OK() {
		return lost
	}
	t := become(0, 0)
	if t.OK() {
		t = With(also, f)
	}
	// One of the two may have been set where become has failed.
	if back := become(uid, gid); !back.OK() {
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
