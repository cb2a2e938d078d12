package private

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
)

func (i *Instance) openList(run int, uid uint32) (int, bare.Trouble) {
	dir, t := owned.Open(run, i.run(), SessionsDir, owned.Roots(SessionsMode))
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
