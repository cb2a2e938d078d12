package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
)

// bootedAccounts: what an account leaves is withdrawn when that is removed, and not
// with the next hour, so that whoever gets the number does not get it.
func bootedAccounts(t *testing.T, m booted) {
	m.Sh("systemctl enable --now tmpshell-accounts.path")
	defer m.Sh("systemctl disable --now tmpshell-accounts.path")
	for name, dir := range map[string]string{"leaver": "/tmp/.private/1010", "mountleaver": "/var/lib/tmpshell/1010/tmp"} {
		a := rig.AddUser(t, rig.Account{Name: name, UID: 1010})
		ssh(t, a, "", "echo secret >$TMPDIR/f")
		m.Await(t, "pgrep -au 1010", "")
		if r := m.Sh("test -e $1/f && userdel -r $2", dir, name); r.Status != 0 {
			t.Fatalf("%s: %+v", name, r)
		}
		m.Await(t, "test -e $1 || ls -d $1.orphaned-* | wc -l", "1\n", dir)
		next := rig.AddUser(t, rig.Account{Name: "new" + name, UID: 1010})
		if r := ssh(t, next, "", "ls $TMPDIR"); r.Stdout != "" {
			t.Errorf("the next account with the number of %s has %q", name, r.Stdout)
		}
		m.Await(t, "pgrep -au 1010", "")
		m.Sh("userdel -r $1; tmpshellctl clean --contained --orphans --grace 0", "new"+name)
	}
}
