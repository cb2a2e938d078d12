package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountSurvivor: what a session has left running keeps the namespace of the user's
// sessions, and the next one is in it, whatever else the configuration has.
func TestMountSurvivor(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "tmux", "bindfs", "fusermount3", "mountpoint", "setsid")
	rig.Must(t, "mknod", "-m", "666", "/dev/fuse", "c", "10", "229")
	rig.Install(t, "Directory /tmp mount", "Match User granted", "Ambient cap_net_raw", "Match User tight", "NoNewPrivileges yes")
	const where = "readlink /proc/self/ns/mnt"
	for i, name := range []string{"alice", "granted", "tight", "hidden", "stopped", "unreaped"} {
		a := rig.AddUser(t, rig.Account{Name: name, UID: uint32(1000 + i)})
		a.Login(t, "true")
		if name == "hidden" {
			rig.Must(t, "mount", "-o", "remount,hidepid=2", "/proc")
		}
		first := a.Login(t, "tmux new-session -d -s work; echo here >/tmp/file; "+where)
		switch name {
		case "stopped":
			a.Login(t, "kill -STOP $(tmux display-message -p '#{pid}')")
		case "unreaped":
			zombie(t, a)
		}
		second := a.Login(t, where+"; cat /tmp/file")
		if second.Stdout != first.Stdout+"here\n" {
			t.Errorf("%s: the second session prints %q, stderr %q; the first was in %s", name, second.Stdout, second.Stderr, first.Stdout)
		}
		if name != "stopped" {
			if r := a.Login(t, "tmux list-sessions -F '#S'"); r.Stdout != "work\n" {
				t.Errorf("%s: tmux has %q, stderr %q", name, r.Stdout, r.Stderr)
			}
		}
		if name == "hidden" {
			rig.Must(t, "mount", "-o", "remount,hidepid=0", "/proc")
		}
	}

	// A FUSE mount of the user's is in the next session, and is unmounted there.
	alice := rig.AddUser(t, rig.Account{Name: "fuse", UID: 1100})
	r := alice.Login(t, "mkdir ~/a ~/b; echo inside >~/a/file; bindfs --no-allow-other ~/a ~/b </dev/null >~/log 2>&1 && mountpoint -q ~/b || (cat ~/log; false)")
	if r.Status != 0 {
		t.Fatalf("bindfs: %+v", r)
	}
	if r := alice.Login(t, "cat ~/b/file && fusermount3 -u ~/b; ls ~/b"); r.Stdout != "inside\n" || r.Status != 0 {
		t.Errorf("the next session: status %d, %q, stderr %q", r.Status, r.Stdout, r.Stderr)
	}
}

// TestMountSurvivorThread: a process whose first thread has ended keeps the namespace,
// and is found by its others where the kernel does not find a namespace by its name.
// A process that is stopped is found there, too, and one that has ended altogether is in
// nobody's way.
func TestMountSurvivorThread(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "python3", "setpriv", "setsid")
	rig.Install(t, "Directory /tmp mount")
	env, filter := rig.WithoutCalls(syscall.ENOSYS, unix.SYS_OPEN_BY_HANDLE_AT)
	const where = "readlink /proc/self/ns/mnt"
	const thread = `setsid python3 -c '
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(3600,)).start()
ctypes.CDLL(None).syscall(60 if __import__("platform").machine() == "x86_64" else 93, 0)
' </dev/null >/dev/null 2>&1 & `
	for i, c := range []struct {
		name, leaves, state string
	}{
		{"running", "setsid sleep 3600 </dev/null >/dev/null 2>&1 & ", "S"},
		{"stopped", "setsid sleep 3600 </dev/null >/dev/null 2>&1 & kill -STOP $!; ", "T"},
		{"thread", thread, "Z"},
		{"ended", "", ""},
	} {
		a := rig.AddUser(t, rig.Account{Name: c.name, UID: uint32(1000 + i)})
		login := func(script string) rig.Result {
			return rig.Command{Path: filter, Env: append(a.Env(), env), Args: []string{"filter", "/usr/bin/setpriv", "--reuid", fmt.Sprint(a.UID),
				"--regid", fmt.Sprint(a.UID), "--clear-groups", rig.Tmpshell, "-c", script}}.Run(t)
		}
		first := login(c.leaves + "echo here >/tmp/file; " + where)
		if c.state != "" {
			rig.Await(t, func() string { return c.name + ": " + rig.Sh(t, "ps -o pid,stat,args -U "+fmt.Sprint(a.UID)).Stdout }, func() bool {
				return strings.HasPrefix(rig.Sh(t, "ps -o stat= -U "+fmt.Sprint(a.UID)).Stdout, c.state)
			})
		}
		if c.name == "ended" {
			zombie(t, a)
		}
		second := login(where + "; cat /tmp/file")
		if _, is, _ := strings.Cut(second.Stdout, "\n"); is != "here\n" || second.Stderr != "" {
			t.Errorf("%s: the second session prints %q, stderr %q", c.name, second.Stdout, second.Stderr)
		}
		// The number of a namespace that is gone is another one's soon: where nothing
		// lives, it says nothing.
		if first.Status != 0 || c.state != "" && !strings.HasPrefix(second.Stdout, first.Stdout) {
			t.Errorf("%s: the first session was in %q, the second in %q", c.name, first.Stdout, second.Stdout)
		}
	}
}

// zombie leaves a session of which nothing but its entry in the table of processes is
// there.
func zombie(t *testing.T, a *rig.Account) {
	t.Helper()
	cmd := exec.Command(rig.Tmpshell, "-c", "true")
	cmd.Env, cmd.Dir = a.Env(), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.Credential()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	rig.Await(t, func() string { return "the session has not ended" }, func() bool {
		return strings.Contains(rig.Sh(t, "ps -o stat= -p "+fmt.Sprint(cmd.Process.Pid)).Stdout, "Z")
	})
}
