package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestBeyond has what a session's variables and mounts do not reach, as the manual
// page says it under "Where a session ends": programs that lose TMPDIR, other
// identities, sandboxes with a /tmp of their own, and other machines. Each comes
// with what helps.
func TestBeyond(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sg", "newgrp", "ssh-agent", "bwrap", "newuidmap", "unshare", "setpriv")
	users := installMethods(t)
	var names []string
	for i, a := range users {
		names = append(names, a.Name)
		rig.Must(t, "sh", "-c", fmt.Sprintf("echo %s:%d:65536 | tee -a /etc/subuid >>/etc/subgid", a.Name, 100000*(i+1)))
	}
	rig.AddGroup(t, "lab", 3000, names...)
	sandbox := "bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp "
	another := "unshare --map-root-user --map-auto setpriv --reuid 1 --regid 1 --clear-groups "
	// made says where mktemp has made its file: in the session's directory, in
	// /tmp beside it, in the sandbox's, or nowhere.
	const private, shared, own, fails = "private", "/tmp", "the sandbox's", "fails"
	for _, c := range []struct {
		name, script string
		env, mounted string
	}{
		{"mktemp", "mktemp", private, private},
		{"sg", "sg lab mktemp", shared, private},
		{"sg, and tmpshell", "sg lab 'tmpshell -c mktemp'", private, private},
		{"newgrp", "echo mktemp | newgrp lab", shared, private},
		{"newgrp, SHELL", "echo mktemp | SHELL=/usr/bin/tmpshell newgrp lab", private, private},
		{"ssh-agent", "ssh-agent mktemp", shared, private},
		{"ssh-agent, beside", "eval $(ssh-agent) >/dev/null; trap 'kill $SSH_AGENT_PID' EXIT; mktemp", private, private},
		{"bwrap", sandbox + "mktemp", fails, own},
		{"bwrap --unsetenv", sandbox + "--unsetenv TMPDIR mktemp", own, own},
		{"subordinate id", another + "mktemp", fails, private},
		{"subordinate id, env -u", another + "env -u TMPDIR mktemp", shared, private},
		{"another machine", "TMPDIR=/tmp/.private/99 mktemp", fails, fails},
		{"another machine, tmpshell --exec", "TMPDIR=/tmp/.private/99 tmpshell --exec -- mktemp", private, private},
	} {
		for _, a := range users[1:] {
			t.Run(c.name+" "+a.Name, func(t *testing.T) {
				o := a.Open(t)
				defer o.Close()
				out, status := o.Do(c.script)
				out = strings.TrimSpace(out)
				got := fails
				if status == 0 {
					got = shared
					_, err := os.Lstat(fmt.Sprintf("/proc/%d/root/%s", o.PID(), out))
					switch {
					case err != nil:
						got = own
					case a.Name != "env" || strings.HasPrefix(out, a.Private()+"/"):
						got = private
					}
				}
				want := c.mounted
				if a.Name == "env" {
					want = c.env
				}
				if got != want {
					t.Errorf("%s: %s (%s, status %d); want %s", c.script, got, out, status, want)
				}
			})
		}
	}
}
