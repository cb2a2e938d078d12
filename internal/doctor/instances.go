package doctor

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"tmpshell/internal/making"
	"tmpshell/internal/private"
)

// checkInstances: what is mounted over a shared directory is kept where only
// root gets at it, and there is a directory to mount it over.
func checkInstances(m *machine, r *report) error {
	var right []string
	for _, i := range m.needs.Instances {
		if err := making.VerifyPlaces(i); errors.Is(err, fs.ErrPermission) {
			r.note(err.Error() + ": only root can tell")
		} else if err != nil && !r.says(err.Error()) {
			r.error(err.Error()+": nothing is mounted for sessions", setUp)
		}
		nested := slices.ContainsFunc(m.needs.Instances, func(o private.Instance) bool { return strings.HasPrefix(i.At, o.At+"/") })
		if err := making.CheckMountPoint(i); err != nil && !nested { // which a login makes
			r.error("nothing can be mounted over "+i.At+": "+err.Error(), mendParent(err))
		}
		right = append(right, i.At)
	}
	if len(right) == 0 {
		r.otherwise("the configuration mounts nothing")
	} else {
		r.otherwise("sessions can have a directory of their own mounted over " + strings.Join(right, ", "))
	}
	return nil
}

// says tells whether a fact was stated already, for another instance.
func (r *report) says(fact string) bool {
	return slices.ContainsFunc(r.results, func(one Result) bool { return strings.HasPrefix(one.Fact, fact) })
}

// mendParent answers what is wrong with a shared directory.
func mendParent(why error) *Fix {
	if _, ok := making.UnsafePath(why); !ok {
		return setUp // makes what is missing
	}
	return mendBase("", why)
}
