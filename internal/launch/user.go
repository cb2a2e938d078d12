package launch

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/accounts"
	"tmpshell/internal/bare"
)

// identity is whom --user names.
type identity struct {
	uid, gid uint32
	groups   []uint32
	home     string // a line of the account file
	// grouped: GROUP was given. The user's own groups do not count then.
	grouped bool
}

// homeEntry is HOME of the user of --user, which outlives everything else of a
// login: empty for the caller's.
var (
	homeEntry [unix.PathMax]byte
	homeGiven bool
)

// becomeUser makes the process the user of --user, before anything is asked or
// decided: from then on it is that user's session, and everything is theirs. It
// does what gosu(1) does with USER[:GROUP], which images are written for.
//
// Only root can. Another caller gets a refusal here, and nothing is tried:
// whatever capabilities the program file may have are for something else. A process
// that is the user already, as tmpshell-session is, stays as it is.
func (l *launcher) becomeUser() bool {
	if l.inv.User == "" {
		return true
	}
	var id identity
	t := l.findUser(&id)
	switch {
	case !t.OK():
	case bare.Geteuid() == 0 && bare.Getuid() == 0:
		t = id.become()
	case !bare.IsUID(id.uid) || id.grouped && !bare.IsGID(id.gid):
		t = bare.Trouble{Why: "needs root, or that user; this is uid", Value: uint64(bare.Getuid()), Base: 10}
	}
	if t.OK() {
		t = setHome(id.home)
	}
	if !t.OK() {
		if t.Where == "" {
			t.Where = l.strings.join("--user ", l.inv.User, "")
		}
		return l.goOn(&t) // which demands what was asked for, and so refuses
	}
	l.became = true
	l.takeEnvironment()
	return true
}

// takeEnvironment begins with the caller's, and the HOME of --user.
func (l *launcher) takeEnvironment() {
	l.env.Take(l.given)
	if homeGiven {
		l.env.Set("HOME", &homeEntry[0])
	}
}

func setHome(home string) bare.Trouble {
	to := bare.NewText(homeEntry[:len(homeEntry)-1])
	to.Add("HOME=")
	to.Add(home)
	if homeGiven = !to.Full(); !homeGiven {
		return bare.Broken("", "", "has too long a home directory")
	}
	return bare.Trouble{}
}

// findUser looks USER[:GROUP] up in the account files of the image. A number that
// no line has is a number: the gid is then the caller's, and HOME the root
// directory. An empty USER is the caller.
func (l *launcher) findUser(id *identity) bare.Trouble {
	user, group, _ := strings.Cut(l.inv.User, ":")
	id.uid, id.gid, id.home, id.grouped = bare.Getuid(), bare.Getgid(), "/", group != ""
	uid, number := accounts.ParseID(user)
	if user == "" {
		uid, number = id.uid, true
	}
	var a accounts.Account
	found, t := false, bare.Trouble{}
	if number {
		id.uid = uid
		found, t = accounts.ByUID(uid, &a)
	} else {
		found, t = accounts.ByName(user, &a)
	}
	if !t.OK() || !found && !number {
		return orElse(t, "names no user of /etc/passwd")
	}
	if found {
		id.uid, id.gid, id.home = a.UID, a.GID, l.strings.join(a.Home, "", "")
	}
	switch gid, isNumber := accounts.ParseID(group); {
	case isNumber:
		id.gid = gid
	case id.grouped:
		if id.gid, found, t = accounts.GroupByName(group); !found {
			return orElse(t, "names no group of /etc/group")
		}
	case found:
		id.groups, t = accounts.GroupsOf(l.strings.join(a.Name, "", ""), groupIDs[:])
	}
	return t
}

// orElse is the trouble, or where there is none a rule that is broken.
func orElse(t bare.Trouble, why string) bare.Trouble {
	if t.OK() {
		return bare.Broken("", "", why)
	}
	return t
}

// have is room for the groups that the kernel has.
var have [usualGroups]uint32

// become drops root for good, and asks the kernel whether it has.
func (id *identity) become() bare.Trouble {
	if e := bare.SetGroups(id.groups); e != 0 {
		return bare.Failed("setgroups", e, "", "")
	}
	if e := bare.SetGID(id.gid); e != 0 {
		return bare.Failed("setresgid", e, "", "")
	}
	if e := bare.SetUID(id.uid); e != 0 {
		return bare.Failed("setresuid", e, "", "")
	}
	_, _ = bare.Prctl(unix.PR_SET_DUMPABLE, 0, 0) // fs.suid_dumpable may have made it so
	now, e := bare.Groups(have[:])
	same := e == 0 && len(now) == len(id.groups)
	for i := range id.groups {
		same = same && slices.Contains(now, id.groups[i])
	}
	if !same || !bare.IsUID(id.uid) || !bare.IsGID(id.gid) {
		return bare.Trouble{Why: "is not whom the kernel says this process is", Lost: true}
	}
	return bare.Trouble{}
}
