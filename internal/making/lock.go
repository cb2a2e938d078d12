package making

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// What a helper finds wrong it replaces, and what it moves aside then may be what
// another helper has put there meanwhile, with the directories of users who have
// just logged in. It would put that back; but who looked in between had something
// else, and lost it. So one helper at a time makes what is root's.
//
// A helper may hang on what somebody has mounted there. The others wait for it for
// so long, and then go on without the lock, as where it cannot be had.
const (
	lockName = "tmpshell-making.lock"
	lockWait = time.Millisecond
	lockMost = 1000
)

// lock waits for its turn.
func (m *Maker) lock() (unlock func()) {
	run := m.locks
	if run == "" {
		run = "/run"
	}
	fd, err := sys.TryLock(run, lockName)
	for n := 0; n < lockMost && errors.Is(err, unix.EWOULDBLOCK); n++ {
		time.Sleep(lockWait)
		fd, err = sys.TryLock(run, lockName)
	}
	return func() { sys.Close(fd) }
}
