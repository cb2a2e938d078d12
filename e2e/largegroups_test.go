package e2e

import (
	"fmt"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestLargeGroups has a directory whose groups list as many members as those of a
// university: an answer of the name service of megabytes. What the configuration
// says of them, and of everybody else, counts as for small ones.
func TestLargeGroups(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	needExtrausers(t)
	rig.Must(t, "sed", "-i", "-E", "s/^(group):.*/\\1: files extrausers/", "/etc/nsswitch.conf")
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "student.number.%d,", i)
		}
		return b.String()
	}
	var groups strings.Builder
	fmt.Fprintf(&groups, "everybody:x:7000:%salice\nstudents:x:7001:alice\n", members(80_000))
	for i := range 60 {
		fmt.Fprintf(&groups, "course%d:x:%d:%s\n", i, 7100+i, members(1500))
	}
	rig.Write(t, "/var/lib/extrausers/group", groups.String(), 0o644)
	rig.Install(t,
		"Exempt root @course59",
		"Match Group students", "NoNewPrivileges yes", "SetEnv ONE=students",
		"Match Group everybody", "SetEnv TWO=everybody",
		"Match User alice", "SetEnv THREE=alice",
		"Match Group course5?", "SetEnv FOUR=course")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Groups: []uint32{7000, 7001, 7158}})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001, Groups: []uint32{7159}})
	for a, want := range map[*rig.Account]string{
		alice: "/tmp/.private/1000 students everybody alice course NoNewPrivs:1\n",
		bob:   "NoNewPrivs:0\n",
	} {
		r := a.Login(t, "echo $TMPDIR $ONE $TWO $THREE $FOUR $(grep NoNewPrivs /proc/self/status | tr -d '\\t')")
		if r.Stdout != want || r.Stderr != "" {
			t.Errorf("%s: %q, %q; want %q", a.Name, r.Stdout, r.Stderr, want)
		}
	}
	if r := rig.Sh(t, "tmpshellctl check"); r.Stdout != rig.Conf+": ok\n" {
		t.Errorf("check says %s", r.Stdout)
	}
}
