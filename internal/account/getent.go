package account

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// Limits of one question to the name service. A directory server that does not
// answer must delay a login, not end it.
const (
	getentSeconds = 3
	getentBytes   = 1 << 20
)

// Absolute: PATH is the caller's.
var getentPaths = []string{"/usr/bin/getent", "/bin/getent"}

// Errors of a name service that could not be asked.
var (
	errTimeout  = errors.New("the name service did not answer in time")
	errTooLong  = errors.New("the name service answered too much")
	errNoGetent = errors.New("the name service cannot be asked: there is no getent")
)

type nameService struct {
	// failed keeps the first failure: a server that did not answer one
	// question in three seconds is not waited for again in the same login.
	failed error
}

func (n *nameService) ask(database string, keys ...string) ([]byte, error) {
	if n.failed != nil {
		return nil, n.failed
	}
	out, err := getent(append([]string{"getent", database}, keys...))
	if err != nil && err != ErrNotFound {
		n.failed = err
	}
	return out, err
}

// getent runs getent(1) with nothing of the caller's environment, no
// descriptor but the pipe, and a time limit. glibc's getent exits with 2 when a
// key was not found; what it found of the others it has printed.
func getent(argv []string) ([]byte, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return nil, err
	}
	const closed = ^uintptr(0)
	attr := &syscall.ProcAttr{
		Dir:   "/",
		Env:   []string{"PATH=/usr/bin:/bin", "LC_ALL=C"},
		Files: []uintptr{closed, uintptr(p[1]), closed},
	}
	pid, err := -1, error(syscall.ENOENT)
	for _, path := range getentPaths {
		if pid, err = syscall.ForkExec(path, argv, attr); err == nil {
			break
		}
	}
	unix.Close(p[1])
	if err != nil {
		unix.Close(p[0])
		if err == syscall.ENOENT {
			return nil, errNoGetent
		}
		return nil, err
	}
	out, err := readFor(p[0], getentSeconds*1000)
	unix.Close(p[0])
	if err != nil {
		_ = syscall.Kill(pid, syscall.SIGKILL) // our child, not yet waited for
	}
	var status syscall.WaitStatus
	for {
		_, waitErr := syscall.Wait4(pid, &status, 0, nil)
		if waitErr != syscall.EINTR {
			break
		}
	}
	switch {
	case err != nil:
		return nil, err
	case status.Exited() && status.ExitStatus() == 0:
		return out, nil
	case status.Exited() && status.ExitStatus() == 2:
		return out, ErrNotFound
	}
	return nil, errors.New("getent failed")
}

// readFor reads to the end of a pipe within a number of milliseconds.
func readFor(fd, ms int) ([]byte, error) {
	var out []byte
	buf := make([]byte, 4096)
	end := now() + int64(ms)
	for {
		left := end - now()
		if left <= 0 {
			return nil, errTimeout
		}
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(left))
		if err == unix.EINTR || err == nil && n == 0 {
			continue
		}
		if err != nil {
			return nil, err
		}
		got, err := unix.Read(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || got == 0 {
			return out, err
		}
		if out = append(out, buf[:got]...); len(out) > getentBytes {
			return nil, errTooLong
		}
	}
}

// now is the monotonic clock in milliseconds.
func now() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // cannot fail, clock_gettime(2)
	return t.Nano() / 1e6
}
