package ctl

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/account"
	"tmpshell/internal/compile"
	"tmpshell/internal/config"
	"tmpshell/internal/policy"
)

// people is a source with accounts of its own.
func people(t *testing.T) *account.Source {
	t.Helper()
	dir := t.TempDir()
	s := &account.Source{Passwd: filepath.Join(dir, "passwd"), Group: filepath.Join(dir, "group")}
	for path, text := range map[string]string{
		s.Passwd: "root:x:0:0::/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/zsh\n1000:x:2000:2000::/:/bin/sh\n",
		s.Group:  "root:x:0:\nalice:x:1000:\nstaff:x:50:alice\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestFindUser(t *testing.T) {
	source := people(t)
	for _, test := range []struct {
		arg   string
		uid   uint32
		label string
		known bool
	}{
		{"alice", 1000, "alice", true},
		{"0", 0, "root", true},
		{"1000", 2000, "1000", true}, // a name first, as for chown(1)
		{"2000", 2000, "1000", true},
		{"54321", 54321, "uid 54321", false},
	} {
		u, err := findUser(source, []string{test.arg})
		if err != nil || u.UID() != test.uid || u.label() != test.label || u.known != test.known {
			t.Errorf("findUser(%s) = uid %d, %s, %v, %v; want %d, %s, %v", test.arg,
				u.UID(), u.label(), u.known, err, test.uid, test.label, test.known)
		}
	}
	for _, bad := range []string{"bob", "", "-1", "4294967295"} {
		if u, err := findUser(source, []string{bad}); err == nil || err.Error() != "there is no user "+bad {
			t.Errorf("findUser(%q) = %+v, %v; want that there is none", bad, u, err)
		}
	}
	if u, err := findUser(source, nil); err != nil || u.UID() != uint32(os.Getuid()) {
		t.Errorf("findUser() = %+v, %v; want the caller", u, err)
	}
	failed := errors.New("no answer in time")
	source.Getent = func(string, ...string) ([]byte, error) { return nil, failed }
	if _, err := findUser(source, []string{"54321"}); !errors.Is(err, failed) {
		t.Errorf("findUser without an answer = %v; want %v", err, failed)
	}
}

func policyOf(t *testing.T, who user, text string) config.Policy {
	t.Helper()
	c, err := config.Parse("conf", text)
	if err != nil {
		t.Fatal(err)
	}
	return evaluated(t, c, who)
}

// evaluated is what a configuration says for somebody, with the names of the test's
// account files.
func evaluated(t *testing.T, c *config.Config, who user) config.Policy {
	t.Helper()
	names := compile.Nobody()
	if who.source != nil {
		names.Passwd, names.Group = who.source.Passwd, who.source.Group
	}
	data, err := compile.Config(c, compile.Options{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	f := new(policy.File)
	if trouble := f.Use(data, "policy"); !trouble.OK() {
		t.Fatal(trouble.Err())
	}
	as, err := who.whoIs()
	if err != nil {
		t.Fatal(err)
	}
	said, err := names.Resolve(f, as)
	if err != nil {
		t.Fatal(err)
	}
	return compile.View(said)
}

const showText = `
SetEnv A=${TMPDIR}/x
Match Group staff
Directory /tmp env max-age=10d
Directory /scratch off
OnFailure deny
Shell /bin/zsh
`

func TestShow(t *testing.T) {
	source := people(t)
	const helper = "session none\nhelper cap_dac_override,cap_setgid,cap_setuid\n"
	for _, test := range []struct{ who, want string }{
		{"alice", "user alice uid=1000\nexempt no\ndirectory /tmp env variables=TMPDIR,TMP,TEMP,TEMPDIR max-age=10d\n" +
			"private /tmp/.private/1000\ndirectory /scratch off\nruntimedirectory yes\nsetenv A=${TMPDIR}/x\nshell /bin/zsh\n" +
			"onfailure deny\nsupervise no\nnonewprivileges no\nambient none\nlog failures\n" + helper},
		{"54321", "user uid=54321\nexempt no\ndirectory /tmp env variables=TMPDIR,TMP,TEMP,TEMPDIR\n" +
			"private /tmp/.private/54321\nruntimedirectory yes\nsetenv A=${TMPDIR}/x\nshell none\n" +
			"onfailure fallback\nsupervise no\nnonewprivileges no\nambient none\nlog failures\n" + helper},
	} {
		who, err := findUser(source, []string{test.who})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := (&output{w: &b}).policy(who, policyOf(t, who, showText), ""); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, b.String()); diff != "" {
			t.Errorf("show %s (-want +got):\n%s", test.who, diff)
		}
	}
}

func TestShowJSON(t *testing.T) {
	who, err := findUser(people(t), []string{"alice"})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := (&output{w: &b, json: true}).policy(who, policyOf(t, who, showText+"RuntimeDirectory no\nAmbient cap_net_raw"), "it lacks cap_net_raw"); err != nil {
		t.Fatal(err)
	}
	want := policyReport{
		User: "alice", UID: 1000, SetEnv: []string{"A=${TMPDIR}/x"}, Shell: "/bin/zsh", OnFailure: "deny",
		Ambient: []string{"cap_net_raw"}, Log: "failures",
		Session: "cap_net_raw", Helper: "cap_dac_override,cap_setgid,cap_setuid",
		Directories: []directoryReport{
			{"/tmp", "env", "/tmp/.private/1000", []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR"},
				[]string{"variables=TMPDIR,TMP,TEMP,TEMPDIR", "max-age=10d"}},
			{"/scratch", "off", "", []string{}, []string{}},
		},
	}
	want.NotSetUp = "it lacks cap_net_raw"
	var got policyReport
	dec := json.NewDecoder(&b)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("show --json (-want +got):\n%s", diff)
	}
	b.Reset()
	if err := (&output{w: &b, json: true}).policy(who, config.Policy{}, ""); err != nil || strings.Contains(b.String(), "null") {
		t.Errorf("show --json of an empty policy = %s, %v; want no null", b.String(), err)
	}
}

// The whole verb, with whatever this machine has configured.
func TestShowRuns(t *testing.T) {
	code, stdout, stderr := run("show", "54321")
	if !strings.HasPrefix(stdout, "user uid=54321\n") && code == ExitGood {
		t.Errorf("show 54321: %d, %q, %q; want user uid=54321", code, stdout, stderr)
	}
	code, stdout, stderr = run("show", "no-such-user-here")
	if code != ExitFindings || stdout != "" || stderr != "tmpshellctl: there is no user no-such-user-here\n" {
		t.Errorf("show no-such-user-here: %d, %q, %q; want 1", code, stdout, stderr)
	}
}
