package e2e

import (
	"fmt"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestKerberosOutside has a daemon outside of the sessions look for the user's
// tickets, as rpc.gssd(8) does for NFS: as the user, and without a variable. With
// each line of krb5.conf that the manual page gives, it sees what is renewed
// inside. By default, with a /tmp of the session's own, it does not; kinit works
// all the same.
func TestKerberosOutside(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "krb5kdc", "kdb5_util", "kadmin.local", "kinit", "klist", "/usr/sbin/kcm")
	users := installMethods(t)
	startKDC(t, users)
	rig.Must(t, "kadmin.local", "-q", "modprinc -maxrenewlife 1d krbtgt/E2E")
	for _, a := range users {
		rig.Must(t, "kadmin.local", "-q", "modprinc -maxrenewlife 1d "+a.Name)
		// As a login manager makes it.
		rig.Must(t, "install", "-d", "-m", "700", "-o", a.Name, fmt.Sprintf("/run/user/%d", a.UID))
	}
	rig.Start(t, "/usr/sbin/kcm")
	plain := rig.Must(t, "cat", "/etc/krb5.conf")
	for _, c := range []struct {
		cache string // default_ccache_name
		seen  bool   // with methods mount and tmpfs
	}{
		{"KEYRING:persistent:%{uid}", true},
		{"KCM:", true},
		{"FILE:/run/user/%{uid}/krb5cc", true},
		{"FILE:/tmp/krb5cc_%{uid}", false},
	} {
		rig.Write(t, "/etc/krb5.conf", strings.Replace(plain, "[libdefaults]\n", "[libdefaults]\n\tdefault_ccache_name = "+c.cache+"\n", 1), 0o644)
		for _, a := range users {
			t.Run(c.cache+" "+a.Name, func(t *testing.T) {
				outside := func() string {
					r := rig.Command{As: a, Path: "/usr/bin/klist", Args: []string{"klist"}}.Run(t)
					return r.Stdout
				}
				r := rig.Command{As: a, Path: "/usr/bin/kinit", Args: []string{"kinit", "-l", "1h", "-r", "3h"}, Stdin: "secret\n"}.Run(t)
				if r.Status != 0 {
					t.Fatal(r.Stderr)
				}
				before := outside()
				o := a.Open(t)
				defer o.Close()
				inside, status := o.Do("echo secret | kinit -l 2h -r 3h >/dev/null && kinit -R && klist")
				if status != 0 {
					t.Fatalf("kinit in the session: %s", inside)
				}
				seen := c.seen || a.Name == "plain" || a.Name == "env"
				switch got := outside(); {
				case seen && got != inside:
					t.Errorf("outside there is\n%s; want what is inside\n%s", got, inside)
				case !seen && got != before:
					t.Errorf("outside there is\n%s; want what was there\n%s", got, before)
				}
				if _, status := o.Do("kdestroy -q"); status != 0 {
					t.Error("kdestroy fails")
				}
				if gone := outside() == ""; gone != seen {
					t.Errorf("after kdestroy in the session, the ticket is gone outside: %v", gone)
				}
				rig.Command{As: a, Path: "/usr/bin/kdestroy", Args: []string{"kdestroy", "-q"}}.Run(t)
			})
		}
	}
}

// TestKerberosShare: whatever share= says of a cache, kinit makes one.
func TestKerberosShare(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "krb5kdc", "kdb5_util", "kadmin.local", "kinit", "klist")
	rig.Install(t, "Directory /tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	startKDC(t, []*rig.Account{alice})
	for _, share := range []string{"krb5cc_${UID}", "krb5cc_*", "krb5cc_1000"} {
		for _, before := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, one from before: %v", share, before), func(t *testing.T) {
				rig.Configure(t, "Directory /tmp mount share="+share)
				if said := rig.Must(t, "tmpshellctl", "check"); !strings.Contains(said, "notice: share="+share+" shows") {
					t.Errorf("check says %q, and not that kinit is not seen outside", said)
				}
				rig.Sh(t, "rm -rf /tmp/krb5cc* /var/lib/tmpshell/1000")
				if before {
					r := rig.Command{As: alice, Path: "/usr/bin/kinit", Args: []string{"kinit"}, Stdin: "secret\n"}.Run(t)
					if r.Status != 0 {
						t.Fatal(r.Stderr)
					}
				}
				r := alice.Login(t, "test $TMPDIR = /tmp || echo not mounted; if klist -s; then echo seen; fi; echo secret | kinit >/dev/null && echo secret | kinit >/dev/null && klist -s && echo made")
				want := "made\n"
				if before {
					want = "seen\nmade\n"
				}
				if r.Stdout != want || r.Stderr != "" {
					t.Errorf("%q, %q; want %q", r.Stdout, r.Stderr, want)
				}
			})
		}
	}
}
