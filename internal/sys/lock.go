package sys

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// LockDir is where the locks are. It is a variable for the tests alone.
var LockDir = "/run"

// TryLock takes a lock that is root's alone, a file in a directory where only root
// makes names and only root may open it. It is given up when the descriptor is
// closed. EWOULDBLOCK: another process has it.
func TryLock(name string) (int, error) {
	at, err := OpenPath(LockDir)
	if err != nil {
		return -1, err
	}
	defer Close(at)
	fd, err := unix.Openat(at, name, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return -1, err
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		Close(fd)
		return -1, err
	}
	return fd, nil
}

// Lock waits for its turn, so long at most.
func Lock(name string, most time.Duration) (int, error) {
	fd, err := TryLock(name)
	for end := time.Now().Add(most); errors.Is(err, unix.EWOULDBLOCK) && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
		fd, err = TryLock(name)
	}
	return fd, err
}
