package private

import "tmpshell/internal/bare"

// RuntimeName is the directory for XDG_RUNTIME_DIR inside a user's directory for
// /tmp, 0700. It is there only where no logind makes /run/user/UID.
const RuntimeName = ".runtime"

// HasLogind tells whether systemd-logind, or elogind, sees to /run/user/UID. Where
// systemd is the init system (sd_booted(3)), logind is there or will be. elogind
// has run where there is a state file of its first seat, which it always has; the
// directory of these files alone tells nothing: packages make it, and images
// contain it.
func HasLogind() bool {
	var st bare.Stat
	return bare.StatPath("/run/systemd/system", &st) == 0 || bare.StatPath("/run/systemd/seats/seat0", &st) == 0
}
