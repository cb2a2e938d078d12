// Package session gives a session directories of its own by mounting them over the
// shared ones, in a mount namespace that is not the machine's.
//
// Either all of a session's directories are in place when Enter returns, or the
// thread is where it was before, or the trouble is Lost and no session may begin.
//
// # One namespace for a user's sessions
//
// A mount that is made on the machine is copied into every namespace that takes
// part (propagation slave): with one for each session, 3000 sessions would make
// each mount(2) of an automounter or a container runtime a hundred times as slow.
// A new session therefore enters the namespace of an older one of the same user,
// where there is one that was made from the same place by the same policy. The
// cost is then that of the users who are logged in, not of their sessions, and
// what users mount themselves (FUSE) is seen in all of their sessions.
//
// A session in a chroot(2) has a namespace of its own: it enters none and no other
// session enters its. Method tmpfs is by its nature one session's alone, and has a
// namespace for each.
//
// All of it acts on the calling thread, whose effective capabilities must be none:
// each call raises what it needs. It keeps the rules of package bare.
package session

import (
	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
	"tmpshell/internal/private"
)

// Most is how many directories a plan may have.
const Most = 16

// Directory is one directory to be mounted.
type Directory struct {
	private.Instance
	Flags mounts.Flags // beyond those of the shared directory
	// Size and Inodes are of method tmpfs, as in tmpfs(5), empty for the
	// defaults: see [defaultSize].
	Size, Inodes string
}

// Plan is all that a session is to have.
type Plan struct {
	UID, GID    uint32      // the user and the group that a fresh directory belongs to
	Directories []Directory // in the order in which they are mounted
	Propagation mounts.Propagation
	// Notice is told what an administrator should know, such as what is not
	// shared. What it points to is valid during the call; the texts in it are
	// valid longer. It may be nil.
	Notice func(*bare.Trouble)
}

// Needs returns the capabilities without which Enter cannot succeed.
func (p *Plan) Needs() capset.Set {
	var all capset.Set
	for i := range p.Directories {
		all |= p.Directories[i].Needs()
	}
	return all
}

// Enter puts the directories in place. It verifies all that it mounts, before it
// changes anything and after; where its trouble says that an object is missing,
// the helper can make that and Enter can be called again.
func (p *Plan) Enter() bare.Trouble {
	if len(p.Directories) > Most {
		return bare.Trouble{Why: "the plan has too many directories:", Value: uint64(len(p.Directories)), Base: 10}
	}
	missing, t := p.missing()
	if !t.OK() || missing == 0 {
		return t
	}
	var before place
	t = before.remember()
	if t.OK() {
		t = p.enter(missing, &before)
	}
	before.close()
	return t
}

// places is a set of a plan's directories, one bit for each.
type places uint32

// missing is what is not in place yet. In a session of the same user, all of it
// is; in one of another user's, nothing.
func (p *Plan) missing() (places, bare.Trouble) {
	var set places
	for i := range p.Directories {
		in, t := p.Directories[i].inPlace(p.UID)
		if !t.OK() {
			return 0, t
		}
		if !in {
			set |= 1 << i
		}
	}
	return set, bare.Trouble{}
}

func (p *Plan) enter(missing places, before *place) bare.Trouble {
	var buf [keySize]byte
	key := bare.NewText(buf[:])
	shareable := p.key(&key, before, missing)
	if shareable {
		joined, t := p.join(key.String(), before)
		if joined || !t.OK() {
			return t
		}
		shareable = before.isRealRoot()
	}
	if t := capset.With(capset.SysAdmin, mounts.Unshare); !t.OK() {
		return t
	}
	if t := p.build(missing, before); !t.OK() {
		if back := before.restore(); !back.OK() {
			return back
		}
		return t
	}
	if shareable {
		return p.announce(key.String())
	}
	return bare.Trouble{}
}

// build mounts what is missing in the namespace that was just made.
func (p *Plan) build(missing places, before *place) bare.Trouble {
	if t := propagate(p.Propagation); !t.OK() {
		return t
	}
	// All of them before the first is mounted: one may be inside another.
	var shared [Most]int
	for i := range shared {
		shared[i] = -1
	}
	var t bare.Trouble
	for i := 0; i < len(p.Directories) && t.OK(); i++ {
		if missing&(1<<i) != 0 {
			shared[i], t = p.Directories[i].OpenShared()
		}
	}
	for i := 0; i < len(p.Directories) && t.OK(); i++ {
		if missing&(1<<i) != 0 {
			t = p.mount(&p.Directories[i], shared[i], before)
		}
	}
	for _, fd := range shared {
		bare.Close(fd)
	}
	return t
}

func (p *Plan) notice(t *bare.Trouble) {
	if p.Notice != nil {
		told = *t
		p.Notice(&told)
	}
}

// told is what Notice is shown: what is given to a function that is not known
// would have to be allocated.
var told bare.Trouble
