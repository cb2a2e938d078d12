package session

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/private"
)

// Bounds of what patterns of share= come to: anybody can fill the shared directory
// with names that match.
const (
	mostMatches = 200 // for a pattern
	mostReads   = 64  // of the shared directory, about a thousand names each
)

// shares puts there what share= has of links. A name that is not taken gets a link
// of the user's, which a server of the user's can replace; where somebody else has
// the name outside, the helper has made root's.
func (l *linker) shares() bare.Trouble {
	for all := l.d.Shares(l.plan.UID); ; {
		s, ok := all.Next()
		if !ok {
			return bare.Trouble{}
		}
		var t bare.Trouble
		switch {
		case s.Pattern:
			t = l.matches(&s)
		case s.Directory: // mounted before
		case s.Users:
			t = l.link(s.Name)
		default:
			l.linkTo(s.Name)
		}
		if t.Lost {
			return t
		}
	}
}

// matches looks at all names in the shared directory.
func (l *linker) matches(s *private.Share) bare.Trouble {
	dir, e := bare.Reopen(l.shared)
	found := 0
	for reads := 0; e == 0 && reads < mostReads; reads++ {
		var names bare.Entries
		if names, e = bare.ReadEntries(dir, bare.EntriesRoom[:]); names.End() {
			break
		}
		for name, ok := names.Next(); ok && found < mostMatches; name, ok = names.Next() {
			if !bare.Glob(s.Name, name) {
				continue
			}
			found++
			if t := l.match(s, name); t.Lost {
				bare.Close(dir)
				return t
			}
		}
	}
	bare.Close(dir)
	return bare.Trouble{}
}

// match shares a name that was found, and that anybody may have made: a socket,
// which is only connected to, or what is the user's own. A directory is mounted, if
// it is the user's own, or with a final "/" a rendezvous directory.
func (l *linker) match(s *private.Share, name string) bare.Trouble {
	kind, users := l.isUsers(name)
	switch {
	case kind == unix.S_IFDIR && users:
		return l.bind(name, l.plan.UID)
	case kind == unix.S_IFDIR && s.Directory && !s.Users:
		return l.bind(name, 0)
	case s.Directory || kind == unix.S_IFDIR:
	case users, isSocket(s, kind):
		l.linkTo(name)
	}
	return bare.Trouble{}
}

// isSocket: it is shared whoever has it, if the pattern is not about the user's own.
func isSocket(s *private.Share, kind uint32) bool {
	return s.Pattern && !s.Directory && !s.Users && kind == unix.S_IFSOCK
}

// wants tells whether share= has a link for a name, whoever has that name in the
// shared directory.
func (l *linker) wants(name string, kind uint32) bool {
	for all := l.d.Shares(l.plan.UID); ; {
		s, ok := all.Next()
		if !ok {
			return false
		}
		if !s.Directory && s.Matches(name) && (!s.Pattern && !s.Users || isSocket(&s, kind)) {
			return true
		}
	}
}
