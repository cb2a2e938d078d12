package launch

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/build"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
	"tmpshell/internal/policy"
	"tmpshell/internal/private"
	"tmpshell/internal/session"
)

var (
	mountPlan session.Plan
	// More than a few, and one more than a plan may have, which then says so.
	mountedList [session.Most + 1]session.Directory
)

// planMounts lists what is to be mounted.
func (l *launcher) planMounts() {
	propagation, n, list := mounts.Shared, 0, l.fewMounted[:]
	var d policy.Directory
	for slot, ok := uint32(0), true; ; {
		if slot, ok = l.policy.Directory(slot, &d); !ok || n == len(mountedList) {
			break
		}
		if n == len(list) {
			//lint:ignore S1001 copy would call the runtime for a write barrier
			for i := range list {
				mountedList[i] = list[i]
			}
			list = mountedList[:]
		}
		if !d.Mounted() {
			continue
		}
		propagation = narrower(propagation, d.Propagation)
		job, named := l.job(d.Per)
		l.session.batch = l.session.batch || named
		list[n] = session.Directory{
			Instance: private.Instance{At: d.Path, Share: d.Share, User: l.policy.User, Store: d.Store, Fresh: d.Method == policy.Tmpfs, Job: job, NoJob: named && job == ""},
			Link:     d.Link, Flags: mounts.Flags(d.Options), Size: d.Size, Inodes: d.Inodes,
		}
		n++
	}
	if l.session.mounts = n; n == 0 {
		return // and its memory is not touched, which costs a page fault
	}
	mountPlan.UID, mountPlan.GID, mountPlan.Directories = l.uid, l.gid, list[:n]
	mountPlan.Propagation, mountPlan.Notice, mountPlan.Mend = propagation, noticeMount, mendShares
}

// narrower is what a session has of the directories so far and one more: one that is
// private makes all of it so, and all of them have to be shared.
func narrower(so mounts.Propagation, of uint32) mounts.Propagation {
	switch {
	case so == mounts.Private || of == policy.PropagationPrivate:
		return mounts.Private
	case of == policy.PropagationShared:
		return so
	}
	return mounts.Slave
}

func noticeMount(t *bare.Trouble) {
	var buf [maxLine]byte
	text := bare.NewText(buf[:])
	t.Tell(&text)
	self.notice(text.String())
}

// mendShares has the helper see to what is shared.
func mendShares() {
	if l := &self; !l.session.helped {
		_ = l.runHelper() // the session does without what it cannot do
	}
}

// needsPrivilege tells whether the session needs a capability that this process
// does not have: those of mounting, unless everything is in place already, and
// those that it is granted.
func (l *launcher) needsPrivilege() bool {
	if l.policy.Exempt {
		return false
	}
	l.planMounts()
	need := l.grants()
	if l.session.mounts > 0 {
		need |= mountPlan.Needs()
	}
	if need == 0 {
		return false
	}
	have, t := capset.Get()
	if !t.OK() {
		return true // the session program finds out, or says so
	}
	missing := need &^ have.Permitted
	if missing&mountPlan.Needs() != 0 && l.session.mounts > 0 && mountPlan.Present() {
		l.session.entered = true
		missing &^= mountPlan.Needs() &^ l.grants()
	}
	return l.toGain(missing) != 0
}

// toGain is what of it the session program can give: with no_new_privs nothing,
// and nothing that is not in the bounding set. Where it is nothing, the program is
// not executed: the kernel would take the ambient set and more for it.
func (l *launcher) toGain(missing capset.Set) capset.Set {
	if nnp, _ := bare.Prctl(unix.PR_GET_NO_NEW_PRIVS, 0, 0); nnp == 1 {
		return 0
	}
	gain := capset.Bounding(missing)
	if mounting := missing & mountPlan.Needs(); !gain.Has(mounting) {
		gain &^= mounting &^ l.grants() // all of them or none
	}
	return gain
}

// grants is what Ambient gives and the caller has not already.
func (l *launcher) grants() capset.Set {
	g := capset.Set(l.policy.Ambient)
	return g &^ capset.Ambient(g)
}

// becomeSession executes the same program with file capabilities, which decides
// anew. It returns where that cannot be had, and whether to go on without.
func (l *launcher) becomeSession() bool {
	if l.execFn == build.Session() {
		return true // it is what this is, and has not got them
	}
	e := bare.Execve(build.Session(), l.args, l.given)
	if e.Kind() == bare.Object {
		l.session.noSession = e
		return true
	}
	t := bare.Failed("cannot run", e, build.Session(), "")
	return l.goOn(&t)
}

