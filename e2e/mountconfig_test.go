package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountRefused: what cannot be mounted is refused by check, with its line,
// and a login has all of its directories or none.
func TestMountRefused(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Sh(t, `mkdir /home/link-to /home/mine; ln -s link-to /home/link; echo >/home/file; chown alice /home/mine; mkdir -m 777 /home/open`)
	for _, c := range []struct {
		line, says string
		env        bool // the whole configuration is refused
	}{
		{"Directory /var/lib/tmpshell/x mount", "nothing can be mounted in /var/lib/tmpshell", true},
		{"Directory /var/lib mount", "nothing can be mounted over /var/lib: /var/lib/tmpshell is kept below it", true},
		{"Directory /run tmpfs", "nothing can be mounted over /run: /run/tmpshell is kept below it", true},
		{"Directory tmp mount", `"tmp" is not an absolute path`, true},
		{"Directory /var/tmp mount share=../etc", `share= takes names inside the directory, not "../etc"`, true},
		{"Directory /var/tmp mount share=a/../../etc/", `share= takes names inside the directory, not "a/../../etc/"`, true},
		{"Directory /tmp/inner tmpfs\nDirectory /tmp mount", "/tmp/inner would be hidden by /tmp, which is mounted after it", true},
		{"Directory /home/missing mount", "nothing can be mounted over /home/missing: it does not exist", false},
		{"Directory /home/not/there mount", "nothing can be mounted over /home/not/there: it does not exist", false},
		{"Directory /home/file mount", "nothing can be mounted over /home/file: /home/file is a symbolic link or no directory", false},
		{"Directory /home/link mount", "nothing can be mounted over /home/link: /home/link is a symbolic link or no directory", false},
		{"Directory /home/mine mount", "nothing can be mounted over /home/mine: /home/mine belongs to uid 1000, not to root", false},
		{"Directory /home/open mount", "nothing can be mounted over /home/open: /home/open can be written by others and is not sticky", false},
	} {
		text := []string{"# a comment"}
		if !strings.Contains(c.line, "Directory /tmp mount") {
			text = append(text, "Directory /tmp mount")
		}
		text = append(text, c.line)
		rig.Configure(t, text...)
		at := rig.Conf + ":" + string(rune('0'+len(text))) + ": "
		if r := rig.Sh(t, "tmpshellctl check"); r.Status != 1 || !strings.Contains(r.Stdout, at+c.says) {
			t.Errorf("check of %s: status %d, %q; want %s%s", c.line, r.Status, r.Stdout, at, c.says)
		}
		rig.Sh(t, "cp /etc/tmpshell.conf /home/draft; chown alice /home/draft")
		if r := rig.Sh(t, "tmpshellctl check /home/draft"); r.Status != 1 || !strings.Contains(r.Stdout, c.says) {
			t.Errorf("check of a draft with %s: status %d, %q", c.line, r.Status, r.Stdout)
		}
		rig.Sh(t, "tmpshellctl setup; rmdir --ignore-fail-on-non-empty /home/missing")
		if c.line == "Directory /home/missing mount" {
			continue // setup has fixed it
		}
		r := alice.Login(t, `echo $TMPDIR; grep -c " /run/tmpshell/" /proc/self/mountinfo`)
		if !strings.HasPrefix(r.Stdout, "/tmp/.private") || !strings.HasSuffix(r.Stdout, "\n0\n") || r.Status != 1 {
			t.Errorf("login with %s: status %d, %q, %q; want method env, and nothing mounted", c.line, r.Status, r.Stdout, r.Stderr)
		}
		if !c.env {
			rig.Configure(t, append(text, "OnFailure deny")...)
			if r := alice.Login(t, "echo in"); r.Status != 125 || r.Stdout != "" || !strings.Contains(r.Stderr, "no private directory") {
				t.Errorf("login with %s and deny: status %d, %q, %q", c.line, r.Status, r.Stdout, r.Stderr)
			}
		}
	}
	rig.Configure(t, "Directory /tmp mount", "Directory /tmp/inner tmpfs size=1M")
	rig.Setup(t)
	if r := rig.Sh(t, "tmpshellctl check"); r.Status != 0 {
		t.Errorf("check of one inside another: %q", r.Stdout)
	}
	r := alice.Login(t, "echo $TMPDIR; stat -c '%u %a' /tmp /tmp/inner; touch /tmp/a /tmp/inner/b; ls /tmp /tmp/inner")
	if want := "/tmp\n0 1777\n1000 700\n/tmp:\na\ninner\n\n/tmp/inner:\nb\n"; r.Stdout != want || r.Stderr != "" {
		t.Errorf("one inside another: %q, %q; want %q", r.Stdout, r.Stderr, want)
	}
}

