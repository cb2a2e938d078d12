package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// slurmScripts are etc/slurm, as they stand.
var slurmScripts = []string{"Prolog=/etc/slurm/prolog", "Epilog=/etc/slurm/epilog", "TaskProlog=/etc/slurm/taskprolog", "PrologFlags=Contain"}

func installSlurmScripts(t *testing.T) {
	t.Helper()
	for _, name := range []string{"prolog", "epilog", "taskprolog"} {
		rig.Write(t, "/etc/slurm/"+name, readSource(t, "etc/slurm/"+name), 0o755)
	}
}

// fromLogin runs a command of a user's on the node of the logins, whose TMPDIR is
// there, and nowhere else.
func fromLogin(t *testing.T, a *rig.Account, script string) rig.Result {
	t.Helper()
	elsewhere := []string{"TMPDIR=/tmp/.private/1000/login", "TMP=/nowhere", "TEMP=/tmp/.private/4242", "TEMPDIR=/tmp/.private/1000"}
	return rig.Command{As: a, Path: "/bin/bash", Args: []string{"bash", "-c", script}, Dir: "/",
		Env: append(a.Env(), elsewhere...)}.Run(t)
}

// nextJob is the number of the job that is next: they are counted.
func nextJob(t *testing.T, a *rig.Account) string {
	t.Helper()
	last, err := strconv.Atoi(strings.TrimSpace(fromLogin(t, a, "exec srun -Q -w n1 sh -c 'echo $SLURM_JOB_ID'").Stdout))
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(last + 1)
}

// shut has nothing made in a directory of a node's disk until it is opened, as where
// that is full.
func shut(t *testing.T, dir string) (open func()) {
	t.Helper()
	rig.Must(t, "chattr", "+i", dir)
	return func() { rig.Must(t, "chattr", "-i", dir) }
}

