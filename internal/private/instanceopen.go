package private

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/mounts"
	"tmpshell/internal/owned"
)

// Opened is what a session's mount needs of an instance, open and verified. What is
// not open is -1.
type Opened struct {
	Shared   int // the directory that everybody shares (O_PATH)
	Point    int // RUN/shared (O_PATH), in which the mount point NAME is
	Instance int // what stands for the shared directory (O_PATH); not of a fresh one
	List     int // of the user's sessions, for reading and appending; not of a fresh one
	// Kept: Shared is what is mounted on that point. This is inside a session.
	Kept bool
	// What was seen of the directories.
	SharedIs, InstanceIs, pointIs bare.Stat
}

// Open opens all of it. What is open is the caller's to close, also after trouble.
func (i *Instance) Open(uid uint32, o *Opened) bare.Trouble {
	root, run, t := i.openShared(o)
	if t.OK() && o.Point < 0 {
		o.Point, t = i.OpenSharedPoint() // says what is wrong with it
	}
	if t.OK() && !i.Fresh {
		if t = i.openInstance(root, uid, o); t.OK() {
			o.List, t = i.openList(run, uid)
		}
	}
	bare.Close(run)
	bare.Close(root)
	return t
}

// Close closes what is open.
func (o *Opened) Close() {
	for _, fd := range [...]*int{&o.Shared, &o.Point, &o.Instance, &o.List} {
		bare.Close(*fd)
		*fd = -1
	}
}

// None is Opened before anything is.
func (o *Opened) None() { *o = Opened{Shared: -1, Point: -1, Instance: -1, List: -1} }

// MayBeKept tells, without opening anything, whether this can be inside a session
// that keeps the shared directory where OpenShared looks.
func (i *Instance) MayBeKept() bool {
	var st bare.Stat
	e := bare.StatPath(i.sharedPath(), &st)
	if e == 0 && st.MountID != 0 { // before Linux 5.8 statx(2) does not know mounts
		return st.MountRoot
	}
	return e.Kind() != bare.Object
}

// OpenAgain opens the directories anew in a mount namespace that is a copy of the one
// that they were opened in: only what is of a thread's own can be mounted.
func (i *Instance) OpenAgain(uid uint32, o *Opened) bare.Trouble {
	var buf [2 * unix.NAME_MAX]byte
	path := bare.NewText(buf[:])
	path.Add(i.run())
	path.Add("/" + SharedDir)
	t := again(&o.Point, &path, &o.pointIs)
	if t.OK() {
		path.Reset()
		if o.Kept {
			i.AddSharedPath(&path)
		} else {
			path.Add(i.At)
		}
		t = again(&o.Shared, &path, &o.SharedIs)
	}
	if t.OK() && !i.Fresh {
		path.Reset()
		i.addPathFrom(&path, uid, o.Kept)
		t = search(func() bare.Trouble { return again(&o.Instance, &path, &o.InstanceIs) })
	}
	return t
}

func again(fd *int, path *bare.Text, was *bare.Stat) bare.Trouble {
	bare.Close(*fd)
	*fd = -1
	if path.Full() {
		return bare.Failed("openat2", bare.Errno(unix.ENAMETOOLONG), "", "")
	}
	var t bare.Trouble
	if *fd, t = owned.Again(path.String(), was); !t.OK() {
		t.Where = bare.Keep(path.String(), "", "", "")
	}
	return t
}

// OpenShared opens the directory that everybody shares (O_PATH): what is at At,
// or in a session that has something else there, where that is kept.
func (i *Instance) OpenShared() (int, bare.Trouble) {
	var o Opened
	root, run, t := i.openShared(&o)
	bare.Close(run)
	bare.Close(root)
	bare.Close(o.Point)
	return o.Shared, t
}

// openShared opens the shared directory, and on the way the root directory and RUN,
// and RUN/shared where the mount point is in it. RUN is -1 where it is not there, or
// not as it must be.
func (i *Instance) openShared(o *Opened) (root, run int, t bare.Trouble) {
	o.None()
	run = -1
	var st bare.Stat
	if root, t = owned.OpenRoot(&st); !t.OK() {
		return root, run, t
	}
	run, t = openIn(root, i.run(), RunMode)
	switch {
	case t.OK():
		t = i.openKept(run, o)
	case t.Missing() || t.Unsafe(): // no session is inside one then
		t = bare.Trouble{}
	}
	if t.OK() && !o.Kept {
		o.Shared, t = owned.Walk(root, i.At, &o.SharedIs)
	}
	return root, run, t
}

