package e2e

import (
	"fmt"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

func TestLDAPByNslcd(t *testing.T) { ldap(t, "slapd, nslcd", rig.StartNslcd) }
func TestLDAPBySssd(t *testing.T)  { ldap(t, "slapd, sssd", rig.StartSssd) }

func ldap(t *testing.T, title string, client func(testing.TB)) {
	if !view.Enter(t) {
		return
	}
	server := rig.StartDirectory(t, peopleOf())
	client(t)
	directory(t, title, ldapServer{server}, true)
}

// ldapServer changes its entries.
type ldapServer struct{ *rig.Directory }

func (s ldapServer) Regroup() {
	s.Modify("dn: cn=course,@\nchangetype: modify\nadd: member\nmember: uid=carol,@\n\n" +
		"dn: cn=inner,@\nchangetype: modify\nreplace: member\nmember: uid=dave,@\n")
}
func (s ldapServer) Renumber() {
	s.Modify("dn: cn=course,@\nchangetype: modify\nreplace: gidNumber\ngidNumber: 5104\n")
}
func (s ldapServer) Rename() {
	s.Modify("dn: cn=lab,@\nchangetype: modrdn\nnewrdn: cn=lab2\ndeleteoldrdn: 1\n")
}
func (s ldapServer) Remove() { s.Modify("dn: uid=carol,@\nchangetype: delete\n") }

// peopleOf are carol, and groups that she is in: one of many members, and one by another.
func peopleOf() string {
	var b strings.Builder
	b.WriteString("dn: uid=carol,@\nobjectClass: account\nobjectClass: posixAccount\nuid: carol\ncn: carol\nuidNumber: 5000\ngidNumber: 5000\nhomeDirectory: /home/carol\nloginShell: /usr/bin/tmpshell\n\n")
	b.WriteString("dn: uid=dave,@\nobjectClass: account\nobjectClass: posixAccount\nuid: dave\ncn: dave\nuidNumber: 5900\ngidNumber: 5000\nhomeDirectory: /\n\n")
	group := func(name string, gid int, members ...string) {
		fmt.Fprintf(&b, "dn: cn=%s,@\nobjectClass: groupOfNames\nobjectClass: posixGroupOf\ncn: %s\ngidNumber: %d\n", name, name, gid)
		for _, m := range members {
			fmt.Fprintf(&b, "member: %s,@\n", m)
		}
		b.WriteString("\n")
	}
	group("primary", 5000, "uid=dave")
	group("lab", 5001, "uid=carol")
	group("inner", 5002, "uid=carol")
	group("outer", 5003, "cn=inner")
	group("course", 5004, "uid=dave")
	fmt.Fprint(&b, "dn: cn=everybody,@\nobjectClass: groupOfNames\nobjectClass: posixGroupOf\ncn: everybody\ngidNumber: 5005\nmember: uid=carol,@\n")
	members := 20_000
	if sample.All() {
		members = 80_000
	}
	for i := range members {
		fmt.Fprintf(&b, "memberUid: student.number.%d\n", i)
	}
	return b.String()
}
