package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// shareLine is a configuration that shares some names.
func shareLine(names string) string {
	return strings.TrimSuffix("Directory /tmp mount share="+names, " share=")
}

// TestMountShareChanges: share= can be changed in every direction, for every user,
// as real programs find it.
func TestMountShareChanges(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "Xvfb", "xdpyinfo", "ssh-agent")
	// What a program of root's has in /tmp, as nvidia-mps; and a server's socket.
	rig.Sh(t, "mkdir -m 755 /tmp/nvidia-mps; echo pipe >/tmp/nvidia-mps/control")
	daemon(t, "test -S /tmp/mysql.sock", rig.AddUser(t, rig.Account{Name: "mysqld", UID: 900}), "ssh-agent", "-D", "-a", "/tmp/mysql.sock")
	rig.Install(t, shareLine(""))
	rig.Configure(t, shareLine(".X11-unix/,mysql.sock,nvidia-mps/,to-file/,to-dir,stays"))
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	// each runs a script as each user, one of whom the helper runs for anyway.
	each := func(what, script, want string) {
		t.Helper()
		for _, a := range []*rig.Account{alice, bob} {
			if r := a.Login(t, script); r.Stdout != want || r.Stderr != "" || r.Status != 0 {
				t.Errorf("%s: %s: status %d, %q, %q; want %q", what, a.Name, r.Status, r.Stdout, r.Stderr, want)
			}
		}
	}
	const agent = "stat -Lc '%U %F' /tmp/mysql.sock; "
	const look = "cd /tmp; for n in $(ls -A); do test -h $n && echo $n@ || echo $n; done"
	each("at first", agent+look, "mysqld socket\n.X11-unix\n.runtime\nmysql.sock@\nstays@\nto-dir@\nto-file\n")

	// While a session lives, it loses nothing, and another one has what is new.
	o := alice.Open(t)
	rig.Configure(t, shareLine("nvidia-mps,stays"))
	for _, a := range []*rig.Account{alice, bob} {
		r := a.Login(t, "cat /tmp/nvidia-mps/control; ls -d /tmp/.X11-unix /tmp/mysql.sock 2>/dev/null")
		if want := map[bool]string{true: "pipe\n/tmp/.X11-unix\n/tmp/mysql.sock\n", false: "pipe\n"}[a == alice]; r.Stdout != want {
			t.Errorf("while alice has a session of before, %s finds %q, %q; want %q", a.Name, r.Stdout, r.Stderr, want)
		}
	}
	if out, _ := o.Do("stat -c %a /tmp/.X11-unix"); out != "1777\n" {
		t.Errorf("in the session of before, the rendezvous directory is %q", out)
	}
	o.Close()

	// A directory has become a file, a file a directory, and the rest is gone.
	rig.Configure(t, shareLine("nvidia-mps,stays,to-file,to-dir/"))
	each("changed", look+"; cat nvidia-mps/control", ".runtime\nnvidia-mps@\nstays@\nto-dir\nto-file@\npipe\n")
	// Her own programs have the names now. An agent that answers takes its socket away.
	each("own programs", `ends() { pkill -u $USER $1; while pgrep -u $USER $1 >/dev/null; do sleep 0.01; done; }
		ssh-agent -a /tmp/mysql.sock >/dev/null && echo agent; SSH_AUTH_SOCK=/tmp/mysql.sock ssh-add -l >/dev/null; ends ssh-agent
		Xvfb -displayfd 1 -nolisten local -nolisten tcp -screen 0 64x64x8 2>/dev/null | { read n; test -S /tmp/.X11-unix/X$n && echo socket; ends Xvfb; }`,
		"agent\nsocket\n")
	// And back.
	rig.Sh(t, "rm -rf /var/lib/tmpshell/*/tmp/.X*")
	rig.Configure(t, shareLine(".X11-unix/,mysql.sock,to-file/"))
	each("and back", agent+look, "mysqld socket\n.X11-unix\n.runtime\nmysql.sock@\nto-file\n")

	// What is theirs stays, whatever it looks like.
	each("theirs", "cd /tmp; mkdir -m 1000 dir; ln -s /run/tmpshell/shared/elsewhere link; mkdir mysql.d; echo x >file", "")
	rig.Sh(t, "mkdir -m 755 /var/lib/tmpshell/1000/tmp/roots; ln -s /etc /var/lib/tmpshell/1000/tmp/etc")
	if note := rig.Sh(t, "tmpshellctl doctor").Stdout; strings.Contains(note, "has left") {
		t.Errorf("doctor says that something is left: %s", note)
	}
	rig.Configure(t, shareLine(""))
	note := rig.Sh(t, "tmpshellctl doctor").Stdout
	for _, want := range []string{"1000/tmp has what an earlier share= has left", "1001/tmp has what an earlier share= has left", ": .X11-unix, mysql.sock, to-file\n"} {
		if !strings.Contains(note, want) {
			t.Errorf("doctor does not say %q:\n%s", want, note)
		}
	}
	each("nothing shared", look+" | grep -v -e roots -e etc", ".runtime\nfile\nlink@\nmysql.d\n")
	if r := alice.Login(t, "ls -d /tmp/roots /tmp/etc/passwd"); r.Status != 0 {
		t.Errorf("root's own is gone: %s", r.Stderr)
	}
	if note := rig.Sh(t, "tmpshellctl doctor").Stdout; strings.Contains(note, "has left") {
		t.Errorf("doctor says that something is left: %s", note)
	}
}
