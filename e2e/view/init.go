package view

import (
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// runInit is a view's pid 1: it builds the view, runs the test binary in
// it, and reaps what daemons leave behind. Its return value is the exit
// status; when it has exited, the kernel kills the rest of the view.
func runInit() int {
	here, err := os.Getwd()
	if err == nil {
		err = build()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "view:", err)
		return 1
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Dir = here
	cmd.Env = append(cleanEnv(), stageVar+"="+stageTest)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "view:", err)
		return 1
	}
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			fmt.Fprintln(os.Stderr, "view: wait:", err)
			return 1
		case pid != cmd.Process.Pid:
		case status.Signaled():
			fmt.Fprintln(os.Stderr, "view: the test was killed:", status.Signal())
			return 1
		default:
			return status.ExitStatus()
		}
	}
}

// cleanEnv is the environment that tests start from: root's on a fresh
// machine, and the suite's own variables. A developer's TMPDIR or
// SSH_CONNECTION must not decide a test.
func cleanEnv() []string {
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash",
		"LANG=C.UTF-8", "TERM=xterm",
	}
	if value, set := os.LookupEnv(mustRunVar); set {
		env = append(env, mustRunVar+"="+value)
	}
	return env
}
