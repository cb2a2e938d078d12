// Package owned opens directories whose owner decides what they are worth, and
// verifies them on the open descriptor. It changes nothing.
//
// Its rules, which tests cite by their letters:
//
//	(a) every component of a path is opened from the descriptor of the one
//	    before it, without following symbolic links; what is checked is what
//	    is used;
//	(b) a parent MUST be root's, and sticky where others can write to it: else
//	    any check is worth nothing a moment later;
//	(c) a directory of root's MUST be root:root, and of exactly its mode;
//	(d) a directory of a user's MUST be the user's, and 0700; the set-group-ID bit,
//	    which is that of the directory that it was made in, says nothing of who may;
//	(e) under a name that anybody could have taken, nothing MUST be mounted:
//	    with user_allow_other, a FUSE server of a user's own tells others
//	    whatever owner, mode and content it likes.
//
// Rule (i), for a path that the caller names, stands in own.go; (f) to (h) are
// package making's.
//
// It keeps the rules of package bare.
package owned

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// Want is what a directory must be. The zero value with a mode is a directory of
// root's.
type Want struct {
	UID  uint32 // the owner
	Mode uint32 // all permission bits
	// AnyGroup: the group, and the set-group-ID bit, do not matter. They never do for
	// a user's.
	AnyGroup bool
	// NoMount: rule (e).
	NoMount bool
}

// Roots is a directory of root's of exactly this mode.
func Roots(mode uint32) Want { return Want{Mode: mode} }

// Users is a directory of a user's.
func Users(uid uint32) Want { return Want{UID: uid, Mode: 0o700, AnyGroup: true} }

const asPath = unix.O_PATH | unix.O_DIRECTORY

// Open opens the directory entry in dir, as a path only (O_PATH), and verifies
// it. where is the path of dir, for the trouble alone.
func Open(dir int, where, entry string, w Want) (int, bare.Trouble) {
	fd, t := OpenEntry(dir, entry, w)
	if !t.OK() {
		t.Where, t.Entry = where, entry
	}
	return fd, t
}

// OpenEntry is Open for a caller that knows the path in another form: the trouble
// names nothing.
func OpenEntry(dir int, entry string, w Want) (int, bare.Trouble) {
	var st bare.Stat
	return OpenLook(dir, entry, w, &st)
}

// OpenLook is OpenEntry, and tells what it has seen.
func OpenLook(dir int, entry string, w Want, st *bare.Stat) (int, bare.Trouble) {
	fd, e := bare.OpenAt(dir, entry, asPath)
	if e == bare.Errno(unix.ELOOP) || e == bare.Errno(unix.ENOTDIR) {
		return -1, bare.Broken("", "", "is not a directory")
	}
	if e != 0 {
		return -1, bare.Failed("openat", e, "", "")
	}
	if t := check(dir, fd, w, st); !t.OK() {
		bare.Close(fd)
		return -1, t
	}
	return fd, bare.Trouble{}
}

func check(dir, fd int, w Want, st *bare.Stat) (t bare.Trouble) {
	var parent bare.Stat
	ignored := uint32(0)
	if w.AnyGroup {
		ignored = unix.S_ISGID
	}
	e := bare.Fstat(fd, st)
	if e == 0 && w.NoMount {
		e = bare.Fstat(dir, &parent)
	}
	switch {
	case e != 0:
		return bare.Failed("statx", e, "", "")
	case w.NoMount && (st.MountRoot || !st.SameDevice(&parent)):
		t.Why = "is a mount point"
	case st.Type() != unix.S_IFDIR:
		t.Why = "is not a directory"
	case st.UID != w.UID:
		t.Why, t.Value, t.Base = "belongs to uid", uint64(st.UID), 10
	case st.Perm()&^ignored != w.Mode:
		t.Why, t.Value, t.Base = "has mode", uint64(st.Perm()), 8
	case !w.AnyGroup && st.GID != 0:
		t.Why, t.Value, t.Base = "belongs to group", uint64(st.GID), 10
	}
	return t
}

// OpenParent walks to a directory from the root, checks rule (b) at every step,
// and opens it as a path only. The path is absolute and has no final slash.
func OpenParent(path string) (int, bare.Trouble) {
	var st bare.Stat
	root, t := OpenRoot(&st)
	if !t.OK() || path == "/" {
		return root, t
	}
	fd, t := Walk(root, path, &st)
	bare.Close(root)
	return fd, t
}

// OpenRoot opens the root directory as [OpenParent] does, and tells what it has
// seen.
func OpenRoot(st *bare.Stat) (int, bare.Trouble) {
	fd, e := bare.Open("/", asPath)
	if e != 0 {
		return -1, bare.Failed("openat", e, "/", "")
	}
	if t := checkParent(fd, "/", st); !t.OK() {
		bare.Close(fd)
		return -1, t
	}
	return fd, bare.Trouble{}
}

// Walk is [OpenParent] for what is below the root directory, which is open and was
// checked. It tells what it has seen of the last directory.
func Walk(root int, path string, st *bare.Stat) (int, bare.Trouble) {
	fd := root
	for at := 0; at < len(path); {
		component, _, _ := strings.Cut(path[at+1:], "/")
		at += 1 + len(component)
		next, e := bare.OpenAt(fd, component, asPath)
		if fd != root {
			bare.Close(fd)
		}
		if e == bare.Errno(unix.ELOOP) || e == bare.Errno(unix.ENOTDIR) {
			return -1, bare.Broken(path[:at], "", "is a symbolic link or no directory; name the directory itself in tmpshell.conf")
		}
		if e != 0 {
			return -1, bare.Failed("openat", e, path[:at], "")
		}
		fd = next
		if t := checkParent(fd, path[:at], st); !t.OK() {
			bare.Close(fd)
			return -1, t
		}
	}
	return fd, bare.Trouble{}
}

// Again opens a directory that was verified in the mount namespace of which this
// one is a copy: at the same path, which has no symbolic link in it, there must be
// the same directory. The trouble does not name it.
func Again(path string, was *bare.Stat) (int, bare.Trouble) {
	fd, e := bare.OpenStraight(path, asPath)
	if e != 0 {
		return -1, bare.Failed("openat2", e, "", "")
	}
	var st bare.Stat
	e = bare.Fstat(fd, &st)
	if e == 0 && st.SameFile(was) {
		return fd, bare.Trouble{}
	}
	bare.Close(fd)
	if e != 0 {
		return -1, bare.Failed("statx", e, "", "")
	}
	return -1, bare.Broken("", "", "is not the directory that it was a moment ago")
}

// NotSticky is why a parent breaks rule (b) whose entries anybody can replace; a
// mode follows.
const NotSticky = "can be written by others and is not sticky: mode"

func checkParent(fd int, path string, st *bare.Stat) bare.Trouble {
	if e := bare.Fstat(fd, st); e != 0 {
		return bare.Failed("statx", e, path, "")
	}
	return CheckParentAs(st, path)
}

// CheckParentAs is checkParent for what was seen of a directory.
func CheckParentAs(st *bare.Stat, path string) bare.Trouble {
	switch {
	case st.UID != 0:
		return bare.Trouble{Where: path, Why: "belongs to uid", Value: uint64(st.UID), Base: 10, Want: ", not to root"}
	case st.Perm()&0o022 != 0 && st.Perm()&unix.S_ISVTX == 0:
		return bare.Trouble{Where: path, Why: NotSticky, Value: uint64(st.Perm()), Base: 8}
	}
	return bare.Trouble{}
}
