package private

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
)

// Instance is the private directory that is mounted in the place of a shared one.
type Instance struct {
	At    string // the shared directory
	Share string // what stays shared, comma-separated: see [Share]
	User  string // the user's login name, for Share; empty if it has none
	Fresh bool   // method tmpfs: nothing is kept
	// Job is the batch job that it is of (per=), empty for the user's own instance.
	// Opening one clears it where root has made none for that job, and sets NoJob: the
	// session then gets the user's own.
	Job   string
	NoJob bool
	// Store is where instances are kept, and Run what a boot forgets. Empty
	// for the constants of these names.
	Store, Run string
}

func (i *Instance) store() string {
	if i.Store == "" {
		return Store
	}
	return i.Store
}

func (i *Instance) run() string {
	if i.Run == "" {
		return Run
	}
	return i.Run
}

// Needs returns the capabilities that mounting it takes.
func (i *Instance) Needs() capset.Set {
	if i.Fresh {
		return capset.Mounter
	}
	return capset.Keeper
}

// Name is what an instance is called in Store and Run: its path without the first
// "/", every other one written "-".
type Name struct{ buf [unix.NAME_MAX + 1]byte }

// Of returns the name for a shared directory; it shares the buffer. What does not
// fit is cut, at a length that no name in a directory can have.
func (n *Name) Of(at string) string {
	text := bare.NewText(n.buf[:])
	for k := 1; k < len(at); k++ {
		if at[k] == '/' {
			text.AddByte('-')
		} else {
			text.AddByte(at[k])
		}
	}
	return text.String()
}

// path is that of a user's instance, for a trouble.
func (i *Instance) path(uid uint32) string {
	var user holderName
	var name Name
	return bare.Keep(bare.Keep(i.store(), "/", user.of(uid, i.Job), "/"), name.Of(i.At), "", "")
}

// AddPath writes the path of a user's instance, or for a fresh one where it is
// mounted.
func (i *Instance) AddPath(to *bare.Text, uid uint32) {
	if i.Fresh {
		to.Add(i.At)
		return
	}
	to.Add(i.store())
	i.addOwn(to, uid)
}

// addOwn writes what follows the store.
func (i *Instance) addOwn(to *bare.Text, uid uint32) {
	var user holderName
	var name Name
	to.AddByte('/')
	to.Add(user.of(uid, i.Job))
	to.AddByte('/')
	to.Add(name.Of(i.At))
}

// AddSharedPath writes where a session finds the shared directory.
func (i *Instance) AddSharedPath(to *bare.Text) {
	to.Add(i.run())
	to.Add("/" + SharedDir + "/")
	var name Name
	to.Add(name.Of(i.At))
}

// RootsOwn tells whether what stands for a directory has to be root's, 1777, as
// the directory itself: only then do protected_symlinks and its like
// (proc_sys_fs(5)) go on guarding sudo and other setuid programs in a session.
// What stands for any other directory is the user's, 0700.
func RootsOwn(shared *bare.Stat) bool {
	const public = unix.S_ISVTX | 0o002
	return shared.UID == 0 && shared.Perm()&public == public
}

// search runs f with what lets the caller reach an instance through directories
// that are root's alone. The session program has one of them, the helper the other.
func search(f func() bare.Trouble) bare.Trouble {
	return capset.With(capset.DACReadSearch|capset.DACOverride, f)
}

// readOnly tells whether nothing can be written where fd is open.
func readOnly(fd int) (bool, bare.Trouble) {
	flags, e := mounts.FlagsOf(fd)
	return flags&mounts.ReadOnly != 0, bare.Failed("fstatfs", e, "", "")
}
