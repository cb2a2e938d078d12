package e2e

import (
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
	rig.StartSSHD(t, "UsePAM no", "AcceptEnv *", "PermitUserEnvironment yes")

	t.Run("variables from the client", func(t *testing.T) {
		for _, value := range []string{"/tmp/.private/1001", "/etc", "/tmp", "/tmp/.private", "relative", "/nowhere"} {
			c := rig.SSH(alice, "-o", "SetEnv=TMPDIR="+value+" TMP="+value+" XDG_RUNTIME_DIR="+value+" SSH_ORIGINAL_COMMAND=date")
			c.Args = append(c.Args, rig.Probe)
			s := rig.ParseSession(t, c.Run(t))
			s.CheckVariables(t, alice.Private())
			if dir, _ := s.Getenv("XDG_RUNTIME_DIR"); dir != alice.Private()+"/.runtime" {
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
}

const sftpServer = "/usr/lib/openssh/sftp-server"

// ssh runs a session without a terminal: a shell that reads stdin or, with a
// command, an exec request.
func ssh(t *testing.T, a *rig.Account, stdin string, command ...string) rig.Result {
	t.Helper()
	c := rig.SSH(a)
	c.Stdin, c.Args = stdin, append(c.Args, command...)
	return c.Run(t)
}
