package clean

import (
	"errors"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// ErrAtWork: another run has not ended.
var ErrAtWork = errors.New("another tmpshellctl is cleaning")

// lock keeps two runs apart. They would do no harm, but the work twice; so that
// what keeps the lock from being had stops nothing.
func lock(o Options) (unlock func(), err error) {
	if o.DryRun || o.Unlocked {
		return func() {}, nil
	}
	fd, err := sys.TryLock("/run", "tmpshell-clean.lock")
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, ErrAtWork
	}
	return func() { sys.Close(fd) }, nil
}
