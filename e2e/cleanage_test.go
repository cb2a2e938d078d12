package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestCleanAge: under a user who is logged in, old files go, and nothing that is
// of use to anybody.
func TestCleanAge(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "python3", "flock", "nsenter")
	rig.Must(t, "mount", "-o", "remount,strictatime", "/tmp")
	const share = "share=.X11-unix/,.s.PGSQL.5432"
	began := time.Now()
	rig.Install(t, "Directory /tmp env", "Match User mounted", "Directory /tmp mount "+share)
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	m := rig.AddUser(t, rig.Account{Name: "mounted", UID: 1001})
	const old = `cd $TMPDIR; mkdir -m 700 old empty old/empty full locked mnt; mkdir -p a/b/c; touch old/f a/b/c/f full/f locked/f 'new
line' read written changed open locked-file sticky; chmod +t sticky; ln -s /nowhere link; mkfifo pipe
		python3 - <<-EOF
			import socket, os
			kept = []
			for n, k in ("dead", 1), ("stream", 1), ("datagram", 2), ("packet", 5):
			    s = socket.socket(socket.AF_UNIX, k); s.bind(n)
			    if k != 2: s.listen()
			    if n == "dead": s.close()
			    else: os.set_inheritable(s.fileno(), True); kept.append(s)
			if os.fork() == 0:
			    os.closerange(0, 3); os.setsid(); os.execlp("sleep", "sleep", "1000")
		EOF`
	sessions := map[*rig.Account]*rig.Open{a: a.Open(t), m: m.Open(t)}
	for _, u := range []*rig.Account{a, m} {
		if out, status := sessions[u].Do(old); status != 0 {
			t.Fatal(out)
		}
		rig.Sh(t, "touch $1/roots; ln -s /nowhere $1/roots-link", keptIn(u))
	}
	rig.Must(t, "nsenter", "-m", "-t", fmt.Sprint(sessions[m].PID()), "mount", "-t", "tmpfs", "x", "/tmp/mnt")
	// What follows takes no longer than what was, and must not make anything old.
	age := max(5*time.Second, 4*time.Since(began)).Round(time.Second)
	maxAge := fmt.Sprintf(" max-age=%.0fs ", age.Seconds())
	rig.Configure(t, "Directory /tmp env"+maxAge, "Match User mounted", "Directory /tmp mount"+maxAge+share)
	time.Sleep(age + time.Second/4)
	// Whatever is not older than that, in one way or another.
	for _, u := range []*rig.Account{a, m} {
		if out, status := sessions[u].Do(`cd $TMPDIR; cat read; echo >>written; chmod 600 changed; touch -d '2020-01-01' made; touch full/young
			sleep 1000 <open >/dev/null & flock -n locked-file sleep 1000 >/dev/null & flock locked sleep 1000 >/dev/null &`); status != 0 {
			t.Fatal(out)
		}
	}
	times := `cd $1; stat -c '%n %X %Y' . full read written changed open locked locked/f a | sort`
	list := func(u *rig.Account) []string {
		return strings.Split(strings.TrimSuffix(rig.Sh(t, "cd $1; find . -mindepth 1 -print0 | tr '\\n\\0' '?\\n' | sort", keptIn(u)).Stdout, "\n"), "\n")
	}
	both := []*rig.Account{a, m}
	var had, now [2][]string
	var before, after [2]string
	for i, u := range both {
		rig.Await(t, func() string { return "nobody has locked it" }, func() bool { return rig.Sh(t, "flock -n $1/locked true", keptIn(u)).Status != 0 })
		had[i] = list(u)
		before[i] = rig.Sh(t, times, keptIn(u)).Stdout
	}
	dry := rig.Sh(t, "tmpshellctl clean --contained --dry-run").Stdout
	for i, u := range both {
		if after[i] = rig.Sh(t, times, keptIn(u)).Stdout; after[i] != before[i] {
			t.Errorf("--dry-run has changed the times from\n%sto\n%s", before[i], after[i])
		}
	}
	r := rig.Sh(t, "tmpshellctl clean --contained")
	if r.Status != 0 || r.Stderr != "" {
		t.Errorf("%+v", r)
	}
	for i, u := range both {
		// A directory that has just lost what was in it is as old as before.
		if after[i] = rig.Sh(t, times, keptIn(u)).Stdout; after[i] != before[i] {
			t.Errorf("the times were\n%sand are\n%s", before[i], after[i])
		}
		now[i] = list(u)
		var gone []string
		for _, name := range had[i] {
			if !slices.Contains(now[i], name) {
				gone = append(gone, strings.TrimPrefix(name, "./"))
			}
		}
		want := []string{"a/b/c/f", "dead", "full/f", "link", "new?line", "old/f"}
		if !slices.Equal(gone, want) {
			t.Errorf("%s: gone is %q; want %q: %s", u.Name, gone, want, r.Stdout)
		}
		for _, name := range want {
			if !strings.Contains(dry, "  "+keptIn(u)+"/"+name+"\n") {
				t.Errorf("--dry-run does not tell of %s: %s", name, dry)
			}
		}
	}
	if out, _ := sessions[m].Do(`findmnt -rno TARGET /tmp/.X11-unix /tmp/mnt; findmnt -rno TARGET /tmp/.X11-unix; findmnt -rno TARGET /tmp/mnt; readlink /tmp/.s.PGSQL.5432`); !strings.Contains(out, "/tmp/.X11-unix\n/tmp/mnt\n/run/tmpshell/shared/tmp/.s.PGSQL.5432\n") {
		t.Errorf("what is shared and mounted: %q", out)
	}
	// Empty directories go when they are old themselves.
	time.Sleep(age + time.Second/4)
	rig.Sh(t, "tmpshellctl clean --contained")
	for _, u := range []*rig.Account{a, m} {
		stay := ".runtime stream datagram packet open locked locked/f locked-file sticky pipe roots roots-link"
		if u == m {
			stay += " mnt" // where something is mounted
		}
		if got := rig.Sh(t, "cd $1; ls -d "+stay, keptIn(u)); got.Status != 0 {
			t.Errorf("%s has lost something: %s", u.Name, got.Stderr)
		}
		if got := rig.Sh(t, "cd $1; ls -d old empty a read written changed made full 2>/dev/null", keptIn(u)).Stdout; got != "" {
			t.Errorf("%s still has %s", u.Name, got)
		}
	}
}

// keptIn is where an account's directory for /tmp is kept.
func keptIn(a *rig.Account) string {
	if a.Name == "mounted" {
		return fmt.Sprintf("/var/lib/tmpshell/%d/tmp", a.UID)
	}
	return a.Private()
}
