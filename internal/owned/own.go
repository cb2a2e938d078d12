package owned

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// A path that the caller names, and rule (i): the directory MUST be the user's, and
// so writable for them; every directory on the way and every symbolic link MUST be
// root's or the user's; only sticky directories on the way MAY be writable by
// others. Then nobody else can put another directory there, neither now nor later,
// and the path is as good as a descriptor.
//
// Links are followed, as /home often is one. No file system on the way MAY be FUSE,
// whose server answers with whatever owner it likes, nor proc(5), whose links lead
// elsewhere in each process.

// maxLinks is how many symbolic links the kernel follows (path_resolution(7)).
const maxLinks = 40

// rests is room for what is left of a path after a symbolic link, in turn: the
// new text has the end of the old one in it.
var rests [2][unix.PathMax]byte

// place is a directory on the way.
type place struct {
	fd int
	st bare.Stat
}

// Own tells by rule (i) whether a path names a directory of the user's own that
// nobody else can write to or replace. The trouble does not name the path.
func Own(path string, uid uint32) bare.Trouble {
	if !strings.HasPrefix(path, "/") {
		return bare.Broken("", "", "is not an absolute path")
	}
	p := place{fd: -1}
	t := p.root()
	rest, name := path, ""
	for links := 0; t.OK(); {
		if name, rest = component(rest); name == "" {
			if t = p.check(uid); t.OK() && !bare.MayWrite(path) {
				t = bare.Broken("", "", "cannot be written to")
			}
			break
		}
		if t = p.checkOnTheWay(uid); !t.OK() {
			break
		}
		var link place
		if link, t = p.enter(name); !t.OK() || link.fd < 0 {
			continue
		}
		room := &rests[links%len(rests)]
		rest, t = p.follow(&link, uid, rest, room)
		if links++; links > maxLinks {
			t = bare.Failed("openat", bare.Errno(unix.ELOOP), "", "")
		}
	}
	bare.Close(p.fd)
	return t
}

// component cuts the first name off a path: empty at its end.
func component(path string) (name, rest string) {
	for rest = path; rest != ""; {
		if name, rest, _ = strings.Cut(rest, "/"); name != "" && name != "." {
			return name, rest
		}
	}
	return "", ""
}

// root begins at the root directory. Nobody but root mounts anything there.
func (p *place) root() bare.Trouble {
	bare.Close(p.fd)
	var e bare.Errno
	if p.fd, e = bare.Open("/", asPath); e == 0 {
		e = bare.Fstat(p.fd, &p.st)
	}
	return bare.Failed("openat", e, "", "")
}

// enter goes on to an entry. A symbolic link is returned in place of that, open.
func (p *place) enter(name string) (link place, t bare.Trouble) {
	link.fd = -1
	next := place{}
	var e bare.Errno
	if name == ".." {
		next.fd, e = bare.OpenUp(p.fd)
	} else {
		next.fd, e = bare.OpenAt(p.fd, name, unix.O_PATH)
	}
	if e == 0 {
		e = bare.Fstat(next.fd, &next.st)
	}
	switch {
	case e != 0:
		t = bare.Failed("openat", e, "", "")
	case next.st.Type() == unix.S_IFLNK:
		return next, t
	case next.st.Type() != unix.S_IFDIR:
		t = bare.Broken("", "", "is not a directory")
	case !next.st.SameDevice(&p.st):
		t = next.checkFileSystem()
	}
	bare.Close(p.fd)
	*p = next
	return link, t
}

// checkFileSystem refuses those on which others than the kernel or root's
// servers say what is where.
func (p *place) checkFileSystem() bare.Trouble {
	var st unix.Statfs_t
	if e := bare.Statfs(p.fd, &st); e != 0 {
		return bare.Failed("fstatfs", e, "", "")
	}
	switch uint32(st.Type) {
	case unix.FUSE_SUPER_MAGIC, unix.PROC_SUPER_MAGIC:
		return bare.Broken("", "", "is on a file system that need not stay as it is")
	}
	return bare.Trouble{}
}

// follow goes where a symbolic link leads from here, and returns the path from
// there on.
func (p *place) follow(link *place, uid uint32, rest string, room *[unix.PathMax]byte) (string, bare.Trouble) {
	t := bare.Trouble{}
	if link.st.UID != 0 && link.st.UID != uid {
		t = belongs(&link.st)
	}
	n := 0
	if t.OK() {
		target, e := bare.ReadLink(link.fd, room[:])
		n, t = len(target), bare.Failed("readlinkat", e, "", "")
	}
	bare.Close(link.fd)
	if !t.OK() {
		return "", t
	}
	text := bare.NewText(room[:])
	text.Advance(n)
	text.AddByte('/')
	text.Add(rest)
	if text.Full() {
		return "", bare.Failed("openat", bare.Errno(unix.ENAMETOOLONG), "", "")
	}
	if room[0] == '/' {
		t = p.root()
	}
	return text.String(), t
}

// checkOnTheWay is rule (i) for what leads to the directory.
func (p *place) checkOnTheWay(uid uint32) (t bare.Trouble) {
	switch {
	case p.st.UID != 0 && p.st.UID != uid:
		t = belongs(&p.st)
	case p.st.Perm()&0o022 != 0 && p.st.Perm()&unix.S_ISVTX == 0:
		t.Why, t.Value, t.Base = NotSticky, uint64(p.st.Perm()), 8
	}
	return t
}

// Writable is why a directory of the user's own breaks rule (i) that others can write
// to; the mode follows.
const Writable = "can be written by others: mode"

// check is rule (i) for the directory itself.
func (p *place) check(uid uint32) (t bare.Trouble) {
	switch {
	case p.st.UID != uid:
		t = belongs(&p.st)
	case p.st.Perm()&0o022 != 0:
		t.Why, t.Value, t.Base = Writable, uint64(p.st.Perm()), 8
	}
	return t
}

func belongs(st *bare.Stat) bare.Trouble {
	return bare.Trouble{Why: "belongs to uid", Value: uint64(st.UID), Base: 10}
}
