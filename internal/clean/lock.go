package clean

import (
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// ErrAtWork: another run has not ended.
var ErrAtWork = errors.New("another tmpshellctl is cleaning")

// lock keeps two runs apart that would do the same work twice; so that what keeps
// the lock from being had stops nothing.
func lock(o Options) (unlock func(), err error) {
	if o.DryRun || o.Unlocked {
		return func() {}, nil
	}
	fd, err := sys.TryLock("tmpshell-clean.lock")
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, ErrAtWork
	}
	return func() { sys.Close(fd) }, nil
}

// takingLock is had from before a mark until the name is given away: rule (l). A mark
// says nothing of who has set it, so that of two at once one would take the other's
// for its own, which a login has taken off.
const takingLock = "tmpshell-taking.lock"

// takingMost is longer than a look at /proc takes. It is a variable for the tests alone.
var takingMost = 10 * time.Second

var errTaking = errors.New("another run has been removing for too long")

// turn waits for it. Where no lock can be had, as in a container that may not write
// to /run, nobody else has one.
func turn() (end func(), err error) {
	fd, err := sys.Lock(takingLock, takingMost)
	switch {
	case err == nil:
		return func() { sys.Close(fd) }, nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.EROFS):
		return func() {}, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, errTaking
	}
	return nil, err
}
