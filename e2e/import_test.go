package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestImport takes the place of pam_namespace: what its lines come to is set up, and
// logged in with.
func TestImport(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.CopyPrograms(t)
	rig.Write(t, "/etc/security/namespace.conf", `# as it ships, and turned on
/tmp     /tmp-inst/       	user      root,adm,zoe
/var/scratch /scratch-inst/   	tmpfs:mntopts=size=8M,noexec	~alice
`, 0o644)
	rig.Must(t, "mkdir", "-m", "1777", "/var/scratch")
	if r := rig.Sh(t, "tmpshellctl import >/etc/tmpshell.conf"); r.Status != 0 || r.Stderr != "" {
		t.Fatalf("import: status %d, %s", r.Status, r.Stderr)
	}
	ctl(t, 0, "check")
	rig.Setup(t)
	const script = `for d in /tmp /var/scratch; do findmnt -no FSTYPE,SIZE --mountpoint $d >/dev/null && echo $d; done; :`
	for _, test := range []struct {
		name string
		uid  uint32
		want string
	}{
		{"alice", 1000, "/tmp\n/var/scratch\n"}, {"bob", 1001, "/tmp\n"}, {"zoe", 1002, "/tmp\n"},
	} {
		a := rig.AddUser(t, rig.Account{Name: test.name, UID: test.uid})
		r := a.Login(t, script)
		if r.Stdout != test.want || r.Status != 0 {
			t.Errorf("mounted for %s: %q, status %d, %q; want %q", test.name, r.Stdout, r.Status, r.Stderr, test.want)
		}
		shared := a.Login(t, "stat -c %i /tmp").Stdout == rig.Must(t, "stat", "-c", "%i", "/tmp")
		if want := test.name == "zoe"; shared != want {
			t.Errorf("%s has the shared /tmp: %v; want %v", test.name, shared, want)
		}
	}
	rig.Write(t, "/etc/security/namespace.d/x.conf", "$HOME $HOME/i/ context\n", 0o644)
	ctl(t, 1, "import", "tmpshellctl: /etc/security/namespace.d/x.conf:1: $HOME", "# No equivalent: /etc/security/namespace.d/x.conf:1:", "Directory /tmp mount")
	ctl(t, 1, "import /nonexistent", "no such file")
}
