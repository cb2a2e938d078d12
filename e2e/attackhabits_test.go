package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// habitAttack is an attack on what a program does again and again. It returns what
// it has won, empty for nothing, from the naive program or from tmpshell.
type habitAttack struct {
	name string
	conf []string
	run  func(t *testing.T, naive bool) string
}

// TestAttackHabits: what is adopted, kept and made without end.
func TestAttackHabits(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc", "setpriv", "git-shell", "sftp", "prlimit", "bindfs", "fusermount3", "mountpoint")
	rig.Must(t, "mknod", "-m", "666", "/dev/fuse", "c", "10", "229")
	rig.Write(t, "/etc/fuse.conf", "user_allow_other\n", 0o644)
	s := newScene(t, methodEnv)
	attack.Build(t, attack.NaiveMount, attack.NaiveUser)
	table := attack.Table{Title: "habits"}
	for _, a := range []habitAttack{
		{name: "a fallback that others have filled", conf: []string{methodEnv}, run: s.filledFallback},
		{name: "moved aside without end", conf: []string{methodEnv}, run: s.movedAside},
		{name: "namespaces without end", conf: []string{methodMount}, run: s.namespaces},
		{name: "FUSE on a rendezvous directory", conf: []string{"Directory /tmp mount share=.X11-unix/"}, run: s.rendezvous},
		{name: "internal-sftp past a shell that refuses it", conf: []string{methodEnv, "Shell /usr/bin/git-shell"}, run: s.internalSFTP},
		{name: "a link to a shell that is not listed", conf: []string{methodEnv}, run: s.unlistedShell},
		{name: "a restricted shell at a limit on processes", conf: []string{methodEnv, "Shell /usr/local/bin/rbash"}, run: s.shellAtLimit},
	} {
		t.Run(a.name, func(t *testing.T) {
			rig.Configure(t, a.conf...)
			rig.Setup(t)
			row := attack.Begin(t, a.name)
			s.stage(t, attempt{})
			row.Naive(a.run(t, true) != "")
			s.stage(t, attempt{})
			var wrong []string
			if won := a.run(t, false); won != "" {
				wrong = append(wrong, won)
			}
			row.Held(1, attack.Right, wrong...)
			table.Add(row)
		})
	}
	view.Tell(table.String())
}

// filledFallback: mallory moves a directory of alice's, to which she can write, to
// the name of the fallback, with her link in it.
func (s *scene) filledFallback(t *testing.T, naive bool) string {
	t.Helper()
	const stolen = "/home/mallory/open/stolen"
	_ = os.Remove(stolen)
	as(t, s.alice, "mkdir -m 777 /tmp/shared /tmp/shared/project")
	as(t, s.mallory, "ln -s "+stolen+" /tmp/shared/project/app.log && mv /tmp/shared/project /tmp/.private-1000")
	const session = `umask 0; echo secret >"$TMPDIR/app.log"; echo "$TMPDIR"`
	login := "exec setpriv --no-new-privs " + rig.Tmpshell + " -c '" + session + "'" // the helper cannot work
	if naive {
		login = "export TMPDIR=/tmp/.private-1000; mkdir -p $TMPDIR; chmod 700 $TMPDIR && [ -O $TMPDIR ] && " + session
	}
	r := rig.Command{As: s.alice, Path: "/bin/bash", Args: []string{"bash", "-c", login}}.Run(t)
	if !strings.HasPrefix(r.Stdout, "/tmp/.private-1000") {
		t.Errorf("no fallback: %+v", r)
	}
	if exists(stolen) {
		return "what alice has written is mallory's"
	}
	return ""
}

// movedAside: alice takes the right mode from her own directory, again and again,
// while root's program runs for her.
func (s *scene) movedAside(t *testing.T, naive bool) string {
	t.Helper()
	as(t, s.alice, rig.Tmpshell+" -c true")
	start(t, []string{"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "perl", "-e",
		`$| = 1; print "there $$\n"; while (getppid() != 1) { chmod 0755, "/tmp/.private/1000"; chmod 0700, "/tmp/.private/1000" }`}, s.alice.Env())
	if naive {
		rig.Must(t, "bash", "-c", `chattr -a /tmp/.private 2>/dev/null; cd /tmp/.private; for i in {1..40}; do
			[ "$(stat -c %a 1000)" = 700 ] || mv 1000 1000.squatted-$i; install -d -m 700 -o alice 1000; done`)
	} else {
		for range 40 {
			r := rig.Command{As: s.alice, Path: rig.Helper, Args: []string{rig.Helper}}.Run(t)
			if r.Signal != 0 {
				t.Errorf("%+v", r)
			}
		}
	}
	list, err := filepath.Glob("/tmp/.private/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 {
		return fmt.Sprintf("in root's directory there are %q", list)
	}
	return ""
}

