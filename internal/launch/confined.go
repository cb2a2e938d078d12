package launch

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// maxConfinement is the longest label that is told.
const maxConfinement = 128

// addConfinement adds to a message that a security module may be the cause: what it
// forbids looks as if a file, or a program, did not have its rights. It is asked when
// something has failed, and at no other time.
func addConfinement(to *bare.Text) {
	var buf [maxConfinement]byte
	fd, e := bare.Open("/proc/thread-self/attr/current", unix.O_RDONLY)
	if e != 0 {
		return
	}
	n, e := bare.Read(fd, buf[:])
	bare.Close(fd)
	if e != 0 || n < 0 {
		return // no module that has labels
	}
	text := bare.NewText(buf[:])
	text.Advance(n)
	what, name := confinedBy(text.String())
	if what == "" {
		return
	}
	to.Add("; ")
	to.Add(what)
	to.Add(" ")
	to.Add(name)
	to.Add(" may forbid it")
}

// confinedBy is what confines a process with a label: an AppArmor profile in force,
// "NAME (enforce)", or an SELinux domain, "USER:ROLE:DOMAIN:LEVEL".
func confinedBy(label string) (what, name string) {
	for len(label) > 0 && (label[len(label)-1] == 0 || label[len(label)-1] == '\n') {
		label = label[:len(label)-1]
	}
	const enforced = " (enforce)"
	if strings.HasSuffix(label, enforced) {
		return "the AppArmor profile", label[:len(label)-len(enforced)]
	}
	_, rest, user := strings.Cut(label, ":")
	_, rest, role := strings.Cut(rest, ":")
	domain, _, _ := strings.Cut(rest, ":")
	if !user || !role || strings.HasPrefix(label, "/") || strings.HasPrefix(domain, "unconfined_") {
		return "", ""
	}
	return "the SELinux domain", domain
}

// mayBeForbidden tells whether a trouble is what a security module comes to: EACCES and
// EPERM, also in what the helper has said, or a program that seems to have no
// capabilities.
func (l *launcher) mayBeForbidden(why *bare.Trouble) bool {
	if why.Errno == bare.Errno(unix.EACCES) || why.Errno == bare.Errno(unix.EPERM) || l.session.setup {
		return true
	}
	for _, word := range [...]string{"permission denied", "operation not permitted", "CAP_"} {
		if why.Errno == 0 && strings.Contains(why.Why, word) {
			return true
		}
	}
	return false
}
