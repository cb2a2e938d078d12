package private

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
)

// Verify tells whether all that a session's mount needs is there as it must be,
// but for what is shared: see VerifyShares.
func (i *Instance) Verify(uid uint32) bare.Trouble {
	var o Opened
	t := i.Open(uid, &o)
	o.Close()
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
	var o Opened
	t := i.Open(uid, &o)
	rest := i.Share
	for t.OK() {
		s, ok := NextShare(&rest)
		if !ok {
			break
		}
		t = i.verifyShare(o.Shared, o.Instance, s, uid)
	}
	o.Close()
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