// mount puts the directories in place, all of them or none. Why not is kept for
// what is used instead.
func (l *launcher) mount() {
	s := &l.session
	if s.entered || s.mounts == 0 {
		return
	}
	t := conflict()
	if t.OK() {
		t = l.enter()
	}
	s.unmounted = t
	if s.entered && s.batch {
		l.seeToJobs()
	}
	switch {
	case s.entered && t.Kind() != bare.Lost: // what could not be linked, the session does without
	case t.Kind() != bare.Object:
		_ = l.goOn(&t)
	}
}

func (l *launcher) enter() bare.Trouble {
	have, t := capset.Get()
	if !t.OK() {
		return t
	}
	need := mountPlan.Needs()
	if !have.Permitted.Has(need) {
		return l.lacking(need)
	}
	if t = capset.Keep(need | l.grants()); !t.OK() {
		return t
	}
	before, t := capset.Quiet()
	if t.OK() {
		t = l.enterQuietly()
	}
	// execve(2) searches its path with the caller's rights.
	if back := capset.Effective(before); !back.OK() && !l.session.entered {
		return back
	}
	return t
}

// enterQuietly runs without an effective capability.
func (l *launcher) enterQuietly() bare.Trouble {
	t := mountPlan.Prepare()
	if t.Kind() == bare.Object && !l.session.helped {
		if why := l.runHelper(); why.Kind() == bare.Kept {
			return why
		} else if t = mountPlan.Prepare(); !t.OK() && !why.OK() {
			t = why
		}
	}
	if t.OK() {
		t = mountPlan.Enter()
	}
	if t.OK() {
		l.session.entered = true
		t = mountPlan.LinkNamed(l.env.entries[:l.env.n])
	}
	mountPlan.Close()
	return t
}

// restrict makes the session's privilege what the policy says: grants first,
// then everything is dropped that is none, then no_new_privs.
func (l *launcher) restrict() bool {
	if !l.policy.Exempt {
		l.grant()
	}
	if t := capset.Keep(0); !t.OK() {
		t.Lost = true
		return l.goOn(&t)
	}
	if l.policy.NoNewPrivileges && !l.policy.Exempt {
		if _, e := bare.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0); e != 0 {
			t := bare.Failed("prctl", e, "no_new_privs", "")
			t.Lost = true
			return l.goOn(&t)
		}
	}
	return true
}

// grant raises the ambient set, one capability after the other: a session with
// some of them is better than none, and what is missing is said.
func (l *launcher) grant() {
	for rest := l.grants(); rest != 0; rest &= rest - 1 {
		one := rest & -rest
		if t := capset.Grant(one); !t.OK() {
			why := l.notGranted(one, t)
			var buf [maxLine]byte
			text := bare.NewText(buf[:])
			text.Add("cannot grant ")
			one.Tell(&text)
			text.Add(": ")
			why.Tell(&text)
			l.warn(text.String())
			if l.toTerminal() {
				l.tell(text.String(), "", "")
			}
		}
	}
}

func (l *launcher) notGranted(one capset.Set, t bare.Trouble) bare.Trouble {
	if capset.Unknown(one) != 0 {
		return bare.Broken("this kernel", "", "does not have it")
	}
	if have, got := capset.Get(); got.OK() && have.Permitted.Has(one) {
		return t // SECBIT_NO_CAP_AMBIENT_RAISE
	}
	return l.lacking(one)
}

// lacking says why this process does not have capabilities.
func (l *launcher) lacking(need capset.Set) bare.Trouble {
	if l.session.noSession != 0 {
		return bare.Failed("cannot run", l.session.noSession, build.Session(), "")
	}
	if capset.Bounding(need) != need {
		return bare.Broken(build.Session(), "", "has capabilities that this process may not have (bounding set)")
	}
	if nnp, _ := bare.Prctl(unix.PR_GET_NO_NEW_PRIVS, 0, 0); nnp == 1 {
		return bare.Broken(build.Session(), "", "has capabilities that do nothing: no_new_privs is set")
	}
	if isNosuid(build.Session()) {
		return bare.Broken(build.Session(), "", "is on a file system mounted nosuid, and therefore its capabilities do nothing here")
	}
	l.session.setup = true
	return bare.Broken(build.Session(), "", "does not have the capabilities that the configuration needs, or they do nothing here (a user namespace)")
}

// isNosuid tells whether no program of a file system gains anything.
func isNosuid(path string) bool {
	var st unix.Statfs_t
	fd, e := bare.Open(path, unix.O_PATH)
	if e == 0 {
		e = bare.Statfs(fd, &st)
	}
	bare.Close(fd)
	return e == 0 && st.Flags&unix.ST_NOSUID != 0
}
