package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// withdrawn is where a directory is that has lost its name, if there is one.
func withdrawn(t *testing.T, path string) string {
	t.Helper()
	list, err := filepath.Glob(path + ".orphaned-*")
	if err != nil || len(list) > 1 {
		t.Fatal(list, err)
	}
	return strings.Join(list, "")
}

// TestOrphans: what a user has left whose account is gone, and what the next
// account with the number gets.
func TestOrphans(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "userdel")
	rig.Install(t, "Directory /tmp env", "Match User bob,bella", "Directory /tmp mount")
	var table strings.Builder
	row := func(what, end string) { fmt.Fprintf(&table, "%-58s %s\n", what, end) }
	const run = "tmpshellctl clean --contained"
	leave := func(name string, uid uint32) *rig.Account {
		a := rig.AddUser(t, rig.Account{Name: name, UID: uid})
		if r := a.Login(t, "mkdir $TMPDIR/d; echo secret >$TMPDIR/d/f"); r.Status != 0 {
			t.Fatalf("%+v", r)
		}
		return a
	}
	alice, bob := leave("alice", 1000), leave("bob", 1001)
	kept := map[*rig.Account]string{alice: "/tmp/.private/1000", bob: "/var/lib/tmpshell/1001/tmp"}
	stays := func(why string) {
		t.Helper()
		r := rig.Sh(t, run)
		for a, path := range kept {
			if !exists(path + "/d/f") {
				t.Errorf("%s, and %s's directory is not where it was: %+v", why, a.Name, r)
			}
		}
		row(why, "stayed")
	}
	stays("the account is there")
	rig.Must(t, "sh", "-c", "cp /etc/passwd /etc/passwd.all; userdel alice; userdel bob; cp /etc/passwd /etc/passwd.less; cp /etc/nsswitch.conf /etc/nsswitch.all")
	// What is no answer.
	for why, how := range map[string][2]string{
		"no account, and ldap is silent":     {"sed -i 's/^passwd:.*/passwd: files ldap/' /etc/nsswitch.conf", "cp /etc/nsswitch.all /etc/nsswitch.conf"},
		"no account, and getent fails":       {"mount --bind /bin/false /usr/bin/getent", "umount /usr/bin/getent"},
		"no account in an empty /etc/passwd": {">/etc/passwd", "cp /etc/passwd.less /etc/passwd"},
		"no /etc/passwd":                     {"rm /etc/passwd", "cp /etc/passwd.less /etc/passwd"},
		"an account in extrausers":           {"sed -i 's/^passwd:.*/passwd: files extrausers/' /etc/nsswitch.conf; grep -E '^(alice|bob):' /etc/passwd.all >/var/lib/extrausers/passwd", "cp /etc/nsswitch.all /etc/nsswitch.conf"},
	} {
		rig.Must(t, "sh", "-c", how[0])
		stays(why)
		if r := rig.Sh(t, run+" --orphans"); (r.Status == 1) != strings.HasPrefix(why, "no") || !exists(kept[alice]) {
			t.Errorf("%s: --orphans: %+v", why, r)
		}
		rig.Must(t, "sh", "-c", how[1])
	}
	stop, stop2 := background(t, alice, "sh", "-c", lasting), background(t, bob, "sh", "-c", lasting)
	stays("no account, and a process")
	stop()
	stop2()
	// Nobody has them any more.
	if dry := rig.Sh(t, run+" --dry-run"); strings.Count(dry.Stdout, "would withdraw ") != 4 || !exists(kept[alice]) {
		t.Errorf("--dry-run: %+v", dry)
	}
	if doctor := rig.Sh(t, "tmpshellctl doctor --only orphans"); doctor.Status != 1 || !strings.Contains(doctor.Stdout, "uid 1000 has no account: the next account with this number would get /tmp/.private/1000\norphans: fix: tmpshellctl clean --orphans\n") {
		t.Errorf("doctor: %+v", doctor)
	}
	if r := rig.Sh(t, run); r.Status != 0 || exists(kept[alice]) || exists(kept[bob]) || strings.Count(r.Stdout, "withdrew ") != 4 {
		t.Errorf("%+v", r)
	}
	row("no account", "withdrawn")
	away := map[*rig.Account]string{alice: withdrawn(t, kept[alice]), bob: withdrawn(t, kept[bob])}
	// The next ones with their numbers have new ones, whatever a run does.
	for old, a := range map[*rig.Account]*rig.Account{alice: rig.AddUser(t, rig.Account{Name: "anna", UID: 1000}), bob: rig.AddUser(t, rig.Account{Name: "bella", UID: 1001})} {
		rig.Sh(t, run)
		if r := a.Login(t, "ls $TMPDIR"); r.Stdout != "" || r.Status != 0 || r.Stderr != "" {
			t.Errorf("%s has what %s has left: %+v", a.Name, old.Name, r)
		}
		open := a.Open(t)
		rig.Sh(t, run)
		open.Close()
		if !exists(away[old] + "/d/f") {
			t.Errorf("%s is gone within the grace time", away[old])
		}
	}
	row("withdrawn, and another account with the number", "stayed, and is nobody's")
	if status := rig.Sh(t, "tmpshellctl status --contained anna").Stdout; !strings.Contains(status, "was withdrawn when there was no account") || !strings.Contains(status, away[alice]) {
		t.Errorf("status: %s", status)
	}
	orphanComesBack(t, row)
	// After the grace time, which begins with the withdrawal.
	r := rig.Sh(t, "sleep 1.1; "+run+" --orphans --grace 1")
	if r.Status != 0 || exists(away[alice]) || exists(away[bob]) || !exists("/tmp/.private/1000") {
		t.Errorf("after the grace time: %+v", r)
	}
	row("withdrawn, after the grace time", "removed")
	view.Tell("\nclean: accounts that are gone\n" + table.String())
}

