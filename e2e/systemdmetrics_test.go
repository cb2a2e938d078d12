package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// bootedMetrics: status counts sessions of the journal, and promtool has nothing to
// say of what it prints.
func bootedMetrics(t *testing.T, m booted) {
	unpackPromtool(t)
	count := func(users string) (denied, fallback int) {
		t.Helper()
		// journald has what came before.
		r := m.Sh("journalctl --sync && tmpshellctl status --format prometheus --contained " + users + " >/run/metrics && promtool check metrics </run/metrics >&2 && cat /run/metrics")
		if r.Status != 0 || r.Stderr != "" {
			t.Fatalf("tmpshellctl status, promtool check metrics: %+v", r)
		}
		denied, fallback = -1, -1
		for line := range strings.Lines(r.Stdout) {
			_, _ = fmt.Sscanf(line, `tmpshell_logged_sessions{outcome="denied"} %d`, &denied)
			_, _ = fmt.Sscanf(line, `tmpshell_logged_sessions{outcome="fallback"} %d`, &fallback)
		}
		return denied, fallback
	}
	login := func(a *rig.Account) {
		m.Command("setpriv", "--reuid", fmt.Sprint(a.UID), "--regid", fmt.Sprint(a.UID), "--clear-groups", "env", "-i", "tmpshell", "-c", "exit").Run(t)
	}
	denied, fallback := count("")
	if denied < 0 || fallback < 0 {
		t.Fatalf("before: %d denied, %d with a fallback; want numbers", denied, fallback)
	}
	conf := append([]string{"Directory /run/theirs env variables=MINE", "Directory /run/others env variables=OTHER", "Match User tmpfs", "OnFailure deny"}, bootedConf...)
	rig.Configure(t, conf...)
	m.Sh("mkdir /run/theirs /run/others; chown 1003 /run/theirs /run/others")
	defer func() {
		rig.Configure(t, bootedConf...)
		m.Sh("rmdir /run/theirs /run/others; tmpshellctl setup")
	}()
	login(m.env)
	login(m.env)
	login(m.tmpfs)
	m.Sh("setpriv --reuid 1001 logger -t tmpshell 'denied uid=1000 user=env: not true'; chown root /run/theirs /run/others")
	if d, f := count(""); d != denied+1 || f != fallback+2 {
		t.Errorf("after 1 refused session and 2 with two fallbacks each: %d and %d; want %d and %d", d, f, denied+1, fallback+2)
	}
	if d, _ := count("tmpfs"); d != 1 {
		t.Errorf("%d refused sessions of one user; want 1", d)
	}
	rig.Configure(t, append(conf, "Match User root", "Log none")...)
	if d, f := count(""); d != -1 || f != -1 {
		t.Errorf("where some sessions write no line: %d and %d; want no number", d, f)
	}
}

// unpackPromtool has the program of the package alone: the others are large.
func unpackPromtool(t *testing.T) {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	packages, _ := filepath.Glob(filepath.Join(root, "bin/aside/prometheus/prometheus_*.deb"))
	if len(packages) != 1 {
		view.Missing(t, "the package prometheus: run e2e/aside.sh")
	}
	rig.Must(t, "sh", "-ec", `dpkg-deb --fsys-tarfile "$1" | tar -x -C / ./usr/bin/promtool`, "sh", packages[0])
}
