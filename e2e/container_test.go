package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// containerProbe is for busybox, which has no `env -0`. It tells which process
// the shell is: with exec all the way the first of the container.
const containerProbe = `echo "$0 $$ $TMPDIR $TMP $TEMP $TEMPDIR $*"; touch "$TMPDIR/made"; exit 7`

func TestContainer(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.MakeImage(t)
	const base, fallback = "/tmp/.private/", "/tmp/.private-"
	docker := rig.DockerCapabilities
	for _, c := range []struct {
		name  string
		is    rig.Container
		user  string // of --user
		uid   uint32
		want  string // the private directory
		based bool   // whether it has a root-owned base
	}{
		{"user with Docker's bounding set", rig.Container{UID: 1000, Capabilities: docker}, "", 1000, base + "1000", true},
		{"user with no_new_privs", rig.Container{UID: 1000, Capabilities: docker, NoNewPrivileges: true}, "", 1000, fallback + "1000", false},
		{"user with an empty bounding set", rig.Container{UID: 1000}, "", 1000, fallback + "1000", false},
		{"unknown uid", rig.Container{UID: 4242, Capabilities: docker}, "", 4242, base + "4242", true},
		{"--user, root with Docker's capabilities", rig.Container{Capabilities: docker}, "app", 1000, base + "1000", true},
		{"--user, root with them and no_new_privs", rig.Container{Capabilities: docker, NoNewPrivileges: true}, "app", 1000, fallback + "1000", false},
		{"--user, unknown uid", rig.Container{Capabilities: docker}, "4242:4242", 4242, base + "4242", true},
		{"--user, that user already", rig.Container{UID: 1000, Capabilities: docker}, "app", 1000, base + "1000", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.is.Args = []string{rig.Tmpshell, "--exec"}
			if c.user != "" {
				c.is.Args = append(c.is.Args, "--user", c.user)
			}
			c.is.Args = append(c.is.Args, "sh", "-c", containerProbe, "sh", "an argument", "--init")
			r, root := c.is.Run(t)
			want := "sh 1 " + c.want + " " + c.want + " " + c.want + " " + c.want + " an argument --init\n"
			if r.Stdout != want || r.Status != exitStatus {
				t.Errorf("status %d, stdout %q\nwant %d, %q\nstderr: %s", r.Status, r.Stdout, exitStatus, want, r.Stderr)
			}
			// A container has no system log: what cannot be had is said here.
			if said := strings.HasPrefix(r.Stderr, "tmpshell: no private directory in /tmp: ") && strings.HasSuffix(r.Stderr, "; using "+c.want+"\n"); said == c.based || c.based && r.Stderr != "" {
				t.Errorf("stderr: %q; want a line about the directory: %v", r.Stderr, !c.based)
			}
			rig.CheckDir(t, filepath.Join(root, c.want), c.uid, c.uid, 0o700)
			if c.based {
				rig.CheckDir(t, filepath.Join(root, "/tmp/.private"), 0, 0, 0o711)
			}
		})
	}
	for name, is := range map[string]rig.Container{
		"root with Docker's capabilities": {Capabilities: docker},
		"root without any":                {},
		"root without any, no_new_privs":  {NoNewPrivileges: true},
	} {
		t.Run(name, func(t *testing.T) {
			is.Args = []string{rig.Tmpshell, "--exec", "sh", "-c", `echo "$TMPDIR ${TMP-unset}"; ls -A /tmp; exit 7`}
			if r, _ := is.Run(t); r.Stdout != "/inherited unset\n" || r.Stderr != "" || r.Status != exitStatus {
				t.Errorf("status %d, stdout %q, stderr %q; root is exempt, and left alone", r.Status, r.Stdout, r.Stderr)
			}
		})
	}
	t.Run("program not found", func(t *testing.T) {
		r, _ := rig.Container{Args: []string{rig.Tmpshell, "--exec", "--", "no-such-program"}}.Run(t)
		if r.Status != 127 || r.Stdout != "" {
			t.Errorf("status %d, stdout %q; want 127 and nothing", r.Status, r.Stdout)
		}
	})
	t.Run("not a program", func(t *testing.T) {
		r, _ := rig.Container{Args: []string{rig.Tmpshell, "--exec", "/etc"}}.Run(t)
		if r.Status != 126 {
			t.Errorf("status %d, want 126", r.Status)
		}
	})
	t.Run("read-only root", func(t *testing.T) {
		r, _ := rig.Container{UID: 1000, ReadOnly: true, Capabilities: docker,
			Args: []string{rig.Tmpshell, "--exec", "sh", "-c", `echo "${TMPDIR-unset}"; exit 7`}}.Run(t)
		if r.Stdout != "unset\n" || r.Status != exitStatus {
			t.Errorf("status %d, stdout %q: no directory can be had, and none may be named", r.Status, r.Stdout)
		}
	})
}

