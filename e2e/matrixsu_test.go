package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMatrixSu has the programs that change the user, with their options.
func TestMatrixSu(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	// with runs a command with the script as last argument or as stdin.
	with := func(args ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			stdin := script + "\n"
			var words []string
			for _, w := range args {
				switch w {
				case "USER":
					w = a.Name
				case "SHELL":
					w = a.Shell
				case "SHELL=":
					w = "SHELL=" + a.Shell
				case "SCRIPT":
					w, stdin = script, ""
				}
				words = append(words, w)
			}
			return direct(t, stdin, words...)
		}
	}
	matrix(t, "su, runuser, sudo", []caller{
		{name: "su", login: with("su", "USER")},
		{name: "su -", login: with("su", "-", "USER")},
		{name: "su -c", login: with("su", "-c", "SCRIPT", "USER")},
		{name: "su - -c", login: with("su", "-", "USER", "-c", "SCRIPT")},
		{name: "su -l -c with arguments", login: with("su", "-l", "-c", "SCRIPT", "USER", "--", "zero", "one two", "")},
		{name: "su --session-command", login: with("su", "--session-command", "SCRIPT", "USER")},
		{name: "su - --session-command", login: with("su", "-", "--session-command", "SCRIPT", "USER")},
		{name: "su -g -G", login: with("su", "-g", "adm", "-G", "cdrom", "-G", "audio", "-c", "SCRIPT", "USER")},
		{name: "su -m", login: with("env", "SHELL=", "su", "-m", "-c", "SCRIPT", "USER")},
		{name: "su -p, another TMPDIR", login: with("env", "SHELL=", "TMPDIR=/root", "su", "-p", "-c", "SCRIPT", "USER")},
		{name: "su - -w", login: with("env", "KEPT=yes", "TMPDIR=/var/tmp", "su", "-", "-w", "KEPT,TMPDIR", "-c", "SCRIPT", "USER")},
		{name: "su -s", login: with("su", "-s", "SHELL", "-c", "SCRIPT", "USER")},
		{name: "su --pty -c", login: with("su", "--pty", "-c", "SCRIPT", "USER")},
		{name: "su - --pty -c", login: with("su", "-", "--pty", "-c", "SCRIPT", "USER")},
		{name: "runuser", login: with("runuser", "USER")},
		{name: "runuser -", login: with("runuser", "-", "USER")},
		{name: "runuser -c", login: with("runuser", "USER", "-c", "SCRIPT")},
		{name: "runuser -l -c", login: with("runuser", "-l", "USER", "-c", "SCRIPT")},
		{name: "runuser -m", login: with("env", "SHELL=", "runuser", "-m", "USER", "-c", "SCRIPT")},
		{name: "runuser -s", login: with("runuser", "-s", "SHELL", "USER", "-c", "SCRIPT")},
		{name: "runuser -u shell -c", login: with("runuser", "-u", "USER", "--", "SHELL", "-c", "SCRIPT"), varies: []string{"SHELL"}},
		{name: "sudo -i", login: with("sudo", "-n", "-i", "-u", "USER")},
		{name: "sudo -i command", login: with("sudo", "-n", "-i", "-u", "USER", "observe", "a b", "$HOME", "'", "")},
		{name: "sudo -s", login: with("env", "SHELL=", "sudo", "-n", "-s", "-u", "USER")},
		{name: "sudo -s command", login: with("env", "SHELL=", "sudo", "-n", "-s", "-u", "USER", "observe")},
		{name: "sudo -E -s, another TMPDIR", login: with("env", "SHELL=", "TMPDIR=/root", "sudo", "-n", "-E", "-s", "-u", "USER")},
		{name: "sudo -u shell -c", login: with("sudo", "-n", "-u", "USER", "SHELL", "-c", "SCRIPT")},
		{name: "sudo -i -g", login: with("sudo", "-n", "-i", "-u", "USER", "-g", "adm")},
	})
}
