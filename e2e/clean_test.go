package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// cleanNow is a run for a view, in whose PID namespace everything is that uses its
// directories, and without a grace time.
func cleanNow(t *testing.T, args ...string) rig.Result {
	t.Helper()
	return rig.Command{Path: rig.Ctl, Args: append([]string{rig.Ctl, "clean", "--contained", "--grace", "0"}, args...), Env: os.Environ()}.Run(t)
}

// cleaned reports a run that ends in another way than it must.
func cleaned(t *testing.T, r rig.Result, status int) rig.Result {
	t.Helper()
	if r.Status != status || r.Stderr != "" {
		t.Errorf("clean: status %d, stdout %q, stderr %q; want status %d", r.Status, r.Stdout, r.Stderr, status)
	}
	return r
}

// background starts a process of an account's, and returns how to end it.
func background(t *testing.T, cred *rig.Account, argv ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL, Setsid: true}
	if cred != nil {
		cmd.SysProcAttr.Credential = cred.Credential()
		cmd.Env = cred.Env()
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ready := make([]byte, 1)
	if _, err := out.Read(ready); err != nil {
		t.Fatalf("%q has not begun: %v", argv, err)
	}
	return func() {
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		_ = cmd.Wait()
	}
}

// lasting is a command that says when it has begun, and lasts.
const lasting = "echo; exec sleep 1000"

// TestClean: what a run removes, and what it leaves.
func TestClean(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "setpriv", "unshare", "chattr")
	rig.Install(t, "Directory /var/cache/xdg env variables=XDG_CACHE_HOME",
		"Match User mounted", "Directory /tmp mount share=.X11-unix/,.s.PGSQL.5432", "Directory /var/tmp mount")
	var table strings.Builder
	row := func(what, end string) { fmt.Fprintf(&table, "%-58s %s\n", what, end) }
	uid := uint32(1000)
	account := func(name string) *rig.Account {
		uid++
		a := rig.AddUser(t, rig.Account{Name: name, UID: uid})
		if r := a.Login(t, "mkdir -p $TMPDIR/d/e; touch $TMPDIR/d/f; ln -s /etc/passwd $TMPDIR/d/e/l; mkfifo $TMPDIR/d/p"); r.Status != 0 {
			t.Fatalf("%+v", r)
		}
		return a
	}
	for _, c := range []struct {
		name, what string
		use        func(a *rig.Account) func() // nil: nothing does
		stays      bool
		dir        string // empty: of method env
	}{
		{name: "gone", what: "nobody is logged in"},
		{name: "nohup", what: "a process that outlived its session", stays: true,
			use: func(a *rig.Account) func() { return background(t, a, "sh", "-c", lasting) }},
		{name: "saved", what: "a process with its saved uid alone", stays: true,
			use: func(a *rig.Account) func() {
				return background(t, nil, "python3", "-c", fmt.Sprintf("import os,time\nos.setresuid(0,0,%d)\nprint(flush=True)\ntime.sleep(1000)", a.UID))
			}},
		{name: "below", what: "a process in a PID namespace below", stays: true,
			use: func(a *rig.Account) func() {
				return background(t, nil, "unshare", "-pf", "--mount-proc", "setpriv", "--reuid", fmt.Sprint(a.UID), "--clear-groups", "sh", "-c", lasting)
			}},
		{name: "shown", what: "a namespace of root's that shows it elsewhere", stays: true,
			use: func(a *rig.Account) func() {
				return background(t, nil, "unshare", "-m", "sh", "-c", "mount --bind "+a.Private()+"/d /mnt; "+lasting)
			}},
		{name: "zombie", what: "a process that has ended, and nobody asked how",
			use: func(a *rig.Account) func() {
				return background(t, nil, "python3", "-c", fmt.Sprintf("import os,time\nif os.fork() == 0:\n os.setuid(%d); os._exit(0)\nwhile open('/proc/%%s/status' %% open('/proc/self/task/%%d/children' %% os.getpid()).read().strip()).read().find('zombie') < 0: time.sleep(0.01)\nprint(flush=True)\ntime.sleep(1000)", a.UID))
			}},
		{name: "mounted", what: "method mount, nobody is logged in", dir: "/var/lib/tmpshell/1007"},
	} {
		a := account(c.name)
		dir := c.dir
		if dir == "" {
			dir = a.Private()
		}
		if !exists(dir) {
			t.Fatalf("%s: there is no %s", c.name, dir)
		}
		stop := func() {}
		if c.use != nil {
			stop = c.use(a)
		}
		dry := cleaned(t, cleanNow(t, "--dry-run"), 0).Stdout
		if !exists(dir) || strings.Contains(dry, dir) == c.stays {
			t.Errorf("%s: --dry-run says %q", c.what, dry)
		}
		out := cleaned(t, cleanNow(t), 0).Stdout
		if exists(dir) != c.stays {
			t.Errorf("%s: it stays: %v, want %v; %s", c.what, exists(dir), c.stays, out)
		}
		if c.stays {
			rig.CheckDir(t, dir, a.UID, a.GID, 0o700)
			if got := rig.Sh(t, "ls -A "+dir+"/d").Stdout; got != "e\nf\np\n" {
				t.Errorf("%s: there are %q", c.what, got)
			}
		}
		stop()
		row(c.what, map[bool]string{true: "stayed", false: "removed"}[exists(dir)])
		cleaned(t, cleanNow(t), 0)
		if exists(dir) {
			t.Errorf("%s: it stays when nobody uses it any more", c.what)
		}
	}
	a := account("parts")
	cleanParts(t, a, row)
	view.Tell("\nclean: what was removed\n" + table.String())
	if got := rig.Sh(t, "ls -A /tmp /tmp/.private /var/cache/xdg /var/lib/tmpshell /run/tmpshell/sessions").Stdout; strings.Contains(got, "10") {
		t.Errorf("afterwards there are\n%s", got)
	}
}

