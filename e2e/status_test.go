package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// statusLine is what a test looks at of an entry of status.
type statusLine struct {
	User, Account, Path, Method string
	UID                         uint32
	Files, Directories, Bytes   uint64
	Complete, Private           bool
	Processes                   []struct{ Name string }
	Sessions, Namespaces        int
	Notes                       []string
}

func statusOf(t *testing.T, args string) (map[string]statusLine, rig.Result) {
	t.Helper()
	r := rig.Sh(t, "tmpshellctl --json status --contained "+args)
	var report struct{ Directories []statusLine }
	if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	byPath := map[string]statusLine{}
	for _, d := range report.Directories {
		byPath[d.Path] = d
	}
	return byPath, r
}

// TestStatus: who has what, and who uses it.
func TestStatus(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "userdel")
	rig.Install(t, "Match User bob", "Directory /tmp mount", "Match User carol", "Directory /tmp tmpfs")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	carol := rig.AddUser(t, rig.Account{Name: "carol", UID: 1002})
	eve := rig.AddUser(t, rig.Account{Name: "eve", UID: 1003})
	if r := alice.Login(t, "mkdir -p $TMPDIR/d/e; head -c 100000 /dev/zero >$TMPDIR/d/f; mkdir -m 700 /tmp/.private-1000"); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	eve.Session(t)
	rig.Must(t, "userdel", "eve")
	rig.Must(t, "chmod", "755", "/tmp/.private/1003")
	rig.Must(t, "sh", "-c", "mkdir /tmp/.private-5")
	open := map[*rig.Account][]*rig.Open{bob: {bob.Open(t), bob.Open(t)}, carol: {carol.Open(t), carol.Open(t)}}
	rig.Must(t, "touch", "-a", "-d", "2020-01-01", "/var/lib/tmpshell/1001/tmp")
	times := func() string {
		return rig.Sh(t, "cd /tmp/.private; stat -c '%n %x %z' /var/lib/tmpshell/1001/tmp 1000 1000/d 1000/d/f").Stdout
	}
	rig.Must(t, "mount", "-o", "remount,strictatime", "/tmp")
	before := times()
	got, r := statusOf(t, "")
	if after := times(); after != before || r.Status != 0 {
		t.Errorf("times of access and change were\n%sand are\n%s; %+v", before, after, r)
	}
	for path, want := range map[string]struct {
		method, user string
		sessions     int
		namespaces   int
		note         string
	}{
		"/tmp/.private/1000":         {"env", "alice", 0, 0, ""},
		"/tmp/.private-1000":         {"fallback", "alice", 0, 0, "a login did not get its directory"},
		"/var/lib/tmpshell/1001/tmp": {"mount", "bob", 2, 1, ""},
		"/tmp":                       {"tmpfs", "carol", 2, 2, ""},
		"/tmp/.private/1003":         {"env", "", 0, 0, "there is no account, others may enter it"},
	} {
		d := got[path]
		if d.Method != want.method || d.User != want.user || d.Sessions != want.sessions || d.Namespaces != want.namespaces || strings.Join(d.Notes, ", ") != want.note {
			t.Errorf("%s: %+v; want %+v", path, d, want)
		}
	}
	if d := got["/tmp/.private/1000"]; d.Files != 1 || d.Directories != 3 || d.Bytes < 100000 || !d.Complete || !d.Private || d.Account != "there" {
		t.Errorf("alice's: %+v", d)
	}
	if d := got["/tmp/.private/1003"]; d.Private || d.Account != "gone" {
		t.Errorf("eve's: %+v", d)
	}
	if !slices.ContainsFunc(got["/tmp"].Processes, func(p struct{ Name string }) bool { return p.Name == "bash" }) {
		t.Errorf("carol's: %+v", got["/tmp"])
	}
	// Each of four users has an instance, and two have what they log in with.
	if len(got) != 4+2+2 || !strings.Contains(r.Stdout, "/tmp/.private-5") {
		t.Errorf("%d directories: %s", len(got), r.Stdout)
	}
	// One user, and the table.
	table := rig.Sh(t, "tmpshellctl list --contained --sort size alice 1003")
	view.Tell("\n" + table.Stdout)
	if lines := strings.Split(table.Stdout, "\n"); table.Status != 0 || len(lines) != 7 || !strings.HasPrefix(lines[1], "alice") || !strings.HasPrefix(lines[2], "- ") {
		t.Errorf("%+v", table)
	}
	// More names than are looked at.
	alice.Login(t, "touch $TMPDIR/{1..3000}")
	if got, _ := statusOf(t, "alice"); got["/tmp/.private/1000"].Complete {
		t.Errorf("3,000 files: %+v", got["/tmp/.private/1000"])
	}
	if got, _ := statusOf(t, "--full alice"); got["/tmp/.private/1000"].Files != 3001 || !got["/tmp/.private/1000"].Complete {
		t.Errorf("--full: %+v", got["/tmp/.private/1000"])
	}
	// A configuration that has changed.
	rig.Configure(t)
	if got, _ := statusOf(t, "bob"); !strings.Contains(fmt.Sprint(got["/var/lib/tmpshell/1001/tmp"].Notes), "the configuration has changed") {
		t.Errorf("%+v", got)
	}
	// The metrics have the number of errors, and standard error says which.
	rig.Write(t, "/etc/tmpshell.conf", "Nonsense\n", 0o644)
	metrics := rig.Sh(t, "tmpshellctl status --contained --format prometheus")
	if metrics.Status != 1 || !strings.Contains(metrics.Stdout, "\ntmpshell_status_errors 1\n") || !strings.HasPrefix(metrics.Stderr, "tmpshellctl: /etc/tmpshell.conf is refused, ") {
		t.Errorf("metrics, with a configuration that is refused: %+v", metrics)
	}
	rig.Configure(t)
	for wrong, status := range map[string]int{"--sort x": 2, "--format x": 2, "nobody-of-this-name": 1} {
		if r := rig.Sh(t, "tmpshellctl status --contained "+wrong); r.Status != status || r.Stdout != "" {
			t.Errorf("%s: %+v", wrong, r)
		}
	}
	if r := alice.Login(t, "tmpshellctl status"); r.Status != 1 || r.Stderr != "tmpshellctl: status needs root\n" {
		t.Errorf("as a user: %+v", r)
	}
	_ = open
}
