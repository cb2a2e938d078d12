package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// mountAttack is one that ends in a session: whether it has succeeded is what
// the session's own output tells.
type mountAttack struct {
	name string
	// before the login: naive tells for which program. Without it the
	// script is the attack.
	before func(t *testing.T, naive bool)
	script string // of alice's session
	dir    string
	// chroot is where the login is started.
	chroot string
	won    func(stdout string) bool
	keeps  bool // about what is kept, or shared: not for method tmpfs
}

// TestAttackMounts: attacks on sessions that have something mounted on /tmp.
func TestAttackMounts(t *testing.T) {
	// As Debian has it.
	if !view.EnterWith(t, "fs/protected_symlinks", "1") {
		return
	}
	view.Need(t, "gcc", "unshare", "setpriv")
	s := newScene(t, methodMount)
	attack.Build(t, attack.NaiveMount)
	rig.AddUser(t, rig.Account{Name: "games", UID: 3000})
	buildWriter(t)
	rig.Write(t, "/root/readable", "secret\n", 0o644)
	s.makeJail(t)
	const mounted = `grep -c " /etc " /proc/self/mountinfo`
	outside := rig.Sh(t, mounted).Stdout
	marked := func(out string) bool { return strings.Contains(out, "fake") }
	table := attack.Table{Title: "mounts"}
	for _, a := range []mountAttack{
		{name: "a link in the place of a mount point", keeps: true, script: mounted, won: func(out string) bool { return out != outside },
			before: func(t *testing.T, naive bool) { s.inInstance(t, naive, "ln -s /etc .X11-unix") }},
		{name: "a link in the place of a shared file", keeps: true, script: "true", won: func(string) bool { return exists("/etc/made") },
			before: func(t *testing.T, naive bool) { s.inInstance(t, naive, "ln -s /etc/made .s.PGSQL.5432") }},
		{name: "a rendezvous directory of another's", keeps: true, script: "stat -c %U /tmp/.X11-unix", won: func(out string) bool { return strings.Contains(out, "mallory") },
			before: func(t *testing.T, _ bool) { as(t, s.mallory, "mkdir -m 777 /tmp/.X11-unix") }},
		{name: "a link of the user's, for root's programs", script: "ln -s /root/target /tmp/predictable; setuidroot /tmp/predictable 2>/dev/null; true",
			won: func(string) bool { text, _ := os.ReadFile("/root/target"); return string(text) != "secret\n" }},
		{name: "led into another user's namespace", script: "cat /etc/mark 2>/dev/null; true", won: marked,
			before: func(t *testing.T, naive bool) { s.plant(t, naive, s.mallory, "") }},
		{name: "led into a namespace that the user has made", script: "cat /etc/mark 2>/dev/null; true", won: marked,
			before: func(t *testing.T, naive bool) { s.plant(t, naive, s.alice, "") }},
		{name: "a process that has its number again", script: "readlink /proc/self/ns/mnt",
			won:    func(out string) bool { return strings.TrimSpace(out) == s.login.Outside },
			before: func(t *testing.T, naive bool) { s.plant(t, naive, s.alice, "outside") }},
		{name: "led out of a chroot", script: "ls /in-jail >/dev/null 2>&1 || echo out", chroot: "/home/jail", won: func(out string) bool { return strings.Contains(out, "out") },
			before: func(t *testing.T, naive bool) { s.plant(t, naive, s.alice, "session") }},
		{name: "a working directory that leads elsewhere", keeps: true, script: "cat ./readable 2>/dev/null; true", dir: "/tmp/mine", won: func(out string) bool { return out == "secret\n" },
			before: func(t *testing.T, naive bool) {
				s.inInstance(t, naive, "ln -s /root mine")
				as(t, s.alice, "mkdir /tmp/mine")
			}},
	} {
		s.mountAttack(t, &table, a)
	}
	view.Tell(table.String())
}

