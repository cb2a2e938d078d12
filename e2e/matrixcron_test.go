package e2e

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMatrixCron has the daemons that run jobs. cron takes the shell from SHELL
// in the crontab. at(1) has every job run by /bin/sh, with the environment of
// the session that it was submitted in, which here is one of each shell.
func TestMatrixCron(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "cron", "crontab", "atd", "at", "atq")
	rig.Start(t, "atd", "-f")
	const environment = "MAILTO=\"\"\nPATH=/usr/local/bin:/usr/bin:/bin\n"
	matrix(t, "jobs", []caller{
		{name: "cron, crontab(1)", login: byCron(func(t *testing.T, a *rig.Account, job string) {
			own := filepath.Join(t.TempDir(), "crontab")
			rig.Write(t, own, environment+"SHELL="+a.Shell+"\n@reboot "+job+"\n", 0o644)
			rig.Must(t, "crontab", "-u", a.Name, own)
			t.Cleanup(func() { rig.Must(t, "crontab", "-r", "-u", a.Name) })
		})},
		{name: "cron, /etc/cron.d", login: byCron(func(t *testing.T, a *rig.Account, job string) {
			const system = "/etc/cron.d/e2e"
			rig.Write(t, system, environment+"SHELL="+a.Shell+"\n@reboot "+a.Name+" "+job+"\n", 0o644)
			t.Cleanup(func() { _ = os.Remove(system) })
		})},
		// at is set-user-ID, and the C library takes TMPDIR from such programs.
		{name: "at, from a session", login: byAt, lacks: []string{"TMPDIR"}},
	})
}

// oneCron: cron runs the jobs of all accounts, so there is one at a time.
var oneCron sync.Mutex

// byCron starts cron, which runs the jobs of @reboot at once, as it does in the
// first minute of a machine.
func byCron(list func(t *testing.T, a *rig.Account, job string)) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, script string) rig.Result {
		oneCron.Lock()
		defer oneCron.Unlock()
		done := a.Home + "/done"
		rig.Must(t, "rm", "-f", "/run/crond.reboot", "/var/run/crond.reboot", done)
		var result rig.Result
		t.Run("job", func(t *testing.T) {
			list(t, a, "observe; echo out >"+done+".part; mv "+done+".part "+done)
			rig.Start(t, "cron", "-f", "-L", "0")
			until(t, "the job's end", func() bool { _, err := os.Stat(done); return err == nil })
			result.Stdout = rig.Must(t, "cat", done)
		})
		return result
	}
}

// byAt submits a job from a session, and lets atd run it. The number of the job
// and the time are on stderr.
func byAt(t *testing.T, a *rig.Account, script string) rig.Result {
	r := exactly(a, "-{name}", "-c", "echo '"+script+"' | at -M now").Run(t)
	return rig.Result{Stdout: r.Stdout, Status: r.Status}
}
