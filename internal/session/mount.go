package session

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
	"tmpshell/internal/owned"
	"tmpshell/internal/private"
)

// mount puts one directory in place of the shared one.
func (p *Plan) mount(d *Directory, o *private.Opened, before *place) bare.Trouble {
	where := bare.Dir(d.At)
	parent, t := owned.OpenParent(where)
	if !t.OK() {
		return t
	}
	at := mounts.Place{Dir: parent, Entry: bare.Base(d.At), Where: where}
	var target bare.Stat
	t = openTarget(&at, &target)
	if t.OK() {
		t = p.parents.check(at.On, d.At)
	}
	if t.OK() {
		t = p.keepShared(d, o)
	}
	root := -1
	if t.OK() {
		root, t = p.mountOn(d, o, &at)
	}
	if t.OK() && !d.Fresh {
		t = p.mountShares(d, o.Shared, root)
	}
	// A working directory that is the mount point follows the mount; one below
	// it stays in the directory that is covered.
	if t.OK() && before.cwdIs.SameFile(&target) {
		t = bare.Failed("fchdir", bare.Fchdir(root), d.At, "")
	}
	bare.Close(root)
	bare.Close(at.On)
	bare.Close(parent)
	return t
}

// openTarget opens the directory to mount on. One inside a directory that was
// mounted before it is made: it is the user's to make.
func openTarget(at *mounts.Place, st *bare.Stat) bare.Trouble {
	fd, e := bare.OpenAt(at.Dir, at.Entry, asPath)
	if e == bare.Errno(unix.ENOENT) {
		if e = bare.MkdirAt(at.Dir, at.Entry, 0o700); e != 0 {
			return bare.Failed("mkdirat", e, at.Where, at.Entry)
		}
		fd, e = bare.OpenAt(at.Dir, at.Entry, asPath)
	}
	if e != 0 {
		return bare.Failed("openat", e, at.Where, at.Entry)
	}
	at.On = fd
	return bare.Failed("statx", bare.Fstat(fd, st), at.Where, at.Entry)
}

// keepShared mounts the shared directory where the session, and a session of
// another user inside this one, still find it.
func (p *Plan) keepShared(d *Directory, o *private.Opened) bare.Trouble {
	if o.Kept {
		return bare.Trouble{} // we are inside another session
	}
	const where = "the shared directory in " + private.Run
	var name private.Name
	at := mounts.Place{Dir: o.Point, Entry: name.Of(d.At)}
	point, e := bare.OpenAt(o.Point, at.Entry, asPath)
	if e != 0 {
		return bare.Failed("openat", e, where, "")
	}
	at.On = point
	t := p.parents.check(point, where)
	if t.OK() {
		t = p.bind(o.Shared, &at, 0, where)
	}
	bare.Close(point)
	return t
}

// bind is mounts.Bind where what is then there need not be looked at.
func (p *Plan) bind(from int, at *mounts.Place, flags mounts.Flags, where string) bare.Trouble {
	flags |= p.apart()
	var e bare.Errno
	t := capset.With(capset.SysAdmin, func() bare.Trouble {
		t := mounts.Bind(from, at, flags)
		e = t.Errno
		return bare.Trouble{}
	})
	if t.OK() {
		t = bare.Failed("mount", e, where, "")
	}
	return t
}

// mountOn mounts what stands for a shared directory, and checks that it is what is
// seen there.
func (p *Plan) mountOn(d *Directory, o *private.Opened, at *mounts.Place) (int, bare.Trouble) {
	outside, e := mounts.FlagsOf(o.Shared)
	if e != 0 {
		return -1, bare.Failed("fstatfs", e, d.At, "")
	}
	flags := d.Flags&mounts.Settable | outside&mounts.Settable
	var root int
	var is bool
	var t bare.Trouble
	if d.Fresh {
		root, is, t = p.mountFresh(d, o, at, flags)
	} else {
		root, is, t = p.mountKept(d, o, at, flags)
	}
	if t.OK() {
		t = p.parents.add(root, d.At)
	}
	if t.OK() {
		have, e := mounts.FlagsOf(root)
		if t = bare.Failed("fstatfs", e, d.At, ""); t.OK() && (!is || have&flags != flags) {
			t = notTheMount(d.At, flags, have)
		}
	}
	if !t.OK() {
		bare.Close(root)
		root = -1
	}
	return root, t
}

