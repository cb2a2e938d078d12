package private

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// VerifyShares tells what of an instance is not as Share has it, and the helper can
// change: something is missing, or left of an older Share. A directory can be had
// all the same. What the user has put in the place of a link is their choice, and
// what only a session can do is not looked at.
func (i *Instance) VerifyShares(uid uint32, o *Opened) (t bare.Trouble) {
	if i.Fresh {
		return t
	}
	roots := o.InstanceIs.UID == 0 && uid != 0 // root's own links are a session's affair
	for s := i.Shares(uid); t.OK(); {
		one, ok := s.Next()
		if !ok {
			break
		}
		t = i.verifyShare(o.Shared, o.Instance, &one, uid, roots)
	}
	if t.OK() && roots {
		t = i.verifyNothingLeft(o.Shared, o.Instance, uid)
	}
	return t
}

func (i *Instance) verifyShare(shared, instance int, s *Share, uid uint32, roots bool) bare.Trouble {
	if s.Pattern || s.Users && !s.Directory {
		return bare.Trouble{}
	}
	var st bare.Stat
	e := bare.StatAt(instance, s.Name, &st)
	switch {
	case s.Directory:
		fd, t := i.OpenShare(shared, s, uid)
		bare.Close(fd)
		switch {
		case !t.OK() && i.IsOwners(shared, s, uid):
			if roots && e == 0 && isPoint(&st) {
				return i.left(uid, s.Name)
			}
			return bare.Trouble{}
		case !t.OK():
			return t
		case e == 0 && st.Type() != unix.S_IFDIR:
			e = bare.Errno(unix.ENOTDIR)
		}
	case !roots:
		return bare.Trouble{}
	case e == bare.Errno(unix.ENOENT) && !LinkIsRoots(shared, s.Name, uid):
		return bare.Trouble{}
	case e == 0 && st.Type() == unix.S_IFLNK && i.IsLink(instance, s.Name) && (st.UID == 0) != LinkIsRoots(shared, s.Name, uid):
		return bare.Trouble{Where: i.entry(uid, s.Name), Why: "belongs to uid", Value: uint64(st.UID), Base: 10}
	}
	return bare.Failed("statx", e, i.entry(uid, s.Name), "")
}

func (i *Instance) entry(uid uint32, name string) string {
	return bare.Keep(i.path(uid), "/", name, "")
}

// ShareMark is an attribute of an instance of root's: ShareList of the list that
// nothing is left but of. Only the owner of a sticky directory can set one of this
// kind (xattr(7)), and that is root.
const ShareMark = "user.tmpshell.shares"

var shareMark = [...]byte{'u', 's', 'e', 'r', '.', 't', 'm', 'p', 's', 'h', 'e', 'l', 'l', '.', 's', 'h', 'a', 'r', 'e', 's', 0}

// ShareList is a number for what Share says for the user.
func (i *Instance) ShareList() uint64 {
	return bare.Hash(bare.HashText(bare.HashStart, i.Share), i.User)
}

// verifyNothingLeft looks at the mark of an instance of root's. The instance is read
// only where the file system has no marks: it is as large as its user likes.
func (i *Instance) verifyNothingLeft(shared, instance int, uid uint32) bare.Trouble {
	own, e := bare.Reopen(instance)
	var t bare.Trouble
	if e == 0 {
		list, no := bare.Attribute(own, &shareMark[0])
		if no != bare.Errno(unix.EOPNOTSUPP) {
			bare.Close(own)
			if no != 0 || list != i.ShareList() {
				return bare.Broken(i.path(uid), "", "may have what is left of another share=")
			}
			return t
		}
	}
	for t.OK() && e == 0 {
		var names bare.Entries
		if names, e = bare.ReadEntries(own, bare.EntriesRoom[:]); names.End() {
			break
		}
		for name, ok := names.Next(); ok && t.OK(); name, ok = names.Next() {
			if names.MayBe(unix.S_IFLNK) || names.MayBe(unix.S_IFDIR) {
				if i.IsLeft(shared, instance, name, uid) {
					t = i.left(uid, name)
				}
			}
		}
	}
	bare.Close(own)
	if t.OK() {
		t = bare.Failed("getdents64", e, i.path(uid), "")
	}
	return t
}

func (i *Instance) left(uid uint32, name string) bare.Trouble {
	return bare.Broken(i.entry(uid, name), "", "is left of what was shared")
}

// isPoint tells whether a mount point in an instance of root's is one of tmpshell's.
func isPoint(st *bare.Stat) bool {
	return st.UID == 0 && st.Type() == unix.S_IFDIR && st.Perm() == PointMode
}

// IsLeft tells whether an entry of an instance was made by tmpshell for what is not
// shared any more: a link of root's to the shared directory under the same name, or
// a mount point of root's.
func (i *Instance) IsLeft(shared, instance int, name string, uid uint32) bool {
	var st bare.Stat
	if bare.StatAt(instance, name, &st) != 0 || st.UID != 0 {
		return false
	}
	isLink := st.Type() == unix.S_IFLNK && i.IsLink(instance, name)
	if !isLink && !isPoint(&st) {
		return false
	}
	for s := i.Shares(uid); ; {
		one, ok := s.Next()
		if !ok {
			return true
		}
		if one.Name != name || one.Pattern || one.Directory == isLink {
			continue
		}
		if isLink && !one.Users || one.Directory && !i.IsOwners(shared, &one, uid) {
			return false
		}
	}
}