// mountAttack runs one, on a machine without instances and sessions.
func (s *scene) mountAttack(t *testing.T, table *attack.Table, a mountAttack) {
	t.Helper()
	t.Run(a.name, func(t *testing.T) {
		row := attack.Begin(t, a.name)
		for _, c := range []struct {
			program string
			naive   bool
			method  string
		}{{attack.NaiveMount, true, ""}, {rig.Tmpshell, false, "mount"}, {rig.Tmpshell, false, "tmpfs"}} {
			if c.method == "tmpfs" && a.keeps {
				continue
			}
			t.Run(c.program+" "+c.method, func(t *testing.T) {
				for _, path := range []string{"/var/lib/tmpshell", "/run/tmpshell", "/var/lib/naive-1000", "/etc/made"} {
					if err := os.RemoveAll(path); err != nil {
						t.Fatal(err)
					}
				}
				if !c.naive {
					rig.Configure(t, map[string]string{"mount": methodMount, "tmpfs": "Directory /tmp tmpfs"}[c.method])
					rig.Setup(t)
				}
				s.stage(t, attempt{})
				rig.Write(t, "/root/target", "secret\n", 0o600)
				run := func(dir, script string) rig.Result {
					args := []string{"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", c.program, "-c", script}
					if a.chroot != "" {
						args = append([]string{"/usr/sbin/chroot", a.chroot}, args...)
					}
					return rig.Command{Path: "/usr/bin/env", Args: append([]string{"env"}, args...), Env: s.alice.Env(), Dir: dir}.Run(t)
				}
				if a.before != nil {
					if c.naive && a.won(run("", a.script).Stdout) {
						t.Errorf("%s: it succeeds without an attack", a.name)
					}
					s.stage(t, attempt{})
					a.before(t, c.naive)
				}
				before := attack.Take(t)
				r := run(a.dir, a.script)
				if c.naive {
					row.Naive(a.won(r.Stdout))
					return
				}
				var wrong []string
				if r.Status != 0 || a.won(r.Stdout) {
					wrong = append(wrong, fmt.Sprintf("it has succeeded: %+v", r))
				}
				wrong = append(wrong, before.Changes(t)...)
				if a.chroot == "" {
					s.login.Instance = "/var/lib/tmpshell/1000/tmp"
					end, why := s.judgeMounted(run("", "exec "+attack.Session), c.method)
					if why != "" || end != attack.Right {
						wrong = append(wrong, fmt.Sprintf("the next login: %s: %s", end, why))
					}
				}
				row.Held(1, attack.Right, wrong...)
			})
		}
		table.Add(row)
	})
}

// judgeMounted is Judge; a tmpfs is any directory that is not the shared one.
func (s *scene) judgeMounted(r rig.Result, method string) (attack.Kind, string) {
	l := s.login
	if facts, ok := attack.Parse(r.Stdout); ok && method == "tmpfs" && facts.Tmp.File != l.Shared.File {
		l.InstanceFile = facts.Tmp.File
	}
	return l.Judge(r)
}

// inInstance runs a script in what will be on alice's /tmp, before anything is
// shared there.
func (s *scene) inInstance(t *testing.T, naive bool, script string) {
	t.Helper()
	if naive {
		rig.Must(t, "install", "-d", "-m", "700", "-o", "alice", "/var/lib/naive-1000")
		rig.Must(t, "sh", "-ec", "cd /var/lib/naive-1000; rm -rf .[!.]*; "+script)
		return
	}
	configured, err := os.ReadFile(rig.Conf)
	if err != nil {
		t.Fatal(err)
	}
	rig.Configure(t, "Directory /tmp mount")
	if r := s.alice.Login(t, "cd /tmp && "+script); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	rig.Write(t, rig.Conf, string(configured), 0o644)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// makeJail builds a root directory for chroot(2) in which the programs work.
func (s *scene) makeJail(t *testing.T) {
	t.Helper()
	rig.Must(t, "bash", "-ec", `mkdir -p /home/jail && cd /home/jail && mkdir -p usr etc proc dev run tmp home var
		ln -s usr/bin bin; ln -s usr/lib lib; ln -s usr/lib64 lib64; ln -s usr/sbin sbin; chmod 1777 tmp; touch in-jail
		for d in usr etc proc dev run var; do mount --rbind /$d $d; done`)
}
