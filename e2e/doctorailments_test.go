package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// reinstall is what "install tmpshell again" comes to.
const reinstall = `install -m 711 /run/tmpshell-bin/tmpshell /usr/bin/; install -m 755 /run/tmpshell-bin/tmpshell-helper /usr/libexec/; install -m 711 /run/tmpshell-bin/tmpshell /usr/libexec/tmpshell-session; tmpshellctl setup >/dev/null`

// supervised has what stays beside a session, and removes what it leaves, needed.
// resupervise is what "install tmpshell again" comes to for it.
const (
	supervised  = "echo 'Supervise yes' >/etc/tmpshell.conf; tmpshellctl setup >/dev/null; "
	resupervise = "install -m 755 /run/tmpshell-bin/tmpshell-supervise /run/tmpshell-bin/tmpshell-remover /usr/libexec/; tmpshellctl setup >/dev/null"
)

// mountTmp has sessions with a directory of their own on /tmp.
const mountTmp = "echo 'Directory /tmp mount' >/etc/tmpshell.conf; tmpshellctl setup; "

// mountMeet has them meet others in a directory.
const mountMeet = "echo 'Directory /tmp mount share=.meet/' >/etc/tmpshell.conf; tmpshellctl setup; "

// ailments of each check: what can be wrong with the programs, and with what
// they work on.
var ailments = map[string][]ailment{
	"programs": {
		{want: "/usr/bin/tmpshell is missing", breakIt: "rm /usr/bin/tmpshell", undo: reinstall,
			also: []string{"links", "shells", "passwd"}},
		{want: "/usr/libexec/tmpshell-helper is missing", breakIt: "rm /usr/libexec/tmpshell-helper", undo: reinstall},
		{want: "tmpshell has mode 0731", breakIt: "chmod g+w /usr/bin/tmpshell"},
		{want: "tmpshell-helper has mode 4755: it is setuid", breakIt: "chmod u+s /usr/libexec/tmpshell-helper"},
		{want: "tmpshell has mode 2711: it is setuid or setgid", breakIt: "chmod g+s /usr/bin/tmpshell"},
		{want: "tmpshellctl has mode 4755", breakIt: "chmod u+s /usr/bin/tmpshellctl"},
		{want: "tmpshell-helper has mode 0754: not every user", breakIt: "chmod o-x /usr/libexec/tmpshell-helper"},
		{want: "tmpshell-helper belongs to uid 1000", breakIt: "chown alice /usr/libexec/tmpshell-helper",
			also: []string{"capabilities"}},
		{want: "/usr/libexec has mode 0777", breakIt: "chmod 777 /usr/libexec"},
		{want: "/usr/bin belongs to uid 1000", breakIt: "chown alice /usr/bin"},
		{want: "tmpshell is not a regular file", breakIt: "rm /usr/bin/tmpshell; mkdir /usr/bin/tmpshell",
			undo: "rmdir /usr/bin/tmpshell; " + reinstall},
		{want: "/usr/libexec/tmpshell-supervise is missing", breakIt: supervised + "rm /usr/libexec/tmpshell-supervise", undo: resupervise},
		{want: "/usr/libexec/tmpshell-remover is missing", breakIt: supervised + "rm /usr/libexec/tmpshell-remover", undo: resupervise},
		{want: "/usr/libexec/tmpshell-supervise is damaged", breakIt: supervised + ": >/usr/libexec/tmpshell-supervise", undo: resupervise},
		{want: "/usr/libexec/tmpshell-remover is damaged", breakIt: supervised + "head -c 100 /dev/zero >/usr/libexec/tmpshell-remover",
			undo: resupervise, also: []string{"capabilities"}}, // writing takes them away
		{want: "/usr/libexec/tmpshell-supervise has mode 0754: not every user", breakIt: supervised + "chmod o-x /usr/libexec/tmpshell-supervise"},
		{want: "/usr/libexec/tmpshell-remover belongs to uid 1000", breakIt: supervised + "chown alice /usr/libexec/tmpshell-remover",
			also: []string{"capabilities"}},
	},
	"links": {
		{want: "tmpshell-dash leads nowhere", breakIt: "ln -sfn nothing /usr/bin/tmpshell-dash",
			also: []string{"passwd", "shells"}},
		{want: "tmpshell-dash is another file", breakIt: "cp --remove-destination /usr/bin/tmpshell /usr/bin/tmpshell-dash",
			also: []string{"passwd"}},
		{want: "and setuid", breakIt: "cp --remove-destination /usr/bin/tmpshell /usr/bin/tmpshell-x; chmod u+s /usr/bin/tmpshell-x",
			undo: "rm /usr/bin/tmpshell-x"},
		{want: "not root's alone", breakIt: "cp --remove-destination /usr/bin/tmpshell /usr/bin/tmpshell-x; chown alice /usr/bin/tmpshell-x",
			undo: "rm /usr/bin/tmpshell-x"},
	},
	"capabilities": {
		{want: "tmpshell-helper lacks cap_dac_override,cap_setgid,cap_setuid", breakIt: "setcap -r /usr/libexec/tmpshell-helper"},
		{want: "lacks cap_dac_override,", breakIt: "setcap cap_setgid,cap_setuid=p /usr/libexec/tmpshell-helper"},
		{want: "has cap_sys_admin, which", breakIt: "setcap cap_sys_admin,cap_dac_override,cap_setgid,cap_setuid=p /usr/libexec/tmpshell-helper"},
		{want: "effective bit", breakIt: "setcap cap_dac_override,cap_setgid,cap_setuid=ep /usr/libexec/tmpshell-helper"},
		{want: "inheritable", breakIt: "setcap cap_dac_override,cap_setgid,cap_setuid=ip /usr/libexec/tmpshell-helper"},
		{want: "count only where uid 1000 is", breakIt: "setcap -n 1000 cap_dac_override,cap_setgid,cap_setuid=p /usr/libexec/tmpshell-helper"},
		{want: "/usr/bin/tmpshell has cap_net_raw", breakIt: "setcap cap_net_raw=p /usr/bin/tmpshell"},
		{want: "tmpshell-session has cap_net_raw, which the configuration does not need", breakIt: "setcap cap_net_raw=p /usr/libexec/tmpshell-session"},
		{want: "tmpshell-remover lacks cap_dac_override,cap_fowner,cap_setgid,cap_setuid,cap_sys_ptrace", breakIt: supervised + "setcap -r /usr/libexec/tmpshell-remover"},
		{want: "tmpshell-remover lacks cap_sys_ptrace", breakIt: supervised + "setcap cap_dac_override,cap_fowner,cap_setgid,cap_setuid=p /usr/libexec/tmpshell-remover"},
		{want: "tmpshell-remover has cap_net_raw, which the configuration does not need", breakIt: "setcap cap_dac_override,cap_fowner,cap_setgid,cap_setuid,cap_net_raw=p /usr/libexec/tmpshell-remover"},
		{want: "tmpshell-supervise has cap_net_raw, which", breakIt: "setcap cap_net_raw=p /usr/libexec/tmpshell-supervise"},
		{want: "tmpshell-session lacks cap_dac_read_search,cap_sys_chroot,cap_sys_admin", breakIt: mountTmp + "setcap -r /usr/libexec/tmpshell-session"},
	},
	"privilege": {
		{want: "no_new_privs", breakIt: ":", by: "setpriv --no-new-privs"},
		{want: "cap_dac_override is out of bounds", breakIt: ":", by: "setpriv --bounding-set -dac_override"},
	},
	"mounts": {
		{want: "mounted nosuid", breakIt: "mount --bind /usr/libexec /usr/libexec; mount -o remount,bind,nosuid /usr/libexec"},
		{want: "mounted noexec", breakIt: "mount -o remount,bind,noexec /usr/libexec"},
	},
	"configuration": {
		{want: "/etc/tmpshell.conf:2: unknown keyword Frobnicate", breakIt: "echo '\nFrobnicate yes' >/etc/tmpshell.conf",
			undo: "echo 'Log all' >/etc/tmpshell.conf"},
		{want: "not owned by root", breakIt: "chown alice /etc/tmpshell.conf"},
		{want: "writable by group or others", breakIt: "chmod 666 /etc/tmpshell.conf"},
		{want: "/etc/tmpshell.d/a.conf: writable by group or others", breakIt: "chmod 664 /etc/tmpshell.d/a.conf"},
		{want: "/etc/tmpshell.conf:2: Log has no effect here", breakIt: "printf 'Log all\nLog none\n' >/etc/tmpshell.conf"},
		{want: "/etc/tmpshell.conf:1: a backslash outside of quotes is gone: write 'CORP\\root'", breakIt: `echo 'Match User CORP\root' >/etc/tmpshell.conf`,
			undo: "echo 'Log all' >/etc/tmpshell.conf", also: []string{"policy"}},
	},
	"configuration-path": {
		{want: "/etc/tmpshell.d has mode 0777", breakIt: "chmod 777 /etc/tmpshell.d"},
		{want: "/etc/tmpshell.d belongs to uid 1000", breakIt: "chown alice /etc/tmpshell.d"},
		{want: "/home/alice belongs to uid 1000", breakIt: "cp /etc/tmpshell.conf /home/alice/; ln -sfn /home/alice/tmpshell.conf /etc/tmpshell.conf",
			undo: "rm /etc/tmpshell.conf /home/alice/tmpshell.conf"},
	},
	"policy": {
		{want: "/etc/tmpshell.conf:1: nobody knows the user nosuch", breakIt: "printf 'Match User nosuch\nLog all\n' >/etc/tmpshell.conf; tmpshellctl setup >/dev/null",
			undo: "echo 'Log all' >/etc/tmpshell.conf"},
		{want: rig.Policy + " belongs to uid 1000, not to root", breakIt: "chown alice " + rig.Policy},
		{want: rig.Policy + " is cut", breakIt: "truncate -s 200 " + rig.Policy},
		{want: "is the last good policy", breakIt: "echo '\nFrobnicate yes' >/etc/tmpshell.conf; /usr/libexec/tmpshell-helper || :",
			undo: "rm -rf /tmp/.private/0; echo 'Log all' >/etc/tmpshell.conf; tmpshellctl setup", also: []string{"configuration"}},
	},
	"bases": {
		{want: "/tmp/.private does not exist", breakIt: "rmdir /tmp/.private"},
		{want: "/var/cache/e2e/.private does not exist", breakIt: "echo 'Directory /var/cache/e2e env' >>/etc/tmpshell.conf"},
		{want: "/tmp/.private has mode 0777", breakIt: "chmod 777 /tmp/.private"},
		{want: "/tmp/.private has the append-only flag of an earlier version", breakIt: "chattr +a /tmp/.private"},
		{want: "/tmp/.private is a mount point", breakIt: "mount -t tmpfs -o mode=711 none /tmp/.private"},
		{want: "/tmp is on /tmp, which is read-only", breakIt: "mount -o remount,ro /tmp"},
		{want: "/tmp can be written by others and is not sticky", breakIt: "chmod -t /tmp"},
		{want: "/tmp belongs to uid 1000, not to root", breakIt: "chown alice /tmp"},
		{want: "/run/user has mode 0777", breakIt: "chmod 777 /run/user"},
		{want: "/run/link is a symbolic link", breakIt: "ln -s /tmp /run/link; echo 'Directory /run/link env' >>/etc/tmpshell.conf",
			undo: "rm /run/link; echo 'Log all' >/etc/tmpshell.conf", also: []string{"tmpfiles"}},
	},
	"instances": {
		{want: "/var/lib/tmpshell has mode 0755", breakIt: mountTmp + "chmod 755 /var/lib/tmpshell"},
		{want: "/var/lib/tmpshell belongs to uid 1000", breakIt: mountTmp + "chown alice /var/lib/tmpshell"},
		{want: "/run/tmpshell/sessions has mode 0777", breakIt: mountTmp + "chmod 777 /run/tmpshell/sessions"},
		{want: "/tmp/.meet does not exist", breakIt: mountMeet + "rmdir /tmp/.meet"},
		{want: "/tmp/.meet is not a directory of root's, and belongs to uid 1000", breakIt: mountMeet + "chown alice /tmp/.meet"},
		{want: "/tmp/.meet has mode 0755, not 1777", breakIt: mountMeet + "chmod 755 /tmp/.meet"},
		{want: "user.max_mnt_namespaces is 0", breakIt: mountTmp + "echo 0 >/run/sysctl/mnt; mount --bind /run/sysctl/mnt /proc/sys/user/max_mnt_namespaces"},
		{want: "/var/lib/tmpshell is on /var/lib/tmpshell, which is read-only", breakIt: mountTmp + "mount -t tmpfs -o mode=700 none /var/lib/tmpshell; mount -o remount,ro /var/lib/tmpshell"},
		{want: "nothing can be mounted over /tmp: /tmp can be written by others", breakIt: mountTmp + "chmod -t /tmp"},
		{want: "/ is mounted without shared propagation", breakIt: "mount --make-rprivate /; echo 'Directory /tmp mount propagation=shared' >/etc/tmpshell.conf; tmpshellctl setup"},
		{want: "nothing can be mounted over /var/e2e: it does not exist", breakIt: mountTmp + "echo 'Directory /var/e2e mount' >>/etc/tmpshell.conf"},
	},
	"orphans": {
		{want: "uid 4000 has no account: the next account with this number would get /tmp/.private/4000", breakIt: "install -d -m 700 -o 4000 -g 4000 /tmp/.private/4000",
			undo: "tmpshellctl clean --contained --orphans"},
		{want: "would get /var/lib/tmpshell/4000/tmp", breakIt: mountTmp + "mkdir -p /var/lib/tmpshell/4000/tmp; chmod 700 /var/lib/tmpshell/4000; chmod 1777 /var/lib/tmpshell/4000/tmp",
			undo: "tmpshellctl clean --contained --orphans --grace 0"},
	},
	"squatters": {
		{want: "/tmp/.private is a directory, and belongs to uid 1000", breakIt: "rmdir /tmp/.private; mkdir -m 711 /tmp/.private; chown alice /tmp/.private"},
		{want: "/tmp/.private is not a directory, and belongs to uid 1000", breakIt: "rmdir /tmp/.private; setpriv --reuid 1000 ln -s /etc /tmp/.private"},
		{want: "/tmp/.private.squatted-0123456789ab was found in the place of /tmp/.private, and belongs to uid 1000",
			breakIt: "mkdir -p /tmp/.private.squatted-0123456789ab/x; chown alice /tmp/.private.squatted-0123456789ab"},
		{want: "/tmp/.private/1000.squatted-0123456789ab was found", breakIt: "touch /tmp/.private/1000.squatted-0123456789ab"},
	},
}

