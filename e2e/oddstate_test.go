package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestOddStates logs in from states that a careless or hostile caller leaves:
// each ends in a session with a private directory, made under that very state,
// and never in a stack trace.
func TestOddStates(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	const say = `printf '%s %s\n' "$TMPDIR" "$(umask)" >/home/alice/out`
	for _, c := range []struct{ name, before, umask, dir string }{
		{"umask 0777", "umask 0777; touch /home/alice/out 2>/dev/null;", "0777", "/tmp/.private/1000"},
		{"umask 0", "umask 0;", "0000", "/tmp/.private/1000"},
		{"no file may grow", "ulimit -f 0;", "", "/tmp/.private/1000"},
		{"descriptors closed", "exec <&- >&- 2>&-;", "0022", "/tmp/.private/1000"},
		{"few descriptors", "ulimit -n 5;", "0022", "/tmp/.private/1000"},
		{"cwd deleted", "mkdir /home/alice/gone; cd /home/alice/gone; rmdir ../gone;", "0022", "/tmp/.private/1000"},
		{"hostile variables", "export GODEBUG=netdns=go GOGC=off GOTRACEBACK=crash LD_PRELOAD= TMPDIR=/etc HOME=/root USER=root LOGNAME=root;", "0022", "/tmp/.private/1000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rig.Sh(t, "rm -rf /tmp/.private /run/user")

			rig.Sh(t, "rm -f /home/alice/out; : >/home/alice/out; chown alice /home/alice/out")
			script := say
			if strings.Contains(c.before, "ulimit -f") {
				script = `[ "$TMPDIR" = /tmp/.private/1000 ] && [ -d "$TMPDIR" ]` // cannot write
			}
			r := rig.Command{As: alice, Path: "/bin/bash", Args: []string{"bash", "-c",
				c.before + ` exec -a tmpshell /usr/bin/tmpshell -c "$1"`, "bash", script}}.Run(t)
			if r.Status != 0 || r.Stdout != "" || strings.Contains(r.Stderr, "goroutine") {
				t.Errorf("login printed %q, %q, status %d", r.Stdout, r.Stderr, r.Status)
			}
			if c.umask != "" {
				out := rig.Must(t, "cat", "/home/alice/out")
				if want := c.dir + " " + c.umask + "\n"; out != want {
					t.Errorf("the session saw %q; want %q", out, want)
				}
			}
			if c.dir == alice.Private() {
				rig.CheckPrivate(t, alice)
			}
			rig.CheckDir(t, c.dir, 1000, 1000, 0o700)
		})
	}
}

// TestNoProc: without /proc nothing but the session's own programs suffers.
func TestNoProc(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	// An empty directory over /proc, in a namespace of this one login.
	const login = `unshare -m sh -c 'mount -t tmpfs none /proc && exec setpriv --reuid 1000 --regid 1000 --clear-groups tmpshell -c "echo \$TMPDIR \$SHELL"'`
	r := rig.Sh(t, login)
	if r.Stdout != "/tmp/.private/1000 /bin/bash\n" || r.Stderr != "" || r.Status != 0 {
		t.Errorf("login printed %q, %q, status %d", r.Stdout, r.Stderr, r.Status)
	}
	rig.CheckPrivate(t, alice)
}