// openKept opens RUN/shared/NAME if something is mounted there.
func (i *Instance) openKept(run int, o *Opened) bare.Trouble {
	dir, t := owned.OpenLook(run, SharedDir, owned.Roots(SharedMode), &o.pointIs)
	if !t.OK() {
		if t.Missing() || t.Unsafe() {
			return bare.Trouble{}
		}
		t.Where = bare.Keep(i.run(), "/"+SharedDir, "", "")
		return t
	}
	var name Name
	fd, e := bare.OpenAt(dir, name.Of(i.At), unix.O_PATH|unix.O_DIRECTORY)
	if e.Kind() == bare.Object {
		bare.Close(dir)
		return bare.Trouble{}
	}
	o.Point = dir
	if e != 0 {
		return i.sharedFailed("openat", e)
	}
	var there bare.Stat
	kept := false
	if e = bare.Fstat(fd, &there); e == 0 {
		kept, e = mounts.OtherMount(dir, &o.pointIs, fd, &there)
	}
	if t = i.sharedFailed("statx", e); t.OK() && kept {
		t = owned.CheckParentAs(&there, i.At)
	}
	if !t.OK() || !kept {
		bare.Close(fd)
		return t
	}
	o.Shared, o.SharedIs, o.Kept = fd, there, true
	return t
}

func (i *Instance) sharedFailed(call string, e bare.Errno) bare.Trouble {
	return bare.Failed(call, e, i.sharedPath(), "")
}

func (i *Instance) sharedPath() string {
	var name Name
	return bare.Keep(i.run(), "/"+SharedDir+"/", name.Of(i.At), "")
}

// openIn opens a directory of root's by its path.
func openIn(root int, path string, mode uint32) (int, bare.Trouble) {
	parent := root
	var st bare.Stat
	var t bare.Trouble
	if dir := bare.Dir(path); dir != "/" {
		if parent, t = owned.Walk(root, dir, &st); !t.OK() {
			return -1, t
		}
	}
	fd, t := owned.OpenEntry(parent, bare.Base(path), owned.Roots(mode))
	if !t.OK() {
		t.Where = path
	}
	if parent != root {
		bare.Close(parent)
	}
	return fd, t
}

// openRun opens RUN.
func (i *Instance) openRun() (int, bare.Trouble) {
	var st bare.Stat
	root, t := owned.OpenRoot(&st)
	if !t.OK() {
		return -1, t
	}
	run, t := openIn(root, i.run(), RunMode)
	bare.Close(root)
	return run, t
}

// OpenSharedPoint opens the directory RUN/shared, in which the mount point NAME
// must be.
func (i *Instance) OpenSharedPoint() (int, bare.Trouble) {
	run, t := i.openRun()
	if !t.OK() {
		return -1, t
	}
	dir, t := owned.Open(run, i.run(), SharedDir, owned.Roots(SharedMode))
	bare.Close(run)
	if !t.OK() {
		return -1, t
	}
	var name Name
	var st bare.Stat
	if e := bare.StatAt(dir, name.Of(i.At), &st); e != 0 {
		t = i.sharedFailed("statx", e)
	} else if st.Type() != unix.S_IFDIR {
		t = bare.Broken(i.sharedPath(), "", "is not a directory")
	}
	if !t.OK() {
		bare.Close(dir)
		return -1, t
	}
	return dir, t
}

// openInstance opens what stands for a shared directory, through STORE and STORE/UID.
// An instance that cannot be written to is none, unless the shared directory cannot
// be either: a root file system that was remounted read-only would be a session's
// /tmp.
func (i *Instance) openInstance(root int, uid uint32, o *Opened) bare.Trouble {
	store, t := i.openStore(root, o)
	if !t.OK() {
		return t
	}
	t = i.openIn(store, uid, o)
	if t.Missing() && i.Job != "" {
		i.Job, i.NoJob = "", true
		t = i.openIn(store, uid, o)
	}
	bare.Close(store)
	return t
}

func (i *Instance) openIn(store int, uid uint32, o *Opened) bare.Trouble {
	want := owned.Users(uid)
	if RootsOwn(&o.SharedIs) {
		want = owned.Roots(0o1777)
	}
	var holder holderName
	var name Name
	inUser := false
	t := search(func() bare.Trouble {
		user, t := owned.OpenEntry(store, holder.of(uid, i.Job), owned.Roots(StoreMode))
		if inUser = t.OK(); inUser {
			o.Instance, t = owned.OpenLook(user, name.Of(i.At), want, &o.InstanceIs)
		}
		bare.Close(user)
		return t
	})
	if t.OK() {
		t = writable(o.Instance, o.Shared)
	}
	if !t.OK() {
		t.Where = i.path(uid)
		if !inUser {
			t.Where = bare.Keep(i.store(), "/", holder.of(uid, i.Job), "")
		}
	}
	return t
}

// writable is trouble where nothing can be written to the instance, but to the
// shared directory.
func writable(instance, shared int) bare.Trouble {
	is, t := readOnly(instance)
	if !t.OK() || !is {
		return t
	}
	is, t = readOnly(shared)
	if !t.OK() || is {
		return t
	}
	return bare.Broken("", "", "is on a read-only file system")
}
