package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/clean"
	"tmpshell/internal/sample"
)

// naiveClean is what the attacks succeed against.
const (
	naiveClean = "/usr/local/bin/naiveclean"
	forker     = "/usr/local/bin/forker"
	removing   = "/tmp/.private/1000" // alice's
)

// stopped runs a program of root's, which strace(1) stops at its nth call of a
// name; meanwhile may do something then, once.
func stopped(t *testing.T, call string, nth int, meanwhile func(), argv []string) rig.Result {
	t.Helper()
	did := false
	r, stops := rig.Stop{Call: call, Nth: nth}.Run(t, argv, func() {
		if !did {
			did = true
			meanwhile()
		}
	})
	if stops == 0 {
		t.Fatalf("%q was not stopped at %s %d: %s%s", argv, call, nth, r.Stdout, r.Stderr)
	}
	return r
}

// cleanAttack is one on a cleaner at work.
type cleanAttack struct {
	name string
	// tree is made by alice in her directory. meanwhile is what happens
	// while the cleaner stands still, by alice in her directory, where that
	// is now, or by root.
	tree, meanwhile string
	asRoot          bool
	nth             int // call of unlinkat(2), or for the naive one of unlink(2)
	// left: not everything can be removed.
	left bool
	// chdir: the naive one goes back with "..".
	chdir bool
}

// cleanWorld is what the attacks are aimed at: files of the names that alice has.
const cleanWorld = `rm -rf /etc/target /tmp/mine /home/alice/precious; mkdir -p /etc/target/e /home/alice/precious/e
	mkdir /tmp/mine; for d in /etc/target /etc/target/e /tmp/mine /home/alice/precious /home/alice/precious/e; do touch $d/1 $d/2 $d/3; done; chown -R alice: /tmp/mine /home/alice/precious; find ` + cleanAims + ` | sort >/run/aims`

const cleanAims = "/etc/target /tmp/mine /home/alice/precious -name '[123]'"

// targetLost tells whether something is gone that is not in what is removed.
func targetLost(t *testing.T) bool {
	return rig.Sh(t, "find "+cleanAims+" | sort | comm -23 /run/aims - | grep -q .").Status == 0
}

// TestCleanAttacks: a user, who has come back, rearranges what is being removed.
func TestCleanAttacks(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace", "gcc")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	attack.Build(t, naiveClean)
	const (
		shallow = "mkdir -p d/e; touch d/1 d/2 d/3 d/e/1 d/e/2 d/e/3"
		deep    = "for i in $(seq 40); do touch 1 2 3; mkdir d; cd d; done"
	)
	table := attack.Table{Title: "a cleaner at work"}
	for _, a := range []cleanAttack{
		{name: "a link in the place of a directory", tree: shallow, nth: 3, meanwhile: "mv d dd; ln -s /etc/target d"},
		{name: "a link to what the user could remove", tree: shallow, nth: 1, meanwhile: "mv d dd; ln -s /home/alice/precious d"},
		{name: "a tree moved to another place", tree: deep, nth: 30, chdir: true, meanwhile: "mv d/d/d/d /tmp/mine/d"},
		{name: "a directory mounted inside", tree: shallow, nth: 2, asRoot: true, left: true, meanwhile: "mount --bind /etc/target d/e"},
		{name: "what the user could remove, mounted inside", tree: "mkdir -p d/e; touch d/e/1 d/1", nth: 3, asRoot: true, left: true, meanwhile: "mount --bind /home/alice/precious d/e"},
		{name: "links of root's files", tree: shallow, nth: 2, asRoot: true,
			meanwhile: "ln /etc/passwd d/e/passwd; ln -s /etc/target d/e/t; mv d dd; install -d -o alice d; ln -s /etc/target/e d/e; for i in 1 2 3; do ln -s /etc/target/$i d/$i; done"},
	} {
		t.Run(a.name, func(t *testing.T) { cleanAttacked(t, &table, alice, a) })
	}
	view.Tell(table.String())
}

