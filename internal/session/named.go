package session

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
	"tmpshell/internal/private"
)

// namedFiles are the variables by which a session is told of files that were made
// for it before it began: sshd(8) has the sockets of agent forwarding and
// ExposeAuthInfo in /tmp, login services a Kerberos cache, display managers the X
// authority, and su without "-" hands down what the session outside has. The option
// link= has more.
var namedFiles = [...]string{
	"SSH_AUTH_SOCK", "SSH_USER_AUTH", "KRB5CCNAME", "XAUTHORITY", "ICEAUTHORITY",
	"SESSION_MANAGER", "DBUS_SESSION_BUS_ADDRESS", "PULSE_SERVER", "WAYLAND_DISPLAY",
}

// LinkNamed puts such files into the directories that were mounted over them, so
// that the names go on meaning what they meant. Call it after Enter, and while
// Plan.Needs is still permitted. It is no reason to fail: what cannot be put
// there, the session does without. Its trouble is Lost, or none.
//
// A file becomes a symbolic link into the shared directory: a bind mount would go
// on showing the old one when it is replaced. A directory, such as the one of
// sshd's sockets, is mounted: a link would lead a session that lives on to the
// directory of whoever takes the name when sshd has removed its own.
func (p *Plan) LinkNamed(env []*byte) bare.Trouble {
	for i := range p.Directories {
		l := linker{plan: p, d: &p.Directories[i], shared: p.open[i].Shared}
		var e bare.Errno
		if l.own, e = bare.Open(l.d.At, unix.O_RDONLY|unix.O_DIRECTORY); e != 0 {
			continue
		}
		t := l.all(env)
		bare.Close(l.own)
		if t.Lost {
			return t
		}
	}
	return bare.Trouble{}
}

// linker is what is done in one directory.
type linker struct {
	plan        *Plan
	d           *Directory
	shared, own int
}

// all looks at what older sessions have left, and then at what this one is told
// of. Of a directory with more names than a system call returns, the rest waits for
// the next boot.
func (l *linker) all(env []*byte) bare.Trouble {
	old, _ := bare.ReadEntries(l.own, bare.EntriesRoom[:])
	for name, ok := old.Next(); ok; name, ok = old.Next() {
		if t := l.tidy(name); t.Lost {
			return t
		}
	}
	for _, entry := range env {
		for i := range namedFiles {
			if t := l.named(entry, namedFiles[i]); t.Lost {
				return t
			}
		}
		for rest := l.d.Link; rest != ""; {
			var variable string
			variable, rest, _ = strings.Cut(rest, ",")
			if t := l.named(entry, variable); t.Lost {
				return t
			}
		}
	}
	if t := l.shares(); t.Lost || l.d.At != "/tmp" {
		return t
	}
	// The default of krb5.conf(5), which nothing names.
	var buf [40]byte
	cache := bare.NewText(buf[:])
	cache.Add("krb5cc_")
	cache.AddUint(uint64(l.plan.UID), 10)
	return l.link(cache.String())
}

// named links what an entry of the environment names, if it is of a variable.
func (l *linker) named(entry *byte, variable string) bare.Trouble {
	value, ok := bare.ValueOf(entry, variable)
	if !ok {
		return bare.Trouble{}
	}
	rest := bare.String(value)
	for name, ok := nextName(&rest, l.d.At); ok; name, ok = nextName(&rest, l.d.At) {
		if t := l.link(name); t.Lost {
			return t
		}
	}
	return bare.Trouble{}
}

// nextName finds the next entry of a directory that a value names: in
// FILE:/tmp/krb5cc_1, unix:path=/tmp/dbus-1,guid=2 and /tmp/ssh-3/agent.4.
func nextName(rest *string, dir string) (string, bool) {
	for s := *rest; ; {
		i := strings.Index(s, dir)
		if i < 0 {
			*rest = ""
			return "", false
		}
		begins := i == 0 || strings.IndexByte(":=,;@{ ", s[i-1]) >= 0
		s = s[i+len(dir):]
		if !strings.HasPrefix(s, "/") {
			continue
		}
		s = s[1:]
		end := 0
		for end < len(s) && strings.IndexByte("/,;: ", s[end]) < 0 {
			end++
		}
		if name := s[:end]; begins && name != "" && name != "." && name != ".." {
			*rest = s[end:]
			return name, true
		}
	}
}

// link puts one name there that is the user's in the shared directory and not in
// the session's own.
func (l *linker) link(name string) bare.Trouble {
	if t := l.tidy(name); t.Lost {
		return t
	}
	kind, users := l.isUsers(name)
	switch {
	case !users:
	case kind == unix.S_IFDIR:
		return l.bind(name, l.plan.UID)
	default:
		l.linkTo(name)
	}
	return bare.Trouble{}
}

