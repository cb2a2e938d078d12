package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestForceCommand has tmpshell in the place of internal-sftp, and commands that
// ask for what sshd has told it.
func TestForceCommand(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	view.Need(t, "dash", "zsh")
	rig.StartSSHD(t, "UsePAM no",
		"Subsystem sftp internal-sftp -l INFO -f  LOCAL0",
		"Match User !plain,*",
		"ForceCommand "+rig.Tmpshell)

	for i, shell := range []string{"/bin/bash", "/bin/zsh", "/bin/dash", rig.Tmpshell} {
		a := rig.AddUser(t, rig.Account{Name: fmt.Sprint("user", i), UID: uint32(1000 + i), Shell: shell})
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			forced(t, a)
		})
	}
}

func forced(t *testing.T, a *rig.Account) {
	t.Run("a command that names the variable", func(t *testing.T) {
		command := `printf %s "$SSH_ORIGINAL_COMMAND"`
		if r := ssh(t, a, "", command); r.Stdout+r.Stderr != "" {
			t.Errorf("stdout %q, stderr %q; want nothing", r.Stdout, r.Stderr)
		}
	})
	t.Run("sftp", func(t *testing.T) { transfers(t, a) })
	t.Run("sftp-server inherits the variables", func(t *testing.T) {
		sftpEnvironment(t, a)
	})
}

// sftpEnvironment looks at a running sftp-server from the outside.
func sftpEnvironment(t *testing.T, a *rig.Account) {
	c := rig.SFTP(a)
	// sftp waits until the server has been looked at.
	looked := "/run/looked-" + a.Name
	rig.Must(t, "sh", "-c", "rm -f "+looked+" && mkfifo "+looked)
	c.Stdin = "!read line <" + looked + "\n"
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(t)
	}()
	var environ string
	rig.Await(t, func() string { return "no sftp-server" }, func() bool {
		pid := strings.TrimSpace(rig.Sh(t, "pgrep -u $1 -x sftp-server", fmt.Sprint(a.UID)).Stdout)
		text, _ := os.ReadFile("/proc/" + pid + "/environ")
		environ = string(text)
		return environ != "" || hasEnded(done)
	})
	if err := os.WriteFile(looked, nil, 0o600); err != nil { // waits for the reader
		t.Fatal(err)
	}
	<-done
	if want := "TMPDIR=" + a.Private() + "\x00"; !strings.Contains(environ, want) {
		t.Errorf("no %q in the environment of sftp-server: %q", want, environ)
	}
}
