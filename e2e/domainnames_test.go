package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestDomainNames has accounts as winbind and sssd name those of a Windows
// domain: written as in sshd_config(5), they are other names, and check says how
// they are written here. What it says is then tried.
func TestDomainNames(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.AddGroup(t, "domain users", 3000)
	rig.AddGroup(t, `CORP\staff of the lab`, 3001)
	carol := rig.AddUser(t, rig.Account{Name: `CORP\carol`, UID: 2000, Home: "/home/carol", Groups: []uint32{3000, 3001}})
	for _, c := range []struct{ before, wrong, after, want string }{
		{"Match User ", `CORP\carol`, "\nSetEnv MATCHED=yes", "yes"},
		{"Match User ", `root,CORP\carol`, "\nSetEnv MATCHED=yes", "yes"},
		{"Match Group ", `CORP\staff\ of\ the\ lab`, "\nSetEnv MATCHED=yes", "yes"},
		{"SetEnv MATCHED=yes\nExempt root ", "@domain users", "", ""},
		{"SetEnv MATCHED=yes\nExempt root ", `CORP\carol`, "", ""},
	} {
		t.Run(c.before+c.wrong, func(t *testing.T) {
			matched := func(word string) (string, string) {
				rig.Configure(t, c.before+word+c.after)
				check := rig.Sh(t, "tmpshellctl check")
				if check.Status != 0 {
					t.Errorf("check of %s: status %d, %s", word, check.Status, check.Stdout)
				}
				r := carol.Login(t, "echo $MATCHED")
				if r.Stderr != "" {
					t.Errorf("stderr %q", r.Stderr)
				}
				return strings.TrimSpace(r.Stdout), check.Stdout
			}
			got, notices := matched(c.wrong)
			if got == c.want {
				t.Errorf("%s is understood", c.wrong)
			}
			var right string
			for line := range strings.Lines(notices) {
				if _, after, ok := strings.Cut(strings.TrimSpace(line), " is gone: write "); ok {
					right = after
				} else if _, after, ok := strings.Cut(strings.TrimSpace(line), " is quoted: "); ok {
					right = after
				}
			}
			if right == "" || !strings.Contains(notices, "nobody knows the ") {
				t.Fatalf("check says\n%s", notices)
			}
			if doctor := rig.Sh(t, "tmpshellctl doctor"); !strings.Contains(doctor.Stdout, right) {
				t.Errorf("doctor does not say %s:\n%s", right, doctor.Stdout)
			}
			if got, notices := matched(right); got != c.want || strings.Contains(notices, "notice") {
				t.Errorf("with %s, MATCHED is %q, and check says %s", right, got, notices)
			}
		})
	}
}
