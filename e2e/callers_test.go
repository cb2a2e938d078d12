package e2e

import (
	"os"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestCallers goes through the programs that start login shells, other than
// sshd and login.
func TestCallers(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Write(t, alice.Home+"/.profile", "export PROFILE=read\n", 0o644)
	// Everything that a caller may be told about the shell must go by passwd:
	// a SHELL of root's would name the real one.
	env := append(os.Environ(), "CALLER=kept")
	run := func(t *testing.T, stdin string, args ...string) rig.Result {
		view.Need(t, args[0])
		path := "/usr/bin/env"
		return rig.Command{Path: path, Args: append([]string{"env"}, args...), Env: env, Stdin: stdin}.Run(t)
	}
	for _, caller := range []struct {
		name  string
		login func(t *testing.T, script string) rig.Result
	}{
		{"su", func(t *testing.T, script string) rig.Result {
			return run(t, script, "su", "alice")
		}},
		{"su -", func(t *testing.T, script string) rig.Result {
			return run(t, script, "su", "-", "alice")
		}},
		{"su -c", func(t *testing.T, script string) rig.Result {
			return run(t, "", "su", "-c", script, "alice")
		}},
		{"su -l -c", func(t *testing.T, script string) rig.Result {
			return run(t, "", "su", "-l", "-c", script, "alice")
		}},
		{"su with arguments", func(t *testing.T, script string) rig.Result {
			return run(t, "", "su", "-c", script, "alice", "--", "zero", "one two", "")
		}},
		{"runuser -l -c", func(t *testing.T, script string) rig.Result {
			return run(t, "", "runuser", "-l", "-c", script, "alice")
		}},
		{"sudo -i", func(t *testing.T, script string) rig.Result {
			return run(t, script, "sudo", "-n", "-i", "-u", "alice")
		}},
		{"sudo -i command", func(t *testing.T, script string) rig.Result {
			rig.Write(t, "/usr/local/bin/session", "#!/bin/sh\n"+script+"\n", 0o755)
			return run(t, "", "sudo", "-n", "-i", "-u", "alice", "session", "a b", "$HOME", "'", "")
		}},
		{"sudo -s", func(t *testing.T, script string) rig.Result {
			return run(t, script, "env", "SHELL="+alice.Shell, "sudo", "-n", "-s", "-u", "alice")
		}},
		{"sudo -s command", func(t *testing.T, script string) rig.Result {
			rig.Write(t, "/usr/local/bin/session", "#!/bin/sh\n"+script+"\n", 0o755)
			return run(t, "", "env", "SHELL="+alice.Shell, "sudo", "-n", "-s", "-u", "alice", "session", "a b")
		}},
	} {
		t.Run(caller.name, func(t *testing.T) { twin(t, alice, caller.login) })
	}
}
