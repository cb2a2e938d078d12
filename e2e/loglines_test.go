package e2e

import (
	"os"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestLogLines: a filter finds in the first words of a line what came of a session,
// and whose it was.
func TestLogLines(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "zsh")
	rig.Install(t, "Log all")
	log := rig.ListenSyslog(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	login := func(a *rig.Account, argv0, script string, words ...string) rig.Result {
		t.Helper()
		log.Forget()
		r := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{argv0, "-c", script}}.Run(t)
		log.Expect(t, words...)
		return r
	}
	login(alice, "tmpshell", "exit", "]: granted uid=1000 user=alice: session TMPDIR=/tmp/.private/1000 ")
	login(&rig.Account{UID: 4242, GID: 4242}, "tmpshell", "exit", "]: granted uid=4242: session TMPDIR=")

	// A line about a shell comes while /etc/shells is read: the rest of it counts.
	shells := rig.Must(t, "cat", "/etc/shells")
	rig.Write(t, "/etc/shells", "/opt/none/zsh\n"+shells, 0o644)
	if r := login(alice, "tmpshell-zsh", "echo $ZSH_NAME", "]: notice uid=1000: cannot run /opt/none/zsh"); r.Stdout != "zsh\n" {
		t.Errorf("a shell that is listed and missing, and then one that is there: status %d, %q, %q; want zsh", r.Status, r.Stdout, r.Stderr)
	}

	// Somebody else's parent.
	if err := os.Mkdir("/run/theirs", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown("/run/theirs", 1001, 1001); err != nil {
		t.Fatal(err)
	}
	const line = "Directory /run/theirs env variables=MINE"
	rig.Configure(t, line, "Log all")
	login(alice, "tmpshell", "exit", "]: fallback uid=1000 user=alice: no private directory in /run/theirs: ")
	log.Expect(t, "]: fallback uid=1000 user=alice: session ")
	rig.Configure(t, line, "OnFailure deny")
	if r := login(alice, "tmpshell", "exit", "]: denied uid=1000 user=alice: no private directory in /run/theirs: "); r.Status != 125 {
		t.Errorf("with OnFailure deny: status %d", r.Status)
	}
	// Of the helper.
	rig.Configure(t, "Log all")
	rig.Must(t, "sh", "-c", "chattr -a /tmp/.private 2>/dev/null; rm -r /tmp/.private; mkdir /tmp/.private; chown 1001 /tmp/.private")
	login(alice, "tmpshell", "exit", "tmpshell-helper[", "]: notice uid=1000 user=alice: /tmp/.private ", "moved aside")
	rig.Write(t, rig.Conf, "Lag all\n", 0o644)
	login(alice, "tmpshell", "exit", "tmpshell-helper[", "]: notice uid=1000 user=alice: "+rig.Conf+":1: unknown keyword Lag", "last good one stays in force")
}