func cleanAttacked(t *testing.T, table *attack.Table, alice *rig.Account, a cleanAttack) {
	t.Helper()
	row := attack.Begin(t, a.name)
	stage := func() {
		rig.Sh(t, `for d in $(findmnt -rno TARGET | grep ^/tmp/); do umount -l $d; done; rm -rf /tmp/.private/1000*; `+cleanWorld)
		if r := alice.Login(t, "cd $TMPDIR; "+a.tree); r.Status != 0 {
			t.Fatalf("%+v", r)
		}
	}
	meanwhile := func() {
		dirs, _ := filepath.Glob(removing + ".removed-*") // a bad pattern only
		dir := removing
		if len(dirs) > 0 {
			dir = dirs[0]
		}
		c := rig.Command{Path: "/bin/bash", Args: []string{"bash", "-c", a.meanwhile}, Dir: dir, Env: os.Environ()}
		if !a.asRoot {
			c.As, c.Env = alice, nil
		}
		if r := c.Run(t); r.Status != 0 {
			t.Logf("%s: %+v", a.meanwhile, r)
		}
	}
	// The naive one has found nobody, and follows what it was led to.
	for nth := 1; nth <= 4; nth++ {
		stage()
		naive := []string{naiveClean, "1000", removing}
		if a.chdir {
			naive = append(naive, "chdir")
		}
		stopped(t, "unlink", nth, meanwhile, naive)
		row.Naive(targetLost(t))
		if targetLost(t) {
			break
		}
	}
	stage()
	r := stopped(t, "unlinkat", a.nth, meanwhile, []string{rig.Ctl, "clean", "--contained", "--grace", "0"})
	var wrong []string
	if targetLost(t) {
		wrong = append(wrong, "something outside is gone")
	}
	if status := map[bool]int{true: 1, false: 0}[a.left]; r.Status != status || r.Stderr != "" {
		wrong = append(wrong, fmt.Sprintf("%+v", r))
	}
	// What is left is named, and goes when it can.
	rig.Sh(t, `for d in $(findmnt -rno TARGET | grep ^/tmp/); do umount -l $d; done`)
	rig.Await(t, func() string { return "alice has processes" }, func() bool {
		return rig.Sh(t, "pgrep -u alice").Stdout == ""
	})
	cleaned(t, cleanNow(t), 0)
	if got := rig.Sh(t, "ls -A /tmp/.private").Stdout; got != "" || targetLost(t) {
		wrong = append(wrong, fmt.Sprintf("afterwards there are %q", got))
	}
	row.Held(1, attack.Right, wrong...)
	table.Add(row)
}

// TestCleanOwner: what the user's other processes do to a cleaner that works with
// their rights has no effect.
func TestCleanOwner(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace", "prlimit", "setpriv")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	if r := alice.Login(t, "mkdir $TMPDIR/d; touch $TMPDIR/d/{1..20}"); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	tried := 0
	r := stopped(t, "unlinkat", 5, func() {
		pid := strings.TrimSpace(rig.Must(t, "pgrep", "-xn", "tmpshellctl"))
		threads, err := os.ReadDir("/proc/" + pid + "/task")
		if err != nil {
			t.Fatal(err)
		}
		owners := 0
		for _, thread := range threads {
			status, _ := os.ReadFile("/proc/" + pid + "/task/" + thread.Name() + "/status")
			if strings.Contains(string(status), "\nUid:\t0\t0\t0\t1000\n") {
				owners++
				for _, want := range []string{"\nGroups:\t \n", "\nCapPrm:\t0000000000000000\n", "\nCapEff:\t0000000000000000\n"} {
					if !strings.Contains(string(status), want) {
						t.Errorf("the thread with alice's rights has not %q: %s", want, status)
					}
				}
			}
			for _, attempt := range []string{"kill -KILL %s", "kill -STOP %s", "prlimit --pid %s --nofile=0", "strace -p %s", "cat /proc/%s/environ", "ls /proc/%s/fd/", "echo 1000 >/proc/%s/oom_score_adj"} {
				tried++
				line := fmt.Sprintf(attempt, thread.Name())
				if r := (rig.Command{As: alice, Path: "/bin/bash", Args: []string{"bash", "-c", line}}).Run(t); r.Status == 0 {
					t.Errorf("alice may: %s", line)
				}
			}
		}
		if owners != 1 {
			t.Errorf("%d threads have alice's rights; want 1", owners)
		}
	}, []string{"setpriv", "--groups", "4,27", rig.Ctl, "clean", "--contained", "--grace", "0"})
	if r.Status != 0 || exists(removing) || tried == 0 {
		t.Errorf("after %d attempts: %+v", tried, r)
	}
}