func init() {
	for check, list := range surroundings {
		ailments[check] = list
	}
}

// TestDoctor breaks one thing after the other.
func TestDoctor(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	healthy(t)
	findings, others := examine(t, "")
	if len(findings) > 0 {
		t.Fatalf("findings on a healthy machine: %+v", findings)
	}
	for _, o := range others {
		// Notes alone come from the first and the last, and the other needs a kernel with
		// SELinux: TestSELinux of internal/doctor, docs/testing.md.
		if len(ailments[o.Check]) == 0 && !slices.Contains([]string{"user-namespaces", "selinux", "apparmor"}, o.Check) {
			t.Errorf("no finding of %s is provoked", o.Check)
		}
	}
	all, tried, share := 0, 0, sample.Of(4)
	for _, check := range slices.Sorted(maps.Keys(ailments)) {
		for _, a := range ailments[check] {
			a.check = check
			// Those of one check are broken one after the other.
			if all++; share.Has(check) {
				tried++
				t.Run(check+"/"+a.want, a.diagnose)
			}
		}
	}
	view.Tell(fmt.Sprintf("doctor: %d of %d ailments; %v\n", tried, all, share))
}

// TestDoctorReport: what an administrator sees, and what those who are not root can
// see.
func TestDoctorReport(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	healthy(t)
	t.Run("plain", func(t *testing.T) {
		r := rig.Sh(t, "tmpshellctl doctor")
		if r.Status != 0 || r.Stderr != "" || !strings.Contains(r.Stdout, "\ncapabilities: ok: /usr/libexec/tmpshell-helper has cap_dac_override") {
			t.Errorf("status %d, %s%s", r.Status, r.Stdout, r.Stderr)
		}
		rig.Must(t, "setcap", "-r", rig.Helper)
		defer rig.Setup(t)
		r = rig.Sh(t, "tmpshellctl doctor")
		if r.Status != 1 || !strings.Contains(r.Stdout, "\ncapabilities: fix: tmpshellctl setup\n") {
			t.Errorf("without capabilities: status %d, %s%s", r.Status, r.Stdout, r.Stderr)
		}
	})
	t.Run("terminal", func(t *testing.T) {
		for env, colored := range map[string]bool{"NO_COLOR=": true, "NO_COLOR=1": false} {
			c := rig.Command{Path: rig.Ctl, Args: []string{"tmpshellctl", "doctor"}, Env: []string{"TERM=xterm", env}}
			text, status := c.OnTerminal(t).Wait()
			if status != 0 || strings.Contains(text, "\x1b[") != colored || !strings.Contains(text, "capabilities") {
				t.Errorf("%s: status %d, colour wanted: %v\n%q", env, status, colored, text)
			}
		}
	})
	t.Run("not root", func(t *testing.T) {
		findings, others := examine(t, "setpriv --reuid 1000 --regid 1000 --clear-groups")
		if len(findings) > 0 {
			t.Errorf("a user finds %+v; want nothing but notes", findings)
		}
		notes := 0
		for _, o := range others {
			if o.Verdict == "note" && strings.Contains(o.Fact, "only root can tell") {
				notes++
			}
		}
		if notes == 0 {
			t.Errorf("nothing is said to be root's to tell in %+v", others)
		}
	})
	t.Run("administrators", func(t *testing.T) {
		rig.Must(t, "sh", "-ec", "groupadd -f sudo; usermod -aG sudo alice; mount --make-rshared /")
		defer rig.Must(t, "mount", "--make-rprivate", "/")
		for conf, noted := range map[string]bool{
			"Directory /tmp mount": true,
			"Directory /tmp mount\nMatch Group sudo\nDirectory /tmp mount propagation=shared": false,
			"Directory /tmp mount\nMatch Group sudo\nDirectory /tmp off":                      false,
		} {
			rig.Configure(t, conf)
			rig.Setup(t)
			// What is looked at in a user's instance takes nothing from the checks after it.
			rig.Must(t, "su", "alice", "-s", "/usr/bin/tmpshell", "-c", ":")
			findings, others := examine(t, "")
			said := slices.ContainsFunc(others, func(o result) bool {
				return o.Verdict == "note" && o.Check == "instances" && strings.HasPrefix(o.Fact, "what alice of group sudo mount")
			})
			if said != noted || len(findings) > 0 {
				t.Errorf("%s: noted: %v, findings %+v, others %+v", conf, said, findings, others)
			}
		}
	})
	// What /proc does not show is not what the kernel lacks.
	t.Run("settings", func(t *testing.T) {
		for _, c := range []struct{ set, check, want string }{
			{"echo 0 >/run/sysctl/max; mount --bind /run/sysctl/max /proc/sys/user/max_user_namespaces", "user-namespaces", "user.max_user_namespaces is 0: "},
			{"mount -t proc -o subset=pid proc /proc", "user-namespaces", "/proc does not show the kernel's settings"},
			{":", "sysctl", "/proc does not show the kernel's settings"},
		} {
			rig.Must(t, "sh", "-ec", c.set)
			_, others := examine(t, "")
			said := slices.ContainsFunc(others, func(o result) bool { return o.Check == c.check && strings.HasPrefix(o.Fact, c.want) })
			if !said {
				t.Errorf("%s does not say %q: %+v", c.check, c.want, others)
			}
		}
	})
}
