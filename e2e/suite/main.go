// suite runs `go test` and says at the end what it has cost and shown. It is what
// `make test` runs, by way of e2e/test.sh:
//
//	suite FILE go test -json …
//
// FILE is where the tests write their tables. As root it gives the tests a /tmp
// of their own, which is gone with them however they end.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

func main() { os.Exit(run(os.Args)) }

func run(args []string) int {
	if len(args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: suite TABLES COMMAND ARG…")
		return 2
	}
	// The child has the namespace of the thread that makes it.
	runtime.LockOSThread()
	// Who is killed alone, as make and its shell are, takes nothing along: see watch.
	_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0, 0, 0)
	if os.Geteuid() == 0 {
		if err := privateTmp(); err != nil {
			fmt.Fprintln(os.Stderr, "suite: no /tmp for the tests alone:", err)
		}
	}
	_ = os.Remove(args[1])
	cmd := exec.Command(args[2], args[3:]...)
	cmd.Env = append(os.Environ(), "TMPSHELL_TABLES="+args[1])
	cmd.Stderr = os.Stderr
	// A group of its own: the tests are told to end, and this program sees it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	// Before the first test: it may be the first thing that happens.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
		return 1
	}
	r := newReport(os.Stdout, os.Getenv("TMPSHELL_MUST_RUN") != "")
	go r.running.watch(signals, os.Stdout, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGQUIT) })
	readErr := r.read(out)
	err = errors.Join(readErr, cmd.Wait())
	tables, _ := os.ReadFile(args[1]) // where e2e was not run there are none
	os.Stdout.Write(tables)
	well := r.end()
	if err != nil {
		fmt.Fprintln(os.Stderr, "suite: go test:", err)
	}
	if err != nil || !well {
		return 1
	}
	return 0
}
