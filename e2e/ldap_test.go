package e2e

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/policy"
)

func TestLDAPByNslcd(t *testing.T) { directory(t, "slapd, nslcd", true, rig.StartNslcd) }
func TestLDAPBySssd(t *testing.T)  { directory(t, "slapd, sssd", false, rig.StartSssd) }

// peopleOf are carol, and groups that she is in: one of 20,000, and one by another.
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
	for i := range 20_000 {
		fmt.Fprintf(&b, "memberUid: student.number.%d\n", i)
	}
	return b.String()
}

// agePolicy makes the policy older, as time does.
func agePolicy(t *testing.T, by time.Duration) {
	t.Helper()
	data, err := os.ReadFile(rig.Policy)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{policy.AtMade, policy.AtExpires} {
		if when := binary.LittleEndian.Uint64(data[at:]); when != 0 {
			binary.LittleEndian.PutUint64(data[at:], when-uint64(by/time.Second))
		}
	}
	binary.LittleEndian.PutUint64(data[policy.AtSum:], policy.Sum(data))
	if err := os.WriteFile(rig.Policy, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// directory has accounts of an LDAP server: what Match says of them is learnt in the
// time that the manual states, and no restriction falls away with the server.
//
// renames: the client learns another number or name of a group. sssd goes on with what
// its cache has.
func directory(t *testing.T, title string, renames bool, client func(testing.TB)) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "setpriv", "getent")
	server := rig.StartDirectory(t, peopleOf())
	client(t)
	conf := []string{
		"Match Group lab", "NoNewPrivileges yes", "SetEnv A=lab",
		"Match Group everybody", "SetEnv B=everybody",
		"Match Group outer", "SetEnv C=outer",
		"Match User carol", "SetEnv D=carol",
		"Match Group course", "SetEnv E=course",
	}
	rig.Install(t, conf...)
	const script = "echo nnp$(sed -n 's/^NoNewPrivs:.//p' /proc/self/status) $A $B $C $D $E"
	// as is a login by the name service, and with a session's groups, as a
	// job of cron's or a window of tmux has when the server is down.
	as := func(groups string) (string, time.Duration) {
		began := time.Now()
		r := rig.Sh(t, "exec setpriv --reuid 5000 --regid 5000 "+groups+" env -i PATH=$PATH HOME=/ tmpshell -c '"+script+"'")
		return strings.TrimSpace(r.Stdout + r.Stderr), time.Since(began)
	}
	const all = "nnp1 lab everybody outer carol"
	const session = "--groups 5001,5002,5003,5005"
	var told strings.Builder
	told.WriteString(title + "\n")
	expect := func(what, groups, want string) {
		t.Helper()
		got, took := as(groups)
		verdict := "right"
		if got != want {
			t.Errorf("%s: %q; want %q", what, got, want)
			verdict = "wrong"
		}
		fmt.Fprintf(&told, "  %-52s %-6s %4.1f s\n", what, verdict, took.Seconds())
	}
	restricted := func(what string) {
		t.Helper()
		for _, again := range []string{"an hour later", "another hour later"} {
			agePolicy(t, 2*time.Hour)
			expect(what+", "+again, session, all)
		}
		rig.Configure(t, append(conf, "# "+what)...)
		expect(what+", configuration changed", session, all)
	}
	expect("groups: 20,000 members, nested", "--init-groups", all)
	if r := rig.Sh(t, "tmpshellctl check"); r.Stdout != rig.Conf+": ok\n" {
		t.Errorf("check says %s", r.Stdout)
	}
	server.Stop()
	restricted("server dead")
	server.Start()
	server.Hang(true)
	restricted("server hangs")
	server.Hang(false)
	agePolicy(t, 2*time.Minute)
	expect("server back, a minute later", session, all)

	// knows waits until the client's cache does.
	knows := func(command, want string) {
		t.Helper()
		var got string
		rig.Await(t, func() string { return command + ": " + got + "; want " + want }, func() bool {
			time.Sleep(time.Second)
			got = strings.TrimSpace(rig.Sh(t, command).Stdout)
			return got == want
		})
	}
	server.Modify("dn: cn=course,@\nchangetype: modify\nadd: member\nmember: uid=carol,@\n\n" +
		"dn: cn=inner,@\nchangetype: modify\nreplace: member\nmember: uid=dave,@\n")
	knows("id -G carol | tr ' ' '\\n' | sort | tr '\\n' ' '", "5000 5001 5004 5005")
	expect("in another group, out of a nested one: at once", "--init-groups", "nnp1 lab everybody carol course")
	if renames {
		server.Modify("dn: cn=course,@\nchangetype: modify\nreplace: gidNumber\ngidNumber: 5104\n")
		knows("id -G carol | tr ' ' '\\n' | sort | tr '\\n' ' '", "5000 5001 5005 5104")
		agePolicy(t, time.Hour)
		expect("a group has another number: an hour later", "--init-groups", "nnp1 lab everybody carol course")
		server.Modify("dn: cn=lab,@\nchangetype: modrdn\nnewrdn: cn=lab2\ndeleteoldrdn: 1\n")
		knows("getent group lab2 lab | cut -d: -f1", "lab2")
		agePolicy(t, time.Hour)
		expect("a group is renamed: its restriction stays", "--groups 5001", "nnp1 lab carol")
	}
	server.Modify("dn: uid=carol,@\nchangetype: delete\n")
	knows("getent passwd carol 5000", "")
	agePolicy(t, time.Hour)
	expect("the account is removed, a process lives", session, all)
	view.Tell(told.String())
}
