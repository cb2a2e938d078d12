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

const sets = "grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | tr -d '\\n\\t'"

// setsOf is what the script of that name prints.
func setsOf(inheritable, held uint64) string {
	return fmt.Sprintf("CapInh:%016xCapPrm:%016[2]xCapEff:%016[2]xCapAmb:%016[2]x", inheritable, held)
}

const (
	netBind = 1 << 10
	netRaw  = 1 << 13
)

// TestAmbient: programs that need a capability have it from the session, with
// no setuid bit and no capability of their own.
func TestAmbient(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "ping", "python3", "sudo", "getcap")
	rig.Install(t, "Match User alice", "Ambient cap_net_raw cap_net_bind_service", "NoNewPrivileges yes",
		"Match Group pingers", "Ambient cap_net_raw", "Match User dave", "Ambient none")
	rig.AddGroup(t, "pingers", 2000, "carol", "dave")
	account := func(name string, uid uint32, groups ...uint32) *rig.Account {
		return rig.AddUser(t, rig.Account{Name: name, UID: uid, Groups: groups})
	}
	alice, bob, carol, dave := account("alice", 1000), account("bob", 1001), account("carol", 1002, 2000), account("dave", 1003, 2000)
	rig.Write(t, "/etc/sudoers.d/e2e", "ALL ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	rig.Sh(t, `for p in ping python3; do f=$(readlink -f $(command -v $p)); setcap -r $f; chmod u-s $f; done; echo 1 0 >/proc/sys/net/ipv4/ping_group_range; echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start; ip link set lo up`)
	if got := rig.Must(t, "getcap", rig.Tmpshell, rig.Mounter); got != rig.Mounter+" cap_net_bind_service,cap_net_raw=p\n" {
		t.Errorf("setup gave %q; want what is granted, and the launcher none", got)
	}
	const ping, web = "ping -n -c 1 -W 2 127.0.0.1 >/dev/null", `(cd /usr/share/doc/base-files && exec python3 -m http.server 80 --bind 127.0.0.1 >/dev/null 2>&1) & server=$!
		while :; do
			python3 -c 'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1/copyright").status)' 2>/dev/null && break
			kill -0 $server 2>/dev/null || break
			sleep 0.1
		done; kill $server 2>/dev/null; wait`
	for _, c := range []struct {
		a              *rig.Account
		inh, held      uint64
		ping, web, nnp bool
	}{
		{alice, netRaw | netBind, netRaw | netBind, true, true, true},
		{bob, 0, 0, false, false, false},
		{carol, netRaw, netRaw, true, false, false},
		{dave, netRaw, netRaw, true, false, false}, // the first block that sets it counts
	} {
		if c.a == dave {
			rig.Configure(t, "Match User dave", "Ambient none", "Match Group pingers", "Ambient cap_net_raw")
			c.inh, c.held, c.ping = 0, 0, false
		}
		if r := c.a.Login(t, sets); r.Stdout != setsOf(c.inh, c.held) || r.Stderr != "" {
			t.Errorf("%s: %q, %q; want %q", c.a.Name, r.Stdout, r.Stderr, setsOf(c.inh, c.held))
		}
		if r := c.a.Login(t, ping); (r.Status == 0) != c.ping {
			t.Errorf("%s: ping: status %d, %q; want it to work: %v", c.a.Name, r.Status, r.Stderr, c.ping)
		}
		if r := c.a.Login(t, web); (r.Stdout == "200\n") != c.web {
			t.Errorf("%s: port 80: %q; want it to work: %v", c.a.Name, r.Stdout, c.web)
		}
		r := c.a.Login(t, "sudo id -u")
		if refused := strings.Contains(r.Stderr, "no new privileges"); refused != c.nnp || (r.Stdout == "0\n") == c.nnp {
			t.Errorf("%s: sudo: %q, %q; want no_new_privs: %v", c.a.Name, r.Stdout, r.Stderr, c.nnp)
		}
	}
	// With no_new_privs, and a directory that is there, all goes on working inside.
	rig.Configure(t, "Ambient cap_net_raw", "NoNewPrivileges yes")
	if r := alice.Login(t, "/usr/bin/tmpshell -c '"+ping+" && echo $TMPDIR'"); r.Stdout != alice.Private()+"\n" || r.Stderr != "" {
		t.Errorf("a session in a session with no_new_privs: %q, %q", r.Stdout, r.Stderr)
	}
	// Sessions that are left alone.
	rig.Configure(t, "Exempt alice", "Ambient cap_net_raw", "NoNewPrivileges yes")
	if r := alice.Login(t, sets+"; grep -o NoNewPrivs.*0 /proc/self/status"); r.Stdout != setsOf(0, 0)+"NoNewPrivs:\t0\n" {
		t.Errorf("an exempt session has %q", r.Stdout)
	}
}

