package compile

import (
	"slices"

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
		return nil, asError(t)
	}
	return p, nil
}

// maxLearnt bounds the table; the oldest go.
const maxLearnt = 4096

// Learn asks the name service for those names of a user that the account files do
// not have, and returns the policy with the answers. An error says that it could
// not be asked, and comes with what it has said of the others, if there is
// anything.
//
// Where the name service says that a number has no name, a directory server may
// be down: that is an answer only where nothing but files is asked.
func (n *Names) Learn(f *policy.File, data []byte, w Who, now int64) ([]byte, error) {
	learnt := learntOf(f)
	before := len(learnt)
	var failed error
	ask := func(subject uint32, ids []uint32) {
		file := &inFile{names: n, subject: subject, ids: ids}
		missing := slices.DeleteFunc(slices.Clone(ids), func(id uint32) bool {
			_, state := file.of(id)
			_, _, known := f.Learnt(subject, id)
			return state != policy.Nameless || known
		})
		if len(missing) == 0 {
			return
		}
		answer, err := n.Service.Names(database(subject), missing)
		if err != nil {
			failed = err
		}
		none := err == nil && n.filesAlone(subject)
		for _, id := range missing {
			if name := answer[id]; name != "" || none {
				learnt = append(learnt, Learnt{subject, id, name, now})
			}
		}
	}
	ask(policy.SubjectUser, []uint32{w.UID})
	ask(policy.SubjectGroup, append([]uint32{w.GID}, w.Groups...))
	if len(learnt) == before {
		return nil, failed
	}
	t := tailOf(f)
	t.learnt = learnt[max(0, len(learnt)-maxLearnt):]
	if t.expires == 0 || t.expires > now+normalAge {
		t.expires = now + normalAge
	}
	out := seal(bodyOf(data), t)
	if len(out) >= policy.MaxSize {
		return nil, failed
	}
	return out, failed
}