// TestContainerRestricted: what docs/kubernetes.md says of a pod of the restricted
// standard that has no volume on /tmp, and of --init in it.
func TestContainerRestricted(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	image := rig.MakeImage(t)
	rig.Must(t, "cp", rig.Ctl, image+"/usr/bin")
	pod := rig.Container{UID: 1000, NoNewPrivileges: true, ReadOnly: true}
	const script = `echo "${TMPDIR-unset} $PPID"; exit 7`
	const why = "tmpshell: no private directory in /tmp: "

	pod.Args = []string{rig.Tmpshell, "--exec", "--", "sh", "-c", script}
	if r, _ := pod.Run(t); r.Stdout != "unset 0\n" || r.Status != exitStatus || !strings.HasPrefix(r.Stderr, why) {
		t.Errorf("%+v; want a program without TMPDIR", r)
	}
	pod.Args = []string{rig.Tmpshell, "--exec", "--init", "--", "sh", "-c", script}
	if r, _ := pod.Run(t); r.Stdout != "unset 1\n" || r.Status != exitStatus {
		t.Errorf("--init: %+v; want tmpshell above the program", r)
	}
	rig.Write(t, image+"/etc/tmpshell.conf", "OnFailure deny\n", 0o644)
	rig.Must(t, "chroot", image, "/usr/bin/tmpshellctl", "setup")
	for _, args := range [][]string{{"--exec", "--"}, {"--exec", "--init", "--"}} {
		pod.Args = append(append([]string{rig.Tmpshell}, args...), "sh", "-c", script)
		if r, _ := pod.Run(t); r.Stdout != "" || r.Status != 125 || !strings.HasPrefix(r.Stderr, why) {
			t.Errorf("%s with OnFailure deny: %+v; want 125", args, r)
		}
	}
}

// TestContainerSays: a container has no system log. What would stand there alone is
// said on standard error.
func TestContainerSays(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	image := rig.MakeImage(t)
	rig.Write(t, image+"/etc/tmpshell.conf", "Match User ghost\nNoNewPrivileges yes\n", 0o644)
	is := rig.Container{UID: 4242, Capabilities: rig.DockerCapabilities, Args: []string{rig.Tmpshell, "--exec", "--", "echo", "on"}}
	const want = "tmpshell: names of /etc/tmpshell.conf could not be learned: what restricts counts, and what grants does not\n"
	if r, _ := is.Run(t); r.Stdout != "on\n" || r.Stderr != want || r.Status != 0 {
		t.Errorf("status %d, stdout %q, stderr %q; want %q", r.Status, r.Stdout, r.Stderr, want)
	}
}

// TestContainerVolume: what is mounted on /tmp. Kubernetes' emptyDir is 0777, and
// with fsGroup 02777; another user of the pod could exchange what is in there.
func TestContainerVolume(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.MakeImage(t)
	const (
		open = "tmpshell: no private directory in /tmp: /tmp can be written by others: mode 0%s\n" +
			"tmpshell: hint: run \"chmod go-w /tmp\" before this; or set \"Directory /tmp off\" in tmpshell.conf\n"
		refused = "tmpshell: no private directory in /tmp: /tmp can be written by others and is not sticky: mode 0%s\n" +
			"tmpshell: hint: root can run \"chmod +t /tmp\" before this; or set \"Directory /tmp off\" in tmpshell.conf\n"
		its = "tmpshell: no private directory in /tmp: %s; using /tmp\n"
	)
	user := rig.Container{UID: 1000, Capabilities: rig.DockerCapabilities}
	inGroup := user
	inGroup.Groups = []uint32{2000}
	bare := rig.Container{UID: 1000, NoNewPrivileges: true}
	root := rig.Container{Capabilities: rig.DockerCapabilities}
	for _, c := range []struct {
		name, tmp string // as install(1) makes it
		is        rig.Container
		user      string
		want      string
		says      string
	}{
		{"emptyDir", "-m 0777", user, "", "unset", fmt.Sprintf(refused, "777")},
		{"emptyDir with fsGroup", "-m 2777 -g 2000", inGroup, "", "unset", fmt.Sprintf(refused, "2777")},
		{"emptyDir, no_new_privs", "-m 0777", bare, "", "unset", fmt.Sprintf(refused, "777")},
		{"emptyDir, --user", "-m 0777", root, "app", "unset", fmt.Sprintf(refused, "777")},
		{"emptyDir as root", "-m 0777", root, "", "/inherited", ""},
		{"as the hint says", "-m 1777", user, "", "/tmp/.private/1000", ""},
		{"as the hint says, with fsGroup", "-m 3777 -g 2000", inGroup, "", "/tmp/.private/1000", ""},
		{"the user's own", "-m 0700 -o 1000", user, "", "/tmp", fmt.Sprintf(its, "/usr/libexec/tmpshell-helper: /tmp belongs to uid 1000, not to root")},
		{"the user's own, no_new_privs", "-m 0700 -o 1000", bare, "", "/tmp", ""},
		{"the user's own, and a group's", "-m 0770 -o 1000 -g 2000", user, "", "unset", fmt.Sprintf(open, "770")},
		{"the user's own, and everybody's", "-m 0777 -o 1000", user, "", "unset", fmt.Sprintf(open, "777")},
		{"the same, no_new_privs", "-m 0777 -o 1000", bare, "", "unset", fmt.Sprintf(open, "777")},
		{"the same, --user", "-m 01777 -o 1000", root, "app", "unset", fmt.Sprintf(open, "1777")},
		{"as the hint says, --user", "-m 0755 -o 1000", root, "app", "/tmp", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.is.Tmp = "/var/lib/volume"
			rig.Sh(t, "rm -rf "+c.is.Tmp+"; install -d "+c.tmp+" "+c.is.Tmp)
			c.is.Args = []string{rig.Tmpshell, "--exec"}
			if c.user != "" {
				c.is.Args = append(c.is.Args, "--user", c.user)
			}
			c.is.Args = append(c.is.Args, "--", "sh", "-c", `echo "${TMPDIR-unset}"`)
			r, _ := c.is.Run(t)
			if r.Stdout != c.want+"\n" || r.Status != 0 || c.says != "" && r.Stderr != c.says {
				t.Errorf("status %d, stdout %q, stderr %q\nwant %q, %q", r.Status, r.Stdout, r.Stderr, c.want, c.says)
			}
		})
	}
}
