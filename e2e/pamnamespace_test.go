package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestPAMNamespace lives together with pam_namespace, which scans for STIG and CIS
// rules look for: the private directory is inside the instance that it has mounted,
// in all of a user's sessions the same one, and nothing complains.
func TestPAMNamespace(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "su")
	rig.Install(t, "OnFailure deny", "Match User mount", "Directory /tmp mount", "Match User off", "Directory /tmp off")
	rig.Write(t, "/etc/security/namespace.conf", "/tmp /var/lib/tmp-inst/ user root,adm\n/var/tmp /var/tmp/tmp-inst/ user root,adm\n", 0o644)
	rig.Must(t, "sh", "-ec", "mkdir -m 000 /var/lib/tmp-inst /var/tmp/tmp-inst; echo 'session required pam_namespace.so' >>/etc/pam.d/su-l; touch /tmp/shared")
	const look = `f=$(mktemp) && ls -A /tmp | grep -c -e shared -e zzz; echo ${TMPDIR-unset} ${f%%/tmp.*}; findmnt -no TARGET -M /tmp | wc -l`
	before, err := strconv.Atoi(strings.TrimSpace(rig.Must(t, "sh", "-c", "findmnt -no TARGET -M /tmp | wc -l")))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		name, want string
		mounts     int // on /tmp, more than before
		inside     string
	}{
		{"alice", "0\n/tmp/.private/1000 /tmp/.private/1000\n", 1, "/var/lib/tmp-inst/alice/.private/1000"},
		{"mount", "0\n/tmp /tmp\n", 2, "/var/lib/tmpshell/1001/tmp"},
		{"off", "0\nunset /tmp\n", 1, "/var/lib/tmp-inst/off"},
	} {
		rig.AddUser(t, rig.Account{Name: c.name, UID: uint32(1000 + i)})
		for range 2 {
			r := rig.Sh(t, "su - "+c.name+" -c '"+look+"; touch $(dirname $(mktemp))/mine'")
			want := fmt.Sprintf("%s%d\n", c.want, before+c.mounts)
			if r.Stdout != want || r.Stderr != "" || r.Status != 0 {
				t.Errorf("%s: %d, %q, %q; want %q", c.name, r.Status, r.Stdout, r.Stderr, want)
			}
		}
		rig.Must(t, "ls", c.inside+"/mine")
	}
	r := rig.Sh(t, "tmpshellctl doctor --only pam")
	if r.Status != 0 || !strings.Contains(r.Stdout, "pam: note: ") || strings.Contains(r.Stdout, "fix:") {
		t.Errorf("doctor: %d, %s%s; want a note, and nothing to fix", r.Status, r.Stdout, r.Stderr)
	}
	// Root sees them all, and cleans those that it knows of alone.
	if r := rig.Sh(t, "tmpshellctl clean --grace 0 --contained"); r.Status != 0 {
		t.Errorf("clean: %d, %s%s", r.Status, r.Stdout, r.Stderr)
	}
	rig.Must(t, "ls", "/var/lib/tmp-inst/alice/.private/1000/mine")
}
