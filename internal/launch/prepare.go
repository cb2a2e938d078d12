package launch

import (
	"errors"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
	"tmpshell/internal/namespace"
	"tmpshell/internal/sys"
)

// tmpVariables are the ones that programs ask for a temporary directory. One
// that names another user's directory never reaches a session.
var tmpVariables = []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR"}

const runtimeVariable = "XDG_RUNTIME_DIR"

// Prepared is what the directories of a session came to.
type Prepared struct {
	// Set and Unset are changes to the environment, in this order: Unset
	// first.
	Set   []config.Setting
	Unset []string
	// Failures are directories that could not be had as configured.
	Failures []Failure
	// Notices are for the system log alone.
	Notices []string
	// Setup: "tmpshellctl setup" would mend them.
	Setup bool
	// Denied: with OnFailure deny, one of them ends the login.
	Denied bool
}

// Failure is one directory that could not be had.
type Failure struct {
	Path string
	Why  string
	// Instead is the directory used in its place, empty for none.
	Instead string
}

// need is a directory that must be there before the session.
type need interface {
	Path(uid uint32) string
	Verify(uid uint32) error
}

// maker makes the directories that are missing, and says why it could not.
type maker func(missing []need) Reasons

// preparer is one call of Prepare.
type preparer struct {
	uid    uint32
	make   maker
	status map[need]error
	out    Prepared
}

// Prepare verifies the session's directories, has the missing ones made, mounts
// those that are to be mounted and says what to tell the session. Nothing is
// named that was not just verified.
func Prepare(uid uint32, p config.Policy, env Environment, mk maker, mount mounter) Prepared {
	pr := &preparer{uid: uid, make: mk, status: make(map[need]error)}
	pr.out.Unset = foreign(uid, p, env)
	if p.Exempt {
		return pr.out
	}
	needs := make([]need, 0, len(p.Directories)+1)
	for _, s := range dirs.Specs(p) {
		if s != dirs.Runtime || !keepsRuntime(uid, env) {
			needs = append(needs, s)
		}
	}
	mountErr := pr.mounted(p, mount, needs)
	for _, d := range p.Directories {
		switch {
		case d.Method == config.Env:
			pr.directory(d, p.Deny, dirs.Private(d.Path).Path(uid), pr.status[dirs.Private(d.Path)])
		case d.Mounted() && mountErr == nil:
			pr.directory(d, p.Deny, d.Path, nil)
		case d.Mounted():
			pr.unmounted(d, p.Deny, mountErr)
		}
	}
	if err, asked := pr.status[dirs.Runtime]; asked && err == nil {
		pr.out.Set = append(pr.out.Set, config.Setting{Name: runtimeVariable, Value: dirs.Runtime.Path(uid)})
	} else if asked {
		pr.out.Unset = append(pr.out.Unset, runtimeVariable)
	}
	return pr.out
}

// mounted sees to all that is needed, and mounts what is to be mounted: all of
// it, or none.
func (pr *preparer) mounted(p config.Policy, mount mounter, needs []need) error {
	plan := planOf(pr.uid, p, func(text string) { pr.out.Notices = append(pr.out.Notices, text) })
	if len(plan.Directories) == 0 {
		pr.verify(needs)
		return nil
	}
	_, err := p.Conflict() // two Match blocks together may make one
	inPlace := false
	if err == nil {
		inPlace, err = mount.May(plan)
	}
	if inPlace {
		pr.verify(needs)
		return nil
	}
	if err == nil {
		instances := dirs.Instances(p)
		for _, i := range instances {
			needs = append(needs, i)
		}
		pr.verify(needs)
		needs = nil
		for _, i := range instances {
			if why := pr.status[i]; errors.Is(why, dirs.ErrShare) {
				pr.out.Notices = append(pr.out.Notices, "not shared: "+why.Error())
			} else if why != nil && err == nil {
				err = why
			}
		}
		if err == nil {
			err = mount.Enter(plan)
		}
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, namespace.ErrUndone) {
		pr.out.Denied = true
		pr.out.Failures = append(pr.out.Failures, Failure{Path: plan.Directories[0].At, Why: err.Error()})
		return err
	}
	pr.out.Setup = pr.out.Setup || errors.Is(err, errSetup)
	if !p.Deny {
		for _, s := range dirs.Fallbacks(p) {
			needs = append(needs, s)
		}
	}
	pr.verify(needs)
	return err
}

// verify looks at what is needed and has made what is not there.
func (pr *preparer) verify(needs []need) {
	var missing []need
	for _, n := range needs {
		if pr.status[n] = n.Verify(pr.uid); pr.status[n] != nil {
			missing = append(missing, n)
		}
	}
	if len(missing) == 0 {
		return
	}
	reasons := pr.make(missing)
	pr.out.Setup = pr.out.Setup || reasons.setup
	for _, n := range missing {
		err := n.Verify(pr.uid)
		if why := reasons.of(n.Path(pr.uid)); err != nil && why != "" {
			switch {
			case errors.Is(err, dirs.ErrShare):
			case errors.Is(err, dirs.ErrUnsafe) && !strings.Contains(why, err.Error()):
				err = errors.New(err.Error() + "; " + why)
			default:
				err = errors.New(why) // says more than that it is missing
			}
		}
		pr.status[n] = err
	}
}

// directory decides about one directory after everything was made that could
// be; err says what is still wrong with it.
func (pr *preparer) directory(d config.Directory, deny bool, where string, err error) {
	if err != nil {
		f := Failure{Path: d.Path, Why: err.Error()}
		if deny {
			pr.out.Denied = true
		} else if instead, err := dirs.Fallback(d.Path, pr.uid); err == nil {
			f.Instead = instead
		}
		where = f.Instead
		pr.out.Failures = append(pr.out.Failures, f)
	}
	pr.variables(d, where)
}

// unmounted gives a session the directory of method env where nothing could be
// mounted.
func (pr *preparer) unmounted(d config.Directory, deny bool, why error) {
	private := dirs.Private(d.Path)
	if err, asked := pr.status[private]; deny || !asked || err != nil {
		pr.directory(d, deny, "", why)
		return
	}
	where := private.Path(pr.uid)
	pr.out.Failures = append(pr.out.Failures, Failure{Path: d.Path, Why: why.Error(), Instead: where})
	pr.variables(d, where)
}

func (pr *preparer) variables(d config.Directory, where string) {
	for _, name := range d.Variables {
		if where == "" {
			pr.out.Unset = append(pr.out.Unset, name)
		} else {
			pr.out.Set = append(pr.out.Set, config.Setting{Name: name, Value: where})
		}
	}
}

// foreign lists the variables that name another user's directory.
func foreign(uid uint32, p config.Policy, env Environment) []string {
	names := tmpVariables
	for _, d := range p.Directories {
		for _, v := range d.Variables {
			if !slices.Contains(names, v) {
				names = append(names[:len(names):len(names)], v)
			}
		}
	}
	var list []string
	for _, name := range names {
		if env.Any(name, func(value string) bool { return dirs.IsOthers(value, uid) }) {
			list = append(list, name)
		}
	}
	return list
}

// keepsRuntime tells whether the inherited XDG_RUNTIME_DIR is what the XDG Base
// Directory Specification 0.8 demands: absolute, a directory, the user's, 0700.
func keepsRuntime(uid uint32, env Environment) bool {
	value, ok := env.Get(runtimeVariable)
	if !ok || !path.IsAbs(value) {
		return false
	}
	st, err := sys.StatPath(value)
	return err == nil && st.Type() == unix.S_IFDIR && st.UID == uid && st.Perm() == 0o700
}
