package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountSharePatterns: patterns, and names of the user's own, in share=. Nobody
// else's directory or file comes into a session by them.
func TestMountSharePatterns(t *testing.T) {
	if !view.EnterWith(t, "fs/protected_symlinks", "1") {
		return
	}
	view.Need(t, "tmux", "ssh-agent", "krb5kdc", "kinit", "klist")
	rig.Install(t, shareLine("tmux-${UID}/,krb5cc_${UID}*,.db.*,meet*/,own-${USER}"))
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	mallory := rig.AddUser(t, rig.Account{Name: "mallory", UID: 1666, Shell: "/bin/bash"})
	startKDC(t, []*rig.Account{alice})
	login := func(what, script, want string) {
		t.Helper()
		if r := alice.Login(t, script); r.Stdout != want || r.Stderr != "" || r.Status != 0 {
			t.Errorf("%s: status %d, %q, %q; want %q", what, r.Status, r.Stdout, r.Stderr, want)
		}
	}
	const look = "cd /tmp; for n in $(ls -A); do test -h $n && echo $n@ || stat -c '%n %U %a' $n; done; "

	// mallory has all of the names, and somebody else a server.
	as(t, mallory, `cd /tmp; mkdir -m 700 tmux-1000; mkdir -m 1777 meet1; echo hers >krb5cc_1000_x; echo hers >own-alice
		echo lock >.db.1.lock; ln -s /etc/passwd .db.2; mkdir .db.3; for n in 4 5; do mkfifo .db.$n; done`)
	daemon(t, "test -S /tmp/.db.1", rig.AddUser(t, rig.Account{Name: "dbd", UID: 900}), "ssh-agent", "-D", "-a", "/tmp/.db.1")
	rig.Sh(t, "mkdir -m 1777 /tmp/meet2; mkdir -m 755 /tmp/meet3")
	login("with mallory's names", look+"test -S .db.1 && stat -c %U .db.1; stat -Lc %U .db.1", ".db.1@\n.runtime alice 700\nmeet2 root 1777\ntmux-1000 alice 700\nalice\ndbd\n")
	rig.CheckDir(t, "/tmp/tmux-1000", 1000, 1000, 0o700)
	if got := rig.Sh(t, "stat -c %U /tmp/tmux-1000.squatted-*").Stdout; got != "mallory\n" {
		t.Errorf("what mallory had in the place of alice's directory: %q", got)
	}

	// tmux meets outside and inside, and kinit works on a cache from outside.
	plain := func(script string) {
		t.Helper()
		as(t, alice, script)
	}
	plain("tmux new-session -d -s outside")
	login("tmux", "tmux list-sessions -F '#S'; tmux kill-server", "outside\n")
	plain("cd /tmp; echo secret | kinit -c krb5cc_1000 >/dev/null; cp krb5cc_1000 krb5cc_1000_AbC; echo own >.db.own; mkdir -m 700 .db.dir; echo in >.db.dir/in; mkdir -m 755 meet4; mkdir meet5")
	rig.Sh(t, "rm /tmp/own-alice; ")
	plain("echo own >/tmp/own-alice")
	login("her own", look+"klist -s && klist -s -c krb5cc_1000_AbC; cat .db.dir/in own-alice .db.own",
		".db.1@\n.db.dir alice 700\n.db.own@\n.runtime alice 700\nkrb5cc_1000@\nkrb5cc_1000_AbC@\nmeet2 root 1777\nmeet4 alice 755\nown-alice@\ntmux-1000 alice 700\nin\nown\nown\n")
	login("kinit", "echo secret | kinit >/dev/null; klist -s && test ! -h /tmp/krb5cc_1000 && rm /tmp/krb5cc_1000", "")

	// What is gone outside is gone in the next session, and mallory has its name.
	rig.Sh(t, "cd /tmp; rm -r krb5cc_1000_AbC .db.own .db.dir own-alice meet4 meet5")
	as(t, mallory, "cd /tmp; for n in krb5cc_1000_AbC .db.own own-alice; do echo hers >$n; done; mkdir .db.dir meet4")
	login("afterwards", look, ".db.1@\n.runtime alice 700\nkrb5cc_1000@\nmeet2 root 1777\ntmux-1000 alice 700\n")
	// Her own directory with another mode is left to her.
	plain("chmod 755 /tmp/tmux-1000")
	login("with another mode", look, ".db.1@\n.runtime alice 700\nkrb5cc_1000@\nmeet2 root 1777\n")
	rig.CheckDir(t, "/tmp/tmux-1000", 1000, 1000, 0o755)

	// A flood of names costs a login its links, and no more.
	as(t, mallory, `cd /tmp; python3 -c 'import socket
for i in range(3000): socket.socket(socket.AF_UNIX).bind(".db.f%d" % i)'`)
	r := alice.Login(t, "ls -A /tmp | wc -l")
	if n := strings.TrimSpace(r.Stdout); len(n) != 3 || r.Status != 0 {
		t.Errorf("with thousands of names: status %d, %s entries, %q", r.Status, n, r.Stderr)
	}
	rig.Sh(t, "rm /tmp/.db.*")
	login("without them", look, ".runtime alice 700\nkrb5cc_1000@\nmeet2 root 1777\n")

	for entry, want := range map[string]string{"*": "begins with an ordinary character", "?x": "ordinary character", "a-${HOME}/": "${UID} and ${USER} alone", "a${UID": "${UID} and ${USER} alone"} {
		rig.Configure(t, shareLine(entry))
		if r := rig.Sh(t, "tmpshellctl check"); r.Status != 1 || !strings.Contains(r.Stdout, want) {
			t.Errorf("check of share=%s: status %d, %s; want %q", entry, r.Status, r.Stdout, want)
		}
	}
}
