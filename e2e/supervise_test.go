package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// supervisors are the processes of tmpshell-supervise that an account has.
func supervisors(uid uint32) []string { return running(rig.Supervise, uid) }

// noneRemoves: no tmpshell-supervise is there, nor a tmpshell-remover, in one look: each
// becomes the other.
func noneRemoves() bool {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	return !slices.ContainsFunc(links, func(link string) bool {
		to, _ := os.Readlink(link)
		return to == rig.Supervise || to == rig.Remover
	})
}

// running are the processes of a program that a user has.
func running(program string, uid uint32) (pids []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		if to, _ := os.Readlink(link); to != program {
			continue
		}
		status, _ := os.ReadFile(filepath.Dir(link) + "/status")
		if strings.Contains(string(status), fmt.Sprintf("\nUid:\t%d\t", uid)) {
			pids = append(pids, filepath.Base(filepath.Dir(link)))
		}
	}
	return pids
}

// awaitGone waits until a user's directories are.
func awaitGone(t *testing.T, dirs ...string) {
	t.Helper()
	rig.Await(t, func() string { return fmt.Sprint("not all of these are gone: ", dirs) }, func() bool {
		for _, d := range dirs {
			if exists(d) {
				return false
			}
		}
		return true
	})
}

// TestSupervise: with the user's last session, the directories are gone.
func TestSupervise(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match User alice,bob", "Supervise yes", "Match User bob", "Directory /tmp mount", "Directory /var/tmp mount store=/var/lib/elsewhere")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	carol := rig.AddUser(t, rig.Account{Name: "carol", UID: 1002})

	s := alice.Session(t)
	s.CheckVariables(t, alice.Private())
	awaitGone(t, alice.Private())
	if r := alice.Login(t, `mkdir -p $XDG_RUNTIME_DIR/a/b; touch $TMPDIR/f; exit 7`); r.Status != 7 || r.Stderr != "" {
		t.Errorf("%+v", r)
	}
	awaitGone(t, alice.Private())

	first, second := bob.Open(t), bob.Open(t)
	first.Do("touch /tmp/f /var/tmp/g")
	first.Close()
	second.Do("touch /tmp/f")
	second.Close()
	awaitGone(t, "/var/lib/tmpshell/1001", "/var/lib/elsewhere/1001")

	// What a session has left and ends soon, as sshd's process of the user does, is
	// waited for. Nobody else's directory goes, used or not.
	carol.Session(t)
	if r := alice.Login(t, "setsid sleep 0.2 >/dev/null 2>&1 &"); r.Status != 0 {
		t.Errorf("%+v", r)
	}
	awaitGone(t, alice.Private())
	if !exists(carol.Private()) {
		t.Error("carol is not supervised, and her directory is gone")
	}
}

// TestSupervisorLeft: what a session leaves is waited for by one process, which is the
// user's and as poor as the one beside the session, and looks at nothing again
// because of a time; then the directories go.
func TestSupervisorLeft(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Supervise yes", "Match User bob", "Directory /tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Groups: []uint32{60}})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	ends := []string{"/var/tmp/1", "/var/tmp/2", "/var/tmp/3"}
	rig.Must(t, "mkfifo", ends...)
	rig.Must(t, "chmod", append([]string{"666"}, ends...)...)
	for a, dir := range map[*rig.Account]string{alice: alice.Private(), bob: "/var/lib/tmpshell/1001"} {
		for _, end := range ends {
			if r := a.Login(t, "setsid sh -c 'read x <"+end+"' >/dev/null 2>&1 & :>$TMPDIR/f"); r.Status != 0 {
				t.Fatalf("%+v", r)
			}
			// Two that look at one time would not see each other.
			rig.Await(t, func() string { return "no one process that waits for a job" }, func() bool {
				list := supervisors(a.UID)
				return len(running(rig.Remover, 0)) == 0 && len(list) == 1 && waitsFor(list[0]) == "sh"
			})
		}
		pid := supervisorOf(t, a.UID)
		t.Run(a.Name, func(t *testing.T) {
			checkSupervisor(t, pid)
			status, _ := os.ReadFile("/proc/" + pid + "/status")
			for _, line := range []string{"Uid", "Gid"} {
				if want := "\n" + line + strings.Repeat(fmt.Sprintf("\t%d", a.UID), 4) + "\n"; !strings.Contains(strings.Replace(string(status), ":", "", -1), want) {
					t.Errorf("want %q in\n%s", want, status)
				}
			}
			// poll(2) without a time-out: the third argument of ppoll(2).
			text, err := os.ReadFile("/proc/" + pid + "/syscall")
			if call := strings.Fields(string(text)); len(call) < 4 || call[3] != "0x0" {
				t.Errorf("it waits in %q, %v; want ppoll without a time-out", call, err)
			}
		})
		for _, end := range ends {
			if !exists(dir) {
				t.Errorf("%s: %s is gone before the last process is", a.Name, dir)
			}
			rig.Must(t, "sh", "-c", "echo >"+end)
		}
		awaitGone(t, dir)
		rig.Await(t, func() string { return "still there" }, func() bool { return noneRemoves() })
	}
}

