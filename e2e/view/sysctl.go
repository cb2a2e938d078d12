package view

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// sysctlVar asks the test binary to be the keeper of a setting: NAME=VALUE.
const sysctlVar = "TMPSHELL_VIEW_SYSCTL"

// keepSetting has a setting of the machine's, such as fs/protected_symlinks, be value
// until the test ends. It is for EnterWith: a test that waits for its turn must not
// keep others waiting. Views have no such settings of their own, so that tests that
// change any wait for each other, those of other runs included.
//
// A process outside of the test keeps it, and puts back what was there before:
// also when the test, or the whole run, is killed.
func keepSetting(t *testing.T, name, value string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), sysctlVar+"="+name+"="+value)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no signal of a terminal's
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // it ends with this process
	out, err2 := cmd.StdoutPipe()
	if err = errors.Join(err, err2); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s is not put back: %v", name, err)
		}
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "kept\n" {
		t.Fatalf("%s cannot be set: %q, %v", name, line, err)
	}
}

// keepSysctl is the keeper.
func keepSysctl(setting string) int {
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGPIPE)
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
		fmt.Println("kept")
		_, _ = io.Copy(io.Discard, os.Stdin)
		if strings.TrimSpace(string(old)) != value {
			err = os.WriteFile(file, old, 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sysctl:", err)
		return 1
	}
	return 0
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
