package private

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
)

// Share is one entry of Instance.Share, for one user.
//
//	NAME      a file that is anybody's and need not be there: a link by name
//	NAME/     a rendezvous directory, root's and 1777: mounted
//	${UID}…   the user's own: linked to if it is there
//	${UID}…/  a directory of the user's own, 0700: mounted
//	PATTERN   what is there when a session begins: see package session
type Share struct {
	Name      string // without the final "/"; it shares the buffer of Shares
	Directory bool   // it ends in "/"
	Users     bool   // it has ${UID} or ${USER} in it
	Pattern   bool   // it has '*' or '?' in it
}

// Matches tells whether an entry is about a name.
func (s *Share) Matches(name string) bool {
	return s.Name == name || s.Pattern && bare.Glob(s.Name, name)
}

// Shares are the entries of a list, for one user.
type Shares struct {
	rest string
	uid  uint32
	user string
	buf  [unix.NAME_MAX + 1]byte
}

// Shares begins with the first entry.
func (i *Instance) Shares(uid uint32) Shares {
	return Shares{rest: i.Share, uid: uid, user: i.User}
}

// Next returns the next entry, or false at the end. One that has a name of a user
// who has none is left out.
func (s *Shares) Next() (Share, bool) {
	for s.rest != "" {
		entry, after, _ := strings.Cut(s.rest, ",")
		s.rest = after
		isDirectory := strings.HasSuffix(entry, "/")
		if isDirectory {
			entry = entry[:len(entry)-1]
		}
		isPattern := strings.IndexByte(entry, '*') >= 0 || strings.IndexByte(entry, '?') >= 0
		name := bare.NewText(s.buf[:])
		users, ok := s.expand(entry, &name)
		if text := name.String(); ok && text != "" && !name.Full() {
			return Share{text, isDirectory, users, isPattern}, true
		}
	}
	return Share{}, false
}

// Variables of an entry.
const (
	variableUID  = "${UID}"
	variableUser = "${USER}"
)

// expand writes the name of an entry, and tells whether it is the user's own.
func (s *Shares) expand(entry string, to *bare.Text) (users, ok bool) {
	for entry != "" {
		switch {
		case strings.HasPrefix(entry, variableUID):
			to.AddUint(uint64(s.uid), 10)
			entry, users = entry[len(variableUID):], true
		case strings.HasPrefix(entry, variableUser):
			if s.user == "" || strings.IndexByte(s.user, '/') >= 0 {
				return true, false
			}
			to.Add(s.user)
			entry, users = entry[len(variableUser):], true
		default:
			to.AddByte(entry[0])
			entry = entry[1:]
		}
	}
	return users, true
}

// RendezvousWant is what a rendezvous directory must be. Whoever owns it can put
// a socket of their own in the place of every server's, and so can whoever mounts
// FUSE on it.
func RendezvousWant() owned.Want {
	w := owned.Roots(0o1777)
	w.NoMount = true
	return w
}

// OpenShare opens a directory that is shared (O_PATH) in the one that shared is.
// The name of a user's own is one that anybody can take, too.
func (i *Instance) OpenShare(shared int, s *Share, uid uint32) (int, bare.Trouble) {
	want := RendezvousWant()
	if s.Users {
		want = owned.Users(uid)
		want.NoMount = true
	}
	fd, t := owned.OpenEntry(shared, s.Name, want)
	if !t.OK() {
		t.Where = bare.Keep(i.At, "/", s.Name, "")
	}
	return fd, t
}

// IsOwners tells whether what is there in the place of a shared directory is its
// owner's affair, such as one of root's with another mode: it is not shared, and
// not moved out of the way.
func (i *Instance) IsOwners(shared int, s *Share, uid uint32) bool {
	fd, t := i.OpenShare(shared, s, uid)
	bare.Close(fd)
	var st bare.Stat
	if t.OK() || t.Kind() != bare.Object || bare.StatAt(shared, s.Name, &st) != 0 || st.MountRoot {
		return false
	}
	if s.Users {
		return st.UID == uid
	}
	return st.UID == 0 && st.Type() == unix.S_IFDIR
}

// PointMode is the mode of the mount points that tmpshell makes for what is shared.
// Nobody else makes one of that mode: what is not used any more can be removed.
const PointMode = unix.S_ISVTX

// LinkIsRoots tells whose the link to a file that is shared has to be, in an
// instance of root's. Where fs.protected_symlinks is 1 (proc_sys_fs(5)), everybody
// follows a link of root's there, and only the user can remove one of the user's,
// and only the user follows it. So a name that somebody else has is root's, for
// sudo; one that is free, the user's own server can have.
func LinkIsRoots(shared int, name string, uid uint32) bool {
	var st bare.Stat
	return bare.StatAt(shared, name, &st) == 0 && st.UID != uid
}

// IsLink tells whether a link is one that tmpshell makes, into the shared
// directory under the same name.
func (i *Instance) IsLink(instance int, name string) bool {
	var want, have [unix.PathMax]byte
	target := bare.NewText(want[:])
	i.AddLink(&target, name)
	to, e := bare.ReadlinkAt(instance, name, have[:])
	return e == 0 && !target.Full() && to == target.String()
}

// AddLink writes where the link of a name leads.
func (i *Instance) AddLink(to *bare.Text, name string) {
	i.AddSharedPath(to)
	to.AddByte('/')
	to.Add(name)
}
