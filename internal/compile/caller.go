package compile

import (
	"slices"

	"tmpshell/internal/account"
	"tmpshell/internal/bare"
	"tmpshell/internal/policy"
	"tmpshell/internal/source"
)

// Who is a session's user, as the kernel has it.
type Who struct {
	UID, GID uint32
	Groups   []uint32 // supplementary ones
}

// gid is the i-th group, -1 being the first.
func (w Who) gid(i int) uint32 {
	if i < 0 {
		return w.GID
	}
	return w.Groups[i]
}

// Caller is a user for the evaluation of a policy. The account files are read
// when a name is asked for, once.
func (n *Names) Caller(w Who) *policy.Caller {
	users := &inFile{names: n, subject: policy.SubjectUser, ids: []uint32{w.UID}}
	groups := &inFile{names: n, subject: policy.SubjectGroup, ids: append([]uint32{w.GID}, w.Groups...)}
	return &policy.Caller{
		UID: w.UID, GID: w.GID, Groups: w.Groups,
		UserName:  func() (string, policy.NameState) { return users.of(w.UID) },
		GroupName: func(i int) (string, policy.NameState) { return groups.of(w.gid(i)) },
	}
}

// inFile is what an account file says of some numbers.
type inFile struct {
	names   *Names
	subject uint32
	ids     []uint32
	asked   bool
	found   map[uint32]string
	err     error
}

func (f *inFile) of(id uint32) (string, policy.NameState) {
	if !f.asked {
		f.asked = true
		f.err = f.read()
	}
	name, ok := f.found[id]
	switch {
	case ok:
		return name, policy.Named
	case f.err != nil:
		return "", policy.NotKnown
	}
	return "", policy.Nameless
}

// read finds the first entry of each number, as getpwuid(3) does.
func (f *inFile) read() error {
	_, err := source.Read(f.names.file(f.subject), func(fd int, _ *bare.Stat) error {
		f.found = make(map[uint32]string)
		return eachEntry(fd, f.subject, func(name string, id uint32) bool {
			if _, again := f.found[id]; !again && slices.Contains(f.ids, id) {
				f.found[id] = name
			}
			return true
		})
	})
	return err
}

// Resolve finds what a policy says for a user.
func (n *Names) Resolve(f *policy.File, w Who) (*policy.Policy, error) {
	p := new(policy.Policy)
	if t := p.Resolve(f, n.Caller(w), policy.Path); !t.OK() {
		return nil, t.Err()
	}
	return p, nil
}

// Learn asks the name service for what a policy needs to know of a user and the
// account files do not have: names, where the policy has patterns or unknown
// names, and the login shell. It returns the policy with the answers, nil if there
// are none. An error says that the name service could not be asked.
//
// Where it says that there is no such account or group, a directory server may be
// down: that is an answer only where nothing but files is asked.
func (n *Names) Learn(f *policy.File, data []byte, w Who, names bool, now int64) ([]byte, error) {
	l := &learner{Names: n, list: learntOf(f), now: now}
	l.account(w.UID, names)
	if names {
		l.groups(append([]uint32{w.GID}, w.Groups...))
	}
	if !l.changed {
		return nil, l.failed
	}
	t := tailOf(f)
	t.learnt = l.list
	if t.expires == 0 || t.expires > now+normalAge {
		t.expires = now + normalAge
	}
	out := seal(bodyOf(data), t)
	if len(out) > policy.MaxSize {
		return nil, l.failed
	}
	return out, l.failed
}

// learner adds to what was learnt.
type learner struct {
	*Names
	list    []Learnt
	now     int64
	changed bool
	failed  error
}

// fresh tells whether something younger than a day is known.
func (l *learner) fresh(subject, id uint32) bool {
	return slices.ContainsFunc(l.list, func(o Learnt) bool {
		return o.Subject == subject && o.ID == id && o.When <= l.now && l.now-o.When < learntAge
	})
}

func (l *learner) set(subject, id uint32, text string) {
	l.list = slices.DeleteFunc(l.list, func(o Learnt) bool { return o.Subject == subject && o.ID == id })
	l.list = append(l.list, Learnt{subject, id, text, l.now})
	l.changed = true
}

// account learns of a uid that the account file does not have.
func (l *learner) account(uid uint32, name bool) {
	file := &inFile{names: l.Names, subject: policy.SubjectUser, ids: []uint32{uid}}
	if _, state := file.of(uid); state != policy.Nameless {
		return
	}
	if l.fresh(policy.SubjectShell, uid) && (!name || l.fresh(policy.SubjectUser, uid)) {
		return
	}
	answer, err := l.Service.Accounts([]uint32{uid})
	a, ok := answer[uid]
	switch {
	case ok:
		shell := a.Shell
		if shell == "" {
			shell = "/bin/sh" // passwd(5)
		}
		l.set(policy.SubjectShell, uid, shell)
		l.set(policy.SubjectUser, uid, a.Name)
	case err != nil:
		l.failed = err
	case l.answers(policy.SubjectUser):
		l.set(policy.SubjectShell, uid, "")
		l.set(policy.SubjectUser, uid, "")
	}
}

// groups learns of gids that the account file does not have.
func (l *learner) groups(gids []uint32) {
	file := &inFile{names: l.Names, subject: policy.SubjectGroup, ids: gids}
	missing := slices.DeleteFunc(slices.Clone(gids), func(gid uint32) bool {
		_, state := file.of(gid)
		return state != policy.Nameless || l.fresh(policy.SubjectGroup, gid)
	})
	if len(missing) == 0 {
		return
	}
	answer, err := l.Service.Names(account.Groups, missing)
	if err != nil {
		l.failed = err
	}
	none := err == nil && l.answers(policy.SubjectGroup)
	for _, gid := range missing {
		if name := answer[gid]; name != "" || none {
			l.set(policy.SubjectGroup, gid, name)
		}
	}
}
