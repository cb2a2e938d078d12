package e2e

import (
	"encoding/json"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/audit"
)

// auditReport is what `tmpshellctl audit --json` prints.
type auditReport struct {
	Command []string
	Runs    []struct {
		Method string
		audit.Result
	}
	Verdict audit.Verdict
	Works   *bool
}

// runAudit audits a program as a user; nil is root.
func runAudit(t *testing.T, a *rig.Account, args ...string) (auditReport, rig.Result) {
	t.Helper()
	file := t.TempDir() + "/report"
	rig.Write(t, file, "", 0o666)
	rig.Must(t, "chmod", "-R", "a+rwX", path.Dir(file), path.Dir(path.Dir(file)))
	command := rig.Command{As: a, Path: rig.Ctl, Args: append([]string{"tmpshellctl", "--json", "audit", "--output", file, "--for", "1s"}, args...)}
	if a == nil {
		command.Env = os.Environ()
	}
	r := command.Run(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report auditReport
	if len(text) > 0 {
		if err := json.Unmarshal(text, &report); err != nil {
			t.Fatalf("audit %q: %v\n%s", args, err, text)
		}
	}
	return report, r
}

// sharedObjects are what was made in shared directories, as "kind path".
func sharedObjects(list []audit.Object) []string {
	var found []string
	for _, o := range list {
		if !o.Private {
			found = append(found, o.Kind+" "+o.Path)
		}
	}
	return found
}

// TestAudit: a user without privilege, and root, are told the same of a program.
func TestAudit(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "tmux", "sudo", "python3")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	const script = `mktemp >/dev/null; : >/tmp/hard; (umask 077; mkdir /tmp/dir); mkfifo /tmp/dir/fifo; flock /tmp/file true; rm -r /tmp/hard /tmp/dir /tmp/file; exit 3`
	want := []string{"directory /tmp/dir", "FIFO /tmp/dir/fifo", "lock /tmp/file", "file /tmp/hard"}
	for _, who := range []*rig.Account{alice, nil} {
		report, r := runAudit(t, who, "--", "sh", "-c", script)
		if r.Status != 1 || r.Stdout+r.Stderr != "" || len(report.Runs) != 1 || report.Runs[0].Status != 3 {
			t.Fatalf("audit: status %d, %q, %+v; want 1, and 3 of the program", r.Status, r.Stderr, report)
		}
		if got := sharedObjects(report.Runs[0].Objects); !slices.Equal(got, want) {
			t.Errorf("audit finds %q; want %q", got, want)
		}
		for _, o := range report.Runs[0].Objects {
			if mode := map[string]string{"/tmp/dir": "0700", "/tmp/hard": "0644"}[o.Path]; mode != "" && o.Mode != mode {
				t.Errorf("%s: mode %s; want %s", o.Path, o.Mode, mode)
			}
			if !o.Predictable || o.Command[0] == "" || !path.IsAbs(o.Program) {
				t.Errorf("%+v: want a name that can be guessed, a command and a program", o)
			}
		}
		if report.Verdict.Method != "mount" || !slices.Contains(report.Verdict.Lines, "Directory /tmp mount") {
			t.Errorf("verdict %+v; want mount", report.Verdict)
		}
		// What goes where TMPDIR says is no finding, but with --all.
		if report, r := runAudit(t, who, "mktemp"); r.Status != 0 || len(report.Runs[0].Objects) != 0 || report.Verdict.Method != "env" {
			t.Errorf("audit of mktemp: %d, %+v; want 0, and nothing found", r.Status, report)
		}
		if report, r := runAudit(t, who, "--all", "mktemp"); r.Status != 0 || len(report.Runs[0].Objects) != 1 || !report.Runs[0].Objects[0].Private {
			t.Errorf("audit --all of mktemp: %d, %+v; want 0, and one in a private directory", r.Status, report)
		}
		if left, _ := os.ReadDir("/tmp"); len(left) > 2 { // .private, and what mktemp made: nothing
			t.Errorf("an audit has left %v in /tmp", left)
		}
	}
	if _, r := runAudit(t, alice, "no-such-program"); r.Status != 1 || !strings.Contains(r.Stderr, "no-such-program: executable file not found") {
		t.Errorf("audit of a missing program: %d, %q", r.Status, r.Stderr)
	}
	if _, r := runAudit(t, alice); r.Status != 2 {
		t.Errorf("audit of nothing: %d, %q; want 2", r.Status, r.Stderr)
	}
}

