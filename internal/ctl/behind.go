package ctl

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"tmpshell/internal/clean"
)

// A process with a thread that waits in the kernel (clean.ErrStuck) does not end before
// that goes on, whatever is done to it, and neither does what waits for the process: a
// service, cron, a shell. So what may come to that is done by a child. It tells how it
// has ended when it cannot end, and nobody waits for it any more.

// worker is the name that the child is called by, and toParent its descriptor of a pipe.
const (
	worker   = "tmpshellctl-worker"
	toParent = 3
)

// mayWait is whether this process may have a child do its work: not in tests.
var mayWait bool

// exitCode is that of a child that has done the work, and said what there is to say.
type exitCode int

func (c exitCode) Error() string { return "exit status " + strconv.Itoa(int(c)) }

// behind has a child do what this process was called for, if it is root's: with the
// same arguments. False: it is to be done here.
func behind() (code exitCode, done bool) {
	if !mayWait || os.Geteuid() != 0 {
		return 0, false
	}
	var ends [2]int
	if unix.Pipe2(ends[:], unix.O_CLOEXEC) != nil {
		return 0, false
	}
	defer unix.Close(ends[0])
	attr := &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2, uintptr(ends[1])},
		Sys:   &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}, // this thread is the main one, see package clean
	}
	pid, err := syscall.ForkExec("/proc/self/exe", append([]string{worker}, os.Args[1:]...), attr)
	unix.Close(ends[1])
	if err != nil {
		return 0, false
	}
	var said [1]byte
	for {
		n, err := unix.Read(ends[0], said[:])
		if err == unix.EINTR {
			continue
		}
		if n == 1 {
			return exitCode(said[0]), true
		}
		break
	}
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(pid, &status, 0, nil); err != unix.EINTR {
			break
		}
	}
	if status.Signaled() { // as if it were this one
		_ = unix.Kill(os.Getpid(), status.Signal())
		return ExitFindings, true
	}
	return exitCode(status.ExitStatus()), true
}

// work is the child's main function.
func work() int {
	unix.CloseOnExec(toParent) // getent(1), which may outlive this one, would keep it open
	// What runs is tmpshellctl, and not "exe".
	if f, err := os.OpenFile("/proc/self/comm", os.O_WRONLY, 0); err == nil {
		_, _ = f.WriteString("tmpshellctl")
		f.Close()
	}
	code := Run(os.Args[1:], os.Stdout, os.Stderr)
	if clean.Stuck() {
		_, _ = unix.Write(toParent, []byte{byte(code)})
	}
	return code
}
