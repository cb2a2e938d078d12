package ctl

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/build"
)

// draft is a configuration file that is not in force.
func draft(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "draft.conf")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string // without the file's name
		code       int
	}{
		{"empty", "", []string{": ok"}, 0},
		{"right", "Directory /tmp env\nLog all\n", []string{": ok"}, 0},
		{"several faults", "Log some\n\nDirectory tmp env\nLog all\nMatch Uid x\nNonsense\n", []string{
			`:1: Log takes failures, all or none, not "some"`,
			`:3: "tmp" is not an absolute path`,
			`:5: "x" is no uid, and no range such as 1000-1999`,
			":6: unknown keyword Nonsense",
		}, 1},
		{"notices", "Log all\nLog none\nDirectory /tmp mount per=session\n", []string{
			":2: notice: Log has no effect here: log is set at FILE:1",
			":3: notice: per=session is not in effect yet in this version of tmpshell",
			": ok",
		}, 0},
		{"negated alone", "Match User !root,!daemon Uid 0,!5\nLog none\nMatch User *,!root Gid !0\nLog all\n", []string{
			":1: notice: the block has no effect: User !root,!daemon matches nobody; *,!root,!daemon matches everybody else",
			":3: notice: the block has no effect: Gid !0 matches nobody; *,!0 matches everybody else",
			": ok",
		}, 0},
		{"control characters", "No\x1b[2Jthing\n", []string{`:1: unknown keyword "No\x1b[2Jthing"`}, 1},
		{"a mark of the byte order", "\ufeffLog all\r\n", []string{": ok"}, 0},
		{"control characters in a path", "Directory /\x1b[2J\u202e tmpf\n", []string{`:1: the method is env, mount, tmpfs or off, not "tmpf"; did you mean tmpfs?`}, 1},
	} {
		file := draft(t, test.text)
		want := file + strings.ReplaceAll(strings.Join(test.want, "\n"+file), "FILE", file) + "\n"
		code, stdout, stderr := run("check", file)
		if code != test.code || stderr != "" {
			t.Errorf("check of %s: %d, %q; want %d and nothing on stderr", test.name, code, stderr, test.code)
		}
		if diff := cmp.Diff(want, stdout); diff != "" {
			t.Errorf("check of %s (-want +got):\n%s", test.name, diff)
		}
	}
	none := filepath.Join(t.TempDir(), "none")
	if code, stdout, _ := run("check", none); code != 1 || stdout != none+": no such file or directory\n" {
		t.Errorf("check of a missing draft: %d, %q; want 1, no such file or directory", code, stdout)
	}
}

func TestCheckJSON(t *testing.T) {
	for _, test := range []struct {
		text string
		want checkReport
		code int
	}{
		{"", checkReport{OK: true, Findings: []finding{}}, 0},
		{"\nLog x\nShell <&>\n", checkReport{Findings: []finding{
			{Line: 2, Severity: "error", Message: `Log takes failures, all or none, not "x"`},
			{Line: 3, Severity: "error", Message: `Shell takes one absolute path, not "<&>"`},
		}}, 1},
		{"Supervise yes", checkReport{OK: true, Findings: []finding{}}, 0},
		{"Directory /tmp mount per=session", checkReport{OK: true, Findings: []finding{
			{Line: 1, Severity: "notice", Message: "per=session is not in effect yet in this version of tmpshell"},
		}}, 0},
	} {
		file := draft(t, test.text)
		test.want.File = file
		for i := range test.want.Findings {
			test.want.Findings[i].File = file
		}
		code, stdout, stderr := run("--json", "check", file)
		var got checkReport
		dec := json.NewDecoder(strings.NewReader(stdout))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&got); err != nil || code != test.code || stderr != "" {
			t.Errorf("check --json: %d, %v, %q; want %d", code, err, stderr, test.code)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("check --json of %q (-want +got):\n%s", test.text, diff)
		}
		if strings.Contains(stdout, "null") {
			t.Errorf("check --json prints %s; want lists that are empty, not null", stdout)
		}
	}
}

// For the file in force the consequence is told.
func TestCheckInForce(t *testing.T) {
	var b bytes.Buffer
	report := checkReport{File: build.Config, Findings: []finding{{build.Config, 3, "error", "why"}}}
	err := (&output{w: &b}).check(report)
	want := build.Config + ":3: why\n" + build.Config + ": refused; until it is fixed, logins go by the last good one\n"
	if b.String() != want || err != errFindings {
		t.Errorf("check prints %q, %v; want %q", b.String(), err, want)
	}
}