// TestAuditPrivilege: what an audit without privilege changes or cannot see, it says.
func TestAuditPrivilege(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sudo")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	rig.Write(t, "/etc/sudoers.d/e2e", "ALL ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	report, _ := runAudit(t, alice, "sh", "-c", "sudo true 2>/dev/null; exit 0")
	if n := report.Runs[0].Powerless["/usr/bin/sudo"]; n != 1 {
		t.Errorf("alice's sudo: %v; want /usr/bin/sudo to have had no privilege once", report.Runs[0].Powerless)
	}
	report, r := runAudit(t, nil, "sudo", "-u", "alice", "touch", "/tmp/sudo")
	if got := sharedObjects(report.Runs[0].Objects); r.Status != 1 || !slices.Equal(got, []string{"file /tmp/sudo"}) || len(report.Runs[0].Powerless) > 0 {
		t.Errorf("root's sudo: %d, %q, %v; want a file, and that it works", r.Status, got, report.Runs[0].Powerless)
	}
	// A program that may be executed and not be read.
	rig.Must(t, "install", "-m", "0711", "/bin/touch", "/usr/local/bin/secret")
	report, _ = runAudit(t, alice, "secret", "/tmp/unseen")
	if n := report.Runs[0].Unreadable["secret"]; n == 0 || !slices.Equal(sharedObjects(report.Runs[0].Objects), []string{"file /tmp/unseen"}) {
		t.Errorf("an unreadable program: %+v; want a note", report.Runs[0])
	}
	report, r = runAudit(t, nil, "secret", "/tmp/unseen2")
	if got := sharedObjects(report.Runs[0].Objects); r.Status != 1 || !slices.Equal(got, []string{"file /tmp/unseen2"}) {
		t.Errorf("an unreadable program, as root: %d, %q; want a file", r.Status, got)
	}
}

// TestAuditCompare: the three methods, one after the other, and lines that `check`
// accepts.
func TestAuditCompare(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "python3")
	rig.Install(t)
	rig.Must(t, "install", "-d", "-m", "1777", "/tmp/.X11-unix")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	const script = `: >/tmp/mine; : >/tmp/.X11-unix/X7; mktemp >/dev/null; rm /tmp/mine /tmp/.X11-unix/X7; test "$TMPDIR" != /tmp`
	for _, who := range []*rig.Account{alice, nil} {
		report, r := runAudit(t, who, "--compare", "sh", "-c", script)
		if r.Status != 1 || len(report.Runs) != 3 {
			t.Fatalf("audit --compare: %d, %q, %+v", r.Status, r.Stderr, report)
		}
		for i, want := range []struct {
			status int
			shared []string
		}{
			{0, []string{"file /tmp/.X11-unix/X7", "file /tmp/mine"}}, // and that of mktemp
			{0, []string{"file /tmp/.X11-unix/X7", "file /tmp/mine"}},
			{1, []string{"file /tmp/.X11-unix/X7"}},
		} {
			run := report.Runs[i]
			got := slices.DeleteFunc(sharedObjects(run.Objects), func(o string) bool { return i == 0 && strings.HasPrefix(o, "file /tmp/tmp.") })
			if run.Status != want.status || !slices.Equal(got, want.shared) {
				t.Errorf("with %s: status %d, %q; want %d, %q", run.Method, run.Status, got, want.status, want.shared)
			}
		}
		if report.Works == nil || *report.Works || report.Verdict.Method != "mount" {
			t.Errorf("verdict %+v, works %v; want mount, which does not work", report.Verdict, report.Works)
		}
		file := t.TempDir() + "/draft.conf"
		rig.Write(t, file, strings.Join(report.Verdict.Lines, "\n")+"\n", 0o644)
		rig.Must(t, rig.Ctl, "check", file)
	}
}
