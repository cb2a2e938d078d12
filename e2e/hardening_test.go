//go:build guest

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestHardening tightens the kernel's settings one after the other, and logs in with
// each method. They are everybody's, so that it runs in a guest (make test-kernels)
// alone.
func TestHardening(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sysctl", "findmnt")
	rig.Install(t, "Directory /tmp env", "Match User bob", "Directory /tmp mount share=.X11-unix/", "Match User carol", "Directory /tmp tmpfs size=1M")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	carol := rig.AddUser(t, rig.Account{Name: "carol", UID: 1002})
	const protections = "sysctl -q -w fs.protected_symlinks=%d fs.protected_hardlinks=%d fs.protected_fifos=%d fs.protected_regular=%d"
	for _, c := range []struct {
		name, set, unset string
		no               bool   // mount namespace is to be had
		doctor           string // what it has to say of that
	}{
		{name: "as it is", set: ":", unset: ":"},
		{name: "fs.protected_* 0", set: fmt.Sprintf(protections, 0, 0, 0, 0), unset: fmt.Sprintf(protections, 1, 1, 1, 2), doctor: "fs.protected_symlinks is 0"},
		{name: "fs.protected_* 2", set: fmt.Sprintf(protections, 1, 1, 2, 2), unset: ":"},
		{name: "hidepid=2", set: "mount -o remount,hidepid=2 /proc", unset: "mount -o remount,hidepid=0 /proc"},
		{name: "hidepid=2,subset=pid", set: "mount -t proc -o hidepid=2,subset=pid proc /proc", unset: "umount /proc", doctor: "sysctl: note: /proc does not show the kernel's settings"},
		{name: "kernel.unprivileged_userns_clone=0", set: "sysctl -q -w kernel.unprivileged_userns_clone=0", unset: "sysctl -q -w kernel.unprivileged_userns_clone=1", doctor: "kernel.unprivileged_userns_clone is 0"},
		{name: "user.max_user_namespaces=0", set: "sysctl -q -w user.max_user_namespaces=0", unset: "sysctl -q -w user.max_user_namespaces=1000", doctor: "user.max_user_namespaces is 0"},
		{name: "user.max_mnt_namespaces=0", set: "sysctl -q -w user.max_mnt_namespaces=0", unset: "sysctl -q -w user.max_mnt_namespaces=1000", no: true, doctor: "user.max_mnt_namespaces is 0"},
		// The last cannot be taken back.
		{name: "kernel.yama.ptrace_scope=1", set: "sysctl -q -w kernel.yama.ptrace_scope=1", unset: ":"},
		{name: "kernel.yama.ptrace_scope=2", set: "sysctl -q -w kernel.yama.ptrace_scope=2", unset: ":"},
		{name: "kernel.yama.ptrace_scope=3", set: "sysctl -q -w kernel.yama.ptrace_scope=3", unset: ":"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rig.Must(t, "sh", "-ec", c.set)
			defer rig.Must(t, "sh", "-ec", c.unset)
			private := map[bool]string{false: "/tmp", true: "/tmp/.private"}[c.no]
			for a, dir := range map[*rig.Account]string{alice: "/tmp/.private/1000", bob: private, carol: private} {
				first := a.Open(t)
				out, status := first.Do("echo $TMPDIR; f=$(mktemp) && echo ok >$f && cat $f")
				if !strings.HasPrefix(out, dir) || !strings.HasSuffix(out, "\nok\n") || status != 0 || !c.no && !strings.HasPrefix(out, dir+"\n") {
					t.Errorf("%s: %q, status %d; want %s", a.Name, out, status, dir)
				}
				// A second session of bob's is where the first one is.
				out, _ = first.Do("readlink /proc/self/ns/mnt")
				if r := a.Login(t, "readlink /proc/self/ns/mnt"); r.Stderr != "" || (r.Stdout == out) != (a != carol || c.no) {
					t.Errorf("%s, second session: %q, %q; the first one's namespace is %q", a.Name, r.Stdout, r.Stderr, out)
				}
				first.Close()
			}
			if r := rig.Sh(t, "tmpshellctl doctor"); !strings.Contains(r.Stdout, c.doctor) {
				t.Errorf("doctor does not say %q: %s%s", c.doctor, r.Stdout, r.Stderr)
			}
		})
	}
}
