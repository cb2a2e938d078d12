package session

import (
	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
)

// tries is how many namespaces are entered to see whether they are valid.
const tries = 4

// keySize is room for the longest key: five numbers.
const keySize = 160

// key says what makes a namespace one that a session may enter: the namespace and
// the root directory that it was made from, and the policy. Only a session whose
// root directory is that of its namespace puts its key on the list; one in a
// chroot(2) therefore finds no key of its own there. A session that has a fresh
// tmpfs is alone, and one inside another has only part of what it wants to mount.
//
// It is false where there is none.
func (p *Plan) key(to *bare.Text, before *place, missing places) bool {
	if missing != 1<<len(p.Directories)-1 {
		return false
	}
	policy := newHash()
	for i := range p.Directories {
		d := &p.Directories[i]
		if d.Fresh {
			return false
		}
		policy.text(d.At)
		policy.text(d.Share)
		policy.text(d.Store)
		policy.text(d.Run)
		policy.number(uint64(d.Flags))
	}
	policy.number(uint64(p.Propagation))
	outside, e := mounts.NamespaceOf(before.namespace)
	if e != 0 {
		return false
	}
	mount, e := mounts.ID(before.root)
	if e != 0 {
		return false
	}
	var root bare.Stat
	if bare.Fstat(before.root, &root) != 0 {
		return false
	}
	outside.Tell(to)
	for _, n := range [...]uint64{mount, uint64(root.Major)<<32 | uint64(root.Minor), root.Ino, uint64(policy)} {
		to.AddByte(' ')
		to.AddUint(n, 10)
	}
	return !to.Full()
}

// hash is FNV-1a of 64 bits. What is hashed is root's configuration.
type hash uint64

func newHash() hash { return 14695981039346656037 }

func (h *hash) byte(c byte) { *h = (*h ^ hash(c)) * 1099511628211 }

func (h *hash) text(s string) {
	for i := 0; i < len(s); i++ {
		h.byte(s[i])
	}
	h.byte(0)
}

func (h *hash) number(n uint64) {
	for ; n != 0; n >>= 8 {
		h.byte(byte(n))
	}
	h.byte(0)
}

// join enters the namespace of an older session, and tells whether it did. Without
// trouble and not joined, the session gets a namespace of its own.
func (p *Plan) join(key string, before *place) (bool, bare.Trouble) {
	list, t := p.Directories[0].OpenSessions(p.UID)
	if !t.OK() {
		return false, onlyLost(t)
	}
	joined := false
	rest := readList(list)
	for tried := 0; tried < tries && t.OK() && !joined; {
		r, ok := lastRecord(&rest)
		if !ok {
			break
		}
		if r.key != key {
			continue
		}
		ns, ok := r.open()
		if !ok {
			continue
		}
		tried++
		joined, t = p.try(ns, before)
		bare.Close(ns)
		if joined {
			r.pid = uint64(bare.Getpid())
			addRecord(list, r)
		}
	}
	bare.Close(list)
	return joined, t
}

// onlyLost is a trouble that ends everything, or none.
func onlyLost(t bare.Trouble) bare.Trouble {
	if t.Lost {
		return t
	}
	return bare.Trouble{}
}

// try enters a namespace and stays, if it is complete, or goes back.
func (p *Plan) try(ns int, before *place) (bool, bare.Trouble) {
	t := capset.With(capset.SysAdmin|capset.SysChroot, func() bare.Trouble {
		return bare.Failed("setns", mounts.Setns(ns), "the namespace of another session", "")
	})
	if !t.OK() {
		return false, onlyLost(t)
	}
	complete, t := p.complete(before)
	if complete {
		return true, t
	}
	if back := before.restore(); !back.OK() {
		return false, back
	}
	return false, t
}

// complete tells whether a namespace that was entered has everything, as the
// user's instances are now. There is trouble only where that was kept from being
// found out.
func (p *Plan) complete(before *place) (bool, bare.Trouble) {
	root, e := bare.Open("/", asPath)
	if e != 0 {
		return false, onlyKept(bare.Failed("openat", e, "/", ""))
	}
	same := sameFile(root, before.root)
	bare.Close(root)
	if !same {
		return false, bare.Trouble{}
	}
	for i := range p.Directories {
		if in, t := p.Directories[i].inPlace(p.UID); !in || !t.OK() {
			return false, onlyKept(t)
		}
	}
	t := before.follow(p)
	return t.OK(), t
}

func onlyKept(t bare.Trouble) bare.Trouble {
	if t.Kind() == bare.Object {
		return bare.Trouble{}
	}
	return t
}

// announce puts the namespace that was made on the list. It is no reason to fail
// where that cannot be done.
func (p *Plan) announce(key string) bare.Trouble {
	list, t := p.Directories[0].OpenSessions(p.UID)
	if !t.OK() {
		return onlyLost(t)
	}
	ns, t := mounts.Current()
	if t.OK() {
		if name, e := mounts.NamespaceOf(ns); e == 0 {
			addRecord(list, record{uint64(bare.Getpid()), name, key})
		}
	}
	bare.Close(ns)
	bare.Close(list)
	return bare.Trouble{}
}
