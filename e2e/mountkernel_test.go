package e2e

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountKernels: mounts by descriptor, and with mount(2) on kernels before
// 5.12 and 5.2, and under filters that answer EPERM to calls they do not know.
func TestMountKernels(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t, "Directory /tmp mount share=.X11-unix/,.s.PGSQL.5432 options=noexec,noatime",
		"Directory /dev/shm tmpfs size=3M inodes=50")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice.Session(t)
	const show = `for d in /tmp /tmp/.X11-unix /dev/shm /run/tmpshell/shared/tmp; do
		findmnt -no TARGET,OPTIONS $d | tail -n 1 | sed 's/,lowerdir.*//'; stat -c '%n %u:%g %a' $d; done; ls -A /tmp
		echo $TMPDIR; grep ^Cap /proc/self/status`
	login := func(env string, path string, script string) rig.Result {
		t.Helper()
		args := []string{"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", rig.Tmpshell, "-c", script}
		if env == "" {
			return rig.Command{Path: "/usr/bin/setpriv", Args: args, Env: alice.Env()}.Run(t)
		}
		return rig.Command{Path: path, Args: append([]string{"filter", "/usr/bin/setpriv"}, args[1:]...), Env: append(alice.Env(), env)}.Run(t)
	}
	want := login("", "", show)
	if want.Status != 0 || want.Stderr != "" || !strings.Contains(want.Stdout, "/tmp/.X11-unix 0:0 1777\n") ||
		!strings.Contains(want.Stdout, "\n/tmp\n") || strings.Count(want.Stdout, "noexec,noatime") != 1 {
		t.Fatalf("status %d, stderr %q, stdout\n%s", want.Status, want.Stderr, want.Stdout)
	}
	newCalls := []int{unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_MOUNT_SETATTR}
	for _, c := range []struct {
		name  string
		errno syscall.Errno
		calls []int
	}{
		{"before 5.12", syscall.ENOSYS, []int{unix.SYS_MOUNT_SETATTR}},
		{"before 5.2", syscall.ENOSYS, newCalls},
		{"an older filter", syscall.EPERM, newCalls},
	} {
		env, path := rig.WithoutCalls(c.errno, c.calls...)
		if got := login(env, path, show); got != want {
			t.Errorf("%s: status %d, stderr %q, stdout\n%swant\n%s", c.name, got.Status, got.Stderr, got.Stdout, want.Stdout)
		}
	}
	// Nothing can be verified without statx(2). tmpshell does without where there is
	// no configuration, and the whole of it is refused where there is one.
	env, path := rig.WithoutCalls(syscall.ENOSYS, unix.SYS_STATX)
	if r := login(env, path, "echo in"); r.Status != 125 || r.Stdout != "" || !strings.Contains(r.Stderr, "statx "+rig.Policy+": function not implemented; no session\n") {
		t.Errorf("before 4.11: %+v", r)
	}
	rig.Must(t, "rm", rig.Conf)
	if r := login(env, path, "echo ${TMPDIR-none}; exit 7"); r.Status != 7 || r.Stdout != "none\n" || r.Stderr != "" {
		t.Errorf("before 4.11, without a configuration: %+v", r)
	}
	// The filters do what they are for, or the test shows nothing.
	env, path = rig.WithoutCalls(syscall.ENOSYS, unix.SYS_GETPRIORITY)
	if r := login(env, path, "nice"); !strings.Contains(r.Stderr, "nice: cannot get niceness") {
		t.Errorf("the filter is not in force: %q, %q", r.Stdout, r.Stderr)
	}
}

// TestMountNoNamespaces: where no mount namespace is to be had at all, and where
// there is no memory for one, which is no such answer.
func TestMountNoNamespaces(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	const directory = "Directory /tmp mount"
	rig.Install(t, directory)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	for _, c := range []struct {
		name  string
		calls []int
	}{
		{"unshare", []int{unix.SYS_UNSHARE}},
		{"mount", []int{unix.SYS_MOUNT}},
		{"nothing attaches", []int{unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_MOUNT}},
	} {
		for _, errno := range []syscall.Errno{syscall.EPERM, syscall.ENOSYS} {
			env, path := rig.WithoutCalls(errno, c.calls...)
			run := func(script string) rig.Result {
				return rig.Command{Path: path, Env: append(alice.Env(), env), Args: []string{"filter", "/usr/bin/setpriv",
					"--reuid", "1000", "--regid", "1000", "--clear-groups", rig.Tmpshell, "-c", script}}.Run(t)
			}
			rig.Configure(t, directory)
			r := run(`echo $TMPDIR; mktemp >/dev/null; readlink /proc/$$/ns/mnt; grep -c tmpshell /proc/self/mountinfo`)
			want := rig.Sh(t, `readlink /proc/$$/ns/mnt; grep -c tmpshell /proc/self/mountinfo`).Stdout
			dir, rest, _ := strings.Cut(r.Stdout, "\n")
			if !strings.HasPrefix(dir, "/tmp/.private") || rest != want || r.Stderr != "" {
				t.Errorf("%s, %v: status %d, %q, %q; want a private directory of method env, and the namespace of before: %q", c.name, errno, r.Status, r.Stdout, r.Stderr, want)
			}
			rig.Configure(t, directory, "OnFailure deny")
			if r := run("echo in"); r.Status != 125 || r.Stdout != "" || !strings.HasPrefix(r.Stderr, "tmpshell: no private directory in /tmp: ") {
				t.Errorf("%s, %v, deny: status %d, %q, %q", c.name, errno, r.Status, r.Stdout, r.Stderr)
			}
		}
		for _, lines := range [][]string{{directory}, {directory, "OnFailure deny"}} {
			rig.Configure(t, lines...)
			env, path := rig.WithoutCalls(syscall.ENOMEM, c.calls...)
			r := rig.Command{Path: path, Env: append(alice.Env(), env), Args: []string{"filter", "/usr/bin/setpriv",
				"--reuid", "1000", "--regid", "1000", "--clear-groups", rig.Tmpshell, "-c", "echo in"}}.Run(t)
			if r.Status != 125 || r.Stdout != "" || strings.Count(r.Stderr, "\n") != 1 || !strings.HasSuffix(r.Stderr, ": cannot allocate memory; no session\n") {
				t.Errorf("%s, no memory, %q: %+v", c.name, lines, r)
			}
		}
	}
}