// namespaces: sessions that begin in a directory that is gone.
func (s *scene) namespaces(t *testing.T, naive bool) string {
	t.Helper()
	program := rig.Tmpshell
	if naive {
		program = attack.NaiveMount
	}
	s.plant(t, naive, s.alice, "session")
	found := make(map[string]bool)
	for i := range 4 {
		where := ""
		if i > 0 {
			where = "mkdir /home/alice/gone && cd /home/alice/gone && rmdir /home/alice/gone && "
		}
		r := rig.Command{As: s.alice, Path: "/bin/bash", Args: []string{"bash", "-c", where + "exec " + program + " -c 'readlink /proc/self/ns/mnt'"}}.Run(t)
		if r.Status != 0 || r.Stdout == "" {
			t.Errorf("%+v", r)
		}
		found[r.Stdout] = true
	}
	if len(found) != 1 {
		return fmt.Sprintf("%d namespaces", len(found))
	}
	return ""
}

// rendezvous: mallory's server says that its directory is root's.
func (s *scene) rendezvous(t *testing.T, naive bool) string {
	t.Helper()
	as(t, s.mallory, `rm -rf ~/src; mkdir -m 1777 ~/src; mkdir -m 777 /tmp/.X11-unix
		bindfs -f -o allow_other --force-user=root --force-group=root ~/src /tmp/.X11-unix </dev/null >/dev/null 2>&1 & echo $! >~/pid
		until mountpoint -q /tmp/.X11-unix; do sleep 0.01; done`)
	defer rig.Must(t, "sh", "-c", "umount -l /tmp/.X11-unix; kill -KILL $(cat /home/mallory/pid) 2>/dev/null || true")
	program := rig.Tmpshell
	if naive {
		program = attack.NaiveMount
	}
	r := rig.Command{As: s.alice, Path: "/bin/bash", Args: []string{"bash", "-c", "exec " + program + " -c 'umask 0; echo secret >/tmp/.X11-unix/X0; true'"}}.Run(t)
	if r.Status != 0 {
		t.Errorf("%+v", r)
	}
	if exists("/home/mallory/src/X0") {
		return "what alice has written is mallory's"
	}
	return ""
}

// internalSFTP asks as the client of an sshd with ForceCommand does.
func (s *scene) internalSFTP(t *testing.T, naive bool) string {
	t.Helper()
	const got = "/home/alice/got"
	_ = os.Remove(got)
	program := rig.Tmpshell
	if naive {
		program = "/usr/local/bin/naiveforced"
		rig.Write(t, program, `#!/bin/sh
			case $SSH_ORIGINAL_COMMAND in
			internal-sftp) exec /usr/lib/openssh/sftp-server;;
			*) exec git-shell -c "$SSH_ORIGINAL_COMMAND";;
			esac`, 0o755)
	}
	r := rig.Command{As: s.alice, Path: "/usr/bin/sftp", Args: []string{"sftp", "-b", "-", "-D", program}, Stdin: "get /etc/passwd " + got + "\n",
		Env: append(s.alice.Env(), "SHELL=/bin/bash", "SSH_CONNECTION=127.0.0.1 1 127.0.0.1 22", "SSH_ORIGINAL_COMMAND=internal-sftp")}.Run(t)
	if !naive && !strings.Contains(r.Stderr, "unrecognized command") {
		t.Errorf("git-shell is not asked: %+v", r)
	}
	if exists(got) {
		return "sftp-server answers"
	}
	return ""
}

// unlistedShell calls a link by a name that is not in /etc/shells.
func (s *scene) unlistedShell(t *testing.T, naive bool) string {
	t.Helper()
	c := rig.Command{As: s.alice, Path: rig.Tmpshell, Args: []string{"tmpshell-guarded", "-c", "echo free"}}
	if naive {
		c.Path, c.Args = "/bin/sh", []string{"sh", "-c", `exec "$(grep -m1 /guarded$ /etc/shells || echo /bin/bash)" -c "echo free"`}
	}
	return c.Run(t).Stdout
}

// shellAtLimit: with no process more, the naive program cannot ask for anything,
// and has a free shell for that.
func (s *scene) shellAtLimit(t *testing.T, naive bool) string {
	t.Helper()
	program := rig.Tmpshell
	if naive {
		program = attack.NaiveUser
	}
	rig.Must(t, "ln", "-sf", "/bin/bash", "/usr/local/bin/rbash")
	return rig.Command{As: s.alice, Path: "/bin/bash", Env: append(s.alice.Env(), "WANTED=/"),
		Args: []string{"bash", "-c", "exec prlimit --nproc=0:0 " + program + " -c 'cd / && echo free'"}}.Run(t).Stdout
}
