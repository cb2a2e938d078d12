package dirs

import (
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/sys"
)

// IsOthers tells whether a path that a variable names is another user's, so
// that a session must not inherit it: su without "-" and sudo -E hand down
// TMPDIR, and the program that it breaks rarely says why. A directory that is
// shared is nobody's in particular.
func IsOthers(path string, uid uint32) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	if owner, ok := ownerByName(path); ok {
		return owner != uid
	}
	st, err := sys.StatPath(path)
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	const shared = unix.S_ISVTX | 0o002
	switch {
	case st.UID == uid, st.Perm()&shared == shared:
		return false
	case st.UID == 0: // root's: a project's directory, or root's own
		return !sys.MayWrite(path)
	}
	return true
}

// ownerByName finds whose a path inside a base is, even when it is gone.
func ownerByName(path string) (uint32, bool) {
	for _, mark := range []string{"/.private/", "/.private-"} {
		if _, rest, ok := strings.Cut(path, mark); ok {
			end := strings.IndexAny(rest, "/.")
			if end < 0 {
				end = len(rest)
			}
			return account.ParseID(rest[:end])
		}
	}
	return 0, false
}
