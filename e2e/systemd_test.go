package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// booted is what the subtests of TestSystemd share.
type booted struct {
	*rig.Booted
	env, mount, tmpfs, supervised *rig.Account
}

// bootedConf has a user for each method.
var bootedConf = []string{"Match User supervised", "Supervise yes", "Match User mount*", "Directory /tmp mount share=.X11-unix/", "Match User tmpfs", "Directory /tmp tmpfs size=16M"}

// TestSystemd boots systemd, with what tmpshell ships for it and says of it, twice.
func TestSystemd(t *testing.T) {
	if !view.EnterWithCgroup(t) {
		return
	}
	rig.Unpack(t, "systemd")
	// What its postinst has pam-auth-update do.
	rig.Must(t, "sh", "-ec", "grep -q pam_systemd /etc/pam.d/common-session || echo 'session optional pam_systemd.so' >>/etc/pam.d/common-session")
	rig.Install(t, bootedConf...)
	m := booted{
		env: rig.AddUser(t, rig.Account{Name: "env", UID: 1000}), mount: rig.AddUser(t, rig.Account{Name: "mount", UID: 1001}),
		tmpfs: rig.AddUser(t, rig.Account{Name: "tmpfs", UID: 1002}), supervised: rig.AddUser(t, rig.Account{Name: "supervised", UID: 1003}),
	}
	shipUnits(t)
	rig.ConfigureSSHD(t, "/etc/ssh/sshd_config.d/e2e.conf", "UsePAM yes")
	rig.Write(t, "/etc/systemd/logind.conf.d/e2e.conf", "[Login]\nUserStopDelaySec=0\n", 0o644)
	m.Booted = rig.Boot(t, "ssh.service", "tmpshell-boot.service", "tmpshell-clean.timer")
	var told strings.Builder
	fmt.Fprintf(&told, "%s, booted in a view\n", strings.SplitN(rig.Must(t, "systemctl", "--version"), "\n", 2)[0])
	for _, c := range []struct {
		name string
		try  func(*testing.T, booted)
	}{
		{"boot", bootedBases},
		{"ssh, logind, systemd --user: env", func(t *testing.T, m booted) { bootedSession(t, m, m.env) }},
		{"ssh, logind, systemd --user: mount", func(t *testing.T, m booted) { bootedSession(t, m, m.mount) }},
		{"ssh, logind, systemd --user: tmpfs", func(t *testing.T, m booted) { bootedSession(t, m, m.tmpfs) }},
		{"Supervise yes, with logind", bootedSupervise},
		{"callers, compared with the shell itself", bootedCallers},
		{"a runtime directory is logind's alone", bootedRuntime},
		{"fields of the journal", bootedJournal},
		{"sessions in the journal, for Prometheus", bootedMetrics},
		{"tmpshellctl env as an EnvironmentFile", bootedEnvironmentFile},
		{"systemd-tmpfiles, 15 days later", bootedAgeing},
		{"tmpshell-clean.timer and its service", bootedClean},
		{"tmpshell-accounts.path and its service", bootedAccounts},
		{"the second boot", bootedAgain},
	} {
		verdict := "right"
		if !t.Run(c.name, func(t *testing.T) { c.try(t, m) }) {
			verdict = "wrong"
		}
		fmt.Fprintf(&told, "  %-44s %s\n", c.name, verdict)
	}
	view.Tell(told.String())
}

