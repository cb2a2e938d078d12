package e2e

import (
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMatrixSu has the programs that change the user, with their options.
func TestMatrixSu(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	// with runs a command that has the script as an argument or as stdin.
	with := func(args ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			view.Need(t, args[0])
			c := asRootFor(a, script, args...)
			if !slices.Contains(args, "{script}") {
				c.Stdin = script + "\n"
			}
			return c.Run(t)
		}
	}
	rows := []caller{
		{name: "su", login: with("su", "{user}")},
		{name: "su in a session of ssh", login: with("env", "SSH_CONNECTION=::1 1 ::1 22", "SSH_ORIGINAL_COMMAND=date", "su", "{user}")},
		{name: "su -P", login: with("su", "-P", "-c", "{script}", "{user}")},
		{name: "su -f", login: with("su", "-f", "-c", "{script}", "{user}"), only: []string{"zsh"}},
		{name: "su -", login: with("su", "-", "{user}")},
		{name: "su -c", login: with("su", "-c", "{script}", "{user}")},
		{name: "su - -c", login: with("su", "-", "{user}", "-c", "{script}")},
		{name: "su -l -c with arguments", login: with("su", "-l", "-c", "{script}", "{user}", "--", "zero", "one two", "")},
		{name: "su --session-command", login: with("su", "--session-command", "{script}", "{user}")},
		{name: "su - --session-command", login: with("su", "-", "--session-command", "{script}", "{user}")},
		{name: "su -g -G", login: with("su", "-g", "adm", "-G", "cdrom", "-G", "audio", "-c", "{script}", "{user}")},
		{name: "su -m", login: with("env", "SHELL={shell}", "su", "-m", "-c", "{script}", "{user}")},
		{name: "su -p, another TMPDIR", login: with("env", "SHELL={shell}", "TMPDIR=/root", "su", "-p", "-c", "{script}", "{user}")},
		{name: "su - -w", login: with("env", "KEPT=yes", "TMPDIR=/var/tmp", "su", "-", "-w", "KEPT,TMPDIR", "-c", "{script}", "{user}")},
		{name: "su -s", login: with("su", "-s", "{shell}", "-c", "{script}", "{user}")},
		{name: "su --pty -c", login: with("su", "--pty", "-c", "{script}", "{user}")},
		{name: "su - --pty -c", login: with("su", "-", "--pty", "-c", "{script}", "{user}")},
		{name: "runuser", login: with("runuser", "{user}")},
		{name: "runuser -", login: with("runuser", "-", "{user}")},
		{name: "runuser -c", login: with("runuser", "{user}", "-c", "{script}")},
		{name: "runuser -l -c", login: with("runuser", "-l", "{user}", "-c", "{script}")},
		{name: "runuser -m", login: with("env", "SHELL={shell}", "runuser", "-m", "{user}", "-c", "{script}")},
		{name: "runuser -s", login: with("runuser", "-s", "{shell}", "{user}", "-c", "{script}")},
		{name: "runuser -u shell -c", login: with("runuser", "-u", "{user}", "--", "{shell}", "-c", "{script}"), varies: []string{"SHELL"}},
		{name: "sudo -i", login: with("sudo", "-n", "-i", "-u", "{user}")},
		{name: "sudo -i command", login: with("sudo", "-n", "-i", "-u", "{user}", "observe", "a b", "$HOME", "'", "")},
		{name: "sudo -s", login: with("env", "SHELL={shell}", "sudo", "-n", "-s", "-u", "{user}")},
		{name: "sudo -s command", login: with("env", "SHELL={shell}", "sudo", "-n", "-s", "-u", "{user}", "observe")},
		{name: "sudo -E -s, another TMPDIR", login: with("env", "SHELL={shell}", "TMPDIR=/root", "sudo", "-n", "-E", "-s", "-u", "{user}")},
		{name: "sudo -u shell -c", login: with("sudo", "-n", "-u", "{user}", "{shell}", "-c", "{script}")},
		{name: "sudo -i -g", login: with("sudo", "-n", "-i", "-u", "{user}", "-g", "adm")},
	}
	if strings.Contains(rig.Must(t, "su", "--help"), "--no-pty") { // newer than 2.38
		rows = append(rows, caller{name: "su -T", login: with("su", "-T", "-c", "{script}", "{user}")})
	}
	matrix(t, "su, runuser, sudo", rows)
}
