package launch

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/dirs"
	"tmpshell/internal/namespace"
	"tmpshell/internal/sys"
)

// namedFiles are the variables by which a session is told of files that were
// made for it before it began: sshd(8) has the sockets of agent forwarding and
// ExposeAuthInfo in /tmp, login services a Kerberos cache, display managers the
// X authority, and su without "-" hands down what the session outside has.
var namedFiles = []string{
	"SSH_AUTH_SOCK", "SSH_USER_AUTH", "KRB5CCNAME", "XAUTHORITY", "ICEAUTHORITY",
	"SESSION_MANAGER", "DBUS_SESSION_BUS_ADDRESS", "PULSE_SERVER", "WAYLAND_DISPLAY",
}

// linkNamed puts links to such files into the directories that were mounted over
// them, so that the names go on meaning what they meant. It needs no privilege,
// and is no reason to fail: what cannot be linked, the session does without.
func linkNamed(p namespace.Plan, env Environment) {
	for _, d := range p.Directories {
		var names []string
		for _, variable := range namedFiles {
			value, _ := env.Get(variable)
			names = append(names, namesIn(value, d.At)...)
		}
		if d.At == "/tmp" {
			// The default of krb5.conf(5), which nothing names.
			names = append(names, "krb5cc_"+decimal(p.UID))
		}
		link(d.Instance, p.UID, names)
	}
}

// namesIn finds the entries of a directory that a value names: in
// FILE:/tmp/krb5cc_1, unix:path=/tmp/dbus-1,guid=2 and /tmp/ssh-3/agent.4.
func namesIn(value, dir string) []string {
	var names []string
	for rest := value; ; {
		i := strings.Index(rest, dir+"/")
		if i < 0 {
			return names
		}
		begins := i == 0 || strings.IndexByte(":=,;@{ ", rest[i-1]) >= 0
		rest = rest[i+len(dir)+1:]
		end := strings.IndexAny(rest, "/,;: ")
		if end < 0 {
			end = len(rest)
		}
		if name := rest[:end]; begins && name != "" && name != "." && name != ".." {
			names = append(names, name)
		}
	}
}

// link links what is the user's in the shared directory and not in the
// session's own.
func link(i dirs.Instance, uid uint32, names []string) {
	shared, err := i.OpenShared()
	if err != nil {
		return
	}
	defer sys.Close(shared)
	own, err := sys.OpenPath(i.At)
	if err != nil {
		return
	}
	defer sys.Close(own)
	// Of a directory with more names than these, the rest waits for the next
	// boot; the names of this session are looked at in any case.
	old, _ := sys.SomeNames(i.At)
	for _, name := range append(old, names...) {
		unlinkStale(i, shared, own, uid, name)
	}
	for _, name := range names {
		if isUsers(shared, name, uid) {
			_ = sys.SymlinkAt(i.SharedPath()+"/"+name, own, name) // there already, or no room
		}
	}
}

// unlinkStale removes a link that an older session has left when its file is
// gone: whoever takes the name in the shared directory then would have his file
// read as the user's.
func unlinkStale(i dirs.Instance, shared, own int, uid uint32, name string) {
	to, err := sys.ReadlinkAt(own, name)
	if err != nil || slices.Contains(i.Links(), name) || to != i.SharedPath()+"/"+name || isUsers(shared, name, uid) {
		return
	}
	if st, err := sys.StatAt(own, name); err == nil && st.UID == uid && st.Type() == unix.S_IFLNK {
		_ = sys.UnlinkAt(own, name) // gone already
	}
}

// isUsers tells whether a name in the shared directory is a file of the user's
// that may be linked to.
func isUsers(shared int, name string, uid uint32) bool {
	st, err := sys.StatAt(shared, name)
	return err == nil && st.UID == uid && st.Type() != unix.S_IFLNK
}
