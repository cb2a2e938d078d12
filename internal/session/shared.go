package session

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
)

// With propagation shared, the mounts of a new namespace stay what they are as
// copies: peers of those that they were copied from, so that what is mounted in the
// session is mounted on the machine, too. What the session alone is to see must never
// be attached to such a peer. So the mounts that something is attached to, the
// parents, are first made slaves, of which nothing travels outside, and when all is in
// place they become peers again: private, and from there into the group of the mount
// outside (MOVE_MOUNT_SET_GROUP, Linux 5.15). What is attached stays a slave or
// private. Whatever fails or ends in between leaves a namespace that is gone, and
// nothing outside.
//
// What is mounted outside on a parent in the moment between private and peer is not
// seen in the session.

// parent is one of them: its root in the namespace before, and in the new one.
type parent struct {
	outside, inside int
	is              bare.Stat // of the root outside
	id              uint64    // of the mount inside
}

// parents are the mounts that a plan attaches something to.
type parents struct {
	on     bool // nothing is done otherwise
	before int  // the list of mounts of the namespace before
	n      int
	known  int
	// Those that nothing travels from: the parents, and what was mounted.
	ids  []uint64
	list []parent // two for each directory, many of them the same
}

// Their memory, which is not touched where there are none.
var (
	parentIDs  [3 * Most]uint64
	parentList [2 * Most]parent
)

// apart is what keeps a copy of a mount from being a peer of the machine's.
func (p *Plan) apart() mounts.Flags {
	if p.Propagation == mounts.Shared {
		return mounts.Apart
	}
	return 0
}

// openParents finds them in the namespace that is left. In a chroot(2) whose root
// directory is no mount point a parent's root may be out of reach: a session there is
// as with slave.
func (p *Plan) openParents(missing places, before *place) bare.Trouble {
	all := &p.parents
	all.on, all.n, all.known, all.before = false, 0, 0, -1
	root := &before.rootIs
	if p.Propagation != mounts.Shared || root.MountID != 0 && !root.MountRoot {
		return bare.Trouble{}
	}
	knows := false
	t := capset.With(capset.SysAdmin, func() bare.Trouble {
		var e bare.Errno
		knows, e = mounts.KnowsGroups()
		return bare.Failed("move_mount", e, mountList, "")
	})
	if !t.OK() {
		return t
	}
	if !knows {
		return bare.Broken("propagation=shared", "", "needs Linux 5.15, and a mount namespace of this user namespace")
	}
	all.on, all.ids, all.list = true, parentIDs[:], parentList[:]
	var e bare.Errno
	if all.before, e = bare.Open(mountList, unix.O_RDONLY); e != 0 {
		return bare.Failed("openat", e, mountList, "")
	}
	for use := 0; use < 2*len(p.Directories) && t.OK(); use++ {
		m := &all.list[use]
		m.outside, m.inside = -1, -1
		all.n++
		m.outside, t = p.parentOf(use, missing, &m.is)
	}
	return t
}

// parentOf opens the root of the mount that something is attached to: the one that
// Directory use/2 is on, or that where the shared directory is kept. It is -1 where
// nothing is attached, or only to what is yet to be mounted.
func (p *Plan) parentOf(use int, missing places, st *bare.Stat) (int, bare.Trouble) {
	i := use / 2
	d, o := &p.Directories[i], &p.open[i]
	if missing&(1<<i) == 0 {
		return -1, bare.Trouble{}
	}
	if use%2 == 1 {
		if o.Kept {
			return -1, bare.Trouble{}
		}
		fd, e := mountRoot(o.Point, st)
		return fd, bare.Failed("openat", e, mountOf(d.At), "")
	}
	at, e := bare.OpenStraight(d.At, asPath)
	if e == bare.Errno(unix.ENOENT) {
		return -1, bare.Trouble{}
	}
	if e != 0 {
		return -1, bare.Failed("openat2", e, d.At, "")
	}
	fd, e := mountRoot(at, st)
	bare.Close(at)
	return fd, bare.Failed("openat", e, mountOf(d.At), "")
}

func mountOf(path string) string { return bare.Keep("the mount of ", path, "", "") }

// mountRoot opens the root of the mount that a directory is on: by "..", which leads
// there from every directory that is not covered.
func mountRoot(dir int, st *bare.Stat) (int, bare.Errno) {
	fd, e := bare.OpenHere(dir)
	if e == 0 {
		e = bare.Fstat(fd, st)
	}
	for e == 0 && !st.MountRoot {
		below := *st
		var up int
		if up, e = bare.OpenUp(fd); e != 0 {
			break
		}
		bare.Close(fd)
		fd = up
		if e = bare.Fstat(fd, st); e == 0 && (st.MountID != below.MountID || st.SameFile(&below)) {
			e = bare.Errno(unix.ESTALE)
		}
	}
	if e != 0 {
		bare.Close(fd)
		fd = -1
	}
	return fd, e
}

