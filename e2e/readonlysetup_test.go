package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestReadOnlySetup: a machine whose root file system is read-only, /etc, /usr, /var and
// the homes with it, and which was set up before. Sessions have what needs nothing of
// it; what does is one that cannot be had.
func TestReadOnlySetup(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match User mount*", "Directory /tmp mount", "Match User tmpfs", "Directory /tmp tmpfs", "Match User *deny", "OnFailure deny")
	users := map[string]*rig.Account{}
	for i, name := range []string{"alice", "mount", "mountdeny", "tmpfs"} {
		users[name] = rig.AddUser(t, rig.Account{Name: name, UID: 1000 + uint32(i)})
	}
	rig.Setup(t)
	log := rig.ListenSyslog(t)
	rig.Must(t, "sh", "-ec", `
		for dir in $(findmnt -rno TARGET -t overlay); do mount -o remount,bind,ro $dir; done
		for dir in /etc /usr /var/lib /home /root; do ! touch $dir/file 2>/dev/null; done`)
	const use = `echo $TMPDIR; echo x >$(mktemp) && echo made`
	expect := func(name, stdout, stderr string, status int) {
		t.Helper()
		r := users[name].Login(t, use)
		if r.Stdout != stdout || r.Status != status || !strings.Contains(r.Stderr, stderr) || (stderr == "") != (r.Stderr == "") {
			t.Errorf("%s: status %d, %q, %q; want %d, %q, %q", name, r.Status, r.Stdout, r.Stderr, status, stdout, stderr)
		}
	}
	const why = "mkdirat /var/lib/tmpshell/1001: read-only file system"
	for range 2 { // the first login makes what the second one finds
		expect("alice", "/tmp/.private/1000\nmade\n", "", 0)
		expect("tmpfs", "/tmp\nmade\n", "", 0)
		log.Forget()
		expect("mount", "/tmp/.private/1001\nmade\n", "", 0)
		log.Expect(t, why)
		expect("mountdeny", "", strings.ReplaceAll(why, "1001", "1002"), 125)
	}
	r := rig.Sh(t, "tmpshellctl doctor --only policy,instances,bases")
	for _, want := range []string{
		"policy: warning: /var/lib/misc is on a read-only file system: ",
		"instances: error: /var/lib/tmpshell is on /var, which is read-only: ",
		"bases: ok: ",
	} {
		if r.Status != 1 || strings.Count(r.Stdout, want) != 1 {
			t.Errorf("doctor: status %d, %s%s; want %q", r.Status, r.Stdout, r.Stderr, want)
		}
	}
	// What can be done is done, and what cannot is said.
	rig.Must(t, "sh", "-c", "chattr -a /tmp/.private; rm -r /tmp/.private")
	r = rig.Sh(t, "tmpshellctl setup")
	if r.Status != 1 || !strings.Contains(r.Stdout, "base /tmp/.private: root:root 0711\n") {
		t.Errorf("setup: status %d, %s%s", r.Status, r.Stdout, r.Stderr)
	}
	for line := range strings.Lines(r.Stdout) {
		if strings.Contains(line, ": failed: ") && !strings.HasSuffix(line, ": read-only file system\n") {
			t.Errorf("setup: %s", line)
		}
	}
	expect("alice", "/tmp/.private/1000\nmade\n", "", 0)
	r = rig.Sh(t, "tmpshellctl clean --contained --grace 0")
	if r.Status != 1 || exists(users["alice"].Private()) || strings.Count(r.Stdout, "error: ") != 1 || !strings.Contains(r.Stdout, "is not remembered: ") {
		t.Errorf("clean: %+v", r)
	}
	// A store that can be written to is all that mount needs.
	rig.Must(t, "mount", "-t", "tmpfs", "-o", "mode=700", "none", "/var/lib/tmpshell")
	expect("mount", "/tmp\nmade\n", "", 0)
	expect("mountdeny", "/tmp\nmade\n", "", 0)
}
