package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/rig"
)

// bootedEnvironmentFile: a service whose EnvironmentFile is what tmpshellctl env prints
// has the values of a session, and no other.
func bootedEnvironmentFile(t *testing.T, m booted) {
	rig.Configure(t, append([]string{"SetEnv " + setHostile() + " FOLDED=${RAW} EMPTY= BARE=/x"}, bootedConf...)...)
	m.Sh("tmpshellctl setup")
	defer func() { rig.Configure(t, bootedConf...); m.Sh("tmpshellctl setup") }()
	as := func(words ...string) rig.Result {
		return m.Command(append([]string{"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "env", "-i", "PATH=/usr/bin:/bin", "RAW=" + foldedValue}, words...)...).Run(t)
	}
	file := as("tmpshellctl", "env", "--format", "systemd")
	if file.Status != 0 || file.Stderr != "" {
		t.Fatalf("tmpshellctl env: %+v", file)
	}
	rig.Write(t, "/etc/tmpshell.env", file.Stdout, 0o644)
	rig.Write(t, "/etc/systemd/system/reads-env.service", "[Service]\nType=oneshot\nUser=env\nEnvironmentFile=/etc/tmpshell.env\nExecStart=/usr/bin/env -0\nStandardOutput=truncate:/run/seen-env\n", 0o644)
	if r := m.Sh("systemctl daemon-reload; systemctl start reads-env.service; journalctl -q -b -u reads-env.service -p warning"); r.Status != 0 || r.Stdout != "" {
		t.Errorf("the service: %+v", r)
	}
	variables := func(text string) map[string]string {
		got := map[string]string{}
		for entry := range strings.SplitSeq(text, "\x00") {
			name, value, _ := strings.Cut(entry, "=")
			switch name {
			case "TMPDIR", "TMP", "TEMP", "TEMPDIR", "XDG_RUNTIME_DIR", "HOSTILE", "FOLDED", "EMPTY", "BARE":
				got[name] = value
			}
		}
		return got
	}
	want := variables(as("tmpshell", "-c", "exec env -0").Stdout)
	if want["TMPDIR"] != m.env.Private() || want["HOSTILE"] != hostileValue || want["FOLDED"] != foldedValue {
		t.Fatalf("the session has %q", want)
	}
	if diff := cmp.Diff(want, variables(m.Sh("cat /run/seen-env").Stdout)); diff != "" {
		t.Errorf("the service (-session +service):\n%s", diff)
	}
}
