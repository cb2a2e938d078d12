package making

import (
	"time"

	"tmpshell/internal/sys"
)

// What a helper finds wrong it replaces, and what it moves aside then may be what
// another helper has put there meanwhile, with the directories of users who have
// just logged in. It would put that back; but who looked in between had something
// else, and lost it. So one helper at a time makes what is root's, and none restores a
// user's own while a cleaner gives its name away.
//
// A helper may hang on what somebody has mounted there. The others wait for it for
// so long, and then go on without the lock, as where it cannot be had.
const (
	lockName = "tmpshell-making.lock"
	lockMost = time.Second
)

// Turn waits for the caller's turn.
func Turn() (end func()) {
	fd, _ := sys.Lock(lockName, lockMost)
	return func() { sys.Close(fd) }
}
