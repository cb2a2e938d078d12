package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// slurmConf is a cluster of this machine alone. Who somebody is, is what they say.
const slurmConf = `ClusterName=e2e
SlurmctldHost=localhost(127.0.0.1)
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation=/run/slurm/state
SlurmdSpoolDir=/run/slurm/spool
SlurmctldPidFile=/run/slurm/ctld.pid
SlurmdPidFile=/run/slurm/d.pid
SlurmctldLogFile=/run/slurm/ctld.log
SlurmdLogFile=/run/slurm/d.log
SwitchType=switch/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
TaskProlog=/etc/slurm/taskprolog
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 CPUs=1
PartitionName=all Nodes=n1 Default=YES State=UP
`

// TestShippedSlurm: a job that comes from another machine's login has the variables
// of this one, whatever is in them; one of a user whose directory sessions alone
// have runs by tmpshell, and not without.
func TestShippedSlurm(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "slurmctld", "slurmd", "srun")
	rig.Install(t, "SetEnv "+setHostile()+" 'BLANKS=  two, é, \xff ' TMUX_TMPDIR=${TMPDIR}/t", "Match User mount", "Directory /tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	mount := rig.AddUser(t, rig.Account{Name: "mount", UID: 1001, Shell: "/bin/bash"})
	rig.Write(t, "/etc/slurm/slurm.conf", slurmConf, 0o644)
	rig.Write(t, "/etc/slurm/cgroup.conf", "CgroupPlugin=cgroup/v1\n", 0o644)
	rig.Write(t, "/etc/slurm/taskprolog", readSource(t, "etc/slurm/taskprolog"), 0o755)
	rig.Must(t, "mkdir", "-p", "/run/slurm/state", "/run/slurm/spool")
	// It asks for addresses with AI_ADDRCONFIG, for which loopback counts as none.
	rig.Must(t, "sh", "-ec", "ip link add e2e type veth peer name e2f; ip addr add 192.0.2.1/24 dev e2e; ip link set e2e up; ip link set e2f up")
	rig.Start(t, "slurmctld", "-D")
	rig.Start(t, "slurmd", "-D", "-N", "n1")
	said := ""
	rig.Await(t, func() string {
		logs, _ := os.ReadFile("/run/slurm/d.log")
		return "the node is " + said + string(logs)
	}, func() bool {
		said = rig.Sh(t, "sinfo -h -o %T").Stdout
		return said == "idle\n"
	})

	// What a login on another machine has left in the environment.
	elsewhere := []string{"TMPDIR=/tmp/.private/1000/gone", "TMP=/nowhere", "TEMP=/tmp/.private/4242"}
	job := func(a *rig.Account, args ...string) rig.Result {
		return rig.Command{As: a, Path: "/usr/bin/srun", Args: append([]string{"srun", "-Q"}, args...), Dir: "/",
			Env: append(a.Env(), elsewhere...)}.Run(t)
	}
	r := job(alice, "env", "-0")
	got := map[string]string{}
	for entry := range strings.SplitSeq(r.Stdout, "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		got[name] = value
	}
	for name, want := range map[string]string{"TMPDIR": alice.Private(), "TMP": alice.Private(), "TEMP": alice.Private(),
		"TMUX_TMPDIR": alice.Private() + "/t", "HOSTILE": hostileValue, "BLANKS": "  two, é, \xff "} {
		if got[name] != want {
			t.Errorf("a task has %s=%q; want %q", name, got[name], want)
		}
	}
	if r.Status != 0 || t.Failed() {
		t.Errorf("srun: %d, %q", r.Status, r.Stderr)
	}
	if r := job(mount, "true"); r.Status == 0 || !strings.Contains(r.Stderr, "TaskProlog failed") {
		t.Errorf("with method mount: %d, %q; want it to fail", r.Status, r.Stderr)
	}
}
