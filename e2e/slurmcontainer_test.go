package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestSlurmContainer: Slurm's own job_container/tmpfs gives each job a /tmp. With method
// env, the task prolog of etc/slurm names that, in place of what is on the node of the
// login; with off, tmpshell has no part in it.
func TestSlurmContainer(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match User off", "Directory /tmp off")
	off := rig.AddUser(t, rig.Account{Name: "off", UID: 1000, Shell: "/bin/bash"})
	env := rig.AddUser(t, rig.Account{Name: "env", UID: 1001, Shell: "/bin/bash"})
	installSlurmScripts(t)
	rig.Write(t, "/etc/slurm/job_container.conf", "AutoBasePath=true\nBasePath=/run/jobs\n", 0o644)
	c := rig.StartSlurm(t, append(slurmScripts, "JobContainerType=job_container/tmpfs")...)
	for _, user := range []struct {
		*rig.Account
		login string
		want  string
	}{
		{off, "unset TMPDIR TMP TEMP; ", "off 700 step TMPDIR=/tmp"},
		{env, "", "env 700 step TMPDIR=/tmp TMP=/tmp TEMP=/tmp"},
	} {
		const job = `srun -Q touch /tmp/step && srun -Q sh -c 'echo $(stat -c "%U %a" /tmp) $(ls -A /tmp) ${TMPDIR+TMPDIR=$TMPDIR} ${TMP+TMP=$TMP} ${TEMP+TEMP=$TEMP}'`
		for range 2 { // and the second finds nothing of the first
			var r rig.Result
			for range 20 { // Slurm 22.05 does not make every container: "Bad file descriptor"
				if r = fromLogin(t, user.Account, user.login+"salloc -Q -w n2 sh -c '"+strings.ReplaceAll(job, "'", `'\''`)+"'"); r.Status == 0 {
					break
				}
				t.Logf("%d, %q", r.Status, r.Stderr)
			}
			if got := strings.TrimSpace(r.Stdout); r.Status != 0 || got != user.want {
				t.Errorf("a job prints %q (%d, %q); want %q", got, r.Status, r.Stderr, user.want)
			}
			c.AwaitIdle()
		}
	}
	if left := leftOn(t, c); len(left) > 0 {
		t.Errorf("after the jobs there is %q", left)
	}
	if _, err := os.Stat(c.Disk("n2") + "/step"); err == nil {
		t.Error("what a step has made is in the node's /tmp; want it in the job's")
	}
}
