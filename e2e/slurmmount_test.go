package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestSlurmMount: tasks of srun, sbatch and salloc have the private /tmp of method
// mount by the plugin of etc/slurm, and not without; where the policy refuses a session,
// there is no task. With per=SLURM_JOB_ID, /tmp is the job's.
func TestSlurmMount(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Unpack(t, "slurm-dev")
	view.Need(t, "gcc")
	rig.Must(t, "install", "-d", "-m", "1777", "/var/refused")
	rig.Install(t, "Match User env", "Directory /tmp env", "Match User refused", "Directory /var/refused env variables=REFUSED", "OnFailure deny", "Match User perjob,perdeny", "Directory /tmp mount per=SLURM_JOB_ID", "Match User perdeny", "OnFailure deny", "Match All", "Directory /tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	env := rig.AddUser(t, rig.Account{Name: "env", UID: 1001, Shell: "/bin/bash"})
	refused := rig.AddUser(t, rig.Account{Name: "refused", UID: 1002, Shell: "/bin/bash"})
	perjob := rig.AddUser(t, rig.Account{Name: "perjob", UID: 1003, Shell: "/bin/bash"})
	perdeny := rig.AddUser(t, rig.Account{Name: "perdeny", UID: 1004, Shell: "/bin/bash"})
	installSlurmScripts(t)
	rig.Write(t, "/etc/slurm/spank.c", readSource(t, "etc/slurm/spank.c"), 0o644)
	rig.Must(t, "gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", "/usr/lib/slurm-tmpshell.so", "/etc/slurm/spank.c")
	c := rig.StartSlurm(t, append(slurmScripts, "LaunchParameters=use_interactive_step", "PlugStackConfig=/etc/slurm/plugstack.conf")...)

	// What a task finds, and says of itself.
	const see = `touch /tmp/seen.$SLURM_JOB_ID; echo $TMPDIR; ls /tmp; id -nG; pwd; grep ^Cap /proc/self/status | cut -f2 | sort -u | wc -l`
	rig.Write(t, "/home/alice/job", "#!/bin/sh\n"+see+"\n", 0o755)
	ways := map[string]string{
		"srun":   `cd; exec srun -Q -w n2 sh -c '` + see + `'`,
		"sbatch": `cd; sbatch -Q --wait -w n2 -o out job; cat out`,
		"salloc": `cd; exec salloc -Q -w n2 srun -Q sh -c '` + see + `'`,
	}
	each := func(t *testing.T, check func(t *testing.T, way string, lines []string)) {
		t.Helper()
		for way, script := range ways {
			r := fromLogin(t, alice, script)
			check(t, way, strings.Split(strings.TrimSpace(r.Stdout+r.Stderr), "\n"))
		}
		c.AwaitIdle()
	}
	shared := func() []string {
		found, _ := filepath.Glob(c.Disk("n2") + "/seen.*")
		for _, f := range found {
			_ = os.Remove(f)
		}
		return found
	}

	t.Run("without", func(t *testing.T) {
		// The task prolog refuses: it cannot mount anything for its parent.
		each(t, func(t *testing.T, way string, lines []string) {
			if slices.Contains(lines, "alice") {
				t.Errorf("%s: %q; want the task not to begin", way, lines)
			}
		})
	})

	rig.Write(t, "/etc/slurm/plugstack.conf", "required /usr/lib/slurm-tmpshell.so\n", 0o644)
	t.Run("spank", func(t *testing.T) {
		each(t, func(t *testing.T, way string, lines []string) {
			if first, rest := lines[0], lines[len(lines)-3:]; first != "/tmp" || !slices.Equal(rest, []string{"alice", "/home/alice", "2"}) {
				t.Errorf("%s: %q; want it to begin with /tmp, and the groups, the directory and the capabilities of any task", way, lines)
			}
			if len(lines) < 5 || !strings.HasPrefix(lines[1], "seen.") {
				t.Errorf("%s: %q; want the file that it has made", way, lines)
			}
		})
		if found := shared(); len(found) > 0 {
			t.Errorf("in the node's /tmp there is %q", found)
		}
		if r := fromLogin(t, env, "cd; exec srun -Q -w n2 sh -c 'echo $TMPDIR'"); r.Status != 0 || !strings.HasPrefix(r.Stdout, "/tmp/.private/1001.") {
			t.Errorf("with method env: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
		}
		rig.Must(t, "chmod", "0777", "/var/refused")
		defer func() { rig.Must(t, "chmod", "1777", "/var/refused") }() // a node that boots sets up
		if r := fromLogin(t, refused, "cd; exec srun -Q -w n2 echo begun"); r.Status == 0 || r.Stdout != "" || !strings.Contains(r.Stderr, "has no session on this node") ||
			!strings.Contains(r.Stderr, "tmpshell: no private directory in /var/refused: ") {
			t.Errorf("a refused user: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
		}
	})

	t.Run("terminal", func(t *testing.T) {
		// The shell that salloc gives is a task on the node; srun inside it, and a step
		// with a terminal of its own, are others.
		term := rig.Command{As: alice, Path: "/usr/bin/salloc", Args: []string{"salloc", "-Q", "-w", "n2"}, Dir: "/home/alice"}.OnTerminal(t)
		term.Send("PS1=; stty -echo; touch /tmp/terminal; hostname; echo $TMPDIR; srun -Q ls /tmp; srun -Q --pty sh -c 'tty; ls /tmp'; echo fin''ished; exit\n")
		said := term.Expect("finished")
		if !strings.Contains(said, "n2\r\n/tmp\r\n") || strings.Count(said, "terminal\r\n") != 2 || strings.Count(said, "/dev/pts/") != 1 {
			t.Errorf("on a terminal: %q", said)
		}
		c.AwaitIdle()
		if _, err := os.Stat(c.Disk("n2") + "/terminal"); err == nil {
			t.Error("what the shell of salloc has made is in the node's /tmp")
		}
	})

	t.Run("per job", func(t *testing.T) { perJob(t, c, perjob) })
	t.Run("per job, without", func(t *testing.T) { perJobWithout(t, c, perjob, perdeny) })
}

// storedOn lists what there is for jobs in the stores of the nodes.
func storedOn(c *rig.Cluster) (list []string) {
	for _, node := range []string{"n1", "n2"} {
		found, _ := filepath.Glob(c.Disk(node) + ".store/*.*")
		list = append(list, found...)
	}
	return list
}

// perJob: with per=SLURM_JOB_ID all steps of a job have the same /tmp on a node, which
// no other job of the user's sees, and which goes with the job, however that ends.
func perJob(t *testing.T, c *rig.Cluster, a *rig.Account) {
	in := func(script string) string {
		t.Helper()
		r := fromLogin(t, a, script)
		if r.Status != 0 || r.Stderr != "" {
			t.Errorf("%s: %d, %q", script, r.Status, r.Stderr)
		}
		return r.Stdout
	}
	gone := func(how string) {
		t.Helper()
		c.AwaitIdle()
		if left := storedOn(c); len(left) > 0 {
			t.Errorf("after a job that %s there is %q", how, left)
		}
	}
	rig.Write(t, a.Home+"/job", `#!/bin/sh
		touch /tmp/script
		srun -Q -N2 -n2 sh -c 'touch /tmp/first.$(hostname)'
		srun -Q -N2 -n2 sh -c 'echo $(hostname) $TMPDIR $(ls /tmp)' | sort -u
	`, 0o755)
	want := "n1 /tmp first.n1 script\nn2 /tmp first.n2\n"
	for range 2 { // and the second finds nothing of the first
		if got := in("cd; sbatch -Q --wait -N2 -o out job; cat out"); got != want {
			t.Errorf("a job of two nodes prints %q; want %q", got, want)
		}
		gone("has ended")
	}

	// Two at the same time.
	rig.Write(t, a.Home+"/job", "#!/bin/sh\ntouch /tmp/$SLURM_JOB_ID; echo begun; while :; do sleep 1000; done\n", 0o755)
	first := strings.TrimSpace(in("cd; sbatch --parsable -w n2 -o first job"))
	second := strings.TrimSpace(in("cd; sbatch --parsable -w n2 -o second job"))
	c.Await("cat "+a.Home+"/first "+a.Home+"/second 2>&1", "begun\nbegun\n")
	for _, job := range []string{first, second} {
		if got := in("srun -Q --overlap --jobid=" + job + " ls /tmp"); got != job+"\n" {
			t.Errorf("in job %s there is %q; want what it has made", job, got)
		}
	}
	if left := storedOn(c); len(left) != 2 {
		t.Errorf("while two jobs run there is %q", left)
	}
	rig.Must(t, "scancel", first)
	rig.Must(t, "scancel", "--signal=KILL", "--full", second)
	gone("was cancelled or killed")

	in("cd; sbatch -Q --no-requeue -w n2 -o third job")
	c.Await("cat "+a.Home+"/third 2>&1", "begun\n")
	c.Crash("n2")
	if left := storedOn(c); len(left) != 1 {
		t.Errorf("after the crash there is %q; want the job's", left)
	}
	c.Boot("n2")
	c.Await("squeue -h; sinfo -h -o %T | sort -u; ls -d "+c.Disk("n2")+".store/*.* 2>/dev/null", "idle\n")
}

// perJobWithout: where the prolog cannot make what a job is to have, the standard error
// of each task says that it has the user's own; with OnFailure deny there is no task.
func perJobWithout(t *testing.T, c *rig.Cluster, a, deny *rig.Account) {
	if got := fromLogin(t, a, "exec srun -Q -w n2 sh -c 'echo $SLURM_JOB_ID; tmpshellctl path /tmp/f'").Stdout; !regexp.MustCompile(`^(\d+)\n/var/lib/tmpshell/1003\.\d+/tmp/f\n$`).MatchString(got) ||
		!strings.HasSuffix(got, "."+strings.TrimSpace(got[:strings.Index(got, "\n")])+"/tmp/f\n") {
		t.Errorf("in a job, a file of it is called %q outside", got)
	}
	const see = "exec srun -Q -w n2 -n2 sh -c 'echo $SLURM_JOB_ID $TMPDIR; exec tmpshellctl path /tmp/f'"
	for _, n := range []string{"first", "again"} {
		job := nextJob(t, a)
		open := shut(t, c.Disk("n2")+".store")
		r := fromLogin(t, a, see)
		if r.Status != 0 || strings.Count(r.Stdout, job+" /tmp\n") != 2 || strings.Count(r.Stdout, "/var/lib/tmpshell/1003/tmp/f\n") != 2 {
			t.Errorf("%s, without a directory: %d, %q, %q", n, r.Status, r.Stdout, r.Stderr)
		}
		if strings.Count(r.Stderr, "tmpshell: no private directory in /tmp: /var/lib/tmpshell/1003."+job) != 2 {
			t.Errorf("%s, without a directory: %q; want each task to say so", n, r.Stderr)
		}
		open()
	}
	fromLogin(t, deny, "exec srun -Q -w n2 true") // makes what is their own there
	job := nextJob(t, deny)
	open := shut(t, c.Disk("n2")+".store")
	r := fromLogin(t, deny, see)
	if r.Status == 0 || r.Stdout != "" || !strings.Contains(r.Stderr, "tmpshell: no private directory in /tmp: /var/lib/tmpshell/1004."+job) || !strings.Contains(r.Stderr, "has no session on this node") {
		t.Errorf("with OnFailure deny: %d, %q, %q; want no task, and why", r.Status, r.Stdout, r.Stderr)
	}
	open()
	if r = fromLogin(t, deny, see); r.Status != 0 || r.Stderr != "" {
		t.Errorf("with OnFailure deny, and a directory: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}

	// The prolog has not run: a batch script, too.
	rig.Write(t, "/etc/slurm/prolog", "#!/bin/sh\n", 0o755)
	job = nextJob(t, a)
	want := "tmpshell: no private directory in /tmp: /var/lib/tmpshell/1003." + job + "/tmp was not made for this batch job; using /var/lib/tmpshell/1003/tmp\n"
	rig.Write(t, a.Home+"/job", "#!/bin/sh\necho $TMPDIR\n", 0o755)
	if r = fromLogin(t, a, "cd; sbatch -Q --wait -w n2 -o out -e err job; cat out err"); r.Stdout != "/tmp\n"+want {
		t.Errorf("without a prolog: %d, %q, %q; want %q", r.Status, r.Stdout, r.Stderr, want)
	}
	c.AwaitIdle()
	if left := storedOn(c); len(left) > 0 {
		t.Errorf("after the jobs there is %q", left)
	}
}
