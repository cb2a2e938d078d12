package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/clean"
)

// cleanArgs is a run for a view, without a grace time.
var cleanArgs = []string{rig.Ctl, "clean", "--contained", "--grace", "0"}

// tried prints what was tried, what was removed and what stayed.
type tried struct{ rows strings.Builder }

func (r *tried) row(what, removed, stayed string) {
	fmt.Fprintf(&r.rows, "%-52s %-28s %s\n", what, removed, stayed)
}

func (r *tried) tell() {
	view.Tell("\nattempt                                              removed                      stayed\n" + r.rows.String())
}

// TestCleanFull: a file system without a free block or inode.
func TestCleanFull(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "losetup", "mkfs.ext4")
	rig.Install(t, "Directory /tmp env", "Match User bob", "Directory /tmp mount store=/tmp/store")
	users := []*rig.Account{rig.AddUser(t, rig.Account{Name: "alice", UID: 1000}), rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})}
	var table tried
	for name, mount := range map[string]string{
		"tmpfs":         "mount -t tmpfs -o size=1M none /tmp",
		"tmpfs, inodes": "mount -t tmpfs -o size=1M,nr_inodes=300 none /tmp",
		"ext4":          "truncate -s 16M /run/image; mkfs.ext4 -q -F -m 0 /run/image; mount -o loop /run/image /tmp",
	} {
		rig.Must(t, "sh", "-ec", mount+"; chmod 1777 /tmp; mkdir -m 700 /tmp/store")
		for _, a := range users {
			a.Session(t)
		}
		free := rig.Must(t, "df", "--output=avail,iavail", "/tmp")
		for _, a := range users {
			// Names as long as they may be, until the directory cannot grow.
			a.Login(t, `mkdir $TMPDIR/d; cat /dev/zero >$TMPDIR/d/f 2>/dev/null; n=$(printf %0240d 0); for i in $(seq 500); do : >$TMPDIR/d/$n$i || break; done 2>/dev/null`)
		}
		if r := users[0].Login(t, ": >$TMPDIR/x && head -c 5000000 /dev/zero >$TMPDIR/y"); r.Status == 0 {
			t.Fatalf("%s is not full", name)
		}
		r := rig.Command{Path: rig.Ctl, Args: cleanArgs}.Run(t)
		left := rig.Sh(t, "ls -A /tmp/.private /tmp/store").Stdout
		if r.Status != 0 || left != "/tmp/.private:\n\n/tmp/store:\n" {
			t.Errorf("%s: %q is left: %+v; there was free: %s", name, left, r, free)
		}
		table.row("a full "+name, "everything", "")
		rig.Must(t, "sh", "-c", "umount /tmp; rm -f /run/image")
	}
	table.tell()
}

// TestCleanFUSE: a file system of the user's, whose server does not answer.
func TestCleanFUSE(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace", "bindfs", "fusermount3", "mountpoint")
	rig.Must(t, "sh", "-c", "test -e /dev/fuse || mknod -m 666 /dev/fuse c 10 229")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	var table tried
	const tree = "mkdir -p $TMPDIR/d/e $TMPDIR/d/g; touch $TMPDIR/d/1 $TMPDIR/d/e/x $TMPDIR/d/g/1; mkdir -p ~/src; touch ~/src/precious"
	serve := func() {
		t.Helper()
		dir := strings.TrimSpace(rig.Must(t, "sh", "-c", "ls -d /tmp/.private/1000*"))
		r := rig.Command{As: alice, Path: "/bin/bash", Dir: alice.Home, Args: []string{"bash", "-c", `setsid bindfs -f --no-allow-other -o nonempty ~/src "$1" </dev/null &>~/bindfs.log & pid=$!
			until mountpoint -q "$1"; do kill -0 $pid || { cat ~/bindfs.log; exit 9; }; sleep 0.01; done; kill -STOP $pid
			while grep -qs '^State:.[^T]' /proc/$pid/task/*/status; do sleep 0.01; done`, "bash", dir + "/d/e"}}.Run(t)
		if r.Status != 0 {
			t.Fatalf("%+v", r)
		}
	}
	end := func() {
		rig.Sh(t, "pkill -KILL -u alice bindfs; for d in $(findmnt -rno TARGET | grep ^/tmp/); do umount -l $d; done")
		rig.Await(t, func() string { return "alice has processes" }, func() bool { return rig.Sh(t, "pgrep -u alice").Stdout == "" })
	}
	// It is mounted while the cleaner is at work.
	alice.Login(t, tree)
	r := stopped(t, "unlinkat", 2, serve, cleanArgs)
	if r.Status != 1 || r.Stderr != "" || !strings.Contains(r.Stdout, "/d/e: something is mounted there") || rig.Sh(t, "find /tmp/.private -name 1").Stdout != "" {
		t.Errorf("mounted while it runs: %+v", r)
	}
	end()
	cleaned(t, cleanNow(t), 0)
	table.row("FUSE that hangs, mounted while it runs", "what is around it", "what it is mounted on; next run")
	// It was there before; its server hangs, and then is dead.
	alice.Login(t, tree)
	serve()
	if r := cleaned(t, cleanNow(t), 0); r.Stdout != "" || !exists(removing+"/d/g/1") {
		t.Errorf("with a file system inside: %+v", r)
	}
	rig.Sh(t, "pkill -KILL -u alice bindfs")
	rig.Await(t, func() string { return "alice has processes" }, func() bool { return rig.Sh(t, "pgrep -u alice").Stdout == "" })
	if r := cleaned(t, cleanNow(t), 0); r.Stdout != "" || !exists(removing+"/d/g/1") {
		t.Errorf("with a dead file system inside: %+v", r)
	}
	table.row("FUSE that hangs, or is dead, mounted before", "", "everything")
	end()
	cleaned(t, cleanNow(t), 0)
	if exists(removing) || !exists("/home/alice/src/precious") {
		t.Error("when it is unmounted: the directory stays, or what it showed is gone")
	}
	table.tell()
}

