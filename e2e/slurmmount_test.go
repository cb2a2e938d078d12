package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestSlurmMount: tasks of srun, sbatch and salloc have the private /tmp of method
// mount by the plugin of etc/slurm, and not without; where the policy refuses a session,
// there is no task. Beside it, what job_container/tmpfs gives.
func TestSlurmMount(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Unpack(t, "slurm-dev")
	view.Need(t, "gcc")
	rig.Must(t, "install", "-d", "-m", "1777", "/var/refused")
	rig.Install(t, "Match User env", "Directory /tmp env", "Match User refused", "Directory /var/refused env variables=REFUSED", "OnFailure deny", "Match All", "Directory /tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	env := rig.AddUser(t, rig.Account{Name: "env", UID: 1001, Shell: "/bin/bash"})
	refused := rig.AddUser(t, rig.Account{Name: "refused", UID: 1002, Shell: "/bin/bash"})
	installSlurmScripts(t)
	rig.Write(t, "/etc/slurm/spank.c", readSource(t, "etc/slurm/spank.c"), 0o644)
	rig.Must(t, "gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", "/usr/lib/slurm-tmpshell.so", "/etc/slurm/spank.c")
	rig.Write(t, "/etc/slurm/job_container.conf", "AutoBasePath=true\nBasePath=/var/jobs/%n\n", 0o644)
	for _, node := range []string{"n1", "n2"} {
		rig.Must(t, "mkdir", "-p", "/var/jobs/"+node)
	}
	c := rig.StartSlurm(t, append(slurmScripts, "LaunchParameters=use_interactive_step", "PlugStackConfig=/etc/slurm/plugstack.conf")...)

	rig.Must(t, "chmod", "0777", "/var/refused")

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
		if r := fromLogin(t, refused, "cd; exec srun -Q -w n2 echo begun"); r.Status == 0 || r.Stdout != "" || !strings.Contains(r.Stderr, "has no session on this node") {
			t.Errorf("a refused user: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
		}
	})
}
