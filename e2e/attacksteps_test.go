package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// stopSteps are the calls after which something else may be there than before: it is
// at these that a program is stopped.
var stopSteps = []string{"openat", "statx", "newfstatat", "mkdir", "mkdirat", "renameat2", "ioctl", "chown", "chmod", "fchown", "fchmod", "setfsuid", "unlinkat", "umask", "write"}

// rearrangements are what mallory does to names that she has taken, while the
// program stands still. /etc/target is root's.
var rearrangements = []string{
	"rm -rf .private/1000; rmdir .private; mv .private gone; mkdir -m 777 .private .private/1000",
	"rm -rf .private/1000; rmdir .private; mv .private gone; ln -s /etc/target .private",
	"rm -rf .private/1000; mv .private/1000 .private/gone; ln -s /etc/target .private/1000",
	"rm -rf .private/1000; mv .private gone; mkfifo .private",
}

// TestAttackSteps: a program is stopped after each of its steps, the names are
// rearranged, and it goes on. It is killed at each of its calls.
func TestAttackSteps(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	s := newScene(t, methodEnv)
	s.stage(t, attempt{})
	naive := []string{attack.Naive, "-c", "exec " + attack.Session}
	helper, login := []string{rig.Helper}, []string{rig.Tmpshell, "-c", "exec " + attack.Session}
	table := attack.Table{Title: "steps"}
	squat := func() { s.clear(t); as(t, s.mallory, "mkdir -m 777 /tmp/.private") }

	share, steps, kills := sample.Of(16), 0, 0
	stopped := attack.Begin(t, "stopped after each step, and names rearranged")
	for i, c := range s.calls(t, squat, stopSteps, naive) {
		squat()
		before := attack.Take(t)
		s.stopAt(t, c, rearrangements[i%len(rearrangements)], naive)
		stopped.Naive(len(before.Changes(t)) > 0) // that it accepts her base is another attack
	}
	for _, program := range [][]string{helper, login} {
		for i, c := range s.calls(t, squat, stopSteps, program) {
			for _, change := range []string{rearrangements[i%len(rearrangements)], rearrangements[(i+1)%len(rearrangements)]} {
				if steps++; !share.Has(program[0], c.name, c.nth, change) {
					continue
				}
				squat()
				before := attack.Take(t)
				r := s.stopAt(t, c, change, program)
				s.held(t, stopped, c.line+"; "+change, before, r)
			}
		}
	}
	table.Add(stopped)

	killed := attack.Begin(t, "killed at each call")
	for _, c := range s.calls(t, func() { s.clear(t) }, nil, naive) {
		s.clear(t)
		strace(t, s.alice, []string{"-e", killAt(c)}, naive...)
		r := rig.Command{As: s.alice, Path: naive[0], Args: naive}.Run(t)
		_, why := s.login.Judge(r)
		killed.Naive(why != "")
	}
	for _, c := range s.calls(t, squat, nil, helper) {
		if kills++; !share.Has("kill", c.name, c.nth) {
			continue
		}
		squat()
		before := attack.Take(t)
		r, _ := strace(t, s.alice, []string{"-e", killAt(c)}, helper...)
		s.held(t, killed, c.line, before, r)
	}
	table.Add(killed)
	view.Tell(table.String() + fmt.Sprintf("steps: of %d stops and %d kills, %v\n", steps, kills, share))
}

// calls lists a program's own calls of these names, or all of them.
func (s *scene) calls(t *testing.T, prepare func(), names, argv []string) []tracedCall {
	t.Helper()
	prepare()
	_, trace := strace(t, s.alice, nil, argv...)
	calls := parseTrace(trace)
	if argv[0] == rig.Helper {
		markRuntime(calls)
	}
	return slices.DeleteFunc(calls[1:], func(c tracedCall) bool {
		return argv[0] != attack.Naive && !c.ours || names != nil && !slices.Contains(names, c.name)
	})
}