// shipUnits puts what is in etc/ where make install and the comments there say.
func shipUnits(t *testing.T) {
	t.Helper()
	for from, to := range map[string]string{
		"tmpfiles.d/tmpshell.conf":                          "/usr/lib/tmpfiles.d/tmpshell.conf",
		"systemd/system/tmpshell-boot.service":              "/usr/lib/systemd/system/tmpshell-boot.service",
		"systemd/system/tmpshell-clean.service":             "/usr/lib/systemd/system/tmpshell-clean.service",
		"systemd/system/tmpshell-clean.timer":               "/usr/lib/systemd/system/tmpshell-clean.timer",
		"systemd/system/tmpshell-accounts.path":             "/usr/lib/systemd/system/tmpshell-accounts.path",
		"systemd/system/tmpshell-accounts.service":          "/usr/lib/systemd/system/tmpshell-accounts.service",
		"systemd/system/tmpshell-.service.d/hardening.conf": "/usr/lib/systemd/system/tmpshell-.service.d/hardening.conf",
		"systemd/user@.service.d/tmpshell.conf":             "/etc/systemd/system/user@.service.d/tmpshell.conf",

		"systemd/system/user-runtime-dir@.service.d/tmpshell.conf": "/usr/lib/systemd/system/user-runtime-dir@.service.d/tmpshell.conf",
		"systemd/user-environment-generators/50-tmpshell":          "/etc/systemd/user-environment-generators/50-tmpshell",
	} {
		mode := os.FileMode(0o644)
		if strings.Contains(from, "generators") {
			mode = 0o755
		}
		rig.Write(t, to, readSource(t, "etc/"+from), mode)
	}
	// What tmpshellctl(8) says of a container with a systemd of its own, which this is.
	for unit, verb := range map[string]string{"boot": "clean --boot", "clean": "clean --grace 0", "accounts": "clean --orphans"} {
		rig.Write(t, "/etc/systemd/system/tmpshell-"+unit+".service.d/override.conf",
			"[Service]\nExecStart=\nExecStart=/usr/bin/tmpshellctl "+verb+" --contained\n", 0o644)
	}
	rig.Write(t, "/etc/systemd/system/user-runtime-dir@.service.d/override.conf",
		"[Service]\nExecStopPost=\nExecStopPost=-/usr/bin/tmpshellctl purge --supervised %i --contained\n", 0o644)
}

// bootedBases: what users may take the names of is there before them, and nothing
// has anything to say.
func bootedBases(t *testing.T, m booted) {
	r := m.Sh("stat -c '%n %U %a' /tmp/.private /run/tmpshell /run/tmpshell/sessions /run/tmpshell/shared /var/lib/tmpshell; systemctl --failed --quiet")
	want := "/tmp/.private root 711\n/run/tmpshell root 755\n/run/tmpshell/sessions root 700\n/run/tmpshell/shared root 755\n/var/lib/tmpshell root 700\n"
	if r.Stdout+r.Stderr != want {
		t.Errorf("after the boot: %s%s; want %s", r.Stdout, r.Stderr, want)
	}
	if r := m.Sh("journalctl -q -b -t systemd-tmpfiles -t tmpshellctl -p warning"); r.Stdout != "" {
		t.Errorf("the boot's programs say %s", r.Stdout)
	}
	// The kernel's settings are those of the machine that the tests run on.
	if r := m.Sh("tmpshellctl doctor --ignore sysctl"); r.Status != 0 {
		t.Errorf("doctor: %d, %s", r.Status, r.Stdout)
	}
}

// bootedSession: a session of sshd's with PAM is logind's, and the services of the
// user's manager are where the session is.
func bootedSession(t *testing.T, m booted, a *rig.Account) {
	c := rig.SSH(a)
	c.Args = append(c.Args, "exec bash")
	o := c.Open(t)
	do := func(script string) string {
		t.Helper()
		out, status := o.Do(script)
		if status != 0 {
			t.Errorf("%s: status %d, %s", script, status, out)
		}
		return strings.TrimSpace(out)
	}
	dir := a.Private()
	if a != m.env {
		dir = "/tmp"
	}
	uid := strconv.Itoa(int(a.UID))
	for script, want := range map[string]string{
		"echo $TMPDIR":                   dir,
		"stat -f -c %T $XDG_RUNTIME_DIR": "tmpfs",
		"echo $XDG_RUNTIME_DIR":          "/run/user/" + uid,
		"loginctl show-session $XDG_SESSION_ID -P Name -P Service -P State -P Class":                 a.Name + "\nsshd\nuser\nactive",
		"grep -c /user.slice/user-" + uid + ".slice/session-$XDG_SESSION_ID.scope /proc/self/cgroup": "1",
		"systemctl --user is-system-running --wait":                                                  "running",
		"systemctl --user show-environment | sed -n s/^TMPDIR=//p":                                   dir,
		"systemd-run --user -q --wait --pipe --collect sh -c 'echo $TMPDIR'":                         dir,
	} {
		if got := do(script); got != want {
			t.Errorf("%s: %q; want %q", script, got, want)
		}
	}
	seen := do(`f=$(mktemp); systemd-run --user -q --wait --pipe --collect sh -c '[ -e "$1" ] && echo seen || echo hidden' sh $f`)
	if want := map[bool]string{true: "hidden", false: "seen"}[a == m.tmpfs]; seen != want {
		t.Errorf("a file of the session is %s by a service; want %s", seen, want)
	}
	// With mount and tmpfs it is not in the shared directory.
	if left := m.Sh("ls /tmp").Stdout; strings.Contains(left, "tmp.") {
		t.Errorf("in /tmp there is %s", left)
	}
	o.Close()
	m.Await(t, `loginctl list-users --no-legend; pgrep -au $1; ls -d /run/user/$1 2>/dev/null`, "", uid)
}

