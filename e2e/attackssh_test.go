package e2e

import (
	"fmt"
	"strings"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestAttackRemoteSize: who comes by ssh chooses the size of the environment to the
// byte, so that the restricted shell does not fit beside it (E2BIG), and a free one
// with a shorter name would.
func TestAttackRemoteSize(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc", "ssh", "rbash", "git-shell")
	attack.Build(t, attack.NaiveUser)
	rig.Sh(t, "echo /usr/bin/git-shell >>/etc/shells; ln -s tmpshell /usr/bin/tmpshell-rbash; ln -s tmpshell /usr/bin/tmpshell-git-shell")
	rig.Install(t, "Match User byconf", "Shell /bin/rbash")
	// The smallest limit on arguments and environment, 128 KiB: fewer bytes to send.
	rig.Write(t, "/etc/security/limits.d/stack.conf", "* soft stack 512\n", 0o644)
	rig.StartSSHD(t, "UsePAM yes", "AcceptEnv LANG LC_*", "SetEnv WANTED=/tmp")
	table := attack.Table{Title: "an environment at the limit, from another machine"}
	row := attack.Begin(t, "rbash and git-shell, by ssh")
	near := 0
	for i, a := range []struct{ name, shell, right string }{
		{"naive", attack.NaiveUser, "restricted"},
		{"bylink", rig.Tmpshell + "-rbash", "restricted"},
		{"byconf", rig.Tmpshell, "restricted"},
		{"git", rig.Tmpshell + "-git-shell", "unrecognized command"},
	} {
		account := rig.AddUser(t, rig.Account{Name: a.name, UID: uint32(1000 + i), Shell: a.shell})
		session := remoteSessions(t, account)
		// The largest one that the right shell takes, which is near the last account's.
		fits, not := 100_000, 131_000
		if i > 0 {
			fits, not = near-1000, min(near+1000, not)
		}
		if r := session(fits); !strings.Contains(r.Stderr, a.right) || strings.Contains(r.Stdout, "escaped") {
			t.Fatalf("%s, with %d bytes: %+v", a.name, fits, r)
		}
		if r := session(not); strings.Contains(r.Stderr, a.right) {
			t.Fatalf("%s, with %d bytes: %+v; want too many", a.name, not, r)
		}
		for not-fits > 1 {
			if middle := (fits + not) / 2; strings.Contains(session(middle).Stderr, a.right) {
				fits = middle
			} else {
				not = middle
			}
		}
		near = fits
		tries, won, last := 0, 0, ""
		for size := fits + 1; size <= fits+32; size++ {
			r := session(size)
			tries++
			if r.Status == 0 || strings.Contains(r.Stdout, "escaped") {
				won++
				last = fmt.Sprintf("%s, with %d bytes: %+v", a.name, size, r)
			}
			if won > 0 && a.name == "naive" {
				break
			}
		}
		switch {
		case a.name == "naive":
			row.NaiveRun(tries, won)
		case won > 0:
			row.Held(won, attack.Violation, last)
		default:
			row.Held(tries, attack.Refused)
		}
	}
	table.Add(row)
	view.Tell(table.String())
}

// remoteSessions returns sessions of one connection, with a variable of so many bytes.
func remoteSessions(t *testing.T, a *rig.Account) func(size int) rig.Result {
	t.Helper()
	control := "-oControlPath=" + t.TempDir() + "/control"
	const send = "-oSendEnv=LC_ZZ" // the connection's process has to allow it, too
	master := rig.SSH(a, "-oControlMaster=yes", control, send, "-oControlPersist=yes", "-fN")
	if r := master.Run(t); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	t.Cleanup(func() { rig.SSH(a, control, "-Oexit").Run(t) })
	return func(size int) rig.Result {
		c := rig.SSH(a, control, send)
		c.Args = append(c.Args, "cd / && echo escaped")
		c.Env = append(c.Env, "LC_ZZ="+strings.Repeat("z", size))
		return c.Run(t)
	}
}
