package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestSSHDSurroundings: what sshd does around the shell, through the shell.
func TestSSHDSurroundings(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.AddUser(t, rig.Account{Name: "bob", UID: 1001}).Session(t)
	rig.StartSSHD(t, "UsePAM no", "AcceptEnv *", "PermitUserEnvironment yes", "PermitUserRC yes", "Subsystem sftp "+sftpServer)

	t.Run("variables from the client", func(t *testing.T) {
		for _, value := range []string{"/tmp/.private/1001", "/etc", "/tmp", "/tmp/.private", "relative", "/nowhere"} {
			c := rig.SSH(alice, "-o", "SetEnv=TMPDIR="+value+" TMP="+value+" XDG_RUNTIME_DIR="+value+" SSH_ORIGINAL_COMMAND=date")
			c.Args = append(c.Args, rig.Probe)
			s := rig.ParseSession(t, c.Run(t))
			s.CheckVariables(t, alice.Private())
			if dir, _ := s.Getenv("XDG_RUNTIME_DIR"); dir != "/run/user/1000" {
				t.Errorf("XDG_RUNTIME_DIR=%s became %q", value, dir)
			}
		}
	})
	t.Run("~/.ssh/environment", func(t *testing.T) {
		rig.Write(t, alice.Home+"/.ssh/environment", "TMPDIR=/etc\nMINE=kept\n", 0o644)
		defer rig.Must(t, "rm", alice.Home+"/.ssh/environment")
		s := rig.ParseSession(t, ssh(t, alice, "", rig.Probe))
		s.CheckVariables(t, alice.Private())
		if mine, _ := s.Getenv("MINE"); mine != "kept" {
			t.Errorf("MINE is %q", mine)
		}
	})
	t.Run("~/.ssh/rc", func(t *testing.T) {
		// sshd runs it with the passwd shell, before the session.
		rig.Write(t, alice.Home+"/.ssh/rc", `echo "$TMPDIR" >~/rc-ran`+"\n", 0o644)
		rig.Must(t, "chown", "alice", alice.Home)
		defer rig.Must(t, "rm", alice.Home+"/.ssh/rc")
		r := ssh(t, alice, "to the session\n", "cat")
		if r.Stdout != "to the session\n" || r.Stderr != "" {
			t.Errorf("stdout %q, stderr %q", r.Stdout, r.Stderr)
		}
		if ran := rig.Must(t, "cat", alice.Home+"/rc-ran"); ran != alice.Private()+"\n" {
			t.Errorf("the rc file saw TMPDIR=%q", ran)
		}
	})
	t.Run("agent forwarding", func(t *testing.T) {
		view.Need(t, "ssh-agent")
		r := rig.Sh(t, `eval "$(ssh-agent)" >/dev/null; trap 'kill $SSH_AGENT_PID' EXIT; shift 0; "$@"`,
			append(rig.SSH(alice, "-A").Args, `ssh-add -l; test -S "$SSH_AUTH_SOCK" && echo socket`)...)
		if !strings.HasSuffix(r.Stdout, "socket\n") {
			t.Errorf("the agent is out of reach: stdout %q, stderr %q", r.Stdout, r.Stderr)
		}
	})
	t.Run("many sessions over one connection", func(t *testing.T) {
		socket := t.TempDir() + "/mux"
		// Options may follow the host.
		r := rig.Sh(t, `"$@" -o ControlPath=`+socket+` -M -N -f; for i in 1 2 3 4 5 6 7 8; do "$@" -o ControlPath=`+socket+` 'echo $TMPDIR' & done; wait; "$@" -o ControlPath=`+socket+` -O exit 2>/dev/null`,
			rig.SSH(alice).Args...)
		if want := strings.Repeat(alice.Private()+"\n", 8); r.Stdout != want {
			t.Errorf("stdout %q, stderr %q; want %q", r.Stdout, r.Stderr, want)
		}
	})
	t.Run("stdin is the session's, to the byte", func(t *testing.T) {
		in := strings.Repeat("\x00\x04\x1a\xff line\n", 10_000)
		if r := ssh(t, alice, in, "cat"); r.Stdout != in {
			t.Errorf("%d bytes came back, want %d", len(r.Stdout), len(in))
		}
	})
}