// bootedSupervise: XDG_RUNTIME_DIR is logind's, and the private directory goes with it,
// when the user's manager has ended.
func bootedSupervise(t *testing.T, m booted) {
	a := m.supervised
	open := func() *rig.Open {
		c := rig.SSH(a)
		c.Args = append(c.Args, "exec bash")
		return c.Open(t)
	}
	first, second := open(), open()
	first.Do("touch $TMPDIR/f")
	first.Close()
	m.Await(t, "loginctl list-sessions --no-legend | grep -c supervised", "1\n")
	out, _ := second.Do("echo $TMPDIR $XDG_RUNTIME_DIR; stat -f -c %T $XDG_RUNTIME_DIR; ls $TMPDIR; systemctl --user is-system-running --wait")
	if want := a.Private() + " /run/user/1003\ntmpfs\nf\nrunning\n"; out != want {
		t.Errorf("in the session that is left: %q; want %q", out, want)
	}
	second.Close()
	m.Await(t, `loginctl list-users --no-legend | grep 1003; pgrep -au 1003; ls -d /run/user/1003 /tmp/.private/1003 2>/dev/null`, "")
	// A user without Supervise yes keeps theirs.
	if r := ssh(t, m.env, "", "touch $TMPDIR/f"); r.Status != 0 {
		t.Errorf("%+v", r)
	}
	m.Await(t, `pgrep -au 1000; ls -d /run/user/1000 2>/dev/null`, "")
	if !exists(m.env.Private() + "/f") {
		t.Errorf("%s has gone, without Supervise yes", m.env.Private())
	}
}

// bootedCallers has programs of systemd's start each shell.
func bootedCallers(t *testing.T, m booted) {
	rig.Must(t, "rm", "-rf", "/etc/update-motd.d")
	at := func(words ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			m.Sh("loginctl enable-linger $1", a.Name) // one manager for all sessions
			rig.Write(t, a.Home+"/.hushlogin", "", 0o644)
			r := atPrompt(t, a, m.Command(fill(a, script, words)...), script)
			r.Status = exitStatus // not all of them pass it on
			return r
		}
	}
	with := func(words ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			m.Sh("loginctl enable-linger $1; systemctl start user@$(id -u $1)", a.Name)
			return m.Command(fill(a, script, words)...).Run(t)
		}
	}
	over := func(words ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			m.Sh("loginctl enable-linger $1", a.Name)
			return over(nil, words...)(t, a, script)
		}
	}
	matrixIn(t, "under systemd", []caller{
		{name: "sshd, PAM, logind", login: over("{script}")},
		{name: "machinectl shell", login: at("machinectl", "-q", "shell", "{user}@")},
		{name: "su -", login: at("su", "-", "{user}")},
		{name: "login -f", login: at("login", "-f", "{user}")},
		{name: "systemd-run --uid --shell", login: at("env", "SHELL={shell}", "systemd-run", "-q", "--collect", "--uid={user}", "--shell")},
		{name: "systemd-run --uid --pipe, PAM", login: with("systemd-run", "-q", "--collect", "--wait", "--pipe", "--uid={user}", "-pPAMName=su-l", "{shell}", "-c", "{script}")},
		{name: "systemd-run --user, from outside", login: with("systemd-run", "-q", "--collect", "--wait", "--pipe", "--user", "-M", "{user}@", "{shell}", "-c", "{script}")},
	})
}