// cleanParts has everything else that is removed, and what is not.
func cleanParts(t *testing.T, a *rig.Account, row func(what, end string)) {
	t.Helper()
	as(t, a, `mkdir -m 700 /tmp/.private-$UID /tmp/.private-$UID.3 /tmp/.private-$UID.0123456789ab; touch /tmp/.private-$UID/f
		mkdir /tmp/.private.squatted-0123456789ab; touch /tmp/.private.squatted-0123456789ab/f /tmp/.private-nobody
		mkdir /tmp/.private-1 /tmp/x.squatted-0123456789ab; ln -s /etc /tmp/.private-$UID.4`)
	rig.Must(t, "sh", "-ec", `mkdir -m 700 /tmp/.private/5000 /tmp/.private/5001; chown 5001 /tmp/.private/5000; touch /tmp/.private/file
		mkdir -m 700 /tmp/.private/5002; echo x >/tmp/.private/5002/roots; mkdir /tmp/.private/5002/dir; touch /tmp/.private/5002/dir/roots
		chown 5002 /tmp/.private/5002`)
	// No file of a tmpfs can be immutable before Linux 6.6.
	fixed := ""
	const make, undo = "touch /tmp/.private/5002/fixed; chattr +i /tmp/.private/5002/fixed", "chattr -i /tmp/.private/5002.removed-*/fixed"
	if made := rig.Sh(t, make); made.Status == 0 {
		fixed = "fixed\n"
	} else if !strings.Contains(made.Stderr, "not supported") {
		t.Fatalf("%+v", made)
	}
	r := cleaned(t, cleanNow(t), 1)
	for _, path := range []string{a.Private(), "/tmp/.private-1008", "/tmp/.private-1008.3", "/tmp/.private-1008.0123456789ab", "/tmp/.private.squatted-0123456789ab"} {
		if exists(path) || !strings.Contains(r.Stdout, "removed "+path+" of parts: ") {
			t.Errorf("%s is still there, or not named: %s", path, r.Stdout)
		}
	}
	row("fallbacks, what was moved aside", "removed")
	for _, path := range []string{"/tmp/.private-nobody", "/tmp/.private-1", "/tmp/x.squatted-0123456789ab", "/tmp/.private-1008.4", "/tmp/.private/5000", "/tmp/.private/5001", "/tmp/.private/file"} {
		if !exists(path) {
			t.Errorf("%s is gone: %s", path, r.Stdout)
		}
	}
	for _, text := range []string{"not touched: /tmp/.private/5000: belongs to uid 5001, not to 5000", "not touched: /tmp/.private-1: belongs to uid 1008, not to 1",
		"not touched: /tmp/.private/5001: belongs to uid 0, not to 5001", "not touched: /tmp/.private-1008.4: is not what tmpshell makes",
		"/fixed: is immutable or append-only", "/dir/roots: belongs to uid 0", "not all of it could be removed"} {
		if fixed == "" && strings.HasPrefix(text, "/fixed") {
			continue
		}
		if !strings.Contains(r.Stdout, text) {
			t.Errorf("the report lacks %q: %s", text, r.Stdout)
		}
	}
	row("what has such a name and is another user's, or no directory", "stayed, and was named")
	if got := rig.Sh(t, "ls -A /tmp/.private/5002.removed-*").Stdout; got != "dir\n"+fixed {
		t.Errorf("of what could not be removed, %q is left", got)
	}
	row("immutable files, and what is in a directory of root's", "stayed, and was named")
	if fixed != "" {
		rig.Must(t, "sh", "-ec", undo)
	}
	rig.Must(t, "sh", "-ec", "rm -r /tmp/.private/5002.removed-*/dir")
	rig.Must(t, "sh", "-ec", "rm -rf /tmp/.private/500[01] /tmp/.private/file /tmp/.private-* /tmp/x.*")
	cleaned(t, cleanNow(t), 0)
}

