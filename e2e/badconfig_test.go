package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestBadConfiguration: whatever the file is, the login goes by the last good
// configuration, the log says why, and `tmpshellctl check` says where.
func TestBadConfiguration(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	log := rig.ListenSyslog(t)
	const off = "Directory /tmp off\n" // would show, if the file counted
	write := func(text string) func(t *testing.T) {
		return func(t *testing.T) { rig.Write(t, rig.Conf, text, 0o644) }
	}
	for _, c := range []struct {
		name, want string
		make       func(t *testing.T)
	}{
		{"unknown keyword", rig.Conf + ":2: unknown keyword Frobnicate", write(off + "Frobnicate yes\n")},
		{"bad method", rig.Conf + ":1: the method is env, mount, tmpfs or off", write("Directory /tmp chroot\n")},
		{"quote", rig.Conf + ":3: a double quote is not closed", write(off + "\nSetEnv \"A=b\n")},
		{"garbage", rig.Conf + ":1: ", write("\x7fELF\x00\x01\x02" + strings.Repeat("\xff\x00\n", 1000))},
		{"large", rig.Conf + ": larger than 1 MiB", write(off + strings.Repeat("# x\n", 3<<20))},
		{"included file", "/etc/tmpshell.d/a.conf:1: unknown keyword", func(t *testing.T) {
			rig.Write(t, "/etc/tmpshell.d/a.conf", "Nonsense\n", 0o644)
			rig.Write(t, rig.Conf, off+"Include tmpshell.d/*.conf\n", 0o644)
		}},
		{"unsafe included file", rig.Conf + ":2: /etc/tmpshell.d/a.conf: writable by group", func(t *testing.T) {
			rig.Write(t, "/etc/tmpshell.d/a.conf", "", 0o664)
			rig.Write(t, rig.Conf, off+"Include tmpshell.d/*.conf\n", 0o644)
		}},
		{"writable", rig.Conf + ": writable by group or others", func(t *testing.T) { rig.Write(t, rig.Conf, off, 0o666) }},
		{"owner", rig.Conf + ": not owned by root", func(t *testing.T) {
			rig.Write(t, rig.Conf, off, 0o644)
			rig.Must(t, "chown", "alice", rig.Conf)
		}},
		{"fifo", rig.Conf + ": not a regular file", func(t *testing.T) {
			rig.Must(t, "rm", "-f", rig.Conf)
			rig.Must(t, "mkfifo", rig.Conf)
		}},
		{"directory", rig.Conf + ": not a regular file", func(t *testing.T) {
			rig.Must(t, "rm", "-f", rig.Conf)
			rig.Must(t, "mkdir", rig.Conf)
		}},
		{"link to itself", rig.Conf + ": too many levels", func(t *testing.T) {
			rig.Must(t, "rm", "-rf", rig.Conf)
			rig.Must(t, "ln", "-s", rig.Conf, rig.Conf)
		}},
		{"link to nothing", rig.Conf + ": a symbolic link to something that does not exist", func(t *testing.T) {
			rig.Must(t, "rm", "-rf", rig.Conf)
			rig.Must(t, "ln", "-s", "/srv/nothing", rig.Conf)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.make(t)
			defer os.RemoveAll(rig.Conf)
			log.Forget()
			r := alice.Login(t, "echo $TMPDIR")
			if r.Stdout != "/tmp/.private/1000\n" || r.Stderr != "" || r.Status != 0 {
				t.Errorf("login printed %q, %q, status %d", r.Stdout, r.Stderr, r.Status)
			}
			log.Expect(t, c.want, "last good one stays in force")
			check := rig.Sh(t, "tmpshellctl check")
			if check.Status != 1 || !strings.HasPrefix(check.Stdout, c.want) {
				t.Errorf("tmpshellctl check: status %d, %q; want 1 and %q", check.Status, check.Stdout, c.want)
			}
		})
	}
}

// TestCheckInEffect: what a later version will do is accepted, and named.
func TestCheckInEffect(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t,
		"Directory /var/tmp mount per=session")
	r := rig.Sh(t, "tmpshellctl check")
	if r.Status != 0 {
		t.Errorf("tmpshellctl check: status %d, %s%s", r.Status, r.Stdout, r.Stderr)
	}
	for line, what := range []string{"per=session"} {
		want := rig.Conf + ":" + string(rune('1'+line)) + ": notice: " + what + " is not in effect yet"
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("no line begins with %q in:\n%s", want, r.Stdout)
		}
	}
}
