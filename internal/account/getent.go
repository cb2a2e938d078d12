package account

import (
	"errors"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// getentMillis bounds one question to the name service: a directory server that
// does not answer must delay a login, not end it. It is a variable for the tests
// alone.
var getentMillis = 3000

// patientMillis bounds it where no login waits for the answer.
const patientMillis = 60_000

// keptAnswer bounds an answer that is kept whole, which is that of one account.
const keptAnswer = 1 << 20

// Absolute: PATH is the caller's.
var getentPaths = []string{"/usr/bin/getent", "/bin/getent"}

// Errors of a name service that could not be asked.
var (
	errNoGetent = errors.New("the name service cannot be asked: there is no getent")
	errFailed   = errors.New("the name service cannot be asked: getent failed")
)

// serviceError is why a question had no answer.
type serviceError struct{ err error }

func (e serviceError) Error() string { return "name service: " + e.err.Error() }
func (e serviceError) Unwrap() error { return e.err }

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
	var out []byte
	err := getent(getentMillis, commandLine(database, keys), func(text []byte) bool {
		out = append(out, text...)
		return len(out) < keptAnswer
	})
	if err != nil && err != ErrNotFound && err != errFailed {
		n.failed = err
	}
	return out, err
}

// commandLine is getent's for some keys. One that begins with a hyphen is no
// option: the answer to all others would be lost with it. Not every getent knows "--".
func commandLine(database string, keys []string) []string {
	argv := []string{"getent", database}
	if slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, "-") }) {
		argv = append(argv, "--")
	}
	return append(argv, keys...)
}

// getent runs getent(1) with nothing of the caller's environment, the pipe as
// its only standard descriptor, and a limit on time in milliseconds, and hands on
// what it prints until read wants no more. glibc's getent exits with 2 when a key was
// not found; what it found of the others it has printed.
func getent(millis int, argv []string, read func(text []byte) bool) error {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return err
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
			return errNoGetent
		}
		return err
	}
	err = sys.StreamFor(p[0], millis, read)
	unix.Close(p[0])
	if err != nil {
		_ = syscall.Kill(pid, syscall.SIGKILL) // our child, not yet waited for
	}
	status, waitErr := sys.WaitFor(pid, millis)
	if err == nil {
		err = waitErr
	}
	switch {
	case err != nil:
		return serviceError{err}
	case status.Exited() && status.ExitStatus() == 0:
		return nil
	case status.Exited() && status.ExitStatus() == 2:
		return ErrNotFound
	}
	return errFailed
}
