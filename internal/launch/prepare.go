package launch

import (
	"errors"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
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

// maker makes the directories that are missing, and says why it could not.
type maker func(missing []dirs.Spec) Reasons

// Prepare verifies the session's directories, has the missing ones made, and
// says what to tell the session. Nothing is named that was not just verified.
func Prepare(uid uint32, p config.Policy, env Environment, mk maker) Prepared {
	out := Prepared{Unset: foreign(uid, p, env)}
	if p.Exempt {
		return out
	}
	specs := dirs.Specs(p)
	if keepsRuntime(uid, env) {
		specs = remove(specs, dirs.Runtime)
	}
	status := make(map[dirs.Spec]error, len(specs))
	var missing []dirs.Spec
	for _, spec := range specs {
		if status[spec] = dirs.Verify(spec, uid); status[spec] != nil {
			missing = append(missing, spec)
		}
	}
	if len(missing) > 0 {
		reasons := mk(missing)
		out.Setup = reasons.setup
		for _, spec := range missing {
			status[spec] = dirs.Verify(spec, uid)
			if why := reasons.of(spec.Path(uid)); status[spec] != nil && why != "" {
				if errors.Is(status[spec], dirs.ErrUnsafe) && !strings.Contains(why, status[spec].Error()) {
					why = status[spec].Error() + "; " + why
				}
				status[spec] = errors.New(why) // says more than that it is missing
			}
		}
	}
	for _, d := range p.Directories {
		if d.Method != config.Off {
			out.directory(uid, d, p.Deny, status[dirs.Private(d.Path)])
		}
	}
	if err, asked := status[dirs.Runtime]; asked && err == nil {
		out.Set = append(out.Set, config.Setting{Name: runtimeVariable, Value: dirs.Runtime.Path(uid)})
	} else if asked {
		out.Unset = append(out.Unset, runtimeVariable)
	}
	return out
}

func remove(specs []dirs.Spec, gone dirs.Spec) []dirs.Spec {
	return slices.DeleteFunc(specs, func(s dirs.Spec) bool { return s == gone })
}

// errMount: see config.notInEffect.
var errMount = errors.New("methods mount and tmpfs are not in effect yet in this version of tmpshell")

// directory decides about one directory after everything was made that could
// be; err says what is still wrong with it.
func (out *Prepared) directory(uid uint32, d config.Directory, deny bool, err error) {
	where := dirs.Private(d.Path).Path(uid)
	if err == nil && d.Method != config.Env && deny {
		err = errMount
	}
	if err != nil {
		f := Failure{Path: d.Path, Why: err.Error()}
		if deny {
			out.Denied = true
		} else if instead, err := dirs.Fallback(d.Path, uid); err == nil {
			f.Instead = instead
		}
		where = f.Instead
		out.Failures = append(out.Failures, f)
	}
	for _, name := range d.Variables {
		if where == "" {
			out.Unset = append(out.Unset, name)
		} else {
			out.Set = append(out.Set, config.Setting{Name: name, Value: where})
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
