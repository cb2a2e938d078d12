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
	// Link are more variables that name files which are linked, separated by
	// commas: see LinkNamed.
	Link  string
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
	// Mend has the helper look at what is shared, before a namespace is made
	// where that is not as it is to be. It may be nil.
	Mend func()

	prepared bool
	parents  parents
	open     [Most]private.Opened
}

// Needs returns the capabilities without which Enter cannot succeed.
func (p *Plan) Needs() capset.Set {
	var all capset.Set
	for i := range p.Directories {
		all |= p.Directories[i].Needs()
	}
	return all
}

// Prepare opens and verifies what the session's directories need, and changes
// nothing. Where its trouble says that an object is missing, the helper can make
// that and Prepare can be called again.
func (p *Plan) Prepare() bare.Trouble {
	if len(p.Directories) > Most {
		return bare.Trouble{Why: "the plan has too many directories:", Value: uint64(len(p.Directories)), Base: 10}
	}
	for i := range p.Directories {
		if t := p.Directories[i].Open(p.UID, &p.open[i]); !t.OK() {
			for ; i >= 0; i-- {
				p.open[i].Close()
			}
			return t
		}
	}
	p.prepared = true
	return bare.Trouble{}
}

// Close closes what Prepare has opened. LinkNamed is called before.
func (p *Plan) Close() {
	for i := range p.Directories {
		if p.prepared {
			p.open[i].Close()
		}
	}
	p.prepared = false
}

// Enter puts the directories in place, after Prepare, which it does itself if that
// was not done.
func (p *Plan) Enter() bare.Trouble {
	if !p.prepared {
		if t := p.Prepare(); !t.OK() {
			return t
		}
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
		in, t := p.Directories[i].inPlace(p.UID, &p.open[i])
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
	shareable, t := p.key(&key, before, missing)
	if !t.OK() {
		return t
	}
	if shareable {
		joined, t := p.join(key.String(), before)
		if joined || !t.OK() {
			return t
		}
	}
	p.mend(missing)
	if t = p.openParents(missing, before); t.OK() {
		if t = capset.With(capset.SysAdmin, mounts.Unshare); t.OK() {
			t = p.buildOr(missing, before)
		}
	}
	p.parents.close()
	if t.OK() && shareable {
		p.announce(key.String())
	}
	return t
}

// buildOr is build, or goes back.
func (p *Plan) buildOr(missing places, before *place) bare.Trouble {
	if t := p.build(missing, before); !t.OK() {
		if back := before.restore(); !back.OK() {
			return back
		}
		return t
	}
	return bare.Trouble{}
}

// mend has what is shared made as it is to be. What cannot be, the session does
// without.
func (p *Plan) mend(missing places) {
	for i := range p.Directories {
		if p.Mend == nil || missing&(1<<i) == 0 {
			continue
		}
		if t := p.Directories[i].VerifyShares(p.UID, &p.open[i]); t.Kind() == bare.Object {
			p.Mend()
			return
		}
	}
}

// build mounts what is missing in the namespace that was just made.
func (p *Plan) build(missing places, before *place) bare.Trouble {
	if !p.parents.on {
		how := p.Propagation
		if how == mounts.Shared {
			how = mounts.Slave // in a chroot(2)
		}
		if t := propagate(how); !t.OK() {
			return t
		}
	}
	// All of them before the first is mounted: one may be inside another.
	for i := range p.Directories {
		if missing&(1<<i) != 0 {
			if t := p.Directories[i].OpenAgain(p.UID, &p.open[i]); !t.OK() {
				return t
			}
		}
	}
	if t := p.partParents(missing); !t.OK() {
		return t
	}
	for i := range p.Directories {
		if missing&(1<<i) != 0 {
			if t := p.mount(&p.Directories[i], &p.open[i], before); !t.OK() {
				return t
			}
		}
	}
	return p.parents.join()
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