// partParents finds the same mounts in the new namespace, and makes them slaves.
func (p *Plan) partParents(missing places) bare.Trouble {
	all := &p.parents
	if !all.on {
		return bare.Trouble{}
	}
	for use := range all.list[:all.n] {
		m := &all.list[use]
		var st bare.Stat
		var t bare.Trouble
		if m.inside, t = p.parentOf(use, missing, &st); !t.OK() {
			return t
		}
		if m.inside < 0 && m.outside < 0 {
			continue
		}
		if m.inside < 0 || m.outside < 0 || !st.SameFile(&m.is) {
			return bare.Broken(mountOf(p.Directories[use/2].At), "", "is not the one that it was a moment ago")
		}
		if m.id = st.MountID; all.has(m.id) {
			bare.Close(m.inside)
			m.inside = -1
			continue
		}
		if t = m.become(mounts.Slave); !t.OK() {
			return t
		}
		all.ids[all.known] = m.id
		all.known++
	}
	return bare.Trouble{}
}

func (m *parent) become(how mounts.Propagation) bare.Trouble {
	return capset.With(capset.SysAdmin, func() bare.Trouble {
		return bare.Failed("mount_setattr", mounts.Become(m.inside, how), "the mount of a directory", "")
	})
}

func (all *parents) has(id uint64) bool { return slices.Contains(all.ids[:all.known], id) }

// check is trouble where what is attached to a directory could travel.
func (all *parents) check(dir int, where string) bare.Trouble {
	if !all.on {
		return bare.Trouble{}
	}
	var st bare.Stat
	if e := bare.Fstat(dir, &st); e != 0 {
		return bare.Failed("statx", e, where, "")
	}
	if all.has(st.MountID) {
		return bare.Trouble{}
	}
	return bare.Broken(where, "", "is on another mount than a moment ago")
}

// add notes what was mounted: another directory may be in it.
func (all *parents) add(root int, where string) bare.Trouble {
	if !all.on {
		return bare.Trouble{}
	}
	var st bare.Stat
	if e := bare.Fstat(root, &st); e != 0 {
		return bare.Failed("statx", e, where, "")
	}
	all.ids[all.known] = st.MountID
	all.known++
	return bare.Trouble{}
}

// join makes the parents peers again of those that they were copied from. One that
// is neither peer nor slave outside has no others to be a peer of. The kernel refuses
// where what is mounted in one was there before a user namespace had a copy of it.
func (all *parents) join() bare.Trouble {
	if !all.on {
		return bare.Trouble{}
	}
	for i := range all.list[:all.n] {
		m := &all.list[i]
		if m.inside < 0 {
			continue
		}
		if t := m.become(mounts.Private); !t.OK() {
			return t
		}
		t := capset.With(capset.SysAdmin, func() bare.Trouble {
			return bare.Failed("move_mount", mounts.SetGroup(m.outside, m.inside), "the mount of a directory", "")
		})
		if t.Errno == bare.Errno(unix.EINVAL) && !t.Lost {
			t.Call, t.Why = "", "has mounts in it that a user namespace has locked: propagation=shared cannot be had"
			t = all.isAlone(m.outside, t)
		}
		if !t.OK() {
			return t
		}
	}
	return bare.Trouble{}
}

const mountList = "/proc/thread-self/mountinfo"

// isAlone is no trouble where a mount of the namespace before is private, and else
// that which there is.
func (all *parents) isAlone(fd int, t bare.Trouble) bare.Trouble {
	// The numbers of the list are not those of statx(2).
	id, e := mounts.IDOf(fd, &bare.Stat{})
	if e != 0 {
		return bare.Failed("read", e, "/proc", "")
	}
	bare.Rewind(all.before)
	lines := bare.NewLines(all.before, mountBuf[:])
	for {
		line, ok, e := lines.Next()
		if e != 0 {
			return bare.Failed("read", e, mountList, "")
		}
		if !ok {
			return t
		}
		number, rest, _ := strings.Cut(line, " ")
		if is, ok := bare.ParseUint(number, 1<<62); !ok || is != id {
			continue
		}
		if end := strings.Index(rest, " - "); end >= 0 {
			rest = rest[:end]
		}
		if !strings.Contains(rest, " shared:") && !strings.Contains(rest, " master:") {
			return bare.Trouble{}
		}
		return t
	}
}

// close closes what openParents and partParents have opened.
func (all *parents) close() {
	for i := range all.list[:all.n] {
		bare.Close(all.list[i].outside)
		bare.Close(all.list[i].inside)
	}
	if all.on {
		bare.Close(all.before)
	}
	all.on, all.n = false, 0
}
