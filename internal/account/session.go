package account

import (
	"golang.org/x/sys/unix"
)

// Session is who the running process is: its real uid, its groups, and what
// the name service says of them, asked at most once and only when needed.
type Session struct {
	uid    uint32
	source *Source

	entry    Account
	entryErr error
	asked    bool

	groups      []string
	groupsErr   error
	groupsAsked bool
}

// NewSession takes the identity of the calling process.
func NewSession(source *Source) *Session {
	return &Session{uid: uint32(unix.Getuid()), source: source}
}

// UID is the real uid.
func (s *Session) UID() uint32 { return s.uid }

// Account is the passwd entry; ErrNotFound when there is none.
func (s *Session) Account() (Account, error) {
	if !s.asked {
		s.entry, s.entryErr = s.source.ByUID(s.uid)
		s.asked = true
	}
	return s.entry, s.entryErr
}

// Name is the login name, empty for a uid without an account.
func (s *Session) Name() (string, error) {
	a, err := s.Account()
	if err == ErrNotFound {
		err = nil
	}
	return a.Name, err
}

// Groups are the names of the groups that the process is in: getgroups(2) is
// what this session may do, whatever the group file has come to say since.
func (s *Session) Groups() ([]string, error) {
	if s.groupsAsked {
		return s.groups, s.groupsErr
	}
	s.groupsAsked = true
	ids, err := unix.Getgroups()
	if err != nil {
		s.groupsErr = err
		return nil, err
	}
	gids := []uint32{uint32(unix.Getgid())}
	for _, id := range ids {
		gids = append(gids, uint32(id))
	}
	s.groups, s.groupsErr = s.source.GroupNames(gids)
	return s.groups, s.groupsErr
}
