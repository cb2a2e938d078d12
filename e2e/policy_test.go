package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/policy"
)

// TestExempt: root's sessions are left alone, but for what is another user's.
func TestExempt(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice.Login(t, "true")
	const show = `tmpshell -c 'echo [$TMPDIR][$TMP][$XDG_RUNTIME_DIR]'`
	for env, want := range map[string]string{
		"":                                     "[][][]\n",
		"TMPDIR=/tmp/.private/1000 TMP=/tmp":   "[][/tmp][]\n",
		"TMPDIR=/home/alice TMP=/root":         "[][/root][]\n",
		"TMPDIR=/var/tmp XDG_RUNTIME_DIR=/run": "[/var/tmp][][/run]\n",
	} {
		if r := rig.Sh(t, "unset TMPDIR TMP XDG_RUNTIME_DIR; "+env+" "+show); r.Stdout != want || r.Stderr != "" {
			t.Errorf("root with %q sees %q, %q; want %q", env, r.Stdout, r.Stderr, want)
		}
	}
	rig.Configure(t, "Exempt none")
	if r := rig.Sh(t, show); !strings.HasPrefix(r.Stdout, "[/tmp/.private/0][/tmp/.private/0]") {
		t.Errorf("with Exempt none, root sees %q", r.Stdout)
	}
	rig.AddGroup(t, "staffers", 3000, "alice")
	for _, exempt := range []string{"alice", "@staffers", "1000", "root 900-1100", "bob @staffers"} {
		rig.Configure(t, "Exempt "+exempt)
		if r := rig.Sh(t, `su - alice -c 'echo [$TMPDIR]'`); r.Stdout != "[]\n" {
			t.Errorf("with Exempt %s, alice sees %q", exempt, r.Stdout)
		}
	}
}

// TestPolicy: variables, further directories and Match, as a session sees them.
func TestPolicy(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t,
		"Directory /var/cache/xdg env variables=XDG_CACHE_HOME",
		"SetEnv SQLITE_TMPDIR=${TMPDIR} 'GREETING=$${HOME} is ${HOME}'",
		"Match Group staffers",
		"  SetEnv WHO=staff",
		"  Directory /tmp env variables=TMPDIR",
		"Match User bob,!alice",
		"  Directory /tmp off",
		"  RuntimeDirectory no")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	const show = `echo $TMPDIR $TMP $SQLITE_TMPDIR $XDG_CACHE_HOME "$GREETING" $WHO $XDG_RUNTIME_DIR`
	su := func(a *rig.Account) string {
		r := rig.Sh(t, "su - "+a.Name+` -c "$1"`, show)
		if r.Stderr != "" || r.Status != 0 {
			t.Errorf("su - %s: status %d, %q", a.Name, r.Status, r.Stderr)
		}
		return r.Stdout
	}
	want := "/tmp/.private/1000 /tmp/.private/1000 /tmp/.private/1000 /var/cache/xdg/.private/1000 ${HOME} is /home/alice /tmp/.private/1000/.runtime\n"
	if got := su(alice); got != want {
		t.Errorf("alice sees %q; want %q", got, want)
	}
	rig.CheckDir(t, "/var/cache/xdg", 0, 0, 0o755)
	rig.CheckDir(t, "/var/cache/xdg/.private", 0, 0, 0o711)
	rig.CheckDir(t, "/var/cache/xdg/.private/1000", 1000, 1000, 0o700)
	rig.CheckDir(t, "/tmp/.private/1000/.runtime", 1000, 1000, 0o700)
	if got, want := su(bob), "/var/cache/xdg/.private/1001 ${HOME} is /home/bob\n"; got != want {
		t.Errorf("bob sees %q; want %q", got, want)
	}
	rig.AddGroup(t, "staffers", 3000, "alice")
	want = "/tmp/.private/1000 /tmp/.private/1000 /var/cache/xdg/.private/1000 ${HOME} is /home/alice staff /tmp/.private/1000/.runtime\n"
	if got := su(alice); got != want {
		t.Errorf("alice in staffers sees %q; want %q", got, want)
	}
	shown := rig.Must(t, rig.Ctl, "show", "alice")
	for _, line := range []string{"directory /tmp env variables=TMPDIR\n", "setenv WHO=staff\n", "private /var/cache/xdg/.private/1000\n"} {
		if !strings.Contains(shown, line) {
			t.Errorf("tmpshellctl show alice has no line %q:\n%s", line, shown)
		}
	}
}

