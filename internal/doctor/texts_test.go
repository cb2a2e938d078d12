package doctor

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/capset"
	"tmpshell/internal/filecap"
	"tmpshell/internal/making"
)

var tmp = []making.Base{"/tmp"}

func TestTmpfilesOf(t *testing.T) {
	for _, test := range []struct {
		rules string
		want  string // of the fact; empty: nothing is found
	}{
		{"d /tmp/.private 0711 root root ~10d", ""},
		{"d! %T/.private 711 0 0 mM:~10d", ""},
		{"D\t\"/tmp/.private/\"   :0711 - - -\nq /tmp 1777 root root 10d", ""},
		{"x /tmp/.private\nd /tmp 1777 root root 10d", ""},
		{"x /tmp/.p*\nd /tmp 1777 root root 10d", ""},
		{"", "no line makes /tmp/.private"},
		{"d /tmp 1777 root root -", "no line makes /tmp/.private"},
		{"d /tmp/.privateer 0711 root root 10d", "no line makes /tmp/.private"},
		{"d /tmp 1777 root root 10d", "f:1 ages /tmp, and"},
		{"e /t?p - - - 1d", "f:1 ages /t?p, and"},
		{"d / - - - 10d\nv /tmp 1777 root root 10d", "f:2 ages /tmp, and"},
		{"d /tmp/.private 0711 root root ~10d\nR! /tmp/*", "f:2 removes"}, // '*' matches a leading dot in path.Match, as for systemd
		{"d /tmp/.private 0711 root root ~10d\nr /tmp/.private/[0-9]*", "f:2 removes"},
		{"d /tmp/.private 0711 root root ~10d\nr /tmp/.X[0-9]*-lock\nR /var/tmp", ""},
		{"d /tmp/.private 0755 root root ~10d", "another owner or mode"},
		{"d /tmp/.private - root root ~10d", "another owner or mode"},
		{"d /tmp/.private 0711 alice root ~10d", "another owner or mode"},
		{"d /tmp/.private 0711 root adm ~10d", "another owner or mode"},
		{"d /tmp/.private 0711 root root 10d", "ages out the users' directories themselves"},
		{"X /tmp/.private\nd /tmp 1777 root root 10d", "but not the users' directories"},
		{"X /tmp/.private", ""},
	} {
		var rules []rule
		for _, l := range linesOf("f", test.rules) {
			if r, ok := parseRule(l); ok {
				rules = append(rules, r)
			}
		}
		r := &report{}
		r.tmpfilesOf(tmp[0], rules, true)
		switch {
		case test.want == "" && len(r.results) > 0:
			t.Errorf("%q: %+v; want nothing", test.rules, r.results)
		case test.want != "" && (len(r.results) != 1 || !strings.Contains(r.results[0].Fact, test.want)):
			t.Errorf("%q: %+v; want %s", test.rules, r.results, test.want)
		}
	}
	// Nobody but root can take a name in /var/cache/xdg.
	r := &report{}
	if r.tmpfilesOf(making.Base("/var/cache/xdg"), nil, false); len(r.results) > 0 {
		t.Errorf("for a parent of root's alone: %+v; want nothing", r.results)
	}
	for _, bad := range []string{"d", "d tmp 0755", "%% x"} {
		if rule, ok := parseRule(numbered{text: bad}); ok {
			t.Errorf("parseRule(%q) = %+v; want it not to be one", bad, rule)
		}
	}
}