// linkTo makes a link of the user's.
func (l *linker) linkTo(name string) {
	var buf [unix.PathMax]byte
	to := bare.NewText(buf[:])
	l.d.AddLink(&to, name)
	if !to.Full() {
		_ = bare.SymlinkAt(to.String(), l.own, name) // there already, or no room
	}
}

// bind mounts a directory of the user's, or for owner 0 a rendezvous directory.
func (l *linker) bind(name string, owner uint32) bare.Trouble {
	if e := bare.MkdirAt(l.own, name, private.PointMode); e != 0 {
		return bare.Trouble{} // there already, or no room
	}
	// Only what is of this namespace can be mounted.
	shared, t := l.d.OpenShared()
	from := -1
	e := t.Errno
	if t.OK() {
		from, e = bare.OpenAt(shared, name, asPath)
	}
	bare.Close(shared)
	var st bare.Stat
	if e == 0 && t.OK() {
		e = bare.Fstat(from, &st)
	}
	mounted := false
	if e == 0 && t.OK() && l.isOf(owner, &st) {
		at := mounts.Place{Dir: l.own, Entry: name}
		t = l.plan.bind(from, &at, l.d.Flags&mounts.Settable, l.d.At)
		mounted = t.OK()
	}
	bare.Close(from)
	if !mounted {
		_ = bare.RmdirAt(l.own, name) // the next session tries again
	}
	return t
}

// tidy removes what an older session has left when its file is gone: whoever takes
// the name in the shared directory then would have their file read as the user's.
func (l *linker) tidy(name string) bare.Trouble {
	var st bare.Stat
	if bare.StatAt(l.own, name, &st) != 0 {
		return bare.Trouble{}
	}
	kind, users := l.isUsers(name)
	switch {
	case st.Type() == unix.S_IFLNK && st.UID == l.plan.UID:
		if (!users || kind == unix.S_IFDIR) && !l.wants(name, kind) && l.d.IsLink(l.own, name) {
			_ = bare.UnlinkAt(l.own, name) // gone already
		}
	case st.Type() != unix.S_IFDIR:
	case st.MountRoot:
		return l.unmountRemoved(name)
	case st.UID == l.plan.UID && st.Perm() == private.PointMode:
		_ = bare.RmdirAt(l.own, name)
	}
	return bare.Trouble{}
}

// unmountRemoved takes away what is mounted at a name, if that directory has been
// removed where it was. Nobody can want it: nothing can be in it, nor be made.
func (l *linker) unmountRemoved(name string) bare.Trouble {
	fd, e := bare.OpenAt(l.own, name, asPath)
	var st bare.Stat
	if e == 0 {
		e = bare.Fstat(fd, &st)
	}
	var t bare.Trouble
	if e == 0 && st.MountRoot && st.Links == 0 {
		t = capset.With(capset.SysAdmin, func() bare.Trouble {
			return bare.Failed("umount2", mounts.Detach(fd), l.d.At, "")
		})
		if t.OK() && bare.StatAt(l.own, name, &st) == 0 && st.UID == l.plan.UID && st.Perm() == private.PointMode {
			_ = bare.RmdirAt(l.own, name)
		}
	}
	bare.Close(fd)
	return t
}

// isUsers returns the type of a name in the shared directory, 0 for one that may not
// be shared at all, and whether it is one of the user's that may be linked to.
func (l *linker) isUsers(name string) (kind uint32, is bool) {
	var st bare.Stat
	if bare.StatAt(l.shared, name, &st) != 0 || st.Type() == unix.S_IFLNK || l.isMounted(&st) {
		return 0, false
	}
	return st.Type(), st.UID == l.plan.UID
}

// isOf tells whether a directory is the user's, and nobody else's to write to, or for
// owner 0 a rendezvous directory.
func (l *linker) isOf(owner uint32, st *bare.Stat) bool {
	if st.UID != owner || l.isMounted(st) {
		return false
	}
	if owner == l.plan.UID {
		return st.Perm()&0o022 == 0
	}
	return st.Perm() == 0o1777
}

// isMounted: what is mounted is nobody's. With user_allow_other, a FUSE server of
// another user says whatever it likes.
func (l *linker) isMounted(st *bare.Stat) bool {
	var dir bare.Stat
	return st.MountRoot || bare.Fstat(l.shared, &dir) != 0 || !st.SameDevice(&dir)
}