// TestCleanGrace: what somebody has touched lately stays, and is reported as such.
func TestCleanGrace(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1001})
	a.Login(t, "mkdir -p $TMPDIR/a/b; echo x >$TMPDIR/a/b/f")
	report := func(args ...string) (actions map[string]string, why string) {
		r := rig.Command{Path: rig.Ctl, Args: append([]string{rig.Ctl, "--json", "clean", "--contained"}, args...), Env: os.Environ()}.Run(t)
		var report struct {
			Results []struct{ Path, User, Action, Why string }
		}
		if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil || r.Status != 0 {
			t.Fatalf("%v: %+v", err, r)
		}
		actions = map[string]string{}
		for _, one := range report.Results {
			actions[one.Path] = one.Action
			why = one.Why
		}
		return actions, why
	}
	if got, why := report(); got[a.Private()] != "kept" || !exists(a.Private()) {
		t.Errorf("just used, and: %v, %s", got, why)
	}
	// A directory that was read is not younger for it; a file that was is.
	time.Sleep(2100 * time.Millisecond)
	rig.Must(t, "find", a.Private(), "-type", "d")
	rig.Must(t, "sh", "-c", "mount -o remount,strictatime /tmp; cat "+a.Private()+"/a/b/f")
	if got, why := report("--grace", "2"); got[a.Private()] != "kept" || why != "something in it is younger than 2s" {
		t.Errorf("a file was read, and: %v, %s", got, why)
	}
	time.Sleep(2100 * time.Millisecond)
	if got, why := report("--grace", "2"); got[a.Private()] != "removed" || exists(a.Private()) {
		t.Errorf("after the grace time: %v, %s", got, why)
	}
	for _, wrong := range []string{"-1", "soon", ""} {
		if r := rig.Sh(t, `tmpshellctl clean --contained --grace "$1x"`, wrong); r.Status != 2 {
			t.Errorf("--grace %sx: %+v", wrong, r)
		}
	}
}

