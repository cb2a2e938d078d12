package account

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// Limits of one question to the name service. A directory server that does not
// answer must delay a login, not end it.
const getentBytes = 1 << 20

// getentMillis is a variable for the tests alone.
var getentMillis = 3000

// Absolute: PATH is the caller's.
var getentPaths = []string{"/usr/bin/getent", "/bin/getent"}

// Errors of a name service that could not be asked.
var (
	errNoGetent = errors.New("the name service cannot be asked: there is no getent")
	errFailed   = errors.New("the name service cannot be asked: getent failed")
)

type nameService struct {
	// failed keeps the first failure: a server that did not answer one
	// question in three seconds is not waited for again in the same login.
	// An exit code is no such failure: musl's getent exits with 1 for a
	// database that it does not have, and answers the next question.
	failed error
}

func (n *nameService) ask(database string, keys ...string) ([]byte, error) {
	if n.failed != nil {
		return nil, n.failed
	}
	out, err := getent(append([]string{"getent", database}, keys...))
	if err != nil && err != ErrNotFound && err != errFailed {
		n.failed = err
	}
	return out, err
}

// getent runs getent(1) with nothing of the caller's environment, the pipe as
// its only standard descriptor, and a time limit. glibc's getent exits with 2 when a
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
	out, err := sys.ReadFor(p[0], getentMillis, getentBytes)
	unix.Close(p[0])
	if err != nil {
		_ = syscall.Kill(pid, syscall.SIGKILL) // our child, not yet waited for
	}
	status, waitErr := sys.WaitFor(pid, getentMillis)
	if err == nil {
		err = waitErr
	}
	switch {
	case err != nil:
		return nil, errors.New("name service: " + err.Error())
	case status.Exited() && status.ExitStatus() == 0:
		return out, nil
	case status.Exited() && status.ExitStatus() == 2:
		return out, ErrNotFound
	}
	return nil, errFailed
}
