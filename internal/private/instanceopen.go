package private

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/mounts"
	"tmpshell/internal/owned"
)

// OpenShared opens the directory that everybody shares (O_PATH): what is at At,
// or in a session that has something else there, where that is kept.
func (i *Instance) OpenShared() (int, bare.Trouble) {
	fd, t := i.openKept()
	if !t.OK() || fd >= 0 {
		return fd, t
	}
	return owned.OpenParent(i.At)
}

// openKept opens RUN/shared/NAME if something is mounted there. It is -1 where
// nothing is, or where the directories are not there: no session is inside one.
func (i *Instance) openKept() (int, bare.Trouble) {
	dir, t := i.openRun(SharedDir, SharedMode)
	if !t.OK() {
		if t.Missing() || t.Unsafe() {
			return -1, bare.Trouble{}
		}
		return -1, t
	}
	var name Name
	fd, e := bare.OpenAt(dir, name.Of(i.At), unix.O_PATH|unix.O_DIRECTORY)
	if e != 0 {
		bare.Close(dir)
		if e.Kind() == bare.Object {
			return -1, bare.Trouble{}
		}
		return -1, i.sharedFailed("openat", e)
	}
	outside, e := mounts.ID(dir)
	here := outside
	if e == 0 {
		here, e = mounts.ID(fd)
	}
	bare.Close(dir)
	switch {
	case e != 0:
		t = i.sharedFailed("statx", e)
	case here == outside:
		bare.Close(fd)
		return -1, t
	default:
		t = owned.CheckParent(fd, i.At)
	}
	if !t.OK() {
		bare.Close(fd)
		return -1, t
	}
	return fd, t
}

func (i *Instance) sharedFailed(call string, e bare.Errno) bare.Trouble {
	return bare.Failed(call, e, i.sharedPath(), "")
}

func (i *Instance) sharedPath() string {
	var name Name
	return bare.Keep(i.run(), "/"+SharedDir+"/", name.Of(i.At), "")
}

// openRun opens a directory in RUN.
func (i *Instance) openRun(entry string, mode uint32) (int, bare.Trouble) {
	run, t := openIn(i.run(), RunMode)
	if !t.OK() {
		return -1, t
	}
	fd, t := owned.Open(run, i.run(), entry, owned.Roots(mode))
	bare.Close(run)
	return fd, t
}

// openIn opens a directory of root's by its path.
func openIn(path string, mode uint32) (int, bare.Trouble) {
	parent, t := owned.OpenParent(bare.Dir(path))
	if !t.OK() {
		return -1, t
	}
	fd, t := owned.OpenEntry(parent, bare.Base(path), owned.Roots(mode))
	if !t.OK() {
		t.Where = path
	}
	bare.Close(parent)
	return fd, t
}

// OpenSharedPoint opens the directory RUN/shared, in which the mount point NAME
// must be.
func (i *Instance) OpenSharedPoint() (int, bare.Trouble) {
	dir, t := i.openRun(SharedDir, SharedMode)
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

// Open opens what stands for a shared directory (O_PATH), verified. An instance
// that cannot be written to is none, unless the shared directory cannot be either:
// a root file system that was remounted read-only would be a session's /tmp.
func (i *Instance) Open(uid uint32, shared int) (int, bare.Trouble) {
	var outside bare.Stat
	if e := bare.Fstat(shared, &outside); e != 0 {
		return -1, bare.Failed("statx", e, i.At, "")
	}
	user, t := i.openUser(uid)
	if !t.OK() {
		return -1, t
	}
	want := owned.Users(uid)
	if RootsOwn(&outside) {
		want = owned.Roots(0o1777)
	}
	var name Name
	fd := -1
	t = search(func() (t bare.Trouble) {
		fd, t = owned.OpenEntry(user, name.Of(i.At), want)
		return t
	})
	bare.Close(user)
	if t.OK() {
		t = writable(fd, shared)
	}
	if !t.OK() {
		bare.Close(fd)
		t.Where = i.path(uid)
		return -1, t
	}
	return fd, t
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

// openUser opens STORE/UID.
func (i *Instance) openUser(uid uint32) (int, bare.Trouble) {
	store, t := openIn(i.store(), StoreMode)
	if !t.OK() {
		return -1, t
	}
	var name userName
	fd := -1
	t = search(func() (t bare.Trouble) {
		fd, t = owned.OpenEntry(store, name.of(uid), owned.Roots(StoreMode))
		return t
	})
	if !t.OK() {
		t.Where = bare.Keep(i.store(), "/", name.of(uid), "")
	}
	bare.Close(store)
	return fd, t
}

// OpenSessions opens the list of a user's sessions, for reading and appending.
func (i *Instance) OpenSessions(uid uint32) (int, bare.Trouble) {
	dir, t := i.openRun(SessionsDir, SessionsMode)
	if !t.OK() {
		return -1, t
	}
	var name userName
	fd := -1
	t = search(func() bare.Trouble {
		var e bare.Errno
		fd, e = bare.OpenAt(dir, name.of(uid), unix.O_RDWR|unix.O_APPEND)
		return bare.Failed("openat", e, "", "")
	})
	bare.Close(dir)
	if t.OK() {
		t = checkList(fd, uid)
	}
	if !t.OK() {
		bare.Close(fd)
		t.Where = bare.Keep(i.run(), "/"+SessionsDir+"/", name.of(uid), "")
		return -1, t
	}
	return fd, t
}

func checkList(fd int, uid uint32) (t bare.Trouble) {
	var st bare.Stat
	if e := bare.Fstat(fd, &st); e != 0 {
		return bare.Failed("statx", e, "", "")
	}
	switch {
	case st.Type() != unix.S_IFREG:
		t.Why = "is not a file"
	case st.UID != uid:
		t.Why, t.Value, t.Base = "belongs to uid", uint64(st.UID), 10
	case st.Perm() != ListMode:
		t.Why, t.Value, t.Base = "has mode", uint64(st.Perm()), 8
	}
	return t
}
