package private

import (
	"tmpshell/internal/bare"
)

// OpenSessions opens the list of a user's sessions, for reading and appending.
func (i *Instance) OpenSessions(uid uint32) (int, bare.Trouble) {
	run, t := i.openRun()
	if !t.OK() {
		return -1, t
	}
	fd, t := i.openList(run, uid)
	bare.Close(run)
	return fd, t
}

// Verify tells whether all that a session's mount needs is there as it must be,
// but for what is shared: see VerifyShares.
func (i *Instance) Verify(uid uint32) bare.Trouble {
	var o Opened
	t := i.Open(uid, &o)
	o.Close()
	return t
}

// VerifyStore tells whether the store is as it must be.
func (i *Instance) VerifyStore() bare.Trouble {
	var o Opened
	root, run, t := i.openShared(&o)
	if t.OK() {
		var store int
		store, t = i.openStore(root, &o)
		bare.Close(store)
	}
	o.Close()
	bare.Close(run)
	bare.Close(root)
	return t
}
