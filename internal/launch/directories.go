package launch

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/build"
	"tmpshell/internal/owned"
	"tmpshell/internal/policy"
	"tmpshell/internal/private"
)

// directory is one private directory of the session.
type directory struct {
	policy.Directory
	// path is what the variables name, empty for none.
	path string
}

// prepared is what is known of the session so far.
type prepared struct {
	known knowledge
	n     int
	// mounts is how many directories are to be mounted.
	mounts int
	// entered: everything that is to be mounted is.
	entered bool
	// batch: the session says that it is a batch job's, see per=.
	batch bool
	// runtime is XDG_RUNTIME_DIR, empty for none. It is left as it is where
	// keepRuntime says so.
	runtime     string
	keepRuntime bool
	// fell: it goes without something that the policy has for it.
	fell bool
	// helped: the helper has run. setup: it has no capabilities.
	helped, setup bool
	// unmounted is why nothing can be mounted, and noSession why the program
	// that could was not executed.
	unmounted bare.Trouble
	noSession bare.Errno

	list []directory
}

// tmpVariables are the ones that programs ask for a temporary directory. One
// that names another user's directory never reaches a session.
const tmpVariables = "TMPDIR,TMP,TEMP,TEMPDIR"

// directories verifies the session's directories, has those made that are
// missing, mounts what is to be mounted, and says whether a session may begin.
// Nothing is named in the environment that was not just verified.
func (l *launcher) directories() bool {
	if l.policy.Exempt {
		return true
	}
	if t := l.plan(); !t.OK() && !l.cannot(&t) {
		return false
	}
	l.mount()
	for i := 0; l.verdict == asConfigured && i < l.session.n; i++ {
		l.directory(&l.session.list[i])
	}
	switch l.verdict {
	case asConfigured:
		l.runtimeDirectory()
	case plain:
		l.nothingAsked()
	}
	return l.verdict != refused
}

// plan lists the directories.
func (l *launcher) plan() bare.Trouble {
	s := &l.session
	for slot, ok := uint32(0), true; ; {
		switch s.n {
		case len(directoryList):
			return bare.Broken("", "", "more directories than there is room for")
		case len(s.list):
			//lint:ignore S1001 copy would call the runtime for a write barrier
			for i := range s.list {
				directoryList[i] = s.list[i]
			}
			s.list = directoryList[:]
		}
		if slot, ok = l.policy.Directory(slot, &s.list[s.n].Directory); !ok {
			break
		}
		if s.list[s.n].Method != policy.Off {
			s.n++
		}
	}
	return bare.Trouble{}
}

// directory sees to one directory.
func (l *launcher) directory(d *directory) {
	if d.Mounted() && l.session.entered {
		d.path = d.Path
		return
	}
	why := l.session.unmounted
	if !d.Mounted() {
		why = l.verifyEnv(d)
	}
	switch {
	case why.OK():
	case why.Kind() != bare.Object:
		l.goOn(&why)
	case l.policy.Deny:
		l.verdict = refused
		l.report(d, &why)
	default:
		l.instead(d, why)
	}
}

// verifyEnv verifies a directory of method env, and again when the helper has
// made it.
func (l *launcher) verifyEnv(d *directory) bare.Trouble {
	t := l.lookAtEnv(d)
	if t.Kind() != bare.Object || l.session.helped || t.Why == owned.NotSticky {
		return t // the helper makes nothing there, either
	}
	why := l.runHelper()
	if t = l.lookAtEnv(d); t.Kind() != bare.Object || why.OK() {
		return t
	}
	if why.Kind() == bare.Object {
		to := l.strings.text()
		private.Env{Parent: d.Path}.AddPath(&to, l.uid)
		why.Why = l.strings.join(build.Helper(), ": ", reasonFor(l.strings.keep(&to)))
	}
	return why
}

// lookAtEnv verifies it, and names it if it is as it must be.
func (l *launcher) lookAtEnv(d *directory) bare.Trouble {
	env := private.Env{Parent: d.Path}
	t := env.Verify(l.uid)
	if t.OK() {
		to := l.strings.text()
		env.AddPath(&to, l.uid)
		d.path = l.strings.keep(&to)
	}
	return t
}