// TestCleanClock: the clock jumps.
func TestCleanClock(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	gone := rig.AddUser(t, rig.Account{Name: "gone", UID: 1002})
	for _, a := range []*rig.Account{alice, bob, gone} {
		a.Login(t, "echo >$TMPDIR/f; touch -d 2020-01-01 $TMPDIR/f")
	}
	session := bob.Open(t)
	accounts := func([]uint32) (func(uint32) clean.Account, error) {
		return func(uid uint32) clean.Account { return clean.Account{There: uid < 1002, Gone: uid == 1002} }, nil
	}
	run := func(now time.Time) string {
		report, err := clean.Run(clean.Options{
			Where: clean.Where{Shared: []string{"/tmp"}}, Contained: true, Now: now,
			Grace:   func(uint32, string) time.Duration { return 24 * time.Hour },
			Orphans: &clean.Orphans{Accounts: accounts, Born: func(uint32) (time.Time, bool) { return time.Time{}, false }, Grace: 24 * time.Hour},
		})
		if err != nil {
			t.Fatal(err)
		}
		var did []string
		for _, r := range report.Results {
			if r.Action != clean.Kept {
				did = append(did, fmt.Sprintf("%s %d", r.Action, r.UID))
			}
		}
		return strings.Join(did, ", ")
	}
	var table tried
	year := 365 * 24 * time.Hour
	for _, c := range []struct {
		what string
		jump time.Duration
		want string
	}{
		{"the clock is a year behind", -year, "withdrawn 1002"}, // which no time matters for
		{"the clock is a year behind, the next run", -year, ""},
		{"the clock is right", 0, ""},
		{"the clock is a year ahead", year, "removed 1000, removed 1002"},
	} {
		if did := run(time.Now().Add(c.jump)); did != c.want {
			t.Errorf("%s: %q; want %q", c.what, did, c.want)
		}
		table.row(c.what, c.want, "the others'")
	}
	if out, status := session.Do("ls $TMPDIR"); out != "f\n" || status != 0 {
		t.Errorf("who is logged in has %q, %d", out, status)
	}
	table.tell()
}

// TestCleanChown: root gives a directory to somebody else while it is being removed.
func TestCleanChown(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	var table tried
	for _, at := range []struct {
		call string
		nth  int
		all  bool // of the content is there
	}{{"fchmod", 1, true}, {"renameat2", 1, true}, {"unlinkat", 1, false}, {"unlinkat", 3, false}} {
		alice.Login(t, "mkdir $TMPDIR/d; touch $TMPDIR/1 $TMPDIR/d/2 $TMPDIR/d/3")
		r := stopped(t, at.call, at.nth, func() {
			rig.Must(t, "sh", "-c", "echo precious >/tmp/.private/roots; mv /tmp/.private/roots /tmp/.private/1000*/; chown -R 0:0 /tmp/.private/1000*")
		}, cleanArgs)
		left := rig.Sh(t, "find /tmp/.private -type f | wc -l; cat /tmp/.private/1000*/roots").Stdout
		if !strings.HasSuffix(left, "precious\n") || at.all && left != "4\nprecious\n" || r.Status != 1 || r.Stderr != "" {
			t.Errorf("at %s %d: %q is left, %+v", at.call, at.nth, left, r)
		}
		if at.call == "fchmod" && !exists(removing) {
			t.Error("what was given to root before the rename has lost its name")
		}
		if r := cleaned(t, cleanNow(t), 0); !strings.Contains(r.Stdout, "not touched: /tmp/.private/1000") {
			t.Errorf("at %s %d, the next run: %+v", at.call, at.nth, r)
		}
		table.row(fmt.Sprintf("given to root at %s %d", at.call, at.nth), map[bool]string{true: "", false: "what was gone by then"}[at.all], "everything, and is named")
		rig.Sh(t, "rm -rf /tmp/.private/1000*")
	}
	table.tell()
}

// TestCleanLease: a user opens a file at the moment that it is aged out. The cleaner
// is told so by a signal, and takes no notice.
func TestCleanLease(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t, "Directory /tmp env max-age=1s")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	session := alice.Open(t)
	if out, status := session.Do("touch $TMPDIR/1 $TMPDIR/2 $TMPDIR/3; sleep 1.2"); status != 0 {
		t.Fatal(out)
	}
	r := stopped(t, "unlinkat", 1, func() {
		out, _ := session.Do(`for i in 1 2 3; do cat $TMPDIR/$i >/dev/null 2>&1 & echo $!; done; sleep 0.3`)
		if len(strings.Fields(out)) != 3 {
			t.Fatalf("%q", out)
		}
	}, []string{rig.Ctl, "clean", "--contained"})
	left := rig.Sh(t, "ls /tmp/.private/1000 | wc -l").Stdout
	if r.Status != 0 || r.Stderr != "" || left != "2\n" { // those that were read meanwhile are young
		t.Errorf("%q files are left: %+v", left, r)
	}
}