// TestMostDirectories: as many as a configuration may have, /tmp among them, a session has.
func TestMostDirectories(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	lines := []string{"OnFailure deny"}
	for i := range policy.MaxDirectories - 1 {
		lines = append(lines, fmt.Sprintf("Directory /var/most/d%d env variables=D%d", i, i))
	}
	rig.Must(t, "mkdir", "/var/most")
	rig.Install(t, lines...)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	if r := alice.Login(t, "env | grep -c '^D[0-9]*=/var/most/d'"); r.Status != 0 || r.Stdout != "63\n" {
		t.Errorf("%+v; want 63 directories besides that for /tmp", r)
	}
}

// TestRuntimeDirectory: an inherited one is kept only when it is the user's.
func TestRuntimeDirectory(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Sh(t, "mkdir -p -m 700 /home/alice/good /home/alice/open /run/roots; chmod 755 /home/alice/open; chown alice: /home/alice/*")
	for value, want := range map[string]string{
		"":                 "/tmp/.private/1000/.runtime",
		"/home/alice/good": "/home/alice/good",
		"/home/alice/open": "/tmp/.private/1000/.runtime",
		"/run/roots":       "/tmp/.private/1000/.runtime",
		"/nowhere":         "/tmp/.private/1000/.runtime",
		"good":             "/tmp/.private/1000/.runtime",
	} {
		r := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", "echo $XDG_RUNTIME_DIR"},
			Env: append(alice.Env(), "XDG_RUNTIME_DIR="+value), Dir: alice.Home}.Run(t)
		if r.Stdout != want+"\n" || r.Stderr != "" {
			t.Errorf("XDG_RUNTIME_DIR=%q became %q, %q; want %q", value, r.Stdout, r.Stderr, want)
		}
	}
	// Where a logind makes /run/user/UID, no other one is made. Its package's
	// directories alone are no logind.
	for _, c := range []struct{ prepare, want string }{
		{"mkdir -p /run/systemd/seats", "/tmp/.private/1000/.runtime"},
		{"touch /run/systemd/seats/seat0", ""},
		{"rm -r /run/systemd/seats; mkdir /run/systemd/system", ""},
		{"rm -r /run/systemd", "/tmp/.private/1000/.runtime"},
	} {
		rig.Must(t, "sh", "-ec", "rm -rf /tmp/.private/1000/.runtime; "+c.prepare)
		made := c.want != ""
		if r := alice.Login(t, "echo $XDG_RUNTIME_DIR"); r.Stdout != c.want+"\n" || r.Stderr != "" || exists("/tmp/.private/1000/.runtime") != made {
			t.Errorf("%s: XDG_RUNTIME_DIR is %q, %q, made: %v; want %q", c.prepare, r.Stdout, r.Stderr, !made, c.want)
		}
	}
	rig.Sh(t, "rm -rf /tmp/.private/1000/.runtime; setcap -r /usr/libexec/tmpshell-helper")
	r := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", "env | grep -c ^XDG_RUNTIME_DIR"},
		Env: append(alice.Env(), "XDG_RUNTIME_DIR=/run/roots"), Dir: alice.Home}.Run(t)
	if r.Stdout != "0\n" {
		t.Errorf("without a helper, XDG_RUNTIME_DIR is still set: %q", r.Stdout)
	}
}

