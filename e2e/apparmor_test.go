//go:build guest

package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestAppArmor: sessions that stay in a profile with the rules of etc/apparmor/tmpshell
// have their directories, with each method, and nothing is denied. Without one of the
// rules the session has a fallback, and the message names the profile.
func TestAppArmor(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "apparmor_parser", "aa-exec")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile(root + "/etc/apparmor/tmpshell")
	if err != nil {
		t.Fatal(err)
	}
	rig.Install(t, "Match User bob", "Directory /tmp mount share=.meet/", "Match User carol", "Directory /tmp tmpfs size=1M")
	users := []*rig.Account{
		rig.AddUser(t, rig.Account{Name: "alice", UID: 1000}),
		rig.AddUser(t, rig.Account{Name: "bob", UID: 1001}),
		rig.AddUser(t, rig.Account{Name: "carol", UID: 1002}),
	}
	log := rig.ListenSyslog(t)
	rig.Must(t, "mount", "-t", "securityfs", "none", "/sys/kernel/security")
	// What sshd's profile would have besides: shells, their libraries, the user's home.
	const others = `
  /{usr/,}bin/{bash,cat,mktemp} rix,
  /{usr/,}lib{,64}/** mr,
  /etc/** r,
  /dev/** rw,
  /home/** rw,
  /proc/** r,
  /usr/share/** r,
  unix,
  network,
  signal,
`
	for _, c := range []struct {
		name, flags, without string
		fallback             string // whose session has one
	}{
		{name: "all-rules", flags: "attach_disconnected"},
		{name: "no-sys-admin", flags: "attach_disconnected", without: "capability sys_admin,", fallback: "bob carol"},
		{name: "no-mount", flags: "attach_disconnected", without: "  mount,", fallback: "bob carol"},
		{name: "no-setuid", flags: "attach_disconnected", without: "capability setuid,", fallback: "alice bob"}, // carol needs no helper
		{name: "no-attach-disconnected", fallback: "bob carol"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(string(rules), c.without, "", 1)
			if c.without != "" && text == string(rules) {
				t.Fatalf("etc/apparmor/tmpshell has no %q", c.without)
			}
			flags := ""
			if c.flags != "" {
				flags = " flags=(" + c.flags + ")"
			}
			rig.Write(t, "/etc/apparmor.d/abstractions/tmpshell", text, 0o644)
			rig.Write(t, "/run/profile", "include <tunables/global>\nprofile "+c.name+flags+" {\n  include <abstractions/tmpshell>\n"+others+"}\n", 0o644)
			rig.Must(t, "apparmor_parser", "-K", "-r", "/run/profile")
			defer rig.Must(t, "apparmor_parser", "-R", "/run/profile")
			cleaned(t, cleanNow(t), 0)
			rig.Must(t, "dmesg", "-C")
			for _, a := range users {
				log.Forget()
				r := rig.Command{As: a, Path: "/usr/bin/aa-exec", Args: []string{"aa-exec", "-p", c.name, "--",
					rig.Tmpshell, "-c", "cat /proc/self/attr/current; echo $TMPDIR; echo ok >$(mktemp)"}}.Run(t)
				want := "/tmp"
				if a.Name == "alice" {
					want = a.Private()
				}
				if strings.Contains(c.fallback, a.Name) {
					want = "/tmp/.private"
					log.Expect(t, "no private directory in /tmp", "the AppArmor profile "+c.name+" may forbid it")
				}
				confined, dir, _ := strings.Cut(r.Stdout, "\n")
				dir = strings.TrimSuffix(dir, "\n")
				if confined != c.name+" (enforce)" || r.Stderr != "" || dir != want && (want != "/tmp/.private" || !strings.HasPrefix(dir, want)) {
					t.Errorf("%s: status %d, %q, %q; want %s", a.Name, r.Status, r.Stdout, r.Stderr, want)
				}
			}
			if denied := rig.Sh(t, "dmesg | grep -o 'apparmor=\"DENIED\".*'").Stdout; c.fallback == "" && denied != "" {
				t.Errorf("denied: %s", denied)
			}
		})
	}
}
