//go:build bench

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestBenchLogin compares what a login costs, all in one run of hyperfine.
func TestBenchLogin(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "hyperfine")
	rig.Must(t, "mount", "--make-rshared", "/")
	rig.Install(t, "Match User mounted", "Directory /tmp mount share=.X11-unix/,.s.PGSQL.5432", "Match User fresh", "Directory /tmp tmpfs")
	account := func(name string, uid uint32) *rig.Account {
		a := rig.AddUser(t, rig.Account{Name: name, UID: uid})
		a.Session(t)
		return a
	}
	plain := as3(account("plain", 1000))
	var commands []string
	add := func(c string) { commands = append(commands, c) }
	add(plain + "/bin/bash -c true")
	add(plain + rig.Tmpshell + " -c true")
	mounted := account("mounted", 1001)
	add(as3(mounted) + rig.Tmpshell + " -c true")
	add(as3(account("fresh", 1002)) + rig.Tmpshell + " -c true")
	names := []string{"bash alone", "method env", "method mount, a namespace of its own", "method tmpfs"}
	report(t, names, hyperfine(t, commands))

	sleeper := sleep(t, mounted)
	defer sleeper()
	report(t, []string{"bash alone", "method mount, the namespace of another session"}, hyperfine(t, []string{commands[0], commands[2]}))
}

// TestBenchSessions has many sessions live and measures the next login and a
// mount on the machine.
func TestBenchSessions(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "hyperfine")
	rig.Must(t, "mount", "--make-rshared", "/")
	rig.Must(t, "mkdir", "-p", "/home/point")
	for _, way := range []struct{ name, directory string }{
		{"mount, slave: 30 users", "mount"},
		{"mount, private: 30 users", "mount propagation=private"},
		{"tmpfs, slave: a namespace each", "tmpfs"},
		{"tmpfs, private: a namespace each", "tmpfs propagation=private"},
	} {
		rig.Install(t, "Directory /tmp "+way.directory)
		accounts := make([]*rig.Account, 30)
		for i := range accounts {
			n := len(way.name)*1000 + i
			accounts[i] = rig.AddUser(t, rig.Account{Name: fmt.Sprint("u", n), UID: uint32(n)})
			accounts[i].Session(t)
		}
		var stop []func()
		for _, n := range []int{30, 300, 3000} {
			for len(stop) < n {
				stop = append(stop, sleep(t, accounts[len(stop)%len(accounts)]))
			}
			login := hyperfine(t, []string{as3(accounts[0]) + rig.Tmpshell + " -c true"})[0]
			mount, umount := mounting(t)
			view.Tell(fmt.Sprintf("%-34s %4d sessions: login %5.2f ms, mount(2) %6.0f µs, umount(2) %6.0f µs\n", way.name, n, login*1e3, mount, umount))
		}
		for _, s := range stop {
			s()
		}
	}
}

func as3(a *rig.Account) string {
	return fmt.Sprintf("setpriv --reuid %d --regid %d --clear-groups ", a.UID, a.GID)
}

// sleep starts a session that lasts, and returns how to end it.
func sleep(t *testing.T, a *rig.Account) func() {
	t.Helper()
	cmd := exec.Command(rig.Tmpshell, "--exec", "sleep", "3600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.Credential(), Pdeathsig: syscall.SIGKILL}
	cmd.Env = a.Env()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rig.Await(t, func() string { return "the session has not begun" }, func() bool {
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", cmd.Process.Pid))
		return strings.HasSuffix(exe, "/sleep")
	})
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// hyperfine returns the median of each command, in seconds.
func hyperfine(t *testing.T, commands []string) []float64 {
	t.Helper()
	out := t.TempDir() + "/out.json"
	rig.Must(t, "hyperfine", append([]string{"-N", "-w", "20", "-r", "300", "--export-json", out}, commands...)...)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r struct{ Results []struct{ Median float64 } }
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	var medians []float64
	for _, one := range r.Results {
		medians = append(medians, one.Median)
	}
	return medians
}

func report(t *testing.T, names []string, medians []float64) {
	t.Helper()
	for i, name := range names {
		view.Tell(fmt.Sprintf("%-50s %5.2f ms  %4.2f×\n", name, medians[i]*1e3, medians[i]/medians[0]))
	}
}

// mounting returns the medians of a mount and an unmount, in microseconds.
func mounting(t *testing.T) (mount, umount float64) {
	t.Helper()
	var up, down []float64
	for range 51 {
		start := time.Now()
		if err := unix.Mount("x", "/home/point", "tmpfs", 0, "size=4k"); err != nil {
			t.Fatal(err)
		}
		up = append(up, float64(time.Since(start).Nanoseconds())/1e3)
		start = time.Now()
		if err := unix.Unmount("/home/point", 0); err != nil {
			t.Fatal(err)
		}
		down = append(down, float64(time.Since(start).Nanoseconds())/1e3)
	}
	slices.Sort(up)
	slices.Sort(down)
	return up[len(up)/2], down[len(down)/2]
}
