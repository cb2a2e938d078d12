package rig

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"tmpshell/e2e/view"
)

// slurmConf is a cluster of two nodes; the view itself is the node of the logins.
const slurmConf = `ClusterName=e2e
SlurmctldHost=login(192.0.2.1)
AuthType=auth/munge
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=/var/spool/slurm/state
SlurmdSpoolDir=/var/spool/slurm/%n
SlurmctldPidFile=/var/spool/slurm/ctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/var/spool/slurm/ctld.log
SlurmdLogFile=/var/spool/slurm/%n.log
SwitchType=switch/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
KillWait=2
BatchStartTimeout=1
MessageTimeout=5
CompleteWait=0
MaxArraySize=3000
NodeName=n1 NodeAddr=192.0.2.11 CPUs=4
NodeName=n2 NodeAddr=192.0.2.12 CPUs=4
PartitionName=all Nodes=n1,n2 Default=YES State=UP OverSubscribe=NO
`

// node is the first process of one: a kernel's namespaces of its own, the disk $2 on
// /tmp, and what it must not share with the others.
const node = `
	exec unshare --mount --pid --uts --ipc --fork --kill-child nsenter --net=/run/netns/$1 sh -ec '
		mount -t proc -o nosuid,nodev,noexec proc /proc
		mkdir -p -m 700 "$2.store" /var/lib/tmpshell
		mount --bind "$2" /tmp
		mount --bind "$2.store" /var/lib/tmpshell
		mount -t tmpfs -o mode=755,nosuid,nodev run /run
		hostname "$1"
		mkdir -p -m 755 /run/munge
		munged --force --socket=/run/munge/munge.socket.2 --pid-file=/run/munge/pid --log-file=/run/munge/log --seed-file=/run/munge/seed
		/usr/bin/tmpshellctl setup >/run/setup || { cat /run/setup >&2; exit 1; }
		cd /
		exec slurmd -D -N "$1"' sh "$1" "$2"`

// Cluster is one of Slurm's.
type Cluster struct {
	t     testing.TB
	nodes map[string]*running
}

type running struct {
	*exec.Cmd
	ended chan struct{}
}

// StartSlurm starts a cluster of n1 and n2. The programs are installed. Lines are those
// of slurm.conf(5).
func StartSlurm(t testing.TB, lines ...string) *Cluster {
	t.Helper()
	view.Need(t, "slurmctld", "slurmd", "srun", "munged", "ip", "unshare", "nsenter")
	Write(t, "/etc/slurm/slurm.conf", slurmConf+strings.Join(lines, "\n")+"\n", 0o644)
	Write(t, "/etc/slurm/cgroup.conf", "CgroupPlugin=cgroup/v1\n", 0o644)
	Must(t, "sh", "-ec", `
		mkdir -p /etc/munge /run/munge /var/spool/slurm/state /run/netns
		head -c 64 /dev/urandom >/etc/munge/munge.key
		chmod 600 /etc/munge/munge.key
		chmod 755 /run/munge
		printf '192.0.2.%s %s\n' 1 login 11 n1 12 n2 >>/etc/hosts
		hostname login
		ip link add name br0 type bridge
		ip addr add 192.0.2.1/24 dev br0
		ip link set br0 up
		for n in 1 2; do
			ip netns add n$n
			ip link add v$n type veth peer name eth0 netns n$n
			ip link set v$n master br0 up
			ip -n n$n link set lo up
			ip -n n$n addr add 192.0.2.1$n/24 dev eth0
			ip -n n$n link set eth0 up
			mkdir -p /var/disks/n$n
			chmod 1777 /var/disks/n$n
		done`)
	Start(t, "munged", "--foreground", "--force", "--socket=/run/munge/munge.socket.2", "--pid-file=/run/munge/pid", "--log-file=/run/munge/log", "--seed-file=/run/munge/seed")
	Await(t, func() string { return "munged answers nobody" }, func() bool { return exec.Command("munge", "-n").Run() == nil })
	Start(t, "slurmctld", "-D")
	c := &Cluster{t, map[string]*running{}}
	t.Cleanup(func() {
		for name := range c.nodes {
			c.Crash(name)
		}
		if t.Failed() {
			logs, _ := exec.Command("tail", "-n", "60", "/var/spool/slurm/ctld.log", "/var/spool/slurm/n1.log", "/var/spool/slurm/n2.log").Output()
			t.Logf("%s", logs)
		}
	})
	c.Boot("n1")
	c.Boot("n2")
	c.AwaitIdle()
	return c
}

// Disk is what is /tmp on a node.
func (c *Cluster) Disk(node string) string { return "/var/disks/" + node }

// Boot starts a node. Its disk is as it was left.
func (c *Cluster) Boot(name string) {
	c.t.Helper()
	cmd := exec.Command("sh", "-c", node, "sh", name, c.Disk(name))
	out, err := os.OpenFile("/var/spool/slurm/"+name+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		c.t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	n := &running{cmd, make(chan struct{})}
	go func() { _ = cmd.Wait(); close(n.ended) }()
	c.nodes[name] = n
}

// Crash ends all that runs on a node, at once.
func (c *Cluster) Crash(name string) {
	n := c.nodes[name]
	_ = n.Process.Kill() // and with it, by its parent-death signal, the first process
	<-n.ended
	delete(c.nodes, name)
}

// AwaitIdle waits until no job runs, and no epilog.
func (c *Cluster) AwaitIdle() {
	c.t.Helper()
	c.Await("sinfo -h -o %T | sort -u", "idle\n")
}

// Await runs a script on the node of the logins until it prints something. No node may
// end by itself.
func (c *Cluster) Await(script, want string) {
	c.t.Helper()
	said := ""
	Await(c.t, func() string { return fmt.Sprintf("%s prints %q, not %q", script, said, want) }, func() bool {
		for name, n := range c.nodes {
			select {
			case <-n.ended:
				c.t.Fatalf("the node %s has ended: %v", name, n.ProcessState)
			default:
			}
		}
		out, _ := exec.Command("sh", "-c", script).CombinedOutput()
		if said = string(out); said != want {
			time.Sleep(200 * time.Millisecond) // each look asks slurmctld
		}
		return said == want
	})
}