// waitsFor is the name of the process that a tmpshell-supervise waits for: the kernel
// says of a descriptor which one it is of.
func waitsFor(pid string) string {
	info, _ := os.ReadFile("/proc/" + pid + "/fdinfo/0")
	_, number, _ := strings.Cut(string(info), "\nPid:\t")
	number, _, _ = strings.Cut(number, "\n")
	name, _ := os.ReadFile("/proc/" + number + "/comm")
	return strings.TrimSpace(string(name))
}

// TestSupervisorAmbient: the caller's ambient set is the session's alone.
func TestSupervisorAmbient(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "setpriv")
	rig.Install(t, "Supervise yes")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	begin := rig.Command{Path: "/usr/bin/setpriv", Args: []string{"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups",
		"--inh-caps", "+net_raw", "--ambient-caps", "+net_raw", rig.Tmpshell, "-c", "grep CapAmb /proc/self/status; read x"}, Env: alice.Env(), Dir: "/"}
	term := begin.OnTerminal(t)
	term.Expect("0000000000002000")
	checkSupervisor(t, supervisorOf(t, alice.UID))
}

// TestSupervisorTraced: with NoNewPrivileges a session has less than what stays beside it
// or above it, and does not get more by tracing that.
func TestSupervisorTraced(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc")
	rig.Install(t, "NoNewPrivileges yes", "Match User alice", "Supervise yes")
	rig.Write(t, "/root/seize.c", `#include <stdlib.h>
#include <sys/ptrace.h>
int main(int c, char **v) { return ptrace(PTRACE_SEIZE, atoi(v[1]), 0, 0) != 0; }
`, 0o644)
	rig.Must(t, "gcc", "-o", "/usr/local/bin/seize", "/root/seize.c")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	above := rig.Command{As: bob, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "--init", "/bin/sh"}, Env: bob.Env(), Dir: "/"}
	for uid, s := range map[uint32]*rig.Open{alice.UID: alice.Open(t), bob.UID: above.Open(t)} {
		if got, _ := s.Do("grep NoNewPrivs: /proc/self/status"); got != "NoNewPrivs:\t1\n" {
			t.Fatalf("%d: %q; want a session with no_new_privs", uid, got)
		}
		if got, status := s.Do("sleep 9999 & seize $!; s=$?; kill $!; exit $s"); status != 0 {
			t.Logf("this machine lets nobody trace (Yama), and shows nothing: %q", got)
		}
		if got, status := s.Do("seize " + supervisorOf(t, uid)); status != 1 {
			t.Errorf("%d: %q, %d: tmpshell-supervise can be traced", uid, got, status)
		}
	}
}

// supervisorOf waits for the one of a user's session.
func supervisorOf(t *testing.T, uid uint32) string {
	t.Helper()
	var list []string
	rig.Await(t, func() string { return fmt.Sprintf("one tmpshell-supervise, but %q", list) }, func() bool {
		list = supervisors(uid)
		return len(list) == 1
	})
	return list[0]
}

// TestSupervisor: what stays beside a session has nothing, and what happens to it
// is nothing to the session.
func TestSupervisor(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Supervise yes", "Ambient cap_net_raw", "Match User bob", "Directory /tmp mount")
	for _, a := range []*rig.Account{
		rig.AddUser(t, rig.Account{Name: "alice", UID: 1000}), rig.AddUser(t, rig.Account{Name: "bob", UID: 1001}),
	} {
		dir := a.Private()
		if a.Name == "bob" {
			dir = "/var/lib/tmpshell/1001/tmp"
		}
		s := a.Open(t)
		pid := supervisorOf(t, a.UID)
		t.Run(a.Name, func(t *testing.T) { checkSupervisor(t, pid) })
		for _, signal := range []string{"HUP", "INT", "QUIT", "TERM", "USR1", "ALRM", "TSTP", "CONT"} {
			rig.Must(t, "kill", "-"+signal, pid)
		}
		limit := rig.Command{As: a, Path: "/usr/bin/prlimit", Args: []string{"prlimit", "--pid", pid, "--nofile=1:1", "--as=0:0", "--nproc=0:0", "--core=0:0"}}
		if r := limit.Run(t); r.Status != 0 {
			t.Fatalf("%+v", r)
		}
		rig.Must(t, "kill", "-STOP", pid)
		other := a.Open(t) // another session begins and ends
		other.Do("touch $TMPDIR/f")
		other.Close()
		rig.Await(t, func() string { return "a second tmpshell-supervise, or tmpshell-remover" }, func() bool {
			return len(supervisors(a.UID)) == 1 && len(running(rig.Remover, 0)) == 0
		})
		if _, status := s.Do("[ -e $TMPDIR/f ]"); status != 0 {
			t.Errorf("%s: the session lacks its directory", a.Name)
		}
		s.Close()
		rig.Must(t, "kill", "-CONT", pid)
		rig.Await(t, func() string { return "it is still there" }, func() bool { return noneRemoves() })
		// With these limits nothing can be removed, and nothing else is wrong.
		s = a.Open(t)
		pid = supervisorOf(t, a.UID)
		rig.Must(t, "kill", "-KILL", pid)
		rig.Await(t, func() string { return "it is still there" }, func() bool { return noneRemoves() })
		if _, status := s.Do("touch $TMPDIR/f"); status != 0 {
			t.Errorf("%s: without it, the session lacks its directory", a.Name)
		}
		s.Close()
		if r := a.Login(t, "rm $TMPDIR/f"); r.Status != 0 || r.Stderr != "" {
			t.Errorf("%s: the next login: %+v", a.Name, r)
		}
		awaitGone(t, dir)
	}
}

