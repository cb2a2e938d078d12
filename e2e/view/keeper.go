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

// keeperVar asks the test binary to be a keeper, and says what of.
const keeperVar = "TMPSHELL_VIEW_KEEPER"

// startKeeper starts a process outside of the test that changes something of the
// machine's for it. It puts back what was there before when the test ends: also when
// the test, or the whole run, is killed.
func startKeeper(t *testing.T, what string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), keeperVar+"="+what)
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
			t.Errorf("%s: the machine is not as it was: %v", what, err)
		}
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "kept\n" {
		t.Fatalf("%s cannot be had: %q, %v", what, line, err)
	}
}

// runKeeper is that process.
func runKeeper(what string) int {
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGPIPE)
	keep := keepSysctl
	kind, name, _ := strings.Cut(what, " ")
	if kind == "cgroup" {
		keep = keepCgroup
	}
	err := keep(name, func() {
		fmt.Println("kept")
		_, _ = io.Copy(io.Discard, os.Stdin)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "keeper:", err)
		return 1
	}
	return 0
}
