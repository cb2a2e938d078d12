package e2e

import (
	"path/filepath"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestForeignAccounts has accounts that only the name service knows, as from
// LDAP: libnss-extrausers serves them to the real getent.
func TestForeignAccounts(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	needExtrausers(t)
	rig.Install(t, "Match User carol", "SetEnv WHO=carol", "Match Group engineers", "SetEnv TEAM=engineers",
		"Match Group primary", "SetEnv FIRST=primary")
	rig.Must(t, "sed", "-i", "-E", "s/^(passwd|group|shadow):.*/& extrausers/", "/etc/nsswitch.conf")
	const dir = "/var/lib/extrausers/"
	carol := rig.Account{Name: "carol", UID: 70001, GID: 70001, Home: "/home/carol", Shell: rig.Tmpshell}
	rig.Write(t, dir+"passwd", "carol:x:70001:70001::/home/carol:"+rig.Tmpshell+"\n"+
		"dave:x:70002:70001::/home/carol:/bin/dash\n", 0o644)
	rig.Write(t, dir+"group", "primary:x:70001:\nengineers:x:70100:carol\n", 0o644)
	rig.Write(t, dir+"shadow", "carol:*:19000:0:99999:7:::\ndave:*:19000:0:99999:7:::\n", 0o640)
	rig.Must(t, "install", "-d", "-o", "70001", "/home/carol")

	t.Run("su", func(t *testing.T) {
		r := rig.Sh(t, `su - carol -c 'echo $TMPDIR $WHO $TEAM $FIRST $SHELL'`)
		if want := carol.Private() + " carol engineers primary /bin/bash\n"; r.Stdout != want || r.Stderr != "" {
			t.Errorf("stdout %q, stderr %q; want %q", r.Stdout, r.Stderr, want)
		}
		rig.CheckPrivate(t, &carol)
	})
	t.Run("sshd, another passwd shell", func(t *testing.T) {
		rig.StartSSHD(t, "UsePAM no", "ForceCommand "+rig.Tmpshell)
		r := ssh(t, &rig.Account{Name: "dave"}, "", `echo $TMPDIR $FIRST $SHELL`)
		if want := "/tmp/.private/70002 primary /bin/dash\n"; r.Stdout != want || r.Stderr != "" {
			t.Errorf("stdout %q, stderr %q; want %q", r.Stdout, r.Stderr, want)
		}
	})
	t.Run("exempt by a group of the name service", func(t *testing.T) {
		rig.Configure(t, "Exempt @engineers")
		if r := rig.Sh(t, `su - carol -c 'echo "${TMPDIR-unset}"'`); r.Stdout != "unset\n" {
			t.Errorf("stdout %q, stderr %q", r.Stdout, r.Stderr)
		}
	})
}

// TestOddAccounts: numbers and names at the edges, and accounts that are in no
// file at all.
func TestOddAccounts(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	for _, a := range []rig.Account{
		{Name: "biggest", UID: 4294967294, GID: 4294967294},
		{Name: "signed", UID: 2147483648, GID: 2147483648},
		{Name: "sixteen bits", UID: 65535, GID: 65535},
		{Name: "other group", UID: 5001, GID: 100},
		{Name: "root's group", UID: 5002, GID: 0, Groups: []uint32{0}},
		{Name: "12345", UID: 5003},
		{Name: "../../etc", UID: 5004, Home: "/"},
		{Name: "no home", UID: 5005, Home: "/nonexistent/at/all"},
	} {
		t.Run(a.Name, func(t *testing.T) {
			a.Shell = rig.Tmpshell
			account := &a
			if a.Name != "root's group" {
				account = rig.AddUser(t, a)
			}
			r := rig.Command{As: account, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", rig.Probe}}.Run(t)
			rig.ParseSession(t, r).CheckVariables(t, account.Private())
			rig.CheckPrivate(t, account)
			if r.Stderr != "" {
				t.Errorf("stderr %q", r.Stderr)
			}
		})
	}
	t.Run("in no file", func(t *testing.T) {
		unknown := &rig.Account{Name: "nobody knows", UID: 60001, GID: 60002}
		r := rig.Command{As: unknown, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", rig.Probe}, Env: []string{"PATH=/usr/bin:/bin"}}.Run(t)
		rig.ParseSession(t, r).CheckVariables(t, unknown.Private())
		rig.CheckPrivate(t, unknown)
	})
	t.Run("two names for one uid", func(t *testing.T) {
		first := rig.AddUser(t, rig.Account{Name: "first", UID: 6000})
		rig.AddUser(t, rig.Account{Name: "second", UID: 6000, GID: 6001})
		first.Session(t).CheckVariables(t, first.Private())
		if r := rig.Sh(t, `su - second -c 'echo $TMPDIR'`); r.Stdout != first.Private()+"\n" || r.Stderr != "" {
			t.Errorf("stdout %q, stderr %q", r.Stdout, r.Stderr)
		}
	})
}

// needExtrausers skips the test where the name service has nothing but the files.
func needExtrausers(t *testing.T) {
	t.Helper()
	// Debian's package puts it outside of the multiarch directory.
	flat, _ := filepath.Glob("/usr/lib/libnss_extrausers.so.2")
	multiarch, _ := filepath.Glob("/usr/lib/*/libnss_extrausers.so.2")
	if len(flat)+len(multiarch) == 0 {
		view.Missing(t, "libnss-extrausers: run e2e/packages.sh")
	}
}