// TestCleanKilled: a run that is killed at any point leaves nothing that the next
// login, or the next run, cannot use.
func TestCleanKilled(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t, "Directory /tmp env", "Match User bob", "Directory /tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	kills := 0
	for _, c := range []struct {
		call string
		last int
	}{{"fchmod", 4}, {"renameat2", 5}, {"unlinkat", 6}} {
		for nth := 1; nth <= c.last; nth++ {
			for _, a := range []*rig.Account{alice, bob} {
				if r := a.Login(t, "mkdir $TMPDIR/d; touch $TMPDIR/d/{1..9}; mkdir -p -m 700 /tmp/.private-$UID"); r.Status != 0 {
					t.Fatalf("%+v", r)
				}
			}
			r := rig.Sh(t, fmt.Sprintf("strace -f -qq -o /dev/null -e trace=%[1]s -e inject=%[1]s:signal=KILL:when=%[2]d tmpshellctl clean --contained --grace 0", c.call, nth))
			if r.Status == 0 {
				continue
			}
			kills++
			if nth%2 == 0 {
				for a, want := range map[*rig.Account]string{alice: removing, bob: "/tmp"} {
					if r := a.Login(t, "echo $TMPDIR; touch $TMPDIR/x"); r.Stdout != want+"\n" || r.Stderr != "" || r.Status != 0 {
						t.Errorf("killed at %s %d, and then a login: %+v", c.call, nth, r)
					}
				}
				rig.CheckPrivate(t, alice)
				rig.CheckDir(t, "/var/lib/tmpshell/1001", 0, 0, 0o700)
				rig.CheckDir(t, "/var/lib/tmpshell/1001/tmp", 0, 0, os.ModeSticky|0o777)
			}
			cleaned(t, cleanNow(t), 0)
			if got := rig.Sh(t, "ls -A /tmp/.private /var/lib/tmpshell; ls -d /tmp/.private-* 2>/dev/null").Stdout; got != "/tmp/.private:\n\n/var/lib/tmpshell:\n" {
				t.Errorf("killed at %s %d, and the next run leaves %q", c.call, nth, got)
			}
		}
	}
	if kills < 12 {
		t.Errorf("killed %d times alone", kills)
	}
	view.Tell(fmt.Sprintf("clean: killed at %d points, and nothing is left by the next run\n", kills))
}

// TestCleanRaces: logins, and processes that are never there for long, while
// cleaners run all the time.
func TestCleanRaces(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc")
	rig.Install(t, "Directory /tmp env", "Match User bob", "Directory /tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	attack.Build(t, naiveClean, forker)
	table := attack.Table{Title: "cleaners all the time"}
	const session = `for i in 1 2 3 4 5; do touch $TMPDIR/$i && test -e $TMPDIR/$i -a -e $TMPDIR/1 || exit 9; done; [ $TMPDIR != /tmp ] || test $(stat -c %i /tmp) = $(tmpshell -c 'stat -c %i /tmp')`
	for _, a := range []*rig.Account{alice, bob} {
		row := attack.Begin(t, "a login at the moment of removal, "+map[bool]string{true: "env", false: "mount"}[a == alice])
		own := map[bool]string{true: removing, false: "/var/lib/tmpshell/1001/tmp"}[a == alice]
		a.Session(t)
		end := background(t, nil, "sh", "-c", "echo; while :; do "+naiveClean+fmt.Sprintf(" %d %s; done", a.UID, own))
		tries := 0
		for won := false; !won && tries < 100; tries++ {
			r := a.Login(t, session)
			won = r.Status != 0
			row.Naive(won)
		}
		end()
		end = background(t, nil, "sh", "-c", "echo; while :; do tmpshellctl clean --contained --grace 0 >/run/cleaned; cat /run/cleaned >>/run/all; done")
		logins := min(max(windows*tries, fewestRaces/2), mostRaces/32)
		if sample.All() {
			logins = mostRaces
		}
		for range logins {
			// The moment is when the cleaner has begun with the directory,
			// or has not yet, after a while.
			for range 20000 {
				if st := attack.Lstat(own); st.Mode == 0 || st.Mode&unix.S_ISUID != 0 {
					break
				}
			}
			r := a.Login(t, session)
			if r.Status != 0 || r.Stderr != "" {
				row.Held(1, attack.Violation, fmt.Sprintf("%+v", r))
				break
			}
			row.Held(1, attack.Right)
		}
		end()
		if all, _ := os.ReadFile("/run/all"); strings.Count(string(all), "removed "+own) < 2 || strings.Contains(string(all), "failed") {
			t.Errorf("during %d logins the cleaner did %q", logins, all)
		}
		table.Add(row)
	}
	view.Tell(table.String())
	// Processes that are never there for long.
	stop := background(t, alice, forker)
	alice.Session(t)
	for range 5 {
		if r := cleanNow(t); !exists(removing) || strings.Contains(r.Stdout, removing) {
			t.Errorf("a user who forks all the time has lost the directory: %+v", r)
		}
	}
	if rig.Sh(t, "pgrep -x forker").Stdout == "" {
		t.Error("the forker has ended")
	}
	rig.Write(t, "/tmp/stop", "", 0o644)
	stop()
	rig.Await(t, func() string { return "forkers go on" }, func() bool { return rig.Sh(t, "pgrep -x forker").Stdout == "" })
	cleaned(t, cleanNow(t), 0)
	if exists(removing) {
		t.Error("when they are gone, it stays")
	}
}

// TestCleanEnding: a process that ends while it is looked at keeps nobody's directories
// from being cleaned.
func TestCleanEnding(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	attack.Build(t, forker)
	for what, argv := range map[string][]string{"processes": {forker}, "namespaces": {forker, "namespaces"}} {
		cred := alice
		if len(argv) > 1 {
			cred = nil // who may make mount namespaces is the kernel's to say
		}
		stop := background(t, cred, argv...)
		for range 1000 {
			// Nothing is removed: the base is there for /proc/PID/mountinfo to be read.
			options := clean.Options{Where: clean.Where{Shared: []string{"/tmp"}}, Contained: true, DryRun: true, Grace: func(uint32, string) time.Duration { return time.Hour }}
			// One that forks faster than it can be looked at is another matter.
			if _, err := clean.Run(options); err != nil && !strings.HasPrefix(err.Error(), "processes come and go") {
				t.Errorf("%s that end: %v", what, err)
				break
			}
		}
		stop()
		rig.Write(t, "/tmp/stop", "", 0o644)
		rig.Await(t, func() string { return "forkers go on" }, func() bool { return rig.Sh(t, "pgrep -x forker").Stdout == "" })
		rig.Must(t, "rm", "/tmp/stop")
	}
}

// TestCleanNumbers: a process that is started with a lower number than those that have
// been listed, before the one with a higher number ends, is found nevertheless.
func TestCleanNumbers(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice.Session(t)
	last := func(n string) {
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(n), 0); err != nil {
			t.Error(err)
		}
	}
	for range 9 { // more than are listed at once
		defer background(t, nil, "sh", "-c", lasting)()
	}
	last("30000")
	end := background(t, alice, "sh", "-c", lasting)
	r := stopped(t, "readlinkat", 6, func() { // two are of its own namespaces, the others of low numbers
		last("1")
		end2 := background(t, alice, "sh", "-c", lasting)
		t.Cleanup(end2)
		end()
	}, append(cleanArgs, "--dry-run")) // which looks once
	if r.Status != 0 || r.Stdout+r.Stderr != "" {
		t.Errorf("%+v; want nothing to be removed", r)
	}
}

