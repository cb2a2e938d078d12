package private

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
)

// Verify tells whether all that a session's mount needs is there as it must be,
// but for what is shared: see VerifyShares.
func (i *Instance) Verify(uid uint32) bare.Trouble {
	shared, t := i.OpenShared()
	if !t.OK() {
		return t
	}
	point, t := i.OpenSharedPoint()
	bare.Close(point)
	if t.OK() && !i.Fresh {
		var fd int
		fd, t = i.Open(uid, shared)
		bare.Close(fd)
	}
	bare.Close(shared)
	if t.OK() && !i.Fresh {
		var list int
		list, t = i.OpenSessions(uid)
		bare.Close(list)
	}
	return t
}

// VerifyShares tells what is missing of the shares of an instance: a directory can
// be had then, but something in it is not shared that should be. What the user has
// put in the place of a link is their choice, and a shared directory that is not
// root's is nobody's to restore: see OpenRendezvous.
func (i *Instance) VerifyShares(uid uint32) bare.Trouble {
	if i.Share == "" || i.Fresh {
		return bare.Trouble{}
	}
	shared, t := i.OpenShared()
	if !t.OK() {
		return t
	}
	fd, t := i.Open(uid, shared)
	rest := i.Share
	for t.OK() {
		s, ok := NextShare(&rest)
		if !ok {
			break
		}
		t = i.verifyShare(shared, fd, s, uid)
	}
	bare.Close(fd)
	bare.Close(shared)
	return t
}

func (i *Instance) verifyShare(shared, instance int, s Share, uid uint32) bare.Trouble {
	var st bare.Stat
	if s.Directory {
		if e := bare.StatAt(shared, s.Name, &st); e != 0 {
			return bare.Failed("statx", e, i.At, s.Name)
		}
	}
	e := bare.StatAt(instance, s.Name, &st)
	if e == 0 && s.Directory && st.Type() != unix.S_IFDIR {
		e = bare.Errno(unix.ENOTDIR)
	}
	if e != 0 {
		return bare.Failed("statx", e, i.path(uid), s.Name)
	}
	return bare.Trouble{}
}

// OpenRendezvous opens a shared directory (O_PATH) in the one that shared is.
func (i *Instance) OpenRendezvous(shared int, entry string) (int, bare.Trouble) {
	return owned.Open(shared, i.At, entry, RendezvousWant())
}
