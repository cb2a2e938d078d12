package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestHelperStopped: a helper that stands still is waited for, for a while. Then
// it is an error as any other: a plain session where nothing is demanded, else none.
// Only root can stop it.
func TestHelperStopped(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match User bob", "OnFailure deny")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	rig.Setup(t)
	var all sync.WaitGroup
	var results [2]rig.Result
	for i, a := range []*rig.Account{alice, bob} {
		done := make(chan rig.Result, 1)
		for stopped := 0; stopped == 0; {
			rig.Must(t, "sh", "-c", "chattr -a /tmp/.private; rm -rf "+a.Private())
			go func() { done <- a.Login(t, "echo in $TMPDIR") }()
			ended := false
			for stopped = stopHelper(t, a); stopped == 0 && !ended; stopped = stopHelper(t, a) {
				select {
				case <-done: // it was faster
					ended = true
				default:
				}
			}
		}
		all.Go(func() { results[i] = <-done })
	}
	all.Wait()
	if r := results[0]; r.Stdout != "in\n" || r.Stderr != "" || r.Status != 0 {
		t.Errorf("where nothing is demanded: %+v; want a plain session", r)
	}
	want := "tmpshell: read " + rig.Helper + ": connection timed out; no session\n"
	if r := results[1]; r.Stdout != "" || r.Stderr != want || r.Status != 125 {
		t.Errorf("where something is demanded: %+v; want %q", r, want)
	}
	for _, a := range []*rig.Account{alice, bob} {
		a.Login(t, "true") // whatever the stopped ones have left
		rig.CheckPrivate(t, a)
	}
}

// stopHelper stops a helper that works for an account, and returns its number, 0
// for none.
func stopHelper(t *testing.T, a *rig.Account) int {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, exe := range processes {
		dir := filepath.Dir(exe)
		program, _ := os.Readlink(exe)
		parent, _ := os.ReadFile(dir + "/stat")
		fields := bytes.Fields(parent)
		if program != rig.Helper || len(fields) < 4 || fields[2][0] == 'T' {
			continue
		}
		status, _ := os.ReadFile("/proc/" + string(fields[3]) + "/status") // its parent is the account's
		if !strings.Contains(string(status), fmt.Sprintf("\nUid:\t%d\t", a.UID)) {
			continue
		}
		var pid int
		if _, err := fmt.Sscan(filepath.Base(dir), &pid); err != nil || unix.Kill(pid, unix.SIGSTOP) != nil {
			continue
		}
		if !isStopped(dir) {
			continue
		}
		if exists(a.Private()) { // it has nothing left to do
			_ = unix.Kill(pid, unix.SIGCONT)
			continue
		}
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
		return pid
	}
	return 0
}

// isStopped waits until a process that was told to stop does; false: it has ended
// instead, or is about to, which no signal keeps it from.
func isStopped(dir string) bool {
	for {
		state, err := os.ReadFile(dir + "/stat")
		if err != nil {
			return false
		}
		switch bytes.Fields(state)[2][0] {
		case 'T':
			return true
		case 'Z', 'X':
			return false
		}
	}
}

// TestHelperUnread: nobody reads what it says, and it ends: it counts for root, and a user
// could have any number of them wait.
func TestHelperUnread(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	if r := alice.Login(t, "rm -r $TMPDIR/.runtime; : >$TMPDIR/.runtime"); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(pipe[1]), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Write(pipe[1], make([]byte, 4096)); n != 4096 {
		t.Fatal(n, err)
	}
	full := os.NewFile(uintptr(pipe[1]), "a full pipe")
	c := exec.Command(rig.Helper)
	c.Stderr = full
	c.SysProcAttr = &syscall.SysProcAttr{Credential: alice.Credential()}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	rig.AwaitEnd(t, ended, func() string { return "tmpshell-helper waits for ever for who reads what it says" })
	if code := c.ProcessState.ExitCode(); code != 1 {
		t.Errorf("it ends with %d; want 1, since it had something to say", code)
	}
	unix.Close(pipe[0])
}
