package making

import (
	"errors"
	"strings"

	"tmpshell/internal/account"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

var errJob = errors.New("the name of a job has up to 32 letters, digits or _-.[]")

// ParseJob reads the name of a directory of a job's: UID.JOB.
func ParseJob(name string) (uid uint32, job string, ok bool) {
	user, job, _ := strings.Cut(name, ".")
	uid, ok = account.ParseID(user)
	return uid, job, ok && private.IsJob(job) && decimal(uid) == user
}

// JobPath is the directory of a batch job of method env.
func JobPath(parent string, uid uint32, job string) string {
	return EnvPath(parent, uid) + "." + job
}

// Job makes sure that the directory of a batch job is there, PARENT/.private/UID.JOB,
// and returns its path: the user's, and empty if it was not there. Nobody but root can
// make a name beside it.
func (m *Maker) Job(parent, job string) (string, error) {
	if !private.IsJob(job) {
		return "", errJob
	}
	where, entry := parent+"/"+private.Base, decimal(m.UID)+"."+job
	return where + "/" + entry, sys.WithUmask(0, func() error {
		base, m, err := m.base(parent)
		if err != nil {
			return err
		}
		defer sys.Close(base)
		fd, err := m.users(base, where, entry)
		sys.Close(fd)
		return err
	})
}

// JobInstance does so for method mount: STORE/UID.JOB/NAME.
func (m *Maker) JobInstance(i private.Instance, job string) (string, error) {
	if !private.IsJob(job) {
		return "", errJob
	}
	i.Job = job
	return InstancePath(i, m.UID), m.Instance(i)
}