// held notes how the helper, or a login, has ended, and that the next login is
// right.
func (s *scene) held(t *testing.T, row *attack.Row, what string, before attack.Inventory, r rig.Result) {
	t.Helper()
	wrong := before.Changes(t)
	end := attack.Right
	switch {
	case r.Stdout != "":
		var why string
		if end, why = s.login.Judge(r); why != "" {
			wrong = append(wrong, why)
		}
	case r.Signal != 0:
		end = attack.Killed
	case r.Status != 0:
		end = attack.Reported
	}
	next := s.alice.Login(t, "exec "+attack.Session)
	if got, why := s.login.Judge(next); got != attack.Right {
		wrong = append(wrong, fmt.Sprintf("the next login: %s %s", got, why))
	}
	if len(wrong) > 0 {
		wrong = append(wrong, "at "+what)
	}
	row.Held(1, end, wrong...)
}

// stopAt lets mallory do something in /tmp while a program of alice's stands still.
func (s *scene) stopAt(t *testing.T, c tracedCall, script string, argv []string) rig.Result {
	t.Helper()
	r, stops := rig.Stop{Call: c.name, Nth: c.nth, As: s.alice}.Run(t, argv, func() {
		_ = rig.Command{As: s.mallory, Path: "/bin/bash", Args: []string{"bash", "-c", "umask 0; cd /tmp; " + script}}.Run(t)
	})
	if stops == 0 {
		t.Errorf("not stopped at %s", c.line)
	}
	return r
}

// clear empties /tmp, and makes what the attacks are aimed at.
func (s *scene) clear(t *testing.T) {
	t.Helper()
	names, err := filepath.Glob("/tmp/.private*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_DIRECTORY, 0)
		if err == nil {
			_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, 0)
			f.Close()
		}
	}
	rig.Must(t, "bash", "-ec", "shopt -s dotglob; rm -rf /tmp/* /run/user/1000 /etc/target; mkdir /etc/target; touch /etc/target/file")
}

// TestAttackUserNamespace: root in a namespace of her own, with a configuration
// and directories of her own, alice gains nothing outside.
func TestAttackUserNamespace(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "unshare", "nsenter")
	s := newScene(t, methodEnv)
	const fake = `printf "Directory /etc env\nDirectory /root env\nDirectory /home/mallory env\nDirectory /tmp mount\n" >~/conf; mkdir -p ~/fake
		mount --bind ~/conf /etc/tmpshell.conf; mount -t tmpfs -o mode=1777 fake /tmp; ln -s /etc /tmp/.private; mount --bind ~/fake /var/lib; `
	table := attack.Table{Title: "user namespaces"}
	for _, flags := range []string{"-Urm", "-Um --map-current-user", "-Urmpf --mount-proc"} {
		t.Run(flags, func(t *testing.T) {
			row := attack.Begin(t, "unshare "+flags)
			s.stage(t, attempt{})
			t.Run("naive", func(t *testing.T) {
				// A service of root's that looks at the world as its client does.
				before := attack.Take(t)
				pid := start(t, []string{"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "unshare", "-Urm", "sh", "-c", fake + "echo there $$; exec sleep 1000"}, s.alice.Env())
				rig.Sh(t, fmt.Sprintf("nsenter --mount=/proc/%d/ns/mnt naive -u 1000", pid))
				row.Naive(len(before.Changes(t)) > 0)
				rig.Must(t, "rm", "-rf", "/etc/1000")
			})
			for _, run := range []string{rig.Tmpshell + " -c true", rig.Tmpshell + " --exec true", rig.Helper} {
				before := attack.Take(t)
				r := rig.Command{As: s.alice, Path: "/bin/bash", Args: []string{"bash", "-c", "exec unshare " + flags + " sh -c '" + fake + "exec " + run + "'"}}.Run(t)
				wrong := before.Changes(t)
				if r.Signal != 0 || r.Status > 2 && r.Status != 125 {
					wrong = append(wrong, fmt.Sprintf("%s: %+v", run, r))
				}
				next := s.alice.Login(t, "exec "+attack.Session)
				if got, why := s.login.Judge(next); got != attack.Right {
					wrong = append(wrong, fmt.Sprintf("the next login: %s %s", got, why))
				}
				end := attack.Right
				if r.Status != 0 {
					end = attack.Refused
				}
				row.Held(1, end, wrong...)
			}
			table.Add(row)
		})
	}
	view.Tell(table.String())
}
