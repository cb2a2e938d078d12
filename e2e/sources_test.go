package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// TestPrivilegeSources has every source of capabilities in every situation that
// takes them away, with every kind of configuration: each gives a session, none
// an error at execve, and what the session has is told by a table.
func TestPrivilegeSources(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "setpriv", "unshare", "getcap")
	rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	configurations := []struct {
		name  string
		lines []string
	}{
		{"env", []string{""}},
		{"mount", []string{"Directory /tmp mount"}},
		{"tmpfs", []string{"Directory /tmp tmpfs"}},
		{"Ambient", []string{"Ambient cap_net_raw"}},
	}
	const user = "setpriv --reuid 1000 --regid 1000 --clear-groups "
	const given = "+sys_admin,+sys_chroot,+dac_read_search,+dac_override,+setuid,+setgid,+net_raw,+setpcap"
	sources := []struct{ name, prepare, run string }{
		{"file capabilities", "", user},
		{"the ambient set", "setcap -r /usr/libexec/tmpshell-session 2>/dev/null; setcap -r /usr/libexec/tmpshell-helper",
			user + "--inh-caps " + given + " --ambient-caps " + given + " "},
		{"root", "", ""},
	}
	situations := []struct{ name, prepare, run string }{
		{"nothing taken away", "", ""},
		{"a bounding set of nothing", "", "--bounding-set -all "},
		{"no_new_privs", "", "setpriv --no-new-privs "},
		{"a nosuid mount", "mount --bind /usr /usr && mount -o remount,bind,nosuid /usr", ""},
		{"a user namespace", "", "unshare -U --map-user=1000 --map-group=1000 "},
		{"a user namespace, as its root", "", "unshare -Ur "},
		{"lost by a copy", "for f in /usr/libexec/tmpshell-session /usr/libexec/tmpshell-helper; do cp $f $f.new && mv $f.new $f; done", ""},
		{"unpacked but not configured", "for f in /usr/libexec/tmpshell-session /usr/libexec/tmpshell-helper; do setcap -r $f; done 2>/dev/null", ""},
	}
	cells, sessions := 0, 0
	share := sample.Of(6)
	for _, c := range configurations {
		view.Tell(fmt.Sprintf("%-34s %-20s %-20s %-20s\n", "Directory or keyword: "+c.name, sources[0].name, sources[1].name, sources[2].name))
		for _, situation := range situations {
			row := fmt.Sprintf("  %-32s", situation.name)
			for _, s := range sources {
				if !share.Has(c.name, situation.name, s.name) {
					row += fmt.Sprintf(" %-20s", notChosen)
					continue
				}
				rig.Install(t, append([]string{"Exempt none"}, c.lines...)...)
				rig.Sh(t, "rm -rf /tmp/.private* /var/lib/tmpshell/*; rm -f /run/tmpshell/sessions/*")
				command := s.run + situation.run
				if strings.HasPrefix(situation.run, "--") && s.name != "file capabilities" {
					// Afterwards: what is not in it cannot be given.
					command = s.run + "setpriv " + situation.run
				}
				r := rig.Sh(t, `unshare -m bash -c "$1"`, s.prepare+"\n"+situation.prepare+"\nexec "+command+
					`/usr/bin/tmpshell -c 'echo "<$TMPDIR>"; grep CapAmb /proc/self/status; grep NoNewPrivs /proc/self/status; exit 7'`)
				cells++
				outcome := strings.Trim(strings.SplitN(r.Stdout, "\n", 2)[0], "<>")
				_, ambient, _ := strings.Cut(r.Stdout, "CapAmb:")
				set, _ := strconv.ParseUint(strings.Fields(ambient + " 0")[0], 16, 64)
				switch {
				case r.Status != 7 || !strings.HasPrefix(r.Stdout, "<"):
					t.Errorf("%s, %s, %s: no session: status %d, %q, %q", c.name, situation.name, s.name, r.Status, r.Stdout, r.Stderr)
					row += fmt.Sprintf(" %-20s", "NO SESSION")
					continue
				case outcome == "":
					outcome = "no variable"
				case outcome == "/tmp":
					outcome = "mounted"
				case strings.HasPrefix(outcome, "/tmp/.private/"):
					outcome = "env"
				case strings.HasPrefix(outcome, "/tmp/.private-"):
					outcome = "env, no privilege"
				}
				if c.name == "Ambient" {
					outcome = map[bool]string{true: "granted", false: "not granted"}[set&netRaw != 0]
				}
				sessions++
				row += fmt.Sprintf(" %-20s", outcome)
				if situation.run+situation.prepare == "" && s.name != "root" {
					want := map[string]string{"env": "env", "mount": "mounted", "tmpfs": "mounted", "Ambient": "granted"}[c.name]
					if outcome != want || r.Stderr != "" {
						t.Errorf("%s, from %s: %s, want %s; %q", c.name, s.name, outcome, want, r.Stderr)
					}
				}
			}
			view.Tell(row + "\n")
		}
	}
	view.Tell(fmt.Sprintf("capabilities: %d ways to start, %d sessions, %d refused at execve or otherwise; %v\n", cells, sessions, cells-sessions, share))
}