// withoutDirectory: where the prolog cannot make what a job is to have, its log says so;
// the job has the user's own directory and says so on its standard error, once for all
// tasks on a node, or with OnFailure deny no task.
func withoutDirectory(t *testing.T, c *rig.Cluster, log *rig.Syslog, a, deny *rig.Account) {
	why := func(uid, job string) string {
		return "no private directory in /tmp: /tmp/.private/" + uid + "." + job + " was not made for this batch job"
	}
	job := nextJob(t, a)
	open := shut(t, c.Disk("n2")+"/.private")
	r := fromLogin(t, a, "exec srun -w n2 -n2 sh -c 'echo $SLURM_JOB_ID $TMPDIR'")
	if want := job + " /tmp/.private/1000\n"; r.Status != 0 || r.Stdout != want+want {
		t.Errorf("srun without a directory: %d, %q; want %q", r.Status, r.Stdout, want+want)
	}
	if n := strings.Count(r.Stderr, why("1000", job)); n != 1 || !strings.Contains(r.Stderr, "; using /tmp/.private/1000\n") {
		t.Errorf("srun without a directory: %q; want it to say so once", r.Stderr)
	}
	open()
	log.Expect(t, "tmpshellctl", "job: no directory for batch job "+job+" of 1000 in /tmp: ")
	log.Expect(t, "tmpshellctl", "fallback uid=1000 user=alice: "+why("1000", job))

	// A batch script, and what is on its standard error.
	job = nextJob(t, a)
	open = shut(t, c.Disk("n2")+"/.private")
	rig.Write(t, "/home/alice/job", "#!/bin/sh\necho $TMPDIR\n", 0o755)
	r = fromLogin(t, a, "cd; sbatch -Q --wait -w n2 -o out -e err job; cat out err")
	if !strings.HasPrefix(r.Stdout, "/tmp/.private/1000\n") || strings.Count(r.Stdout, why("1000", job)) != 1 {
		t.Errorf("sbatch without a directory: %q", r.Stdout)
	}
	open()

	job = nextJob(t, deny)
	open = shut(t, c.Disk("n2")+"/.private")
	r = fromLogin(t, deny, "exec srun -w n2 echo begun")
	if r.Status == 0 || r.Stdout != "" || strings.Count(r.Stderr, why("1002", job)) != 1 {
		t.Errorf("with OnFailure deny: %d, %q, %q; want no task, and why", r.Status, r.Stdout, r.Stderr)
	}
	open()
	log.Expect(t, "tmpshellctl", "denied uid=1002 user=deny: "+why("1002", job))
	if r = fromLogin(t, deny, "exec srun -Q -w n2 echo begun"); r.Status != 0 || r.Stdout != "begun\n" || r.Stderr != "" {
		t.Errorf("with OnFailure deny, and a directory: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}

	// The prolog has not run.
	rig.Write(t, "/etc/slurm/prolog", "#!/bin/sh\n", 0o755)
	job = nextJob(t, a)
	r = fromLogin(t, a, "exec srun -w n2 sh -c 'echo $TMPDIR'")
	if r.Status != 0 || r.Stdout != "/tmp/.private/1000\n" || strings.Count(r.Stderr, why("1000", job)) != 1 {
		t.Errorf("without a prolog: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}
	rig.Write(t, "/etc/slurm/prolog", readSource(t, "etc/slurm/prolog"), 0o755)
	c.AwaitIdle()
	if left := leftOn(t, c); len(left) > 0 {
		t.Errorf("after the jobs there is %q", left)
	}
}

// leftOn lists the directories of jobs on the nodes.
func leftOn(t *testing.T, c *rig.Cluster) (list []string) {
	t.Helper()
	for _, node := range []string{"n1", "n2"} {
		found, err := filepath.Glob(c.Disk(node) + "/.private/*.*")
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, found...)
	}
	return list
}

// TestSlurm: the scripts of etc/slurm, on a cluster of two nodes with a /tmp of their
// own. A job has a directory on each node, the same for all of its steps, which goes
// with it: when it ends, when it is killed, when the node has crashed.
func TestSlurm(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "SetEnv "+setHostile()+" 'BLANKS=  two, é, \xff ' TMUX_TMPDIR=${TMPDIR}/t", "Match User mount", "Directory /tmp mount", "Match User deny", "OnFailure deny")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	mount := rig.AddUser(t, rig.Account{Name: "mount", UID: 1001, Shell: "/bin/bash"})
	deny := rig.AddUser(t, rig.Account{Name: "deny", UID: 1002, Shell: "/bin/bash"})
	rig.Must(t, "install", "-d", "-m", "700", "-o", "1000", "-g", "1000", "/tmp/.private/1000", "/tmp/.private/1000/login")
	installSlurmScripts(t)
	c := rig.StartSlurm(t, slurmScripts...)
	log := rig.ListenSyslog(t)

	t.Run("variables", func(t *testing.T) {
		// Their own directory on the node, which TEMPDIR names there, too.
		rig.Must(t, "install", "-d", "-m", "700", "-o", "1000", "-g", "1000", c.Disk("n2")+"/.private/1000")
		r := fromLogin(t, alice, "exec srun -Q -w n2 sh -c 'echo $SLURM_JOB_ID; ls -ld $TMPDIR; env -0'")
		job, rest, _ := strings.Cut(r.Stdout, "\n")
		ls, rest, _ := strings.Cut(rest, "\n")
		dir := "/tmp/.private/1000." + job
		got := map[string]string{}
		for entry := range strings.SplitSeq(rest, "\x00") {
			name, value, _ := strings.Cut(entry, "=")
			got[name] = value
		}
		for name, want := range map[string]string{"TMPDIR": dir, "TMP": dir, "TEMP": dir, "TEMPDIR": dir,
			"TMUX_TMPDIR": dir + "/t", "HOSTILE": hostileValue, "BLANKS": "  two, é, \xff "} {
			if got[name] != want {
				t.Errorf("a task has %s=%q; want %q", name, got[name], want)
			}
		}
		if !strings.HasPrefix(ls, "drwx------ ") || !strings.Contains(ls, " alice ") {
			t.Errorf("its directory is %q; want it to be alice's alone", ls)
		}
		if r.Status != 0 || r.Stderr != "" {
			t.Errorf("srun: %d, %q", r.Status, r.Stderr)
		}
	})

	t.Run("steps", func(t *testing.T) {
		// The script is on n1 alone; what a step leaves, the next one finds, on each node.
		rig.Write(t, "/home/alice/job", `#!/bin/bash
			echo $TMPDIR
			srun -N2 -n2 sh -c 'echo $(hostname) >$TMPDIR/first'
			srun -N2 -n2 sh -c 'echo $(cat $TMPDIR/first) $TMPDIR'
		`, 0o755)
		r := fromLogin(t, alice, "cd; sbatch --wait --parsable -N2 -o out job")
		job := strings.TrimSpace(r.Stdout)
		out, _ := os.ReadFile("/home/alice/out")
		dir := "/tmp/.private/1000." + job
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		for _, want := range []string{dir, "n1 " + dir, "n2 " + dir} {
			if !slices.Contains(lines, want) {
				t.Errorf("the job printed %q; want a line %q", lines, want)
			}
		}
		if r.Status != 0 {
			t.Errorf("sbatch: %d, %q", r.Status, r.Stderr)
		}
		c.AwaitIdle()
		if left := leftOn(t, c); len(left) > 0 {
			t.Errorf("after the jobs there is %q", left)
		}
	})

	t.Run("killed", func(t *testing.T) {
		rig.Write(t, "/home/alice/job", "#!/bin/bash\ntrap '' TERM INT\nmkdir -p $TMPDIR/a/b; chmod 0 $TMPDIR/a; echo started >started\nwhile :; do sleep 1000; done\n", 0o755)
		for _, how := range []string{"scancel --signal=KILL --full", "scancel"} {
			_ = os.Remove("/home/alice/started")
			job := strings.TrimSpace(fromLogin(t, alice, "cd; sbatch --parsable -w n2 -o out job").Stdout)
			c.Await("cat /home/alice/started 2>&1", "started\n")
			if left := leftOn(t, c); len(left) != 1 || left[0] != c.Disk("n2")+"/.private/1000."+job {
				t.Errorf("while it runs, there is %q", left)
			}
			rig.Must(t, "sh", "-c", how+" "+job)
			c.AwaitIdle()
			if left := leftOn(t, c); len(left) > 0 {
				t.Errorf("after %s there is %q", how, left)
			}
		}
	})

	t.Run("crashed", func(t *testing.T) {
		_ = os.Remove("/home/alice/started")
		fromLogin(t, alice, "cd; sbatch -Q --no-requeue -w n2 -o out job")
		c.Await("cat /home/alice/started 2>&1", "started\n")
		c.Crash("n2")
		if left := leftOn(t, c); len(left) != 1 {
			t.Errorf("after the crash there is %q; want the job's", left)
		}
		c.Boot("n2")
		c.Await("squeue -h; sinfo -h -o %T | sort -u; ls -d "+c.Disk("n2")+"/.private/*.* 2>/dev/null", "idle\n")
	})

	t.Run("mount", func(t *testing.T) {
		r := fromLogin(t, mount, "exec srun true")
		if r.Status == 0 || !strings.Contains(r.Stderr, "TaskProlog failed") || !strings.Contains(r.Stderr, "/tmp is private only inside a session") {
			t.Errorf("with method mount: %d, %q; want it to fail, and to say why", r.Status, r.Stderr)
		}
	})

	t.Run("without", func(t *testing.T) { withoutDirectory(t, c, log, alice, deny) })

	t.Run("many", func(t *testing.T) {
		n := 24
		if sample.All() {
			n = 2000
		}
		r := fromLogin(t, alice, fmt.Sprintf(`cd; sbatch -Q --wait -o /dev/null --array=1-%d --wrap 'mktemp -d >/dev/null; mktemp >/dev/null; kill -s $((SLURM_ARRAY_TASK_ID %% 3 ? 0 : 9)) $$'`, n))
		c.AwaitIdle()
		left := leftOn(t, c)
		t.Logf("%d short jobs, one in three killed: %d directories left (%d, %q)", n, len(left), r.Status, r.Stderr)
		if len(left) > 0 {
			t.Errorf("there is %q", left[:min(len(left), 5)])
		}
	})
}
