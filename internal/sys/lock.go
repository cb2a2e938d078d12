package sys

import "golang.org/x/sys/unix"

// TryLock takes a lock that is root's alone, a file in a directory where only root
// makes names and only root may open it. It is given up when the descriptor is
// closed. EWOULDBLOCK: another process has it.
func TryLock(dir, name string) (int, error) {
	at, err := OpenPath(dir)
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
