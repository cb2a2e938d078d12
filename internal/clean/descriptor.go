package clean

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// Descriptor returns one of the process (pidfd_open(2)), if it is still the user's:
// its number may have been given again.
func (p Process) Descriptor(uid uint32) (int, error) {
	fd, err := unix.PidfdOpen(p.PID, 0)
	if err != nil {
		return -1, err
	}
	text, err := ProcFile(p.PID, "status")
	ids, dead, ok := parseStatus(text)
	// If the process is alive afterwards, the file was its own.
	if err != nil || !ok || dead || !slices.Contains(ids[:], uid) || Ended(fd, 0) {
		sys.Close(fd)
		return -1, unix.ESRCH
	}
	return fd, nil
}

// Ended waits for the end of a process, by a descriptor of it, for a time.
func Ended(process int, wait time.Duration) bool {
	list := []unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}}
	n := 0
	_ = sys.Retry(func() (err error) {
		n, err = unix.Poll(list, int(wait.Milliseconds()))
		return err
	})
	return n > 0
}
