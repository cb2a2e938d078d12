package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// processAttack is what the user's other processes do to a login of theirs.
type processAttack struct {
	name, kind string // of assail
	conf       []string
	uid        uint32
	// naive and product are the login's arguments, before the script.
	naive, product []string
	script         string // that prints WON where it has more than it should
	watch          string // what tmpshell opens just before
	window         string // that tmpshell's login says when the window was hit
	forged, before string
}

const (
	ofMallory = 5001 // an account of the name service
	ofAlice   = 1000

	// free is a session with less than is demanded: no_new_privs, and rbash.
	free = `case $- in *r*) ;; *) echo W''ON;; esac; while read k v; do case $k$v in NoNewPrivs:0) echo W''ON;; esac; done </proc/self/status`
	// granted is one that has a capability, or where the naive program would
	// have granted one.
	granted = `[ -z "$GRANTED" ] || echo W''ON; while read k v; do case $k$v in CapAmb:0000000000000000) ;; CapAmb:*) echo W''ON;; esac; done </proc/self/status`
)

// TestAttackProcesses: alice's other processes signal, starve, trace and kill what
// logs her in, and answer in the place of the name service. Each of the attacks goes
// on until it has hit its window, with real-time priority and without.
func TestAttackProcesses(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	attack.Build(t, attack.NaiveLogin, attack.Assail)
	useExtrausers(t)
	for _, program := range []string{rig.Tmpshell, rig.Mounter} {
		rig.Must(t, "chmod", "711", program) // as they are installed: who cannot read it cannot trace it
	}
	for _, link := range []string{"/usr/local/bin/naivelogin-rbash", "/usr/bin/tmpshell-rbash"} {
		if err := os.Symlink(strings.TrimSuffix(link, "-rbash"), link); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(t, "/etc/shells", "/bin/rbash\n")
	rig.AddUser(t, rig.Account{Name: "alice", UID: ofAlice, Shell: "/bin/rbash"})
	rig.AddUser(t, rig.Account{Name: "tester", UID: 1500})
	demands := []string{"NoNewPrivileges yes", "Shell /bin/rbash", "OnFailure deny"}
	naive, product := []string{attack.NaiveLogin, "-c"}, []string{rig.Tmpshell, "-c"}
	const many = ": too many open files"
	table := attack.Table{Title: "the user's other processes"}
	for _, a := range []processAttack{
		{name: "an answer forged, Match User", kind: "f", uid: ofMallory, conf: []string{"Match User tester*", "Ambient cap_net_raw"}, script: granted,
			forged: "tester*:x:5001:5001::/:/bin/bash\n", before: "rm -f " + rig.Policy, window: "+"},
		{name: "an answer forged, Match Group", kind: "f", uid: ofMallory, conf: []string{"Match Group ops", "Ambient cap_net_raw"}, script: granted,
			forged: "ops:x:5001:\n", before: "rm -f " + rig.Policy, window: "+"},
		{name: "/etc/passwd out of reach, answer forged", kind: "b", uid: ofAlice, conf: []string{"Match User tester", "Ambient cap_net_raw"}, script: granted,
			forged: "tester:x:1000:1000::/:/bin/bash\n", watch: rig.Policy, window: "/etc/passwd" + many},
		{name: "Exempt, answer forged", kind: "f", uid: ofMallory, conf: append([]string{"Exempt root @ops"}, demands...), script: free,
			forged: "ops:x:5001:\n", before: "rm -f " + rig.Policy, window: "+"},
		{name: "a signal at a random moment", kind: "q", uid: ofAlice, conf: demands, script: free, window: "signal"},
		{name: "a configuration out of reach", kind: "l", uid: ofAlice, conf: demands, script: free, watch: rig.Tmpshell, window: "tmpshell.policy" + many},
		{name: "/etc/shells out of reach", kind: "l", uid: ofAlice, conf: []string{"NoNewPrivileges yes"}, script: free, watch: rig.Policy, window: "/etc/shells" + many,
			naive: []string{attack.NaiveLogin + "-rbash", "-c"}, product: []string{"/usr/bin/tmpshell-rbash", "-c"}},
		{name: "the account's shell out of reach", kind: "l", uid: ofAlice, conf: []string{"NoNewPrivileges yes"}, script: free, watch: rig.Policy, window: "/etc/passwd" + many},
		{name: "who answers is killed, Match Group", kind: "k", uid: ofMallory, conf: append([]string{"Match Group students"}, demands...), script: free,
			before: "rm -f " + rig.Policy, window: "+"},
		{name: "traced", kind: "t", uid: ofAlice, conf: demands, script: free, window: "+"},
	} {
		if a.naive == nil {
			a.naive, a.product = naive, product
		}
		t.Run(a.name, func(t *testing.T) {
			row := attack.Begin(t, a.name)
			rig.Configure(t, a.conf...)
			rig.Setup(t)
			for _, realtime := range []string{"0", "1"} {
				a.run(t, row, realtime)
			}
			table.Add(row)
		})
	}
	view.Tell(table.String())
}

func (a processAttack) run(t *testing.T, row *attack.Row, realtime string) {
	t.Helper()
	hits, most := 10, 3000
	if sample.All() {
		hits = 100
	}
	naive := a.assail(t, realtime, 1, most, "no such window", rig.Conf, a.naive)
	row.Naive(naive.wins > 0)
	r := a.assail(t, realtime, hits, most, a.window, a.watch, a.product)
	var wrong []string
	if r.wins > 0 {
		wrong = append(wrong, fmt.Sprintf("it has succeeded in %d of %d logins: %s", r.wins, r.logins, r.said))
	}
	if r.hits < hits && r.wins == 0 {
		wrong = append(wrong, fmt.Sprintf("the window was hit %d times in %d logins: the attack shows nothing", r.hits, r.logins))
	}
	row.Held(r.sessions, attack.Right)
	row.Held(r.refused, attack.Refused)
	row.Held(r.killed, attack.Killed)
	row.Held(r.other, attack.NoShell, wrong...)
	view.Tell(fmt.Sprintf("%s, real-time %s: naive won after %d logins; tmpshell %+v\n", a.name, realtime, naive.logins, r))
}

// assailed is what assail counts.
type assailed struct {
	logins, wins, hits, sessions, refused, killed, other int
	said                                                 string
}

func (a processAttack) assail(t *testing.T, realtime string, hits, most int, window, watch string, login []string) (n assailed) {
	t.Helper()
	args := append([]string{a.kind, realtime, fmt.Sprint(a.uid), fmt.Sprint(hits), fmt.Sprint(most), window, "WON"}, append(login, a.script)...)
	cmd := exec.Command(attack.Assail, args...)
	cmd.Env = append(os.Environ(), "FORGED="+a.forged, "WATCH="+watch, "TMPDIR=")
	if a.before != "" {
		cmd.Env = append(cmd.Env, "BEFORE="+a.before)
	}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if _, scan := fmt.Sscan(string(out), &n.logins, &n.wins, &n.hits, &n.sessions, &n.refused, &n.killed, &n.other); err != nil || scan != nil {
		t.Fatalf("assail %q: %v, %v: %s%s", args, err, scan, out, said.String())
	}
	n.said = said.String()
	return n
}

// useExtrausers gives mallory an account that only the name service knows.
func useExtrausers(t *testing.T) {
	t.Helper()
	rig.Must(t, "sed", "-i", "-E", "s/^(passwd|group|shadow):.*/& extrausers/", "/etc/nsswitch.conf")
	rig.Write(t, "/var/lib/extrausers/passwd", fmt.Sprintf("net_mallory:x:%d:%d::/:/bin/rbash\n", ofMallory, ofMallory), 0o644)
	rig.Write(t, "/var/lib/extrausers/group", fmt.Sprintf("students:x:%d:\nops:x:5999:\n", ofMallory), 0o644)
	rig.Write(t, "/var/lib/extrausers/shadow", "", 0o640)
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(old, text...), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
