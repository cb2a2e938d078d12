// Command stay stands in the tests for a launcher that stays as the parent of
// the session. It starts $RELAY as relay executes it, then catches SIGUSR1 and
// SIGUSR2, sends itself both, and says on descriptor 9 which it has got. With
// $STAY_SHOW it says what it knows of its start.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"tmpshell/internal/start"
)

func main() {
	env := start.Environ()
	var program string
	for _, entry := range env {
		if path, ok := strings.CutPrefix(entry, "RELAY="); ok {
			program = path
		}
		if entry == "STAY_SHOW=1" {
			secure, ok := start.Auxv(start.AtSecure)
			fmt.Println(start.Active(), start.ExecFn(), secure, ok, start.Closed(0), start.Closed(1),
				start.Ignored(syscall.SIGUSR2), start.Ignored(syscall.SIGCHLD), start.Ignored(syscall.SIGUSR1))
			return
		}
	}
	files := []uintptr{0, 1, 2}
	for fd := range files {
		if start.Closed(fd) {
			files[fd] = ^uintptr(0)
		}
	}
	start.Restore()
	pid, err := syscall.ForkExec(program, start.Args(), &syscall.ProcAttr{Env: env, Files: files})
	start.Resume()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
	caught := make(chan os.Signal, 2)
	start.CatchSignals()
	signal.Notify(caught, syscall.SIGUSR1, syscall.SIGUSR2)
	syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
	syscall.Kill(syscall.Getpid(), syscall.SIGUSR2)
	var said string
	for timeout := time.After(100 * time.Millisecond); ; {
		select {
		case s := <-caught:
			said += fmt.Sprintln(s)
			continue
		case <-timeout:
		}
		break
	}
	syscall.Write(9, []byte(said))
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	os.Exit(status.ExitStatus())
}
