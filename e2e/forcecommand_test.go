package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestForceCommand has tmpshell as ForceCommand for accounts with each passwd
// shell, tmpshell itself included.
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
		rig.Write(t, a.Home+"/.profile", "export PROFILE=read\n", 0o644)
		rig.Write(t, a.Home+"/.zprofile", "export PROFILE=read\n", 0o644)
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			forced(t, a)
		})
	}
}

func forced(t *testing.T, a *rig.Account) {
	real := a.Shell
	if real == rig.Tmpshell {
		real = "/bin/bash"
	}
	name := real[strings.LastIndex(real, "/")+1:]
	check := func(t *testing.T, r rig.Result, argv ...string) {
		t.Helper()
		s := rig.ParseSession(t, r)
		if got := strings.Join(s.Argv, "|"); got != strings.Join(argv, "|") {
			t.Errorf("argv %q, want %q", s.Argv, argv)
		}
		if s.Before+s.After+r.Stderr != "" {
			t.Errorf("output beside the session's: stdout %q, %q, stderr %q", s.Before, s.After, r.Stderr)
		}
		if r.Status != exitStatus {
			t.Errorf("status %d, want %d", r.Status, exitStatus)
		}
		if command, set := s.Getenv("SSH_ORIGINAL_COMMAND"); set {
			t.Errorf("SSH_ORIGINAL_COMMAND is still set: %.100q", command)
		}
		if shell, _ := s.Getenv("SHELL"); shell != real {
			t.Errorf("SHELL is %q, want %q", shell, real)
		}
		s.CheckVariables(t, a.Private())
		rig.CheckPrivate(t, a)
		_, login := s.Getenv("PROFILE")
		if want := strings.HasPrefix(argv[0], "-"); login != want {
			t.Errorf("login shell: %v, want %v", login, want)
		}
	}
	t.Run("exec", func(t *testing.T) {
		check(t, ssh(t, a, "", probe), name, "-c", probe)
	})
	t.Run("shell", func(t *testing.T) {
		check(t, ssh(t, a, probe), "-"+name)
	})
	t.Run("every byte of the command", func(t *testing.T) {
		for what, command := range hostileCommands {
			t.Run(what, func(t *testing.T) {
				command := probe + "; : " + command
				check(t, ssh(t, a, "", command), name, "-c", command)
			})
		}
	})
	t.Run("a command that names the variable", func(t *testing.T) {
		command := `printf %s "$SSH_ORIGINAL_COMMAND"`
		if r := ssh(t, a, "", command); r.Stdout+r.Stderr != "" {
			t.Errorf("stdout %q, stderr %q; want nothing", r.Stdout, r.Stderr)
		}
	})
	t.Run("terminal", func(t *testing.T) {
		term := rig.SSH(a, "-tt").OnTerminal(t)
		term.Send("echo $TMPDIR $- rea''dy\r")
		line := term.Expect(" ready\r\n")
		if !strings.Contains(line, a.Private()) {
			t.Errorf("TMPDIR is not on the terminal: %q", line)
		}
		term.Send("exit 7\r")
		if _, status := term.Wait(); status != exitStatus {
			t.Errorf("status %d, want %d", status, exitStatus)
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
	c.Stdin = "!sleep 1\n"
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(t)
	}()
	var environ string
	for deadline := time.Now().Add(rig.Limit); environ == "" && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		pid := strings.TrimSpace(rig.Sh(t, "pgrep -u $1 -x sftp-server", fmt.Sprint(a.UID)).Stdout)
		text, _ := os.ReadFile("/proc/" + pid + "/environ")
		environ = string(text)
	}
	<-done
	if want := "TMPDIR=" + a.Private() + "\x00"; !strings.Contains(environ, want) {
		t.Errorf("no %q in the environment of sftp-server: %q", want, environ)
	}
}
