package doctor

import (
	"errors"
	"path"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/build"
	"tmpshell/internal/compile"
	"tmpshell/internal/policy"
)

// checkPolicy: the compiled configuration, which is what logins go by, is there
// and is what the configuration says.
func checkPolicy(m *machine, r *report) error {
	f := new(policy.File)
	t := f.Read(policy.Path, make([]byte, policy.MaxSize+1))
	switch err := t.Err(); {
	case t.Missing():
		r.note(policy.Path + " is missing: the next login that needs it makes it")
	case t.Unsafe():
		r.warn(err.Error()+": it is not obeyed, and the next login makes it anew", setUp)
	case err != nil:
		return err
	default:
		r.policyFile(f)
	}
	r.policyPlace()
	if m.confErr == nil {
		r.names(m)
	}
	r.otherwise(policy.Path + " is what " + build.Config + " says")
	return nil
}

// policyFile looks at a policy that is whole.
func (r *report) policyFile(f *policy.File) {
	if t := f.Check(policy.Path); !t.OK() {
		r.note(t.Err().Error() + ": the next login makes " + policy.Path + " anew")
		return
	}
	if f.Flags()&policy.FlagWrong != 0 {
		r.error(policy.Path+" is the last good policy: "+build.Config+" is wrong, and what it says now is not in force", nil)
	}
	if f.Flags()&policy.FlagNames != 0 {
		r.warn("the name service did not answer when "+policy.Path+" was made: of what depends on unknown names, restrictions count and grants do not", setUp)
	}
}

// policyPlace: a login can keep the policy.
func (r *report) policyPlace() {
	dir := path.Dir(policy.Path)
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err == nil && fs.Flags&unix.ST_RDONLY != 0 {
		r.warn(dir+" is on a read-only file system: a policy that is not up to date stays so, and sessions with restrictions are refused", nil)
	}
	nodes, err := way(dir)
	if err == nil {
		r.rootsAlone(nodes, policy.Path, make(map[string]bool))
	}
}

// names: every name in the configuration is somebody's.
func (r *report) names(m *machine) {
	result, err := compile.All(m.conf, compile.Options{})
	var t bare.TroubleError
	switch {
	case err != nil && !errors.As(err, &t):
		r.error(err.Error(), nil)
	case err != nil:
		r.note(err.Error())
	case result.Failed != nil:
		r.warn("the name service does not answer: "+result.Failed.Error(), nil)
	}
	for _, e := range result.Unknown {
		r.warn(e.Error()+": for accounts of the network, restrictions that name it count, and grants do not", nil)
	}
}
