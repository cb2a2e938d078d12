package private

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// IsOthers tells whether a path that a variable names is another user's, which a
// session must not inherit: su without "-" and sudo -E hand down TMPDIR, and the
// program that it breaks rarely says why. A directory that is shared is nobody's
// in particular.
func IsOthers(path string, uid uint32) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	if owner, ok := ownerByName(path); ok {
		return owner != uint64(uid)
	}
	var st bare.Stat
	if e := bare.StatPath(path, &st); e != 0 {
		return e == bare.Errno(unix.EACCES) || e == bare.Errno(unix.EPERM)
	}
	const shared = unix.S_ISVTX | 0o002
	switch {
	case st.UID == uid, st.Perm()&shared == shared:
		return false
	case st.UID == 0: // a project's directory, or root's own
		return !bare.MayWrite(path)
	}
	return true
}

// ownerByName finds whose a path inside a base, or that of a fallback, is, even
// when it is gone.
func ownerByName(path string) (uint64, bool) {
	const inBase, fallback = "/" + Base + "/", "/" + Base + "-"
	at := strings.Index(path, inBase)
	if at < 0 {
		at = strings.Index(path, fallback)
	}
	if at < 0 {
		return 0, false
	}
	name := path[at+len(inBase):]
	for i := 0; i < len(name); i++ {
		if name[i] == '/' || name[i] == '.' {
			name = name[:i]
		}
	}
	return bare.ParseUint(name, 1<<32-1)
}
