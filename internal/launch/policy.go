package launch

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/accounts"
	"tmpshell/internal/bare"
	"tmpshell/internal/build"
	"tmpshell/internal/policy"
)

var (
	policyFile policy.File
	// policyData is room for the usual policy; a larger one gets memory.
	policyData [24 << 10]byte
)

// whatDoesThePolicySay reads the policy, has it made anew where it may not be
// obeyed, and resolves it for this session.
func (l *launcher) whatDoesThePolicySay() bool {
	if l.verdict == plain {
		l.nothingAsked()
		return true
	}
	t := readPolicy()
	if !t.OK() && !configured() {
		l.policy.BuiltIn(l.uid == 0)
		l.session.known = resolved
		return true
	}
	helped := false
	switch {
	case t.OK():
	case t.Kind() == bare.Kept:
		return l.withoutPolicy(&t)
	default:
		why := l.runHelper()
		helped = true
		t = readPolicy()
		// An account file may be changed at the same time: what is stale again
		// is compiled again.
		for tries := 0; why.OK() && t.Kind() == bare.Object && tries < 5; tries++ {
			why = l.runHelper()
			t = readPolicy()
		}
		if !t.OK() && why.Kind() == bare.Kept {
			t = why
		}
		if !t.OK() {
			return l.withoutPolicy(&t)
		}
	}
	if t = l.resolve(); t.OK() && l.policy.Unlearnt && !helped {
		_ = l.runHelper() // where it could not learn the names, the strict side counts
		if t = readPolicy(); t.OK() {
			t = l.resolve()
		}
	}
	if !t.OK() {
		return l.withoutPolicy(&t)
	}
	l.session.known = resolved
	if l.policy.Unknown {
		l.notice("names of " + build.Config + " could not be learned: what restricts counts, and what grants does not")
	}
	return true
}

// withoutPolicy: there is a configuration, and what it says is not known.
func (l *launcher) withoutPolicy(t *bare.Trouble) bool {
	l.policy = policy.Policy{}
	if hasNoRoot() {
		// A user namespace in which nothing is root's: its configuration is
		// nobody's, and who is in there is free of it already.
		l.session.known = resolved
		l.policy.Exempt = true
	}
	if !l.goOn(t) {
		return false
	}
	l.nothingAsked()
	return true
}

// hasNoRoot tells whether the root directory itself is not root's, as in a user
// namespace that root is not mapped into (user_namespaces(7)).
func hasNoRoot() bool {
	var st bare.Stat
	return bare.StatPath("/", &st) == 0 && st.UID != 0
}

// nothingAsked is the policy of a plain session.
func (l *launcher) nothingAsked() {
	l.policy = policy.Policy{Exempt: true}
	l.session.known = resolved
}

func readPolicy() bare.Trouble {
	t := policyFile.Read(policy.Path, policyData[:])
	if t.OK() {
		t = policyFile.Check(policy.Path)
	}
	return t
}

// configured tells whether there is a configuration: everything but a plain "no"
// says that there is, also a link to nothing. It needs no descriptor, but for kernels
// without statx(2).
func configured() bool {
	var st bare.Stat
	e := bare.LstatPath(build.Config, &st)
	if e == bare.Errno(unix.ENOSYS) {
		var fd int
		fd, e = bare.Open(build.Config, unix.O_PATH|unix.O_NOFOLLOW)
		bare.Close(fd)
	}
	return e != bare.Errno(unix.ENOENT)
}

func (l *launcher) resolve() bare.Trouble {
	c := policy.Caller{UID: l.uid, GID: l.gid, Groups: l.groups, UserName: ownName, GroupName: groupName}
	return l.policy.Resolve(&policyFile, &c, policy.Path)
}

// name is what an account file says of one number.
type name struct {
	text  string
	state policy.NameState
}

// maxNamed is how many groups a session may have for their names to be looked
// up. Those beyond are not known.
const maxNamed = 256

var (
	userName   name
	userAsked  bool
	groupNames [maxNamed]name
	groupAsked bool
)

// ownName is the login name by /etc/passwd.
func ownName() (string, policy.NameState) {
	if !userAsked {
		userAsked = true
		var a accounts.Account
		if found, t := accounts.ByUID(self.uid, &a); t.OK() {
			userName = named(found, a.Name)
		}
	}
	return userName.text, userName.state
}

// groupName is the name of the i-th supplementary group, or for -1 of the
// session's gid, by /etc/group.
func groupName(i int) (string, policy.NameState) {
	l := &self
	if !groupAsked {
		groupAsked = true
		l.nameGroups()
	}
	if i++; i >= maxNamed {
		return "", policy.NotKnown
	}
	return groupNames[i].text, groupNames[i].state
}

func (l *launcher) nameGroups() {
	n := min(len(l.groups)+1, maxNamed)
	t := accounts.EachGroup(func(name string, gid uint32) bool {
		for i := range n {
			if l.groupAt(i) == gid && groupNames[i].state == policy.NotKnown {
				groupNames[i] = named(true, name)
			}
		}
		return true
	})
	for i := range n {
		if groupNames[i].state == policy.NotKnown && t.OK() {
			groupNames[i].state = policy.Nameless
		}
	}
}

func (l *launcher) groupAt(i int) uint32 {
	if i == 0 {
		return l.gid
	}
	return l.groups[i-1]
}

// named keeps a name. One for which there is no room is not known.
func named(found bool, text string) name {
	if !found {
		return name{"", policy.Nameless}
	}
	kept := self.strings.join(text, "", "")
	if kept == "" {
		return name{}
	}
	return name{kept, policy.Named}
}
