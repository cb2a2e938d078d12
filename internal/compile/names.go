package compile

import (
	"slices"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/accounts"
	"tmpshell/internal/bare"
	"tmpshell/internal/config"
	"tmpshell/internal/policy"
	"tmpshell/internal/source"
)

// Names is where names and numbers come from: the account files first, and for
// what they do not have the name service.
type Names struct {
	Passwd, Group, NSSwitch string
	Service                 *account.Service
}

// System are the machine's own.
func System() *Names {
	return &Names{"/etc/passwd", "/etc/group", "/etc/nsswitch.conf", account.NewService()}
}

// Nobody are no files and no service: no name is known.
func Nobody() *Names {
	return &Names{"/nonexistent/passwd", "/nonexistent/group", "/nonexistent/nsswitch.conf",
		&account.Service{Ask: func(func([]byte) bool, string, ...string) error { return account.ErrNotFound }}}
}

// file is the account file for a subject.
func (n *Names) file(subject uint32) string {
	if subject == policy.SubjectUser {
		return n.Passwd
	}
	return n.Group
}

func database(subject uint32) string {
	if subject == policy.SubjectUser {
		return account.Users
	}
	return account.Groups
}

// key is a name of a user or of a group.
type key struct {
	subject uint32
	name    string
}

// numbers are what the names of a configuration come to.
type numbers struct {
	ids map[key]uint32
	// learnt are those that the name service said.
	learnt []Learnt
	// unknown are those that nobody knows, in the order of the
	// configuration; failed: because somebody could not be asked.
	unknown []key
	failed  error
	// asked: the name service had to be asked. doubted: it did not know what
	// it has known before.
	asked, doubted bool
	sources        []source.Source
}

// keepFor is how long a number is kept, in seconds, that the name service does
// not know any more: a directory server that is down is reported as one that has
// no such entry (nslcd), and a policy must survive that.
const keepFor = 30 * 24 * 3600

// numbersOf finds the numbers of all names in a configuration. An error says that
// an account file could not be read.
func (n *Names) numbersOf(c *config.Config, before []Learnt, now int64) (*numbers, error) {
	found := &numbers{ids: make(map[key]uint32)}
	for _, subject := range []uint32{policy.SubjectUser, policy.SubjectGroup} {
		names := literalNames(c, subject)
		if len(names) == 0 {
			continue
		}
		if err := n.fromFile(found, subject, names); err != nil {
			return nil, err
		}
		missing := slices.DeleteFunc(names, func(name string) bool {
			_, ok := found.ids[key{subject, name}]
			return ok
		})
		if len(missing) == 0 {
			continue
		}
		found.asked = true
		answer, err := n.Service.IDs(database(subject), missing)
		if err != nil && found.failed == nil {
			found.failed = err
		}
		for _, name := range missing {
			found.add(key{subject, name}, answer, before, now)
		}
	}
	if len(found.sources) > 0 || hasPatterns(c) {
		s, err := source.Read(n.NSSwitch, func(int, *bare.Stat) error { return nil })
		if err != nil {
			return nil, err
		}
		found.sources = append(found.sources, s)
	}
	return found, nil
}

// add takes what the name service says of a name, or what it said before.
func (f *numbers) add(k key, answer map[string]uint32, before []Learnt, now int64) {
	if id, ok := answer[k.name]; ok {
		f.ids[k] = id
		f.learnt = append(f.learnt, Learnt{k.subject, id, k.name, now})
		return
	}
	for _, l := range before {
		if l.Subject == k.subject && l.Name == k.name && l.When <= now && now-l.When < keepFor {
			f.doubted = true
			f.ids[k] = l.ID
			f.learnt = append(f.learnt, l)
			return
		}
	}
	f.unknown = append(f.unknown, k)
}

// fromFile looks names up in an account file. The first entry of a name counts.
func (n *Names) fromFile(found *numbers, subject uint32, names []string) error {
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		wanted[name] = true
	}
	var ids map[key]uint32
	s, err := source.Read(n.file(subject), func(fd int, _ *bare.Stat) error {
		ids = make(map[key]uint32)
		return eachEntry(fd, subject, func(name string, id uint32) bool {
			if _, again := ids[key{subject, name}]; wanted[name] && !again {
				ids[key{subject, name}] = id
			}
			return len(ids) < len(wanted)
		})
	})
	if err != nil {
		return err
	}
	found.sources = append(found.sources, s)
	for k, id := range ids {
		found.ids[k] = id
	}
	return nil
}

// eachEntry visits the entries of an open account file.
func eachEntry(fd int, subject uint32, visit func(string, uint32) bool) error {
	entries := account.NewEntries(database(subject), visit)
	buf := make([]byte, 64<<10)
	for {
		n, err := unix.Read(fd, buf)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case n == 0:
			entries.End()
			return nil
		case !entries.Add(buf[:n]):
			return nil
		}
	}
}

// literalNames lists the names, no patterns, that a configuration has for users
// or for groups.
func literalNames(c *config.Config, what uint32) []string {
	var list []string
	seen := make(map[string]bool)
	eachItem(c, func(i config.Item) {
		if subject(i) == what && !i.IsRange() && !i.IsPattern() && !seen[i.Text] {
			seen[i.Text] = true
			list = append(list, i.Text)
		}
	})
	return list
}

// hasPatterns tells whether a configuration asks for the names of its callers.
func hasPatterns(c *config.Config) bool {
	found := false
	eachItem(c, func(i config.Item) { found = found || i.IsPattern() })
	return found
}

func eachItem(c *config.Config, visit func(config.Item)) {
	eachList(c, func(_ config.Pos, list []config.Item, _ bool) {
		for _, i := range list {
			visit(i)
		}
	})
}

// eachList visits the items that stand in one criterion, or (words) after one
// keyword.
func eachList(c *config.Config, visit func(pos config.Pos, list []config.Item, words bool)) {
	section := func(s *config.Section) {
		for _, criterion := range s.Criteria {
			visit(s.Pos, criterion, false)
		}
		for _, g := range s.Values {
			visit(g.Pos, g.Value.Items, true)
		}
	}
	section(&c.Global)
	for _, b := range c.Blocks {
		section(b)
	}
}

// answers tells whether "not found" is an answer of the name service's: whether
// nothing that it asks could be out of reach.
func (n *Names) answers(subject uint32) bool {
	reach, t := accounts.ReachOf(n.NSSwitch, database(subject))
	return t.OK() && reach != accounts.Far
}
