package session

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
	"tmpshell/internal/private"
)

// Present tells from the list of mounts alone, without any capability, whether
// everything is in place already: in a session with no_new_privs the program has
// none, and leaves a session of its own user as it is. Only whoever may mount can
// make such a list; a user namespace of one's own is one's own affair.
func (p *Plan) Present() bool {
	var present [Most]bool
	if len(p.Directories) > Most {
		return false
	}
	for i := range p.Directories {
		if !p.Directories[i].MayBeKept() {
			return false // and the list, which may be long, need not be read
		}
	}
	e := eachMount(func(m mount) {
		for i := range p.Directories {
			d := &p.Directories[i]
			if same(m.at, d.At) { // the last one is on top
				present[i] = m.isOf(d, p.UID)
			}
		}
	})
	for i := range p.Directories {
		if !present[i] {
			return false
		}
	}
	return e == 0
}

// inPlace tells whether a directory is the session's own already: a login inside a
// session of the same user leaves everything as it is.
func (d *Directory) inPlace(uid uint32, o *private.Opened) (bool, bare.Trouble) {
	if !o.Kept { // not inside a session, or its mounts were taken away
		return !d.Fresh && o.SharedIs.SameFile(&o.InstanceIs), bare.Trouble{}
	}
	parent, t := owned.OpenParent(bare.Dir(d.At))
	if !t.OK() {
		// It is inside a directory that the session is yet to get.
		return false, onlyKept(t)
	}
	in, t := d.isAt(parent, uid, o)
	bare.Close(parent)
	return in, t
}

// isAt tells whether what is mounted in a directory is the session's own.
func (d *Directory) isAt(parent int, uid uint32, o *private.Opened) (in bool, t bare.Trouble) {
	fd, e := bare.OpenAt(parent, bare.Base(d.At), asPath)
	if e != 0 {
		return false, onlyKept(bare.Failed("openat", e, d.At, "")) // mount says what is wrong with it
	}
	if d.Fresh {
		in, t = d.isOwnTmpfs(fd, uid)
	} else {
		var st bare.Stat
		t = bare.Failed("statx", bare.Fstat(fd, &st), d.At, "")
		in = t.OK() && st.SameFile(&o.InstanceIs)
	}
	bare.Close(fd)
	return in, t
}

// tmpfsMagic is the type of a tmpfs in statfs(2).
const tmpfsMagic = 0x01021994

func (d *Directory) isOwnTmpfs(fd int, uid uint32) (bool, bare.Trouble) {
	var st unix.Statfs_t
	if e := bare.Statfs(fd, &st); e != 0 || st.Type != tmpfsMagic {
		return false, bare.Failed("fstatfs", e, d.At, "")
	}
	own := false
	e := eachMount(func(m mount) {
		if same(m.at, d.At) {
			own = m.isOf(d, uid)
		}
	})
	return own, bare.Failed("read", e, "mountinfo", "")
}

// mount is one line of /proc/pid/mountinfo (proc(5)).
type mount struct{ root, at, kind, source string }

// mountBuf holds a line: two paths, in which a byte can be written as four, come
// before what else is looked at.
var mountBuf [9 * unix.PathMax]byte

// eachMount calls f with every mount of the thread's namespace.
func eachMount(f func(mount)) bare.Errno {
	fd, e := bare.Open(mountList, unix.O_RDONLY)
	if e != 0 {
		return e
	}
	lines := bare.NewLines(fd, mountBuf[:])
	for {
		line, ok, e := lines.Next()
		if !ok {
			bare.Close(fd)
			return e
		}
		if m, ok := parseMount(line); ok {
			f(m)
		}
	}
}

func parseMount(line string) (m mount, ok bool) {
	at := strings.Index(line, " - ")
	if at < 0 {
		return m, false
	}
	fields, after := line[:at], line[at+len(" - "):]
	for range 3 { // id, parent, device
		_, fields, _ = strings.Cut(fields, " ")
	}
	m.root, fields, _ = strings.Cut(fields, " ")
	m.at, _, _ = strings.Cut(fields, " ")
	m.kind, after, _ = strings.Cut(after, " ")
	m.source, _, _ = strings.Cut(after, " ")
	return m, m.at != ""
}

// isOf tells whether a mount is what a plan of this user's has for a directory, be it
// for one of their batch jobs. A user can choose the source of a FUSE mount, and what
// its root is called.
func (m *mount) isOf(d *Directory, uid uint32) bool {
	var buf [unix.NAME_MAX + 32]byte
	want := bare.NewText(buf[:])
	if d.Fresh {
		addSource(&want, uid)
		return m.kind == "tmpfs" && m.source == want.String()
	}
	var name private.Name
	want.AddByte('/')
	want.Add(name.Of(d.At))
	holder, end := m.holder(len(want.String()))
	return !strings.HasPrefix(m.kind, "fuse") && same(end, want.String()) && private.IsHolder(holder, uid)
}

// holder is the directory of a store that an instance is in, whose name and the '/'
// before it have n bytes.
func (m *mount) holder(n int) (holder, end string) {
	end = ending(m.root, n)
	return bare.Base(m.root[:len(m.root)-len(end)]), end
}

// addSource writes what /proc/mounts shows of a session's tmpfs: by it the next
// login inside the session knows whose it is.
func addSource(to *bare.Text, uid uint32) {
	to.Add("tmpshell:")
	to.AddUint(uint64(uid), 10)
}

// escaped is how a blank, a tab, a newline and a backslash are written: \040.
const escaped = 4

// next returns the first byte of a field, and how long it is written.
func next(s string) (byte, int) {
	if s[0] != '\\' || len(s) < escaped {
		return s[0], 1
	}
	return (s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0'), escaped
}

// same tells whether a field of mountinfo is a path.
func same(field, path string) bool {
	for field != "" && path != "" {
		c, n := next(field)
		if c != path[0] {
			return false
		}
		field, path = field[n:], path[1:]
	}
	return field == "" && path == ""
}

// ending returns the last n bytes of what a field stands for, as they are written.
func ending(field string, n int) string {
	total := 0
	for s := field; s != ""; total++ {
		_, k := next(s)
		s = s[k:]
	}
	for ; total > n; total-- {
		_, k := next(field)
		field = field[k:]
	}
	return field
}
