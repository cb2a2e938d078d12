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

// Booted is a machine on which systemd has started everything: the view's files, with
// a /run, processes and cgroups of its own.
type Booted struct {
	t      testing.TB
	root   string
	cgroup string
	cmd    *exec.Cmd
	ended  <-chan struct{}
	pid    string // systemd's, in the view
}

// furnishBoot leaves the services that the machine's packages have enabled out. What
// a test wants, it says.
const furnishBoot = `
	rm -rf /etc/systemd/system/*.wants /etc/systemd/user/*.wants /etc/rc?.d/*
	mkdir -p /etc/systemd/system-generators /etc/systemd/system/multi-user.target.wants
	for g in postgresql-generator systemd-getty-generator systemd-gpt-auto-generator; do
		ln -sf /dev/null /etc/systemd/system-generators/$g
	done
	for u in getty.target console-getty.service systemd-networkd.service systemd-resolved.service systemd-timesyncd.service ldconfig.service \
		systemd-hwdb-update.service systemd-update-utmp.service systemd-firstboot.service e2scrub_reap.service; do
		ln -sf /dev/null /etc/systemd/system/$u
	done
	: >/etc/fstab
	: >/etc/machine-id
	ln -sf /lib/systemd/system/multi-user.target /etc/systemd/system/default.target`

// boot becomes systemd, in the view's cgroup $1, with the root directory $2. Kernel settings cannot be changed,
// and with them neither can the clock, the modules nor the disks of the machine.
const boot = `
	echo 0 >"$1/cgroup.procs"
	exec unshare --cgroup --mount --pid --fork --kill-child sh -ec '
		[ "$0" = / ] || { cd "$0"; pivot_root . mnt; }
		mount -t proc -o nosuid,nodev,noexec proc /proc
		[ "$0" = / ] || umount -l /mnt
		for f in sys irq bus; do [ ! -e /proc/$f ] || mount --bind -o ro /proc/$f /proc/$f; done
		for f in kcore kmsg sysrq-trigger timer_list; do [ ! -e /proc/$f ] || mount --bind /dev/null /proc/$f; done
		mount -t tmpfs -o mode=755,nosuid,nodev run /run
		mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
		exec env -i container=e2e PATH=$PATH setpriv --bounding-set \
			-all,+chown,+dac_override,+dac_read_search,+fowner,+fsetid,+ipc_owner,+kill,+lease,+linux_immutable,+net_bind_service,+net_broadcast,+net_raw,+net_admin,+setgid,+setfcap,+setpcap,+setuid,+sys_admin,+sys_chroot,+sys_nice,+sys_ptrace,+sys_tty_config,+sys_boot,+audit_write,+mknod \
			/lib/systemd/systemd' "$2"`

// Boot starts systemd, with units of the machine's enabled, and waits until it has
// started everything. The test is in a view of EnterWithCgroup.
func Boot(t testing.TB, units ...string) *Booted {
	t.Helper()
	view.Need(t, "unshare", "setpriv", "nsenter", "/lib/systemd/systemd", "systemctl")
	return BootRoot(t, "/", units...)
}

// BootRoot is Boot for another system, whose root directory is a mount, with a /sys and
// a /dev.
func BootRoot(t testing.TB, root string, units ...string) *Booted {
	t.Helper()
	Must(t, "chroot", root, "sh", "-ec", furnishBoot)
	for _, u := range units {
		Must(t, "chroot", root, "systemctl", "enable", "-q", u)
	}
	b := &Booted{t: t, root: root, cgroup: view.Cgroup(t)}
	b.start(t)
	t.Cleanup(b.Off)
	return b
}

func (b *Booted) start(t testing.TB) {
	t.Helper()
	b.cmd = exec.Command("sh", "-ec", boot, "sh", b.cgroup, b.root)
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	b.cmd.Stdout, b.cmd.Stderr = os.Stdout, os.Stderr
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = b.cmd.Wait(); close(ended) }()
	b.ended = ended
	children := fmt.Sprintf("/proc/%d/task/%d/children", b.cmd.Process.Pid, b.cmd.Process.Pid)
	Await(t, func() string { return "systemd has not started" }, func() bool {
		select {
		case <-ended:
			t.Fatal("systemd has ended: ", b.cmd.ProcessState)
		default:
		}
		text, _ := os.ReadFile(children)
		b.pid = strings.TrimSpace(string(text))
		name, _ := os.ReadFile("/proc/" + b.pid + "/comm")
		return b.pid != "" && string(name) == "systemd\n"
	})
	var state string
	Await(t, func() string {
		return "systemd says: " + state + b.Sh("systemctl list-jobs; systemctl --failed").Stdout
	}, func() bool {
		state = b.Sh("systemctl is-system-running --wait").Stdout
		return state == "running\n" || state == "degraded\n"
	})
}

// Reboot has systemd stop everything, and starts the machine again.
func (b *Booted) Reboot(t testing.TB) {
	t.Helper()
	b.Sh("systemctl reboot --no-block")
	AwaitEnd(t, b.ended, func() string { return "systemd has not gone down:\n" + b.Sh("systemctl list-jobs").Stdout })
	b.start(t)
}

// Off is what a power failure does.
func (b *Booted) Off() {
	_ = b.cmd.Process.Kill()
	<-b.ended
}

// Command is a program of root's on the machine that has booted.
func (b *Booted) Command(args ...string) Command {
	args = append([]string{"nsenter", "-t", b.pid, "-m", "-p", "-C", "--"}, args...)
	return Command{Path: "/usr/bin/nsenter", Args: args, Env: os.Environ()}
}

// Sh runs a script of root's.
func (b *Booted) Sh(script string, args ...string) Result {
	b.t.Helper()
	return b.Command(append([]string{"bash", "-c", script, "bash"}, args...)...).Run(b.t)
}

// Await waits until a script prints what is wanted. Asking is work for systemd, which
// must not count as a movement: it is done seldom.
func (b *Booted) Await(t testing.TB, script, want string, args ...string) {
	t.Helper()
	var got string
	Await(t, func() string { return fmt.Sprintf("%s prints %q; want %q", script, got, want) }, func() bool {
		if got = b.Sh(script, args...).Stdout; got == want {
			return true
		}
		time.Sleep(300 * time.Millisecond)
		return false
	})
}