// instead finds something else for a directory that cannot be had: the directory
// of method env, where nothing could be mounted; the path itself, where that is
// the user's own, as a volume may be; or a fallback that is made without privilege.
// There may be none.
func (l *launcher) instead(d *directory, why bare.Trouble) {
	found := false
	if d.Mounted() {
		t := l.verifyEnv(d)
		found = t.OK()
	}
	if !found {
		t := owned.Own(d.Path, l.uid)
		if found = t.OK(); found {
			d.path = d.Path
		} else if t.Why == owned.Writable { // no base is made there, and no fallback: say what helps
			why, why.Where = t, d.Path
		}
	}
	if !found {
		to := l.strings.text()
		if t := private.Fallback(d.Path, l.uid, &to); t.OK() {
			d.path = l.strings.keep(&to)
		} else if t.Kind() != bare.Object {
			l.goOn(&t)
			return
		}
	}
	l.report(d, &why)
}

// cannot says that a directory cannot be had, which OnFailure deny does not
// bear.
func (l *launcher) cannot(why *bare.Trouble) bool {
	if l.policy.Deny {
		l.verdict = refused
	}
	l.complain(why)
	return l.verdict != refused
}

// report tells the log, and the user at a terminal or without a session, why a
// directory cannot be had, and what is used instead.
func (l *launcher) report(d *directory, why *bare.Trouble) {
	var buf [maxLine]byte
	t := bare.NewText(buf[:])
	t.Add("no private directory in ")
	t.Add(d.Path)
	t.Add(": ")
	why.Tell(&t)
	if l.mayBeForbidden(why) {
		addConfinement(&t)
	}
	if d.path != "" {
		t.Add("; using ")
		t.Add(d.path)
	}
	l.log(logWarning, l.outcome(), t.String())
	if l.verdict == refused || l.toTerminal() {
		hint := ""
		switch {
		case why.Why == owned.Writable:
			hint = l.strings.join(`run "chmod go-w `, d.Path, `" before this; or set "Directory `)
			hint = l.strings.join(hint, d.Path, ` off" in tmpshell.conf`)
		case l.session.setup:
			hint = setupHint
		case why.Why == owned.NotSticky:
			hint = l.strings.join(`root can run "chmod +t `, why.Where, `" before this; or set "Directory `)
			hint = l.strings.join(hint, d.Path, ` off" in tmpshell.conf`)
		}
		l.tell(t.String(), "", hint)
	}
}

const runtimeVariable = "XDG_RUNTIME_DIR"

// runtimeDirectory finds a value for XDG_RUNTIME_DIR: the caller's, if it is
// what the XDG Base Directory Specification 0.8 demands (absolute, a directory,
// the user's, 0700); that of logind; or one inside the private directory, where
// no logind would mount over it.
func (l *launcher) runtimeDirectory() {
	s := &l.session
	if !l.policy.Runtime {
		s.keepRuntime = true
		return
	}
	if value, ok := l.env.Get(runtimeVariable); ok && l.isRuntime(bare.String(value)) {
		s.keepRuntime = true
		return
	}
	var number [20]byte
	own := l.strings.join("/run/user/", bare.Decimal(&number, uint64(l.uid)), "")
	if l.isRuntime(own) {
		s.runtime = own
		return
	}
	if private.HasLogind() {
		return
	}
	for i := range s.n {
		d := &s.list[i]
		if d.Path != "/tmp" || d.Method == policy.Tmpfs || d.path == "" {
			continue
		}
		inside := l.strings.join(d.path, "/", private.RuntimeName)
		is := l.isRuntime(inside)
		if !is && !s.helped {
			_ = l.runHelper()
			is = l.isRuntime(inside)
		}
		if is {
			s.runtime = inside
		}
	}
}

func (l *launcher) isRuntime(path string) bool {
	var st bare.Stat
	return strings.HasPrefix(path, "/") && bare.StatPath(path, &st) == 0 &&
		st.Type() == unix.S_IFDIR && st.UID == l.uid && st.Perm() == 0o700
}