// TestReused: a number that another account has got, before any run saw it without one.
func TestReused(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "usermod")
	rig.Install(t, "Directory /tmp env", "Match User bo*", "Directory /tmp mount")
	var table strings.Builder
	const run = "tmpshellctl clean --contained"
	for _, c := range []struct {
		what string
		uid  uint32
		seen bool   // by a run, before
		do   string // to account $1, with uid $2
		goes bool
	}{
		{"another account, with a home of its own", 1000, true, "sed -i /^$1:/d /etc/passwd; install -d -o $2 /home/x$2; echo x$2::$2:$2::/home/x$2:/bin/sh >>/etc/passwd", true},
		{"another account, without a home", 1001, true, "sed -i /^$1:/d /etc/passwd; echo x$2::$2:$2::/nonexistent:/bin/sh >>/etc/passwd", true},
		{"renamed", 1002, true, "usermod -l x$2 $1", false},
		{"renamed, and the home moved", 1003, true, "usermod -l x$2 -m -d /home/x$2 $1", false},
		{"a second name, which comes first", 1004, true, "sed -i 1ix$2::$2:$2::/nonexistent:/bin/sh /etc/passwd", false},
		{"another account, and no run before", 1005, false, "sed -i /^$1:/d /etc/passwd; install -d -o $2 /home/x$2; echo x$2::$2:$2::/home/x$2:/bin/sh >>/etc/passwd", false},
	} {
		for n, path := range []string{"/tmp/.private/%d", "/var/lib/tmpshell/%d/tmp"} {
			uid := c.uid + uint32(100*n)
			name := fmt.Sprintf("%s%d", []string{"al", "bo"}[n], uid)
			a := rig.AddUser(t, rig.Account{Name: name, UID: uid})
			dir := fmt.Sprintf(path, uid)
			if r := a.Login(t, "echo secret >$TMPDIR/f"); r.Status != 0 || !exists(dir+"/f") {
				t.Fatalf("%+v", r)
			}
			if c.seen {
				rig.Must(t, "sh", "-c", run)
			}
			rig.Must(t, "sh", "-ec", c.do, "sh", name, fmt.Sprint(uid))
			r := rig.Sh(t, run+" --orphans")
			if r.Status != 0 || exists(dir+"/f") == c.goes || strings.Contains(r.Stdout, "it was "+name+"'s, and the uid is x") != c.goes {
				t.Errorf("%s: %+v; it is there: %v", c.what, r, exists(dir+"/f"))
			}
			if again := rig.Sh(t, run); exists(dir+"/f") == c.goes || c.goes && withdrawn(t, dir) == "" {
				t.Errorf("%s, the next run: %+v", c.what, again)
			}
		}
		end := "stayed"
		if c.goes {
			end = "withdrawn"
		}
		fmt.Fprintf(&table, "%-58s %s\n", c.what, end)
	}
	// What cannot be read is said, and not written over.
	const memory = "/var/lib/misc/tmpshell.seen"
	r := rig.Sh(t, "ln -sf tmpshell.seen "+memory+"; "+run+" --orphans")
	if r.Status != 1 || !strings.Contains(r.Stdout, "who has directories now is not remembered: open "+memory+": too many levels") || rig.Sh(t, "test -L "+memory).Status != 0 {
		t.Errorf("a memory that cannot be read: %+v", r)
	}
	view.Tell("\nclean: numbers that another account has\n" + table.String())
}