func checkSupervisor(t *testing.T, pid string) {
	t.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
		if !strings.Contains(string(text), set+":\t0000000000000000\n") {
			t.Errorf("%s is not empty:\n%s", set, text)
		}
	}
	_, rss, _ := strings.Cut(string(text), "VmRSS:")
	var kib int
	if _, err := fmt.Sscan(rss, &kib); err != nil || kib == 0 || kib > 1024 {
		t.Errorf("it uses %d KiB; want less than 1024", kib)
	}
	files, _ := filepath.Glob("/proc/" + pid + "/fd/*")
	cwd, _ := os.Readlink("/proc/" + pid + "/cwd")
	env, _ := os.ReadFile("/proc/" + pid + "/environ")
	stat := strings.Fields(rig.Must(t, "ps", "-o", "sid=,tty=,ppid=", "-p", pid))
	if len(files) != 1 || cwd != "/" || len(env) != 0 || stat[0] != pid || stat[1] != "?" || stat[2] != "1" {
		t.Errorf("descriptors %q, cwd %q, environment %q, session, terminal and parent %q", files, cwd, env, stat)
	}
}

// TestSuperviseRace: a login while the directories of the last one are removed has
// them, and keeps them.
func TestSuperviseRace(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Supervise yes", "Match User bob", "Directory /tmp mount")
	for _, a := range []*rig.Account{
		rig.AddUser(t, rig.Account{Name: "alice", UID: 1000}), rig.AddUser(t, rig.Account{Name: "bob", UID: 1001}),
	} {
		for n := range 40 {
			// The removal looks after 0, 10 and 40 milliseconds.
			r := a.Login(t, fmt.Sprintf("cd $TMPDIR && touch f && sleep 0.0%02d && [ $TMPDIR/f -ef f ]", n))
			if r.Status != 0 || r.Stderr != "" {
				t.Fatalf("%s, login %d: %+v", a.Name, n, r)
			}
		}
		rig.Await(t, func() string { return "still there" }, func() bool { return !exists(a.Private()) && !exists("/var/lib/tmpshell/1001") })
	}
}

// TestSuperviseSSH: a connection that breaks ends the session, as without, and the
// directories are gone.
func TestSuperviseSSH(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Supervise yes")
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.StartSSHD(t)
	if r := rig.SSH(a).Run(t); r.Status != 0 {
		t.Errorf("%+v", r)
	}
	c := rig.SSH(a)
	c.Args = append(c.Args, "echo out; echo err >&2; kill -9 $$")
	if r := c.Run(t); r.Stdout != "out\n" || r.Stderr != "err\n" || r.Status != 255 {
		t.Errorf("a session that is killed: %+v", r)
	}
	awaitGone(t, a.Private())
	term := rig.SSH(a, "-tt").OnTerminal(t)
	term.Send("echo $PPID-$$ $(ps -o sid=,pgid=,tpgid= -p $$) in''side\n")
	term.Expect("inside")
	term.Send("sleep 1000 | cat\n")
	rig.Await(t, func() string { return "no sleep" }, func() bool { return rig.Sh(t, "pgrep -u alice sleep").Stdout != "" })
	term.Send("\x03echo after''wards; stty size\n")
	term.Expect("afterwards")
	term.Expect("24 80")
	term.HangUp()
	awaitGone(t, a.Private())
	if left := rig.Sh(t, "ps -fu alice --no-headers").Stdout; left != "" {
		t.Errorf("left of the session:\n%s", left)
	}
}