// TestCleanLooked: a directory that was looked at, by status and by clean itself, is not
// younger for it; an instance is root's, and its user's files are in it.
func TestCleanLooked(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Directory /tmp mount max-age=1h")
	a := rig.AddUser(t, rig.Account{Name: "mounted", UID: 1001})
	a.Login(t, "touch /tmp/f")
	rig.Must(t, "mount", "-o", "remount,strictatime", "/var")
	for _, look := range []string{"status", "clean --dry-run --grace 0", "clean --grace 1h", "clean --grace 2"} {
		time.Sleep(2100 * time.Millisecond)
		r := rig.Sh(t, "tmpshellctl $1 --contained", look)
		if gone := look == "clean --grace 2"; r.Status != 0 || exists(keptIn(a)) == gone {
			t.Errorf("%s: %+v; the directory is there: %v", look, r, exists(keptIn(a)))
		}
		if look == "clean --grace 1h" { // looks for old files in it
			if r := rig.Sh(t, "tmpshellctl clean --grace 2 --contained --dry-run"); !strings.HasPrefix(r.Stdout, "would remove "+keptIn(a)) {
				t.Errorf("after %s: %+v", look, r)
			}
		}
	}
}

// TestCleanHidden: where processes cannot be seen, nothing is removed.
func TestCleanHidden(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "setpriv")
	rig.Install(t)
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1001})
	a.Session(t)
	stop := background(t, a, "sh", "-c", lasting)
	defer stop()
	const run = "tmpshellctl clean --grace 0"
	for _, c := range []struct{ how, want string }{
		{run, "not the first PID namespace"},
		{"mount -t proc -o hidepid=2 proc /proc && setpriv --bounding-set -sys_ptrace " + run + " --contained", "hides processes"},
		// All of them: below the view's is the machine's, which has the view's processes, too.
		{"while umount -l /proc 2>&-; do :; done; " + run + " --contained", "/proc is not mounted"},
		{"umount -l /proc; mount -t tmpfs x /proc; " + run + " --contained", "/proc is not mounted"},
		{"mount -t tmpfs x /proc/" + fmt.Sprint(os.Getpid()) + "; " + run + " --contained", "it is not known whose they are"},
	} {
		r := rig.Sh(t, `exec unshare -m sh -c "$1"`, c.how)
		if r.Status != 1 || !strings.Contains(r.Stderr, c.want) || !exists(a.Private()) {
			t.Errorf("%s: %+v; want status 1 and %q; the directory is there: %v", c.how, r, c.want, exists(a.Private()))
		}
	}
	// Root sees through hidepid.
	const seeing = "mount -t proc -o hidepid=2 proc /proc && " + run + " --contained"
	for _, stays := range []bool{true, false} {
		if r := rig.Sh(t, `exec unshare -m sh -c "$1"`, seeing); r.Status != 0 || exists(a.Private()) != stays {
			t.Errorf("with hidepid=2: %+v, and the directory is there: %v, want %v", r, exists(a.Private()), stays)
		}
		stop()
	}
	if r := a.Login(t, "tmpshellctl clean --contained"); r.Status != 1 || r.Stderr != "tmpshellctl: clean needs root\n" {
		t.Errorf("as a user: %+v", r)
	}
}

// ctlAsRoot runs tmpshellctl with the environment of the tests.
func ctlAsRoot(t *testing.T, args ...string) rig.Result {
	t.Helper()
	return rig.Command{Path: rig.Ctl, Args: append([]string{rig.Ctl}, args...), Env: os.Environ()}.Run(t)
}

// saysOf: the report has these texts, there is no error beside it, and the status is right.
func saysOf(t *testing.T, what string, r rig.Result, status int, want ...string) {
	t.Helper()
	for _, text := range want {
		if !strings.Contains(r.Stdout, text) {
			t.Errorf("%s: it lacks %q: %s", what, text, r.Stdout)
		}
	}
	if r.Status != status || r.Stderr != "" {
		t.Errorf("%s: %+v; want status %d", what, r, status)
	}
}