// TestMountNotToBeHad: the capabilities that mounting takes are not there.
func TestMountNotToBeHad(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "setpriv", "unshare")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	const plain = "exec setpriv --reuid 1000 --regid 1000 --clear-groups "
	for _, c := range []struct {
		name, prepare, run, why string
		setup                   bool
	}{
		{"no_new_privs", "", plain + "setpriv --no-new-privs ", "no_new_privs is set", false},
		{"a bounding set of nothing", "", plain + "--bounding-set -all ", "bounding set", false},
		{"a bounding set without sys_admin", "", plain + "--bounding-set -sys_admin ", "bounding set", false},
		{"lost by a copy", "cp " + rig.Mounter + " /usr/copy && mv /usr/copy " + rig.Mounter, plain, rig.Mounter + " does not have", true},
		{"a nosuid mount", "mount --bind /usr /usr && mount -o remount,bind,nosuid /usr", plain, "do nothing here", false},
	} {
		rig.Install(t, "Directory /tmp mount", "Directory /var/tmp mount variables=VARTMP")
		session := func(script string) rig.Result {
			return rig.Sh(t, `unshare -m bash -c "$1"`, c.prepare+"\n"+c.run+"/usr/bin/tmpshell -c '"+script+"'")
		}
		r := session("echo $TMPDIR $VARTMP; mktemp >/dev/null; mktemp -p $VARTMP >/dev/null; grep -c /tmpshell/shared /proc/self/mountinfo")
		words := strings.Fields(r.Stdout)
		if len(words) != 3 || !strings.HasPrefix(words[0], "/tmp/.private") || !strings.HasPrefix(words[1], "/var/tmp/.private") || words[2] != "0" || r.Stderr != "" {
			t.Errorf("%s: status %d, %q, %q; want method env", c.name, r.Status, r.Stdout, r.Stderr)
		}
		rig.Configure(t, "Directory /tmp mount", "OnFailure deny")
		rig.Setup(t) // nobody who logs in like this could compile it
		r = session("echo in")
		if r.Status != 125 || r.Stdout != "" || !strings.HasPrefix(r.Stderr, "tmpshell: no private directory in /tmp: ") || !strings.Contains(r.Stderr, c.why) {
			t.Errorf("%s, deny: status %d, %q, %q; want %q", c.name, r.Status, r.Stdout, r.Stderr, c.why)
		}
		if strings.Contains(r.Stderr, "tmpshellctl setup") != c.setup {
			t.Errorf("%s: the hint is wrong: %q", c.name, r.Stderr)
		}
	}
	rig.Install(t, "Directory /tmp mount")
	term := rig.Command{As: alice, Path: "/usr/bin/setpriv", Args: []string{"setpriv", "--no-new-privs", rig.Tmpshell, "-c", "echo $TMPDIR; exit 7"}}.OnTerminal(t)
	text, status := term.Wait()
	if lines := strings.Count(text, "\n"); lines != 2 || status != 7 || !strings.Contains(text, "tmpshell: no private directory in /tmp: "+rig.Mounter+" has capabilities that do nothing: no_new_privs is set") {
		t.Errorf("on a terminal: status %d, %q; want one line and the session", status, text)
	}
}
