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
	policy.Seal(data)
	if err := os.WriteFile(rig.Policy, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// accountServer has carol, who is in the groups lab, everybody, inner and outer, and
// changes what is known of her.
type accountServer interface {
	Stop()
	Start()
	Hang(hang bool)
	Regroup()  // she is in course, and not in inner and outer any more
	Renumber() // course has another number
	Rename()   // lab has another name
	Remove()   // there is no carol
}

// directory has accounts of a server's: what Match says of them is learnt in the
// time that the manual states, and no restriction falls away with the server.
// fails: there is a server that can, and not files alone.
func directory(t *testing.T, title string, server accountServer, fails bool) {
	t.Helper()
	view.Need(t, "setpriv", "getent")
	conf := []string{
		"Match Group lab", "NoNewPrivileges yes", "SetEnv A=lab",
		"Match Group everybody", "SetEnv B=everybody",
		"Match Group outer", "SetEnv C=outer",
		"Match User carol", "SetEnv D=carol",
		"Match Group course", "SetEnv E=course",
	}
	rig.Install(t, conf...)
	const script = "echo nnp$(sed -n 's/^NoNewPrivs:.//p' /proc/self/status) $A $B $C $D $E"
	// as is a session with its groups, as a job of cron's or a window of tmux has
	// when the server is down; without, a login by the name service.
	as := func(groups []uint32) (string, time.Duration) {
		began := time.Now()
		c := rig.Command{Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", script}, Env: []string{"PATH=/usr/bin:/bin", "HOME=/"}}
		if groups != nil {
			c.As = &rig.Account{UID: 5000, GID: 5000, Groups: groups}
		} else {
			c.Path, c.Args = "/usr/bin/setpriv", append([]string{"setpriv", "--reuid", "5000", "--regid", "5000", "--init-groups"}, c.Args...)
		}
		r := c.Run(t)
		return strings.TrimSpace(r.Stdout + r.Stderr), time.Since(began)
	}
	const all = "nnp1 lab everybody outer carol"
	session := []uint32{5001, 5002, 5003, 5005}
	var byName []uint32
	var told strings.Builder
	told.WriteString(title + "\n")
	expect := func(what string, groups []uint32, want string) {
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
	expect("groups: of many members, nested", byName, all)
	if r := rig.Sh(t, "tmpshellctl check"); r.Stdout != rig.Conf+": ok\n" {
		t.Errorf("check says %s", r.Stdout)
	}
	if fails {
		server.Stop()
		restricted("server dead")
		server.Start()
		server.Hang(true)
		restricted("server hangs")
		server.Hang(false)
		agePolicy(t, 2*time.Minute)
		expect("server back, a minute later", session, all)
	}

	// knows waits until the client's cache does.
	knows := func(command, want string) {
		t.Helper()
		var got string
		rig.Await(t, func() string { return command + ": " + got + "; want " + want }, func() bool {
			if got = strings.TrimSpace(rig.Sh(t, command).Stdout); got == want {
				return true
			}
			time.Sleep(time.Second) // asking is work, and no movement
			return false
		})
	}
	server.Regroup()
	knows("id -G carol | tr ' ' '\\n' | sort | tr '\\n' ' '", "5000 5001 5004 5005")
	expect("in another group, out of a nested one: at once", byName, "nnp1 lab everybody carol course")
	server.Renumber()
	expect("a group has another number: a session with the old one", []uint32{5001, 5004, 5005}, "nnp1 lab everybody carol course")
	// sssd gives sessions the old number until somebody asks for the name.
	knows("getent group course >/dev/null; id -G carol | tr ' ' '\\n' | sort | tr '\\n' ' '", "5000 5001 5005 5104")
	agePolicy(t, time.Hour)
	expect("a group has another number: an hour later", byName, "nnp1 lab everybody carol course")
	expect("a group has another number: the old one, an hour later", []uint32{5001, 5004, 5005}, "nnp1 lab everybody carol")
	server.Rename()
	knows("getent group lab2 lab | cut -d: -f1", "lab2")
	agePolicy(t, time.Hour)
	expect("a group is renamed: its restriction stays", []uint32{5001}, "nnp1 lab carol")
	server.Remove()
	knows("getent passwd carol 5000", "")
	agePolicy(t, time.Hour)
	expect("the account is removed, a process lives", session, all)
	view.Tell(told.String())
}