// TestRuntimeDirectoryBeforeLogind: /run/user/UID is logind's or elogind's, which
// mount over it when a user first logs in there. Nothing is made before them, and
// what a session has does not vanish under their mount.
func TestRuntimeDirectoryBeforeLogind(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	const (
		private = "/tmp/.private/1000/.runtime"
		theirs  = "/run/user/1000"
	)
	rig.Must(t, "mkdir", "-p", "/run/user")
	early := alice.Open(t) // as by su or cron
	if got, _ := early.Do("echo $XDG_RUNTIME_DIR; echo mine >$XDG_RUNTIME_DIR/socket"); got != private+"\n" {
		t.Errorf("before logind: %q, want %s", got, private)
	}
	for _, c := range []struct{ name, prepare, want, left string }{
		{"logind has started, and nobody has logged in there", "mkdir -p /run/systemd/seats; touch /run/systemd/seats/seat0", "", ""},
		{"it has made the directory", "mkdir " + theirs + "; mount -t tmpfs -o mode=700,uid=1000,gid=1000 tmpfs " + theirs, theirs, "1000\n"},
		{"and removed it with the last session there", "umount " + theirs + "; rmdir " + theirs, "", ""},
	} {
		rig.Must(t, "sh", "-ec", c.prepare)
		if r := alice.Login(t, "echo $XDG_RUNTIME_DIR"); r.Stdout != c.want+"\n" || r.Stderr != "" {
			t.Errorf("%s: %q, %q; want %q", c.name, r.Stdout, r.Stderr, c.want)
		}
		if left := rig.Sh(t, "ls -A /run/user").Stdout; left != c.left {
			t.Errorf("%s: %q is on /run/user, want %q", c.name, left, c.left)
		}
		if got, _ := early.Do("cat $XDG_RUNTIME_DIR/socket"); got != "mine\n" {
			t.Errorf("%s: the older session finds %q", c.name, got)
		}
	}
}

// TestNameService: accounts that are not in /etc/passwd, and a name service
// that does not answer.
func TestNameService(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match User ldap*,\"odd name\"", "SetEnv MATCHED=yes", "Match Group lgroup", "SetEnv GROUP=yes")
	const uid = "4294967294"
	fake := func(body string) { rig.Write(t, "/usr/bin/getent", "#!/bin/sh\n"+body+"\n", 0o755) }
	login := func(groups string) rig.Result {
		return rig.Sh(t, "exec setpriv --reuid "+uid+" --regid "+uid+" "+groups+
			` env -u SHELL tmpshell -c 'echo $TMPDIR [$MATCHED$GROUP] $SHELL'`)
	}
	const private = "/tmp/.private/" + uid
	rig.Write(t, "/etc/nsswitch.conf", "passwd: files ldap\ngroup: files ldap\n", 0o644)
	fake(`case "$1 $2" in "passwd ` + uid + `") echo "ldapuser:x:` + uid + `:` + uid + `::/:/bin/dash";; "group "*) echo "lgroup:x:77777:";; *) exit 2;; esac`)
	if r := login("--groups 77777"); r.Stdout != private+" [yesyes] /bin/dash\n" || r.Stderr != "" {
		t.Errorf("with an account of the name service: %q, %q", r.Stdout, r.Stderr)
	}
	// What it has said is known for a day, whatever it says or does not say then:
	// a directory server that is down is reported as one without entries.
	for name, body := range map[string]string{"has no entries": "exit 2", "hangs": "exec sleep 100000", "fails": "exit 3",
		"floods": "exec yes", "dies": "kill -9 $$"} {
		fake(body)
		for _, touch := range []string{"", "touch " + rig.Conf} {
			rig.Sh(t, touch)
			if r := login("--clear-groups"); r.Stdout != private+" [yes] /bin/dash\n" || r.Stderr != "" {
				t.Errorf("a name service that %s, %q: %q, %q", name, touch, r.Stdout, r.Stderr)
			}
		}
	}
	// Where it never said anything, grants do not count, restrictions do, and no
	// shell is guessed.
	rig.Write(t, rig.Conf, "Match Group lgroup\nSetEnv GROUP=yes\nNoNewPrivileges yes\n", 0o644)
	log := rig.ListenSyslog(t)
	for name, body := range map[string]string{"hangs": "exec sleep 100000", "fails": "exit 3", "dies": "kill -9 $$"} {
		fake(body)
		rig.Must(t, "rm", "-f", rig.Policy)
		log.Forget()
		r := login("--clear-groups")
		if r.Status != 125 || r.Stdout != "" || !strings.Contains(r.Stderr, "name") {
			t.Errorf("a name service that %s and never answered: %d, %q, %q", name, r.Status, r.Stdout, r.Stderr)
		}
		log.Expect(t, "name")
	}
	f, err := os.OpenFile("/etc/passwd", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString("odd name:x:" + uid + ":100:O'Dd, \"$(id)\";:/:\n")
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	rig.Write(t, rig.Conf, "Match User \"odd name\"\nSetEnv MATCHED=odd\n", 0o644)
	if r := login("--clear-groups"); r.Stdout != private+" [odd] /bin/bash\n" || r.Stderr != "" {
		t.Errorf("an odd name: %q, %q", r.Stdout, r.Stderr)
	}
}
