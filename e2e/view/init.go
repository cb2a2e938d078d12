package view

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sample"
)

// runInit is a view's pid 1: it builds the view, runs the test binary in
// it, and reaps what daemons leave behind. Its return value is the exit
// status; when it has exited, the kernel kills the rest of the view.
func runInit() int {
	here, err := below()
	if err == nil {
		err = build()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "view:", err)
		return 1
	}
	// nohup and shells without job control start programs with signals ignored,
	// and so would be every login in the view. Those with a handler are reset by
	// execve(2).
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU)
	// Nor is what the caller has open (flock, make's job server) for a login.
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	// sudo forbids core dumps (rlimit_core), which the tests' users are to have. Where root
	// has no sys_resource, the tests of them say so.
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 0, Max: unix.RLIM_INFINITY})
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Dir = filepath.Join(source, here)
	cmd.Env = append(cleanEnv(), stageVar+"="+stageTest)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "view:", err)
		return 1
	}
	go watch(cmd.Process.Pid)
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

// watch ends a test in whose view nothing moves any more: the test says where
// it is, and the processes are listed.
func watch(test int) {
	for stood := (&Activity{}); ; time.Sleep(sampleEvery) {
		if !stood.Stalled() {
			continue
		}
		fmt.Fprintf(os.Stderr, "view: nothing moves any more\n%s", Processes())
		_ = unix.Kill(test, unix.SIGQUIT)
		for range 10 { // for the stack traces
			time.Sleep(sampleEvery)
		}
		_ = unix.Kill(test, unix.SIGKILL)
	}
}

// below is where in the source tree the process was started.
func below() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	return filepath.Rel(root, here)
}

// KeptVars begins the names of variables that a test in a view has from outside.
const KeptVars = "TMPSHELL_KEPT_"

// cleanEnv is the environment that tests start from: root's on a fresh
// machine, and the suite's own variables. A developer's TMPDIR or
// SSH_CONNECTION must not decide a test.
func cleanEnv() []string {
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash",
		"LANG=C.UTF-8", "TERM=xterm",
	}
	for _, name := range []string{mustRunVar, sample.SeedVar, sample.AllVar} {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	for _, entry := range os.Environ() {
		if strings.HasPrefix(entry, KeptVars) {
			env = append(env, entry)
		}
	}
	return env
}