// TestAmbientSources: the grants of others stay where the kernel lets them, and
// where tmpshell cannot grant there is a session without, and one line.
func TestAmbientSources(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "setpriv", "getcap", "capsh")
	rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	const as = "exec setpriv --reuid 1000 --regid 1000 --clear-groups "
	const given = as + "--inh-caps +net_bind_service --ambient-caps +net_bind_service "
	const granting = "Ambient cap_net_raw"
	for _, c := range []struct {
		name, conf, prepare, run string
		inh, held                uint64
		why                      string
	}{
		{"no grant, the caller's are kept", "", "", given, netBind, netBind, ""},
		{"with a grant, the caller's ambient set is gone at exec", granting, "", given, netBind | netRaw, netRaw, ""},
		{"a grant that the caller has given", granting, "setcap -r " + rig.Mounter, as + "--inh-caps +net_raw --ambient-caps +net_raw ", netRaw, netRaw, ""},
		{"both, from the caller", granting, "setcap -r " + rig.Mounter,
			as + "--inh-caps +net_raw,+net_bind_service --ambient-caps +net_raw,+net_bind_service ", netRaw | netBind, netRaw | netBind, ""},
		{"a bounding set of nothing", granting, "", as + "--bounding-set -all ", 0, 0, "bounding set"},
		{"no_new_privs", granting, "", as + "setpriv --no-new-privs ", 0, 0, "no_new_privs is set"},
		{"lost by a copy", granting, "cp " + rig.Mounter + " /usr/copy; mv /usr/copy " + rig.Mounter, as, 0, 0, "does not have the capabilities"},
		{"a nosuid mount", granting, "mount --bind /usr /usr; mount -o remount,bind,nosuid /usr", as, 0, 0, "do nothing here"},
		{"a securebit", granting, "", "exec capsh --secbits=64 --shell=/usr/bin/setpriv -- --reuid 1000 --regid 1000 --clear-groups ", 0, 0, "operation not permitted"},
		{"unpacked but not configured", granting, "setcap -r " + rig.Mounter + "; setcap -r " + rig.Helper, as, 0, 0, "does not have the capabilities"},
		{"a user namespace", granting, "", as + "unshare -U --map-user=1000 --map-group=1000 ", 0, 0, "-"},
	} {
		rig.Install(t, c.conf)
		run := func(script string) rig.Command {
			return rig.Command{Path: "/usr/bin/unshare", Env: os.Environ(), Args: []string{"unshare", "-m", "bash", "-c", c.prepare + "\n" + c.run + "/usr/bin/tmpshell -c '" + strings.ReplaceAll(script, "'", `'\''`) + "'"}}
		}
		r := run(sets).Run(t)
		if r.Stdout != setsOf(c.inh, c.held) || r.Stderr != "" || r.Status != 0 {
			t.Errorf("%s: status %d, %q, %q; want %q", c.name, r.Status, r.Stdout, r.Stderr, setsOf(c.inh, c.held))
		}
		text, status := run("exit 7").OnTerminal(t).Wait()
		said := strings.Contains(text, "tmpshell: cannot grant cap_net_raw: ") && strings.Contains(text, c.why)
		if said != (c.why != "" && c.why != "-") || status != 7 {
			t.Errorf("%s, on a terminal: status %d, %q; want it to say %q", c.name, status, text, c.why)
		}
	}
}

// TestAmbientPAM: what pam_cap grants with the real su reaches the session as
// long as tmpshell has no capabilities of its own.
func TestAmbientPAM(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "su")
	if found, _ := filepath.Glob("/lib/*/security/pam_cap.so"); found == nil {
		view.Missing(t, "pam_cap.so: run e2e/packages.sh")
	}
	rig.Write(t, "/etc/security/capability.conf", "^cap_net_raw alice\nnone *\n", 0o644)
	rig.Write(t, "/etc/pam.d/su", "auth optional pam_cap.so keepcaps defer\nauth required pam_permit.so\n"+
		"account required pam_permit.so\nsession required pam_permit.so\n", 0o644)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	for _, c := range []struct {
		shell, conf string
		inh, held   uint64
	}{
		{"/bin/bash", "", netRaw, netRaw},
		{rig.Tmpshell, "", netRaw, netRaw},
		{rig.Tmpshell, "Ambient cap_net_bind_service", netRaw | netBind, netBind},
		{rig.Tmpshell, "Ambient cap_net_raw", netRaw, netRaw},
	} {
		rig.Install(t, c.conf)
		alice.SetShell(t, c.shell)
		if r := rig.Sh(t, `su alice -c "$1"`, sets); r.Stdout != setsOf(c.inh, c.held) || r.Stderr != "" {
			t.Errorf("%s with %q: %q, %q; want %q", c.shell, c.conf, r.Stdout, r.Stderr, setsOf(c.inh, c.held))
		}
	}
}

// TestAmbientCheck: names that are none.
func TestAmbientCheck(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.Configure(t, "Ambient cap_net_raw", "Match User alice", "Ambient cap_net_row")
	if r := rig.Sh(t, "tmpshellctl check"); r.Status != 1 || !strings.HasPrefix(r.Stdout, rig.Conf+`:3: "cap_net_row" is no capability`) {
		t.Errorf("check: status %d, %q", r.Status, r.Stdout)
	}
}
