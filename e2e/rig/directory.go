package rig

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/view"
)

// Directory is a real LDAP server, for accounts of the name service.
type Directory struct {
	t   testing.TB
	cmd *exec.Cmd
}

// directoryBase is the suffix of all its entries.
const directoryBase = "dc=example,dc=org"

// directoryConf: posixGroupOf is the group of RFC 2307bis, whose members are entries,
// other groups among them; Debian's schemas have none.
const directoryConf = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
objectclass ( 1.3.6.1.4.1.4203.666.99.1 NAME 'posixGroupOf' SUP top AUXILIARY MUST gidNumber MAY memberUid )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile /run/slapd.pid
database mdb
maxsize 268435456
suffix "` + directoryBase + `"
rootdn "cn=admin,` + directoryBase + `"
rootpw secret
directory /var/lib/ldap
index objectClass,uid,cn,uidNumber,gidNumber,memberUid,member eq
`

// StartDirectory runs slapd with entries, in LDIF without their suffix: "@" is it.
func StartDirectory(t testing.TB, entries string) *Directory {
	t.Helper()
	Unpack(t, "slapd")
	Write(t, "/etc/ldap/e2e.conf", directoryConf, 0o600)
	Must(t, "mkdir", "-p", "/var/lib/ldap")
	ldif := "dn: @\nobjectClass: dcObject\nobjectClass: organization\no: example\ndc: example\n\n" + entries
	Write(t, "/var/lib/e2e.ldif", strings.ReplaceAll(ldif, "@", directoryBase), 0o600)
	Must(t, "slapadd", "-q", "-f", "/etc/ldap/e2e.conf", "-l", "/var/lib/e2e.ldif")
	d := &Directory{t: t}
	d.Start()
	t.Cleanup(d.Stop)
	return d
}

// Start starts the server, and waits until it answers.
func (d *Directory) Start() {
	d.t.Helper()
	d.cmd = exec.Command("slapd", "-d", "0", "-f", "/etc/ldap/e2e.conf", "-h", "ldap://127.0.0.1")
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	Await(d.t, func() string { return "slapd does not answer" }, func() bool {
		return exec.Command("ldapsearch", "-x", "-H", "ldap://127.0.0.1", "-b", directoryBase, "-s", "base").Run() == nil
	})
}

// Stop ends the server.
func (d *Directory) Stop() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
}

// Hang has the server take connections and never answer, or go on.
func (d *Directory) Hang(hang bool) {
	signal := syscall.SIGCONT
	if hang {
		signal = syscall.SIGSTOP
	}
	_ = d.cmd.Process.Signal(signal)
}

// Modify changes entries by ldapmodify(1).
func (d *Directory) Modify(ldif string) {
	d.t.Helper()
	c := Command{Path: "/usr/bin/ldapmodify", Env: os.Environ(), Stdin: strings.ReplaceAll(ldif, "@", directoryBase),
		Args: []string{"ldapmodify", "-x", "-H", "ldap://127.0.0.1", "-D", "cn=admin," + directoryBase, "-w", "secret"}}
	if r := c.Run(d.t); r.Status != 0 {
		d.t.Fatalf("ldapmodify: %+v", r)
	}
}

// StartNslcd has the name service ask the directory by nslcd.
func StartNslcd(t testing.TB) {
	t.Helper()
	Unpack(t, "nslcd")
	Write(t, "/etc/nslcd.conf", `uri ldap://127.0.0.1
base `+directoryBase+`
filter group (|(objectClass=posixGroup)(objectClass=posixGroupOf))
nss_nested_groups yes
bind_timelimit 2
timelimit 2
reconnect_sleeptime 1
reconnect_retrytime 2
`, 0o600)
	Must(t, "mkdir", "-p", "/run/nslcd")
	Start(t, "nslcd", "-n")
	NameService(t, "ldap")
}

// StartSssd has it ask by sssd, which keeps what it learns for two seconds.
func StartSssd(t testing.TB) {
	t.Helper()
	Unpack(t, "sssd")
	view.Need(t, "sssd")
	Write(t, "/etc/sssd/sssd.conf", `[sssd]
domains = e2e
services = nss
[nss]
memcache_timeout = 1
entry_negative_timeout = 1
[domain/e2e]
id_provider = ldap
auth_provider = none
access_provider = permit
ldap_uri = ldap://127.0.0.1
ldap_search_base = `+directoryBase+`
ldap_schema = rfc2307bis
ldap_group_object_class = posixGroupOf
ldap_id_use_start_tls = false
ldap_network_timeout = 2
ldap_opt_timeout = 2
entry_cache_timeout = 2
refresh_expired_interval = 0
offline_timeout = 1
cache_credentials = false
`, 0o600)
	Start(t, "sssd", "-i", "--logger=stderr")
	NameService(t, "sss")
}

// NameService adds a module to nsswitch.conf, and waits until it knows carol.
func NameService(t testing.TB, module string) {
	t.Helper()
	Must(t, "sed", "-i", "-E", "s/^(passwd|group):.*/& "+module+"/", "/etc/nsswitch.conf")
	Await(t, func() string {
		return fmt.Sprintf("%s does not know carol: %+v", module, Sh(t, "getent passwd carol; id carol"))
	}, func() bool {
		return exec.Command("getent", "passwd", "carol").Run() == nil
	})
}
