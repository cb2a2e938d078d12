package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestUnsafeTmp has a /tmp in which another user could exchange what tmpshell
// verified: nothing is made there, and no variable names it.
func TestUnsafeTmp(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	log := rig.ListenSyslog(t)
	for _, unsafe := range []struct{ name, options, dir string }{
		{"writable, not sticky", "mode=0777", "/tmp"},
		{"another user's", "mode=1777,uid=1234", "/tmp"},
		{"a group's, not sticky", "mode=0775,gid=1000", "/tmp"},
		{"a symbolic link", "mode=1777", "/run/link"},
		{"behind a symbolic link", "mode=1777", "/run/link/below"},
	} {
		t.Run(unsafe.name, func(t *testing.T) {
			rig.MountTmp(t, "-t", "tmpfs", "-o", unsafe.options, "tmp")
			rig.Sh(t, "ln -sfn /tmp /run/link; mkdir -m 1777 /tmp/below")
			policy := []string{"Directory " + unsafe.dir + " env variables=TMPDIR,TMP,TEMP,TEMPDIR"}
			if unsafe.dir != "/tmp" {
				policy = append(policy, "Directory /tmp off")
			}
			rig.Configure(t, policy...)
			log.Forget()
			r := alice.Login(t, rig.Probe)
			rig.ParseSession(t, r).CheckVariables(t, "")
			if r.Stderr != "" || r.Status != 0 {
				t.Errorf("status %d, stderr %q; a session that is not interactive gets no message", r.Status, r.Stderr)
			}
			log.Expect(t, "no private directory in "+unsafe.dir)
			if made := rig.Sh(t, "ls -d /tmp/.private* /tmp/below/.private*").Stdout; made != "" {
				t.Errorf("made all the same: %s", made)
			}

			rig.Configure(t, append(policy, "OnFailure deny")...)
			r = alice.Login(t, "echo a session")
			if r.Status != 125 || r.Stdout != "" || !strings.HasPrefix(r.Stderr, "tmpshell: ") {
				t.Errorf("deny: status %d, stdout %q, stderr %q; want 125, nothing, and a reason", r.Status, r.Stdout, r.Stderr)
			}
		})
	}
	t.Run("an older directory on a read-only file system", func(t *testing.T) {
		rig.FreshTmp(t)
		rig.Configure(t)
		alice.Session(t)
		rig.Must(t, "mount", "-o", "remount,ro", "/tmp")
		alice.Session(t).CheckVariables(t, alice.Private())
	})
}

// TestLogNamesTheUser: a failure that cannot be told apart from another
// user's is of no use to an administrator.
func TestLogNamesTheUser(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	log := rig.ListenSyslog(t)
	rig.MountTmp(t, "-t", "tmpfs", "-o", "mode=0777", "tmp")
	alice.Login(t, "true")
	log.Expect(t, "/tmp", "1000")
}
