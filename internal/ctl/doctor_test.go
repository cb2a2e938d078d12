package ctl

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/doctor"
)

// Warnings and errors are exit code 1, and say what fixes them.
func TestDoctor(t *testing.T) {
	good := doctor.Result{Check: "a", Verdict: doctor.OK, Fact: "fine"}
	note := doctor.Result{Check: "b", Verdict: doctor.Note, Fact: "so it is"}
	warning := doctor.Result{Check: "c", Verdict: doctor.Warning, Fact: "bad <x>", Fix: &doctor.Fix{Run: "mend it"}}
	failure := doctor.Result{Check: "d", Verdict: doctor.Error, Fact: "worse", Fix: &doctor.Fix{Write: "line", In: "/file:3"}}
	for _, test := range []struct {
		results []doctor.Result
		want    string
		err     error
	}{
		{[]doctor.Result{good, note}, "a: ok: fine\nb: note: so it is\n", nil},
		{[]doctor.Result{good, warning}, "a: ok: fine\nc: warning: bad <x>\nc: fix: mend it\n", errFindings},
		{[]doctor.Result{failure, good}, "d: error: worse\nd: fix: write in /file:3: line\na: ok: fine\n", errFindings},
	} {
		var b bytes.Buffer
		if err := (&output{w: &b}).doctor(test.results, doctor.Warning); b.String() != test.want || err != test.err {
			t.Errorf("doctor prints %q, %v; want %q, %v", b.String(), err, test.want, test.err)
		}
		b.Reset()
		err := (&output{w: &b, json: true}).doctor(test.results, doctor.Warning)
		var got doctorReport
		dec := json.NewDecoder(&b)
		dec.DisallowUnknownFields()
		if decErr := dec.Decode(&got); decErr != nil || err != test.err {
			t.Errorf("doctor --json: %v, %v; want %v", decErr, err, test.err)
		}
		if diff := cmp.Diff(doctorReport{test.err == nil, test.results}, got); diff != "" {
			t.Errorf("doctor --json (-want +got):\n%s", diff)
		}
	}
}

// A warning does not count where only errors are asked for, and is still told.
func TestDoctorLevel(t *testing.T) {
	warning := doctor.Result{Check: "c", Verdict: doctor.Warning, Fact: "bad"}
	failure := doctor.Result{Check: "d", Verdict: doctor.Error, Fact: "worse"}
	var b bytes.Buffer
	if err := (&output{w: &b}).doctor([]doctor.Result{warning}, doctor.Error); err != nil || b.String() != "c: warning: bad\n" {
		t.Errorf("doctor --level error with a warning: %v, %q; want no error, and the warning", err, b.String())
	}
	if err := (&output{w: &b}).doctor([]doctor.Result{warning, failure}, doctor.Error); err != errFindings {
		t.Errorf("doctor --level error with an error: %v; want %v", err, errFindings)
	}
}

func TestDoctorChecks(t *testing.T) {
	checks := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := run(append([]string{"doctor", "--json"}, args...)...)
		if code == ExitUsage {
			return stderr
		}
		var report doctorReport
		if err := json.Unmarshal([]byte(stdout), &report); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range report.Results {
			if len(names) == 0 || names[len(names)-1] != r.Check {
				names = append(names, r.Check)
			}
		}
		return strings.Join(names, " ")
	}
	if got := checks("--only", "sysctl,user-namespaces", "--only", "cleaners"); got != "cleaners sysctl user-namespaces" {
		t.Errorf("doctor --only runs %q", got)
	}
	if got := checks("--only", "sysctl,cleaners", "--ignore", "sysctl"); got != "cleaners" {
		t.Errorf("doctor --only --ignore runs %q; want cleaners", got)
	}
	for args, want := range map[string]string{
		"--only=systcl":       `tmpshellctl: there is no check "systcl"; did you mean sysctl?`,
		"--ignore=everything": `tmpshellctl: there is no check "everything"`,
		"--level=note":        `tmpshellctl: --level takes warning or error, not "note"`,
		"sysctl":              "tmpshellctl: doctor takes no sysctl",
	} {
		if got, _, _ := strings.Cut(checks(args), "\n"); got != want {
			t.Errorf("doctor %s: %q; want %q", args, got, want)
		}
	}
}

// The table has each fix once, with the checks that ask for it.
func TestDoctorTable(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	setup := &doctor.Fix{Run: "tmpshellctl setup"}
	var b bytes.Buffer
	(&output{w: &b}).doctorTable([]doctor.Result{
		{Check: "x", Verdict: doctor.Error, Fact: "one", Fix: setup},
		{Check: "x", Verdict: doctor.Error, Fact: "two", Fix: setup},
		{Check: "y", Verdict: doctor.Warning, Fact: "a fact of so many words that it does not fit into one line of the table in a terminal of the usual width", Fix: setup},
	})
	want := "x error   one\n" +
		"x error   two\n" +
		"y warning a fact of so many words that it does not fit into one line of the\n" +
		"          table in a terminal of the usual width\n" +
		"\nTo fix it:\n  tmpshellctl setup  # x, y\n"
	var got strings.Builder
	for line := range strings.Lines(b.String()) {
		got.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}