func TestCleaner(t *testing.T) {
	for line, want := range map[string]string{
		"/usr/sbin/tmpwatch --atime 10d /tmp":                        "tmpwatch",
		"nice -n10 tmpreaper --delay=256 7d /tmp/. \\":               "tmpreaper",
		"if ! [ -x /usr/sbin/tmpreaper ]; then":                      "",
		"0 4 * * * root find /tmp -mtime +10 -delete":                "find",
		"find /tmp/ /var/tmp -type f -exec /bin/rm {} +":             "find",
		"find /tmp -mtime +10 -print0 | xargs -0 rm -f":              "find",
		"find /tmp -mtime +10 -print":                                "",
		"find /var/cache/man -type f -name '*.gz' -atime +6 -delete": "",
		". /etc/tmpreaper.conf":                                      "",
		"rm -f /tmp/mine":                                            "",
	} {
		if got := cleaner(line, tmp); got != want {
			t.Errorf("cleaner(%q) = %q; want %q", line, got, want)
		}
	}
	for conf, want := range map[string]bool{
		"":                                     true,
		"RUNFROMCRON=true":                     false,
		"RUNFROMCRON='true'\nSHOWWARNING=true": true,
		"SHOWWARNING=\nRUNFROMCRON=\"true\"":   false,
		"#RUNFROMCRON=true":                    true,
	} {
		if got := turnedOff(linesOf("f", conf)); got != want {
			t.Errorf("turnedOff(%q) = %v; want %v", conf, got, want)
		}
	}
}

func TestPAMModule(t *testing.T) {
	for line, want := range map[string][]string{
		"session required pam_env.so readenv=1 envfile=/x":         {"pam_env.so", "readenv=1", "envfile=/x"},
		"-session\toptional\t/lib/security/pam_tmpdir.so":          {"pam_tmpdir.so"},
		"session [success=ok default=ignore] pam_namespace.so a b": {"pam_namespace.so", "a", "b"},
		"@include common-session":                                  {""},
		"session":                                                  {""},
		"session [broken pam_env.so":                               {""},
		"auth required    pam_mktemp.so":                           {"pam_mktemp.so"},
	} {
		module, args := pamModule(line)
		if diff := cmp.Diff(want, append([]string{module}, args...)); diff != "" {
			t.Errorf("pamModule(%q) (-want +got):\n%s", line, diff)
		}
	}
	for name, want := range map[string]bool{
		"sshd": false, "common-session": false, "su-l": false, "sshd~": true, "login.dpkg-old": true, "su.rpmsave": true, ".swp": true,
	} {
		if got := ignoredService(name); got != want {
			t.Errorf("ignoredService(%s) = %v; want %v", name, got, want)
		}
	}
}

func TestSSHDKeyword(t *testing.T) {
	for line, want := range map[string][2]string{
		"Subsystem sftp internal-sftp": {"subsystem", "sftp internal-sftp"},
		"SUBSYSTEM\tsftp\tx":           {"subsystem", "sftp\tx"},
		"ForceCommand=/usr/bin/x -a":   {"forcecommand", "/usr/bin/x -a"},
		"Include = a b":                {"include", "a b"},
		"Nonsense":                     {"nonsense", ""},
	} {
		if keyword, value := sshdKeyword(line); keyword != want[0] || value != want[1] {
			t.Errorf("sshdKeyword(%q) = %q, %q; want %q", line, keyword, value, want)
		}
	}
}

func TestWrong(t *testing.T) {
	for _, test := range []struct {
		have filecap.Sets
		want capset.Set
		says string
	}{
		{filecap.Sets{}, 0, ""},
		{filecap.Sets{Permitted: capset.Helper}, capset.Helper, ""},
		{filecap.Sets{}, capset.SetUID, "lacks cap_setuid,"},
		{filecap.Sets{Permitted: capset.SetUID | capset.SetGID}, capset.SetUID, "has cap_setgid,"},
		{filecap.Sets{Inheritable: capset.SetGID}, 0, "has cap_setgid,"},
		{filecap.Sets{Permitted: capset.SetUID, Inheritable: capset.SetUID}, capset.SetUID, "inheritable"},
		{filecap.Sets{Permitted: capset.SetUID, Effective: true}, capset.SetUID, "effective bit"},
		{filecap.Sets{Permitted: capset.SetUID, Root: 1000}, capset.SetUID, "uid 1000"},
	} {
		got := wrong(test.have, test.want)
		if (len(got) == 0) != (test.says == "") || len(got) > 1 || len(got) == 1 && !strings.Contains(got[0], test.says) {
			t.Errorf("wrong(%+v, %v) = %q; want %s", test.have, test.want, got, test.says)
		}
	}
}
