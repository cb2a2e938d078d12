// Package private knows where private directories are and verifies them, by the
// rules of package owned. It makes none, but for [Fallback].
//
//	env            PARENT/.private/UID
//	mount          STORE/UID/NAME, mounted over the shared directory
//	mount, per=    STORE/UID.JOB/NAME, the same for one batch job
//	mount, tmpfs   RUN/shared/NAME, where a session still finds that one
//	mount          RUN/sessions/UID, the list that package session keeps
//
// What belongs to methods mount and tmpfs is out of reach for the cleaners of
// /tmp, which have been led to remove a directory that was then mounted for root
// (CVE-2026-3888). STORE, STORE/UID and RUN/sessions are root's and 0700: an
// instance is reached where it is mounted and nowhere else.
//
// It keeps the rules of package bare. A path in a trouble outlives the call, see
// [bare.Keep].
package private

import (
	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
)

// Names of directories. What makes them has them from here.
const (
	Base         = ".private" // of method env, in the shared directory
	Store        = "/var/lib/tmpshell"
	Run          = "/run/tmpshell"
	SharedDir    = "shared"   // in Run
	SessionsDir  = "sessions" // in Run
	BaseMode     = 0o711
	StoreMode    = 0o700
	RunMode      = 0o755
	SharedMode   = 0o755
	SessionsMode = 0o700
	ListMode     = 0o600 // of a user's list in SessionsDir, which is the user's
)

// BaseWant is what a base must be: everybody can take its name.
func BaseWant() owned.Want {
	w := owned.Roots(BaseMode)
	w.NoMount = true
	return w
}

// Env is the directory of method env for a shared one: PARENT/.private/UID.
type Env struct {
	Parent string // the shared directory
}

// Verify tells whether a user's directory is as it must be. It needs no privilege,
// changes nothing, and is all that a usual login does.
func (e Env) Verify(uid uint32) bare.Trouble {
	fd, t := e.Open(uid)
	bare.Close(fd)
	return t
}

// Open opens a user's directory (O_PATH), and verifies it.
func (e Env) Open(uid uint32) (int, bare.Trouble) {
	base, t := e.OpenBase()
	if !t.OK() {
		return -1, t
	}
	var name userName
	fd, t := owned.OpenEntry(base, name.of(uid), owned.Users(uid))
	if !t.OK() {
		t.Where = bare.Keep(e.Parent, "/"+Base+"/", name.of(uid), "")
	}
	bare.Close(base)
	return fd, t
}

// OpenBase opens and verifies the base (O_PATH): its mode lets nobody read it.
func (e Env) OpenBase() (int, bare.Trouble) {
	parent, t := owned.OpenParent(e.Parent)
	if !t.OK() {
		return -1, t
	}
	fd, t := owned.Open(parent, e.Parent, Base, BaseWant())
	bare.Close(parent)
	return fd, t
}

// AddPath writes the path of a user's directory.
func (e Env) AddPath(to *bare.Text, uid uint32) {
	to.Add(e.Parent)
	to.Add("/" + Base + "/")
	to.AddUint(uint64(uid), 10)
}

// userName is a uid as the name of a directory.
type userName struct{ buf [20]byte }

func (n *userName) of(uid uint32) string { return bare.Decimal(&n.buf, uint64(uid)) }
