package making

import (
	"errors"
	"strings"

	"tmpshell/internal/account"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// maxJob is the length of a job's name; a path with it has to be a socket's, too.
const maxJob = 32

// jobLetters are those of the jobs of Slurm ("17"), PBS ("17[3].server") and Grid
// Engine ("17.3").
const jobLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.[]"

// IsJob tells whether a job's directory can have a name with this.
func IsJob(job string) bool {
	return job != "" && len(job) <= maxJob && strings.Trim(job, jobLetters) == "" && job[0] != '.'
}

// ParseJob reads the name of a job's directory: UID.JOB.
func ParseJob(name string) (uid uint32, job string, ok bool) {
	user, job, _ := strings.Cut(name, ".")
	uid, ok = account.ParseID(user)
	return uid, job, ok && IsJob(job) && decimal(uid) == user
}

// Job makes sure that the directory of a batch job is there, PARENT/.private/UID.JOB,
// and returns its path: the user's, and empty if it was not there. Nobody but root can
// make a name beside it.
func (m *Maker) Job(parent, job string) (string, error) {
	if !IsJob(job) {
		return "", errors.New("the name of a job has up to 32 letters, digits or _-.[]")
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
