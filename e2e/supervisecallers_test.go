package e2e

import (
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// TestSuperviseCallers: with Supervise yes, programs that start sessions, or talk to one
// of their own kind through one, find what they find with the shell itself, and
// afterwards the directories are gone.
func TestSuperviseCallers(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "bash", "cron", "crontab", "sudo")
	rig.StartSSHD(t, "UsePAM no", "Subsystem sftp /usr/local/bin/observe "+sftpServer)
	with := func(args ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			c := asRootFor(a, script, args...)
			c.Stdin = script + "\n"
			return c.Run(t)
		}
	}
	// Large ones are the other tables' affair.
	ofSSH := slices.DeleteFunc(sshCallers(), func(c caller) bool { return strings.Contains(c.name, "MiB") || strings.Contains(c.name, "hostile") })
	callers := slices.Concat(transferCallers(t), ofSSH, []caller{
		{name: "su -", login: with("su", "-", "{user}")},
		{name: "su - -c, killed", login: with("su", "-", "{user}", "-c", "observe; kill -TERM $$")},
		{name: "sudo -iu", login: with("sudo", "-n", "-iu", "{user}")},
		{name: "cron", login: byCron(func(t *testing.T, a *rig.Account, job string) {
			rig.Write(t, "/etc/cron.d/e2e", "MAILTO=\"\"\nPATH=/usr/local/bin:/usr/bin:/bin\nSHELL="+a.Shell+"\n@reboot "+a.Name+" "+job+"\n", 0o644)
			t.Cleanup(func() { rig.Must(t, "rm", "/etc/cron.d/e2e") })
		})},
	})
	// What Ansible sends with pipelining is cheap; itself it is seconds of Python.
	ansible := ansibleCallers(t)
	callers = append(callers, ansible[0])
	if sample.All() || sample.Of(4).Has("supervised", "Ansible") {
		callers = append(callers, ansible[1])
	}
	for i := range callers {
		callers[i].supervised = true
	}
	matrixOf(t, "supervised", sample.Of(1), realShells[:1], callers, "Supervise yes")
}
