package clean

import (
	"strings"

	"tmpshell/internal/account"
	"tmpshell/internal/making"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// Removed is what the name of a directory gets, before a random part, between the
// moment that its user cannot find it any more and the one that it is gone.
const Removed = ".removed-"

// Orphaned is the same for a directory of a uid that has no account any more: it is
// kept for a while, out of reach of an account that gets the uid.
const Orphaned = ".orphaned-"

// Kind is what a directory is.
type Kind string

// The kinds of directories that tmpshell makes.
const (
	Env      Kind = "env"
	Job      Kind = "job" // beside Env, of one batch job
	Instance Kind = "mount"
	Fallback Kind = "fallback"
	Squatted Kind = "squatted"
	Holder   Kind = "user"     // STORE/UID or STORE/UID.JOB, that instances are in
	List     Kind = "sessions" // the list of a user's sessions, a file
)

// movedAway is what a name was before it got a tail of Removed or Orphaned.
func movedAway(name string) (was string, ok bool) {
	for _, mark := range []string{Removed, Orphaned} {
		was, tail, _ := strings.Cut(name, mark)
		if was != "" && len(tail) == sys.RandomLength && strings.Trim(tail, sys.RandomDigits) == "" {
			return was, true
		}
	}
	return "", false
}

// parseUID reads a name that is a uid, as it is written.
func parseUID(name string) (uint32, bool) {
	uid, ok := account.ParseID(name)
	return uid, ok && (name == "0" || name[0] != '0') && name[0] != '+'
}

// parseFallback reads .private-UID, .private-UID.N and .private-UID.RANDOM.
func parseFallback(name string) (uint32, bool) {
	rest, ok := strings.CutPrefix(name, private.Base+"-")
	if !ok {
		return 0, false
	}
	uid, tail, more := strings.Cut(rest, ".")
	if more && (tail == "" || strings.Trim(tail, sys.RandomDigits) != "") {
		return 0, false
	}
	return parseUID(uid)
}

// isSquatted tells whether a name in a shared directory is one that was moved
// aside from the place of a base or a rendezvous directory. Anybody can give their
// own files a name of this form, so that only those names count.
func isSquatted(name string, rendezvous []string) bool {
	was, ok := making.IsMovedAside(name)
	if !ok || was == private.Base {
		return ok
	}
	for _, r := range rendezvous {
		if was == r {
			return true
		}
	}
	return false
}
