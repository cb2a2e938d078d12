package e2e

import (
	"fmt"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// startKDC runs a Kerberos realm on loopback, where every user's password is
// "secret".
func startKDC(t *testing.T, users []*rig.Account) {
	t.Helper()
	rig.Write(t, "/etc/krb5.conf", `[libdefaults]
	default_realm = E2E
	dns_lookup_kdc = false
	dns_lookup_realm = false
	dns_canonicalize_hostname = false
[realms]
	E2E = {
		kdc = 127.0.0.1:8888
	}
`, 0o644)
	rig.Write(t, "/etc/krb5kdc/kdc.conf", `[kdcdefaults]
	kdc_listen = 127.0.0.1:8888
	kdc_tcp_listen = 127.0.0.1:8888
[realms]
	E2E = {
		database_name = /var/lib/krb5kdc/principal
		key_stash_file = /var/lib/krb5kdc/stash
	}
`, 0o600)
	rig.Sh(t, "mkdir -p /var/lib/krb5kdc")
	rig.Must(t, "kdb5_util", "create", "-r", "E2E", "-s", "-P", "master")
	for _, a := range users {
		rig.Must(t, "kadmin.local", "-q", "addprinc -pw secret "+a.Name)
	}
	daemon(t, "echo secret | kinit -c /run/probe "+users[0].Name, nil, "krb5kdc", "-n")
}

// TestApplicationsKerberos: credential caches in files.
func TestApplicationsKerberos(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "krb5kdc", "kdb5_util", "kadmin.local", "kinit", "klist")
	users := installMethods(t)
	startKDC(t, users)
	file := func(a *rig.Account) string { return fmt.Sprintf("/tmp/krb5cc_%d", a.UID) }
	// cache makes a cache as a login service would.
	cache := func(c *cell, path string) {
		r := rig.Command{As: c.Account, Path: "/usr/bin/kinit", Args: []string{"kinit", "-c", path}, Stdin: "secret\n"}.Run(c.T)
		if r.Status != 0 {
			c.Fatalf("kinit: %s", r.Stderr)
		}
		c.Cleanup(func() { rig.Must(c.T, "rm", "-f", path) })
	}
	linked := [4]string{"shared", "shared", "linked", "linked"}
	appTable(t, "Kerberos", users, []application{
		{name: "kinit, then klist from another login", manual: "kinit", want: [4]string{"shared", "shared", "private", "private" + oneLogin},
			try: func(c *cell) string {
				return c.meet(server{"echo secret | kinit >/dev/null && echo " + file(c.Account), "klist -s && klist | grep Default", "kdestroy"})
			}},
		{name: "cache from before, KRB5CCNAME", manual: "Kerberos cache from before", want: linked, outside: []string{"krb5cc_*"}, try: func(c *cell) string {
			path := file(c.Account) + "_AbCdEf"
			cache(c, path)
			o := c.Open(c.T, "KRB5CCNAME=FILE:"+path)
			c.do(o, "klist -s")
			return c.at(o, path)
		}},
		{name: "cache from before, no variable", manual: "Kerberos cache from before", want: linked, outside: []string{"krb5cc_*"}, try: func(c *cell) string {
			cache(c, file(c.Account))
			o := c.Open(c.T)
			c.do(o, "klist -s")
			return c.at(o, file(c.Account))
		}},
		{name: "cache from after the session's own", want: [4]string{"shared", "shared", "private", "linked"}, outside: []string{"krb5cc_*"}, try: func(c *cell) string {
			c.do(c.first, "echo secret | kinit")
			cache(c, file(c.Account))
			o := c.Open(c.T)
			defer c.do(o, "kdestroy")
			c.do(o, "klist -s")
			return c.at(o, file(c.Account))
		}},
		{name: "kinit over a cache from before", want: [4]string{"shared", "shared", "private", "private"}, outside: []string{"krb5cc_*"}, try: func(c *cell) string {
			cache(c, file(c.Account))
			o := c.Open(c.T)
			c.do(o, "echo secret | kinit && klist -s")
			return c.at(o, file(c.Account))
		}},
	})
}
