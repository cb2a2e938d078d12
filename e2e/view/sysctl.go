package view

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// keepSetting has a setting of the machine's, such as fs/protected_symlinks, be value
// until the test ends. It is for EnterWith: a test that waits for its turn must not
// keep others waiting. Views have no such settings of their own, so that tests that
// change any wait for each other, those of other runs included.
//
// A process outside of the test keeps it, and puts back what was there before:
// also when the test, or the whole run, is killed.
func keepSetting(t *testing.T, name, value string) {
	t.Helper()
	startKeeper(t, "setting "+name+"="+value)
}

// keepSysctl is the keeper: see keeper.go.
func keepSysctl(setting string, kept func()) error {
	name, value, _ := strings.Cut(setting, "=")
	file := "/proc/sys/" + name
	err := lockMachine()
	var old []byte
	if err == nil {
		old, err = os.ReadFile(file)
	}
	if err == nil && strings.TrimSpace(string(old)) != value {
		err = os.WriteFile(file, []byte(value+"\n"), 0o644)
	}
	if err == nil {
		kept()
		if strings.TrimSpace(string(old)) != value {
			err = os.WriteFile(file, old, 0o644)
		}
	}
	return err
}

// lockMachine waits for the keepers of other runs. What it locks is there on
// every machine, and the same one for all; the lock ends with the process.
func lockMachine() error {
	fd, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: "/", Err: err}
	}
	for {
		err = unix.Flock(fd, unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return &os.PathError{Op: "flock", Path: "/", Err: err}
	}
	return nil
}