func notTheMount(at string, want, have mounts.Flags) bare.Trouble {
	var buf [128]byte
	why := bare.NewText(buf[:])
	why.Add("is not the mount that was just made: it is ")
	have.Tell(&why)
	why.Add(", and should be ")
	want.Tell(&why)
	return bare.Broken(at, "", bare.Keep(why.String(), "", "", ""))
}

// mountKept mounts the user's instance.
func (p *Plan) mountKept(d *Directory, o *private.Opened, at *mounts.Place, flags mounts.Flags) (root int, is bool, t bare.Trouble) {
	t = capset.With(capset.SysAdmin, func() bare.Trouble { return mounts.Bind(o.Instance, at, flags|p.apart()) })
	if !t.OK() {
		return -1, false, t
	}
	var st bare.Stat
	root, st, t = look(d, at)
	return root, st.SameFile(&o.InstanceIs), t
}

// look opens what is mounted.
func look(d *Directory, at *mounts.Place) (root int, st bare.Stat, t bare.Trouble) {
	root, t = at.Open()
	if t.OK() {
		t = bare.Failed("statx", bare.Fstat(root, &st), d.At, "")
	}
	return root, st, t
}

// mountFresh mounts a tmpfs whose root is as an instance would be.
func (p *Plan) mountFresh(d *Directory, opened *private.Opened, at *mounts.Place, flags mounts.Flags) (root int, is bool, t bare.Trouble) {
	var source [32]byte
	var size, inodes [20]byte
	var label [mounts.MaxLabel]byte
	name := bare.NewText(source[:])
	addSource(&name, p.UID)
	o := mounts.Tmpfs{Source: name.String(), Size: d.Size, Inodes: d.Inodes, Mode: 0o700, UID: p.UID, GID: p.GID, Flags: flags, Label: mounts.LabelOf(opened.Shared, &label)}
	if private.RootsOwn(&opened.SharedIs) {
		o.Mode, o.UID, o.GID = 0o1777, 0, 0
	}
	bytes := defaultSize()
	if o.Size == "" {
		o.Size = bare.Decimal(&size, bytes)
	}
	if o.Inodes == "" {
		o.Inodes = bare.Decimal(&inodes, bytes/bytesPerInode)
	}
	if t = capset.With(capset.SysAdmin, func() bare.Trouble { return o.Mount(at) }); !t.OK() {
		return -1, false, t
	}
	var st bare.Stat
	root, st, t = look(d, at)
	return root, st.Perm() == o.Mode && st.UID == o.UID && st.GID == o.GID, t
}

// What a tmpfs has if the configuration does not say: a tenth of the memory, as
// XDG_RUNTIME_DIR has from systemd-logind (RuntimeDirectorySize=, logind.conf(5)),
// and at most 2 GiB: each session has one, and the kernel's own default is half of
// the memory for each. An inode costs about a kilobyte that size= does not count:
// there is one for each 4 KiB, as there, too.
const (
	shareOfMemory = 10
	largest       = 2 << 30
	bytesPerInode = 4 << 10
)

// defaultSize returns the size in bytes.
func defaultSize() uint64 {
	var info unix.Sysinfo_t
	_, e := bare.Call(unix.SYS_SYSINFO, uintptr(unsafe.Pointer(&info)), 0, 0, 0, 0, 0)
	size := uint64(info.Totalram) * uint64(info.Unit) / shareOfMemory
	if e != 0 || size > largest {
		return largest
	}
	return size
}

// mountShares binds the directories of share=. One that is not as it must be, or
// that cannot be mounted, is left out: a session without X is better than one in
// somebody else's hands, or none. Those of a pattern are LinkNamed's.
func (p *Plan) mountShares(d *Directory, shared, root int) bare.Trouble {
	for all := d.Shares(p.UID); ; {
		s, ok := all.Next()
		if !ok {
			return bare.Trouble{}
		}
		if !s.Directory || s.Pattern {
			continue
		}
		from, t := d.OpenShare(shared, &s, p.UID)
		if t.OK() {
			at := mounts.Place{Dir: root, Entry: s.Name, Where: d.At}
			t = p.bind(from, &at, 0, bare.Keep(d.At, "/", s.Name, ""))
		}
		bare.Close(from)
		if t.Lost {
			return t
		}
		if !t.OK() {
			p.notice(&t)
		}
	}
}
