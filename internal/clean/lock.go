package clean

import (
	"errors"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// lockName is in /run, where only root makes names.
const lockName = "tmpshell-clean.lock"

// ErrAtWork: another run has not ended.
var ErrAtWork = errors.New("another tmpshellctl is cleaning")

// lock keeps two runs apart. They would do no harm, but the work twice; so that
// what keeps the lock from being had stops nothing.
func lock(o Options) (unlock func(), err error) {
	nothing := func() {}
	if o.DryRun {
		return nothing, nil
	}
	dir, err := sys.OpenPath("/run")
	if err != nil {
		return nothing, nil
	}
	defer sys.Close(dir)
	fd, err := unix.Openat(dir, lockName, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nothing, nil
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err == unix.EWOULDBLOCK {
		sys.Close(fd)
		return nil, ErrAtWork
	}
	return func() { sys.Close(fd) }, nil
}
