package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestShippedSnippets: the examples for programs that start sessions, as they are,
// each read by its program, for users with methods env and mount whose passwd shell
// is bash.
func TestShippedSnippets(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "su", "cron", "crontab", "tmux", "screen", "Xvfb", "xrdb", "ssh-agent")
	rig.Install(t, "Match User mount", "Directory /tmp mount share=.X11-unix/,.ICE-unix/")
	users := []*rig.Account{
		rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"}),
		rig.AddUser(t, rig.Account{Name: "mount", UID: 1001, Shell: "/bin/bash"}),
	}
	// What a program of the session finds. Outside, /tmp is not the user's own.
	rig.Write(t, "/tmp/shared", "", 0o644)
	rig.Write(t, "/usr/local/bin/look", `#!/bin/sh
d=$(dirname "$(mktemp)")
[ -e /tmp/shared ] || d="$d, mounted"
echo "$d $TMPDIR ${SSH_AUTH_SOCK:+agent}" >~/new && mv ~/new ~/seen
`, 0o755)
	want := map[string]string{
		"alice": "/tmp/.private/1000 /tmp/.private/1000",
		"mount": "/tmp, mounted /tmp",
	}
	seen := func(t *testing.T, a *rig.Account, also string) {
		t.Helper()
		until(t, a.Home+"/seen", func() bool { _, err := os.Stat(a.Home + "/seen"); return err == nil })
		if got := rig.Must(t, "cat", a.Home+"/seen"); got != want[a.Name]+" "+also+"\n" {
			t.Errorf("%s has %q; want %q", a.Name, got, want[a.Name]+" "+also)
		}
		rig.Must(t, "rm", a.Home+"/seen")
	}
	each := func(name string, f func(t *testing.T, a *rig.Account)) {
		for _, a := range users {
			t.Run(name+" "+a.Name, func(t *testing.T) { f(t, a) })
		}
	}

	t.Run("profile.d", func(t *testing.T) {
		rig.Write(t, "/etc/profile.d/tmpshell.sh", readSource(t, "etc/profile.d/tmpshell.sh"), 0o644)
		defer os.Remove("/etc/profile.d/tmpshell.sh")
		for _, shell := range []string{"/bin/bash", "/bin/dash"} {
			r := rig.Sh(t, "su -s "+shell+" - alice -c 'set -u; echo $TMPDIR'")
			if r.Stdout != users[0].Private()+"\n" || r.Stderr != "" {
				t.Errorf("%s: %q, %q; want %s", shell, r.Stdout, r.Stderr, users[0].Private())
			}
		}
		r := rig.Sh(t, "su - mount -c 'echo ${TMPDIR-unset}'")
		if r.Stdout != "unset\n" || r.Stderr != "tmpshellctl: /tmp is private only inside a session: its variables are left out here\n" {
			t.Errorf("method mount: %q, %q", r.Stdout, r.Stderr)
		}
		if r := rig.Sh(t, "su - root -c 'echo ${TMPDIR-unset}'"); r.Stdout != "unset\n" || r.Stderr != "" {
			t.Errorf("root: %q, %q", r.Stdout, r.Stderr)
		}
	})

	rig.Write(t, "/etc/X11/Xsession.d/60tmpshell", readSource(t, "etc/X11/Xsession.d/60tmpshell"), 0o644)
	runXvfb(t, ":86")
	each("Xsession", func(t *testing.T, a *rig.Account) {
		r := rig.Command{As: a, Path: "/bin/sh", Args: []string{"sh", "/etc/X11/Xsession", "look"}, Env: append(a.Env(), "DISPLAY=:86"), Dir: a.Home}.Run(t)
		if r.Status != 0 {
			t.Fatalf("Xsession: %d, %s%s", r.Status, r.Stdout, rig.Sh(t, "cat "+a.Home+"/.xsession-errors").Stdout)
		}
		seen(t, a, "agent")
	})

	each("crontab", func(t *testing.T, a *rig.Account) {
		byCron(func(t *testing.T, a *rig.Account, job string) {
			text := readSource(t, "etc/cron/crontab") + "@reboot /usr/local/bin/look; echo >" + a.Home + "/done\n"
			rig.Write(t, a.Home+"/crontab", text, 0o644)
			rig.Must(t, "crontab", "-u", a.Name, a.Home+"/crontab")
			t.Cleanup(func() { rig.Must(t, "crontab", "-r", "-u", a.Name) })
		})(t, a, "")
		seen(t, a, "")
		until(t, "the example's job", func() bool { _, err := os.Stat(a.Home + "/started"); return err == nil })
	})

	rig.Write(t, "/etc/tmux.conf", readSource(t, "etc/tmux/tmux.conf"), 0o644)
	each("tmux", func(t *testing.T, a *rig.Account) {
		// Started where there is no session of tmpshell's, and before the directory was removed.
		if r := program(a, "tmux", "new-session", "-d", "-x", "80", "-y", "24").Run(t); r.Status != 0 {
			t.Fatalf("tmux: %s", r.Stderr)
		}
		defer program(a, "tmux", "kill-server").Run(t)
		rig.Sh(t, "rm -rf "+users[0].Private())
		until(t, "window", func() bool { return program(a, "tmux", "new-window").Run(t).Status == 0 })
		until(t, "prompt", func() bool {
			return strings.HasSuffix(strings.TrimSpace(program(a, "tmux", "capture-pane", "-p").Run(t).Stdout), "$")
		})
		program(a, "tmux", "send-keys", "look", "Enter").Run(t)
		seen(t, a, "")
	})

	rig.Must(t, "install", "-d", "-m", "1777", "/run/screen") // as tmpfiles.d has it
	each("screen", func(t *testing.T, a *rig.Account) {
		screen(readSource(t, "etc/screen/screenrc"))(t, a, "look; exit")
		seen(t, a, "")
	})
}
