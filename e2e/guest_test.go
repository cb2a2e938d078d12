//go:build guest

package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// The tests of this file say in little processor time what others say at length: in a
// guest, which qemu runs without KVM, everything takes thirty times as long. They are
// for make test-kernels.

// TestGuestShare: method mount, and what of /tmp stays everybody's.
func TestGuestShare(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Directory /tmp mount share=.meet/,plain options=noexec")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Sh(t, "umask 022; echo old >/tmp/plain; echo outside >/tmp/hidden")
	first := alice.Open(t)
	out, status := first.Do(`echo $TMPDIR; cat /tmp/plain; ls /tmp; echo met >/tmp/.meet/of-alice; mktemp >/dev/null
		stat -c '%n %u:%g %a' /tmp /tmp/.meet; cat /run/tmpshell/shared/tmp/hidden; findmnt -no OPTIONS /tmp | tail -n 1 | grep -o '^rw,nosuid,nodev,noexec'`)
	if want := "/tmp\nold\nplain\n/tmp 0:0 1777\n/tmp/.meet 0:0 1777\noutside\nrw,nosuid,nodev,noexec\n"; out != want || status != 0 {
		t.Errorf("first session: status %d, %q; want %q", status, out, want)
	}
	// The server of the file starts again, and somebody mounts something meanwhile.
	if r := rig.Sh(t, "umask 022; rm /tmp/plain; echo new >/tmp/plain; cat /tmp/.meet/of-alice; ls /tmp"); r.Stdout != "met\nhidden\nplain\n" {
		t.Errorf("outside: %q", r.Stdout)
	}
	out, _ = first.Do("cat /tmp/plain; readlink /proc/self/ns/mnt")
	if r := alice.Login(t, "cat /tmp/plain; readlink /proc/self/ns/mnt"); r.Stdout != out || r.Stderr != "" || !strings.HasPrefix(out, "new\nmnt:") {
		t.Errorf("second session: %q, %q; the first one has %q", r.Stdout, r.Stderr, out)
	}
}

// TestGuestTmpfs: a /tmp for each session, of a size.
func TestGuestTmpfs(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Directory /tmp tmpfs size=1M inodes=20")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	first := alice.Open(t)
	out, status := first.Do(`stat -f -c %T /tmp; stat -c '%u:%g %a' /tmp; findmnt -no OPTIONS /tmp | tail -n 1
		head -c 2M /dev/zero >/tmp/large; stat -c %s /tmp/large`)
	for _, want := range []string{"tmpfs\n0:0 1777\nrw,nosuid,nodev,", "size=1024k", "nr_inodes=20", "No space left on device"} {
		if !strings.Contains(out, want) || status != 0 {
			t.Errorf("status %d, %q; want %q", status, out, want)
		}
	}
	if r := alice.Login(t, "ls -A /tmp; echo $TMPDIR"); r.Stdout != "/tmp\n" || r.Stderr != "" {
		t.Errorf("second session: %q, %q", r.Stdout, r.Stderr)
	}
}

// TestGuestGrants: capabilities for the session that has them, and for no other.
func TestGuestGrants(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match User alice", "Ambient cap_net_raw", "NoNewPrivileges yes", "Directory /tmp mount", "Match User bob", "Directory /tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	for a, want := range map[*rig.Account]string{
		alice: setsOf(netRaw, netRaw) + "NoNewPrivs:\t1\n/tmp\n",
		bob:   setsOf(0, 0) + "NoNewPrivs:\t0\n/tmp\n",
	} {
		if r := a.Login(t, sets+"; grep ^NoNewPrivs /proc/self/status; echo $TMPDIR"); r.Stdout != want || r.Stderr != "" {
			t.Errorf("%s: %q, %q; want %q", a.Name, r.Stdout, r.Stderr, want)
		}
	}
}

// TestGuestDoctor: nothing is wrong with the kernel's settings, and what is wrong is
// found. The settings are the kernel's own here.
func TestGuestDoctor(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(root + "/etc/tmpfiles.d/tmpshell.conf")
	if err != nil {
		t.Fatal(err)
	}
	rig.Write(t, "/usr/lib/tmpfiles.d/tmpshell.conf", string(lines), 0o644)
	rig.Install(t, "Directory /tmp env", "Match User alice", "Directory /tmp mount share=.X11-unix/", "Ambient cap_net_raw")
	rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	// sshd is asked with keys that nobody has made here.
	if findings, _ := examine(t, "sh -c 'exec \"$@\" --ignore sshd' sh"); len(findings) > 0 {
		t.Errorf("findings: %+v", findings)
	}
	rig.Must(t, "setcap", "-r", rig.Mounter)
	if r := rig.Sh(t, "tmpshellctl doctor --only capabilities"); r.Status != 1 || !strings.Contains(r.Stdout, rig.Mounter+" lacks ") {
		t.Errorf("without capabilities: status %d, %s%s", r.Status, r.Stdout, r.Stderr)
	}
}