// matrixIn is matrix where tmpshell is installed, and with few cells: a boot is as
// good as another view.
func matrixIn(t *testing.T, title string, callers []caller) {
	t.Helper()
	for i := range callers {
		callers[i].varies = append(callers[i].varies, "XDG_SESSION_ID", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID")
		callers[i].unordered, callers[i].mounts = true, true
	}
	matrix(t, title, callers)
}

// bootedRuntime: nobody without a session gets space on /run.
func bootedRuntime(t *testing.T, m booted) {
	r := m.Sh(`setpriv --reuid 33 --regid 33 --clear-groups env -i PATH=$PATH tmpshell --exec -- sh -c 'echo "$TMPDIR ${XDG_RUNTIME_DIR-unset}"'; ls /run/user`)
	if !strings.HasPrefix(r.Stdout, "/tmp/.private/33 ") || strings.Contains(r.Stdout, "/run/user") || strings.Contains(r.Stdout, "\n33\n") {
		t.Errorf("%q %q; want no directory in /run/user", r.Stdout, r.Stderr)
	}
}

// bootedJournal: the command that README has for the log finds the line, with the
// fields of syslog(3). (_EXE is what the process is when journald looks: by then it
// may be the shell.)
func bootedJournal(t *testing.T, m booted) {
	rig.Configure(t, "Directory /run/theirs env variables=MINE")
	m.Sh("mkdir /run/theirs; chown 1002 /run/theirs")
	defer func() { rig.Configure(t, bootedConf...); m.Sh("rmdir /run/theirs; tmpshellctl setup") }()
	m.Command("setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "env", "-i", "tmpshell", "-c", "exit").Run(t)
	m.Sh("journalctl --sync")
	lines := m.Sh("journalctl -q -b -t tmpshell -g '^(denied|fallback)' -o json").Stdout
	var all map[string]any
	first, _, _ := strings.Cut(lines, "\n")
	if err := json.Unmarshal([]byte(first), &all); err != nil {
		t.Fatal(err, lines)
	}
	got := map[string]any{}
	for _, name := range []string{"SYSLOG_IDENTIFIER", "PRIORITY", "SYSLOG_FACILITY", "_UID", "_TRANSPORT"} {
		got[name] = all[name]
	}
	want := map[string]any{"SYSLOG_IDENTIFIER": "tmpshell", "PRIORITY": "4", "SYSLOG_FACILITY": "10", "_UID": "1000", "_TRANSPORT": "syslog"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the journal (-want +got):\n%s", diff)
	}
	if text, _ := all["MESSAGE"].(string); !strings.HasPrefix(text, "fallback uid=1000 user=env: no private directory in /run/theirs: ") {
		t.Errorf("the message is %q", text)
	}
	if all["SYSLOG_PID"] != all["_PID"] {
		t.Errorf("SYSLOG_PID %v, _PID %v; want the same", all["SYSLOG_PID"], all["_PID"])
	}
}

// bootedAgeing: files of method env go, their directory stays, and what method mount
// has is nobody's but tmpshellctl's.
func bootedAgeing(t *testing.T, m booted) {
	kept := map[*rig.Account]string{m.env: m.env.Private(), m.mount: "/var/lib/tmpshell/1001/tmp"}
	for a := range kept {
		if r := ssh(t, a, "", "touch $TMPDIR/old; ls -A $TMPDIR | grep -c old"); r.Stdout != "1\n" {
			t.Fatalf("%+v", r)
		}
	}
	// The service's own command.
	r := m.Sh("LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1) FAKETIME=+15d systemd-tmpfiles --clean")
	if r.Status != 0 || r.Stdout+r.Stderr != "" {
		t.Errorf("systemd-tmpfiles --clean: %+v", r)
	}
	for a, dir := range kept {
		_, err := os.Stat(dir + "/old")
		if gone := err != nil; gone != (a == m.env) {
			t.Errorf("%s: the file is gone: %v", a.Name, gone)
		}
	}
	rig.CheckPrivate(t, m.env)
	if r := ssh(t, m.mount, "", "ls -A /tmp"); !strings.Contains(r.Stdout, ".X11-unix\n") {
		t.Errorf("in the instance there are %q", r.Stdout)
	}
}

// bootedClean: the timer has the service run, which removes what nobody uses, and
// nothing else.
func bootedClean(t *testing.T, m booted) {
	next := m.Sh(`set -- $(busctl get-property org.freedesktop.systemd1 /org/freedesktop/systemd1/unit/tmpshell_2dclean_2etimer org.freedesktop.systemd1.Timer NextElapseUSecMonotonic) \
		$(busctl get-property org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager UserspaceTimestampMonotonic)
		echo $((($2 - $4) / 60000000))`)
	if minutes, err := strconv.Atoi(strings.TrimSpace(next.Stdout)); err != nil || minutes < 15 || minutes > 25 {
		t.Errorf("the timer runs %q minutes after the boot, %v; want 15 and some", next.Stdout, err)
	}
	c := rig.SSH(m.mount)
	c.Args = append(c.Args, "exec bash")
	o := c.Open(t)
	defer o.Close()
	o.Do("touch $TMPDIR/used")
	ssh(t, m.env, "", "touch $TMPDIR/unused")
	m.Await(t, "pgrep -au 1000", "")
	rig.Write(t, "/etc/systemd/system/tmpshell-clean.timer.d/e2e.conf",
		"[Timer]\nOnBootSec=\nOnUnitActiveSec=\nOnActiveSec=1s\nRandomizedDelaySec=0\nAccuracySec=1ms\n", 0o644)
	m.Sh("systemctl daemon-reload; systemctl restart tmpshell-clean.timer")
	m.Await(t, `systemctl show tmpshell-clean.service -p ActiveState -p ExecMainExitTimestampMonotonic | sed 's/=[1-9].*/=then/' | sort`,
		"ActiveState=inactive\nExecMainExitTimestampMonotonic=then\n")
	if end := m.Sh("systemctl show tmpshell-clean.service -p Result -p ExecMainStatus | sort").Stdout; end != "ExecMainStatus=0\nResult=success\n" {
		t.Errorf("the service's end: %s\n%s", end, m.Sh("journalctl -q -b -u tmpshell-clean.service").Stdout)
	}
	if _, err := os.Stat(m.env.Private()); err == nil {
		t.Errorf("%s is still there\n%s", m.env.Private(), m.Sh("journalctl -q -b -u tmpshell-clean.service").Stdout)
	}
	if out, _ := o.Do("ls $TMPDIR"); !strings.Contains(out, "used\n") {
		t.Errorf("of the user who is logged in there is %q", out)
	}
	rig.CheckDir(t, "/tmp/.private", 0, 0, 0o711)
}

// bootedAgain: instances are empty, bases there, and the managers of users who
// linger begin before any login, where the sessions then are.
func bootedAgain(t *testing.T, m booted) {
	for _, a := range []*rig.Account{m.env, m.mount} {
		ssh(t, a, "", "mkdir -m 0 $TMPDIR/locked; touch $TMPDIR/before")
		m.Sh("loginctl enable-linger $1", a.Name)
	}
	m.Reboot(t)
	bootedBases(t, m)
	if r := m.Sh("systemctl show tmpshell-boot.service -p Result -p ActiveState | sort"); r.Stdout != "ActiveState=active\nResult=success\n" {
		t.Errorf("tmpshell-boot.service: %s%s", r.Stdout, m.Sh("journalctl -q -b -u tmpshell-boot.service").Stdout)
	}
	monotonic := func(unit, property string) int {
		n, err := strconv.Atoi(strings.TrimSpace(m.Sh("systemctl show $1 --value -p $2", unit, property).Stdout))
		if err != nil || n == 0 {
			t.Errorf("%s of %s: %d, %v", property, unit, n, err)
		}
		return n
	}
	if ended, begun := monotonic("tmpshell-boot.service", "ExecMainExitTimestampMonotonic"), monotonic("systemd-tmpfiles-setup.service", "ExecMainStartTimestampMonotonic"); ended > begun {
		t.Errorf("tmpshell-boot.service has ended at %d, and systemd-tmpfiles-setup.service begun at %d", ended, begun)
	}
	if left, _ := os.ReadDir("/var/lib/tmpshell/1001/tmp"); len(left) > 1 {
		t.Errorf("in the instance there are %v", left)
	}
	for _, a := range []*rig.Account{m.env, m.mount} {
		manager := strings.TrimSpace(m.Sh("systemctl show user@$1 -P MainPID", strconv.Itoa(int(a.UID))).Stdout)
		where := m.Sh("readlink /proc/$1/ns/mnt; tr '\\0' '\\n' </proc/$1/environ | sed -n s/^TMPDIR=//p", manager).Stdout
		r := ssh(t, a, "", "readlink /proc/self/ns/mnt; echo $TMPDIR; ls $TMPDIR")
		if r.Stdout != where || r.Stderr != "" {
			t.Errorf("%s: the manager is in %q, the session in %q, %q", a.Name, where, r.Stdout, r.Stderr)
		}
	}
}