// TestCleanSecondLook: a session that begins after /proc was looked at and before the
// mark is set, and so sees no mark, keeps its directory.
func TestCleanSecondLook(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice.Session(t)
	var session *rig.Open
	options := clean.Options{Where: clean.Where{Shared: []string{"/tmp"}}, Contained: true}
	options.Grace = func(uid uint32, _ string) time.Duration { // is asked in between
		if uid == alice.UID && session == nil {
			session = alice.Open(t)
		}
		return 0
	}
	report, err := clean.Run(options)
	if err != nil || session == nil {
		t.Fatal(err, session)
	}
	if out, status := session.Do("stat -c %a $TMPDIR"); out != "700\n" || status != 0 {
		t.Errorf("the session has %q, %d; %+v", out, status, *report.Results[0])
	}
}

// TestCleanTwo: two runs at once, that know of each other, and that do not.
func TestCleanTwo(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	run := "tmpshellctl clean --contained --grace 0"
	fill := func() {
		if r := alice.Login(t, "mkdir -p $TMPDIR/{1..20}/{1..20}; touch $TMPDIR/{1..20}/{1..20}/{1..5}"); r.Status != 0 {
			t.Fatalf("%+v", r)
		}
	}
	fill()
	r := rig.Sh(t, "exec 9>/run/tmpshell-clean.lock; flock 9; "+run+" 9>&-")
	if r.Status != 1 || r.Stderr != "tmpshellctl: another tmpshellctl is cleaning\n" || !exists(removing) {
		t.Errorf("while another runs: %+v", r)
	}
	for range 5 {
		fill()
		// In namespaces of their own, in which /run is another.
		r := rig.Sh(t, `for i in 1 2 3; do unshare -m sh -c 'mount -t tmpfs x /run; exec "$@"' sh `+run+` >/tmp/out$i 2>&1 & done; wait; cat /tmp/out*`)
		if got := rig.Sh(t, "ls -A /tmp/.private").Stdout; got != "" || strings.Contains(r.Stdout, "failed") {
			t.Errorf("three at once leave %q: %s", got, r.Stdout)
		}
	}
}
