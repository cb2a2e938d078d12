package session

import (
	"tmpshell/internal/bare"
	"tmpshell/internal/mounts"
	"tmpshell/internal/owned"
)

// tries is how many namespaces are entered, or found to be gone, to see whether they are
// valid. The newest is: a session that finds one makes none.
const tries = 4

// keySize is room for the longest key: five numbers.
const keySize = 160

// key says what makes a namespace one that a session may enter: the namespace and
// the root directory that it was made from, and the policy. A session whose root
// directory is no mount point is in a chroot(2) and has none (before Linux 5.8, that
// is not known here: see complete). One that has a fresh tmpfs is alone, and one
// inside another has only part of what it wants to mount.
//
// It is false where there is none. Trouble says that this could not be found out.
func (p *Plan) key(to *bare.Text, before *place, missing places) (bool, bare.Trouble) {
	if missing != 1<<len(p.Directories)-1 || before.rootIs.MountID != 0 && !before.rootIs.MountRoot {
		return false, bare.Trouble{}
	}
	policy := uint64(bare.HashStart)
	var number [20]byte
	for i := range p.Directories {
		d := &p.Directories[i]
		if d.Fresh {
			return false, bare.Trouble{}
		}
		for _, text := range [...]string{d.At, d.Share, d.User, d.Store, d.Job, d.Run, bare.Decimal(&number, uint64(d.Flags))} {
			policy = bare.HashText(policy, text)
		}
	}
	policy = bare.HashText(policy, bare.Decimal(&number, uint64(p.Propagation)))
	outside, e := mounts.NamespaceOf(before.namespace)
	if e != 0 {
		return false, onlyKept(bare.Failed("statx", e, "the mount namespace", ""))
	}
	root := &before.rootIs
	mount, e := mounts.IDOf(before.root, root)
	if e != 0 {
		return false, onlyKept(bare.Failed("read", e, "/proc", ""))
	}
	outside.Tell(to)
	for _, n := range [...]uint64{mount, uint64(root.Major)<<32 | uint64(root.Minor), root.Ino, policy} {
		to.AddByte(' ')
		to.AddUint(n, 10)
	}
	return !to.Full(), bare.Trouble{}
}

// join enters the namespace of an older session, and tells whether it did. Without
// trouble and not joined, the session gets a namespace of its own.
func (p *Plan) join(key string, before *place) (bool, bare.Trouble) {
	rest := readList(p.open[0].List)
	ended := false // a session of this key has, and the kernel finds no namespace by name
	for tried := 0; tried < tries; {
		r, ok := lastRecord(&rest)
		if !ok {
			break
		}
		if r.key != key {
			continue
		}
		entered, joined, t := p.try(&r, before)
		if joined || !t.OK() {
			return joined, t
		}
		if entered || r.stale {
			tried++
		} else {
			ended = true
		}
	}
	if !ended {
		return false, bare.Trouble{}
	}
	var r record
	joined, t := p.survivor(key, &r)
	if joined && t.OK() {
		_, joined, t = p.try(&r, before)
	}
	return joined, t
}

// try enters a namespace and stays, if it is complete, or goes back.
func (p *Plan) try(r *record, before *place) (entered, joined bool, t bare.Trouble) {
	if entered, t = r.enter(); !entered || !t.OK() {
		return false, false, t
	}
	joined, t = p.complete(r, before)
	if joined {
		if r.pid = uint64(bare.Getpid()); !r.byName {
			addRecord(p.open[0].List, *r)
		}
		return true, true, t
	}
	if back := before.restore(); !back.OK() {
		return true, false, back
	}
	return true, false, t
}

// complete tells whether a namespace that was entered has everything, as the
// user's instances are now. There is trouble only where that was kept from being
// found out.
//
// setns(2) leads to the root directory of a namespace. Where that is not the mount
// that was the root directory of the session which made it, that session was in a
// chroot(2), and nobody else is to be where this is.
func (p *Plan) complete(r *record, before *place) (bool, bare.Trouble) {
	var is bare.Stat
	root, t := owned.OpenRoot(&is)
	if !t.OK() {
		return false, onlyKept(t)
	}
	id, e := mounts.IDOf(root, &is)
	in := e == 0 && id == r.root && is.SameFile(&before.rootIs)
	t = onlyKept(bare.Failed("read", e, "/proc", ""))
	for i := 0; i < len(p.Directories) && in && t.OK(); i++ {
		in, t = p.isMounted(root, i)
	}
	bare.Close(root)
	if !in || !t.OK() {
		return false, onlyKept(t)
	}
	t = before.follow(p)
	return t.OK(), t
}

// isMounted tells whether a directory is in place in a namespace with this root.
func (p *Plan) isMounted(root, i int) (in bool, t bare.Trouble) {
	d := &p.Directories[i]
	parent := root
	if where := bare.Dir(d.At); where != "/" {
		var st bare.Stat
		if parent, t = owned.Walk(root, where, &st); !t.OK() {
			return false, t
		}
	}
	in, t = d.isAt(parent, p.UID, &p.open[i])
	if parent != root {
		bare.Close(parent)
	}
	return in, t
}

func onlyKept(t bare.Trouble) bare.Trouble {
	if t.Kind() == bare.Object {
		return bare.Trouble{}
	}
	return t
}

// announce puts the namespace that was made on the list. It is no reason to fail
// where that cannot be done.
func (p *Plan) announce(key string) {
	ns, t := mounts.Current()
	if !t.OK() {
		return
	}
	r := record{pid: uint64(bare.Getpid()), key: key}
	var e bare.Errno
	r.namespace, e = mounts.NamespaceOf(ns)
	bare.Close(ns)
	if e != 0 {
		return
	}
	root, e := bare.Open("/", asPath)
	if e != 0 {
		return
	}
	if r.root, e = mounts.ID(root); e == 0 {
		addRecord(p.open[0].List, r)
	}
	bare.Close(root)
}
