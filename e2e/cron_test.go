package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestCron waits for the next full minute, when the real cron runs its jobs.
func TestCron(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "cron", "crontab")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	// Renamed when complete, so that its being there means that it is.
	job := func(name string) string {
		file := filepath.Join(alice.Home, name)
		return "exec 2>" + file + ".err >" + file + ".part; (" + probe + "); s=$?; mv " + file + ".part " + file + "; exit $s"
	}
	rig.Write(t, "/etc/cron.d/e2e", `SHELL=/bin/bash
* * * * * alice `+job("plain")+`
SHELL=`+rig.Tmpshell+`
* * * * * alice `+job("system")+`
`, 0o644)
	rig.Write(t, "/tmp/crontab", "SHELL="+rig.Tmpshell+"\n* * * * * "+job("own")+"\n", 0o644)
	rig.Must(t, "crontab", "-u", "alice", "/tmp/crontab")
	cron := exec.Command("cron", "-f", "-L", "0")
	if err := cron.Start(); err != nil {
		t.Fatal(err)
	}
	defer cron.Process.Kill()

	result := func(t *testing.T, name string) rig.Result {
		file := filepath.Join(alice.Home, name)
		for deadline := time.Now().Add(75 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if out, err := os.ReadFile(file); err == nil {
				errs, _ := os.ReadFile(file + ".err")
				return rig.Result{Stdout: string(out), Stderr: string(errs), Status: exitStatus}
			}
		}
		t.Fatal("the job has not run")
		return rig.Result{}
	}
	plain := result(t, "plain")
	for _, crontab := range []string{"system", "own"} {
		t.Run(crontab, func(t *testing.T) {
			// The scripts differ in the names of their output files.
			got := rig.ParseSession(t, result(t, crontab))
			want := rig.ParseSession(t, plain)
			if got.Argv[0] != want.Argv[0] || got.Argv[1] != "-c" {
				t.Errorf("argv is %q, want %q -c ...", got.Argv, want.Argv[0])
			}
			if got.Before+got.After+result(t, crontab).Stderr != "" {
				t.Error("output beside the job's")
			}
			if shell, _ := got.Getenv("SHELL"); shell != "/bin/bash" {
				t.Errorf("SHELL is %q, want the real shell, /bin/bash", shell)
			}
			got.CheckVariables(t, alice.Private())
		})
	}
	rig.CheckPrivate(t, alice)
}