// orphanComesBack: an account that was not found for a while has its directory
// again, if its home directory says so.
func orphanComesBack(t *testing.T, row func(what, end string)) {
	t.Helper()
	for _, home := range []string{"older", "newer", "none"} {
		a := rig.AddUser(t, rig.Account{Name: "dora" + home, UID: 1010})
		a.Login(t, "echo >$TMPDIR/f")
		rig.Must(t, "sh", "-c", "cp /etc/passwd /etc/passwd.with; sed -i /^dora/d /etc/passwd; "+"tmpshellctl clean --contained")
		if exists(a.Private()) {
			t.Errorf("with a home that is %s, the directory is not withdrawn", home)
		}
		switch home {
		case "newer":
			rig.Must(t, "sh", "-c", `mv "$1" "$1.old"; install -d -o 1010 "$1"`, "sh", a.Home)
		case "none":
			rig.Must(t, "rm", "-r", a.Home)
		}
		rig.Must(t, "sh", "-c", "cp /etc/passwd.with /etc/passwd; tmpshellctl clean --contained")
		if exists(a.Private()+"/f") != (home == "older") {
			t.Errorf("with a home that is %s, the directory is there again: %v", home, exists(a.Private()+"/f"))
		}
		if home == "older" {
			rig.CheckDir(t, a.Private(), a.UID, a.GID, 0o700)
			row("an account that is there again, and its home is older", "given back")
		} else {
			row("an account that is there again, and its home is "+home, "stayed, and is nobody's")
		}
		rig.Must(t, "sh", "-c", "sed -i /^dora/d /etc/passwd; tmpshellctl clean --contained --orphans --grace 0")
		if rig.Sh(t, "ls -d /tmp/.private/1010* /var/lib/tmpshell/1010/*").Stdout != "" {
			t.Errorf("--grace 0 leaves something")
		}
	}
}

// TestUserdelHooks: what the manual page has for deluser.conf(5) and login.defs(5).
func TestUserdelHooks(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "userdel", "deluser")
	rig.Install(t)
	rig.Write(t, "/usr/local/sbin/tmpshell-purge", "#!/bin/sh\nexec /usr/bin/tmpshellctl purge --contained \"$1\"\n", 0o755)
	for name, c := range map[string]struct{ before, remove string }{
		"USERDEL_CMD":   {"echo USERDEL_CMD /usr/local/sbin/tmpshell-purge >>/etc/login.defs", "userdel"},
		"deluser.local": {"printf '#!/bin/sh\\nexec /usr/bin/tmpshellctl purge --contained \"$2\"\\n' >/usr/local/sbin/deluser.local; chmod 755 /usr/local/sbin/deluser.local; sed -i /^USERDEL_CMD/d /etc/login.defs", "deluser --quiet"},
	} {
		a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
		a.Session(t)
		rig.Must(t, "sh", "-c", c.before)
		if r := rig.Sh(t, c.remove+" alice"); r.Status != 0 || exists(a.Private()) {
			t.Errorf("%s: %+v; the directory is there: %v", name, r, exists(a.Private()))
		}
		_ = os.RemoveAll(a.Home)
		rig.Sh(t, "sed -i /^alice:/d /etc/passwd /etc/shadow /etc/group")
	}
}
