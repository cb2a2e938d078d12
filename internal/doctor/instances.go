package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/making"
	"tmpshell/internal/private"
)

// checkInstances: what is mounted over a shared directory is kept where only
// root gets at it, and there is a directory to mount it over.
func checkInstances(m *machine, r *report) error {
	var right []string
	if value, err := sysctl(mountNamespaces); err == nil && value == "0" && len(m.needs.Instances) > 0 {
		r.error(mountNamespaces+" is 0: no session gets a mount namespace, and nothing is mounted for it",
			run("sysctl", "-q", "-w", mountNamespaces+"=1024"))
	}
	for _, i := range m.needs.Instances {
		nested := slices.ContainsFunc(m.needs.Instances, func(o private.Instance) bool { return strings.HasPrefix(i.At, o.At+"/") })
		if err := making.CheckMountPoint(i); err != nil && !nested { // which a login makes
			r.error("nothing can be mounted over "+i.At+": "+err.Error(), mendParent(err))
		}
		if err := making.VerifyPlaces(i); errors.Is(err, fs.ErrPermission) {
			r.note(err.Error() + ": only root can tell")
		} else if err != nil && !r.says(err.Error()) {
			r.error(err.Error()+": nothing is mounted for sessions", setUp)
		}
		r.readOnly(i)
		right = append(right, i.At)
	}
	for _, i := range shared(m.needs.Instances) {
		r.left(i)
		for _, path := range meetings(i) {
			r.meeting(path)
		}
	}
	r.administrators(m)
	r.propagation(m)
	if len(right) == 0 {
		r.otherwise("the configuration mounts nothing")
	} else {
		r.otherwise("sessions can have a directory of their own mounted over " + strings.Join(right, ", "))
	}
	return nil
}

// mountNamespaces is how many a user may have.
const mountNamespaces = "user.max_mnt_namespaces"

// readOnly: where nothing can be written to the store, but to the shared directory,
// an instance is not mounted.
func (r *report) readOnly(i private.Instance) {
	store := making.StoreOf(i)
	if i.Fresh || !isReadOnly(store) || isReadOnly(i.At) {
		return
	}
	mnt, err := mountOf(store)
	if err != nil || r.says(store+" is on") {
		return
	}
	r.error(store+" is on "+mnt.Mountpoint+", which is read-only: nothing is mounted for sessions",
		run("mount", "-o", "remount,rw", mnt.Mountpoint))
}

func isReadOnly(path string) bool {
	var st unix.Statfs_t
	return unix.Statfs(path, &st) == nil && st.Flags&unix.ST_RDONLY != 0
}

// shared takes together what any of the configuration's blocks shares of a path.
func shared(list []private.Instance) []private.Instance {
	var all []private.Instance
	for _, i := range list {
		same := slices.IndexFunc(all, func(o private.Instance) bool { return o.At == i.At && o.Store == i.Store })
		switch {
		case i.Fresh:
		case same < 0:
			all = append(all, i)
		default:
			all[same].Share += "," + i.Share
		}
	}
	return all
}

// meeting judges a rendezvous directory of share=.
func (r *report) meeting(path string) {
	var st unix.Stat_t
	err := unix.Lstat(path, &st)
	mode := st.Mode & 0o7777
	switch {
	case errors.Is(err, unix.ENOENT):
		if !r.says(path + " is missing") {
			r.warn(path+" does not exist: any user could create it before a login does", setUp)
		}
	case err != nil:
		r.note(path + ": " + err.Error())
	case st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Uid != 0:
		r.warn(fmt.Sprintf("%s is not a directory of root's, and belongs to uid %d: somebody took the name; the next login moves it aside", path, st.Uid), setUp)
	case mode != 0o1777:
		r.warn(fmt.Sprintf("%s has mode %04o, not 1777: sessions do not share it", path, mode), run("chmod", "1777", path))
	}
}

// left notes what older share= lines have left in the users' directories.
func (r *report) left(i private.Instance) {
	users, err := making.Users(i)
	if err != nil {
		return // said already, or only root can tell
	}
	for _, uid := range users {
		i := i
		if strings.Contains(i.Share, "${USER}") {
			if a, err := account.System().ByUID(uid); err == nil {
				i.User = a.Name
			}
		}
		if names, err := making.Left(i, uid); err == nil && len(names) > 0 {
			r.note(making.InstancePath(i, uid) + " has what an earlier share= has left, until the user's next first session: " + strings.Join(names, ", "))
		}
	}
}

// says tells whether a fact was stated already, for another instance.
func (r *report) says(fact string) bool {
	return slices.ContainsFunc(r.results, func(one Result) bool { return strings.Contains(one.Fact, fact) })
}

// mendParent answers what is wrong with a shared directory.
func mendParent(why error) *Fix {
	if _, ok := making.UnsafePath(why); !ok {
		return setUp // makes what is missing
	}
	return mendBase("", why)
}
