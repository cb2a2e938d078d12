package ctl

import (
	"testing"

	"tmpshell/internal/clean"
	"tmpshell/internal/syslog"
)

// A line of the log says nothing of bytes that nobody has counted.
func TestSums(t *testing.T) {
	result := func(action clean.Action, files, bytes uint64) *clean.Result {
		return &clean.Result{Action: action, Files: files, Bytes: bytes}
	}
	for _, test := range []struct {
		report clean.Report
		p      syslog.Priority
		line   string
	}{
		{clean.Report{}, 0, ""},
		{clean.Report{Young: 3, Results: []*clean.Result{result(clean.Kept, 5, 7)}}, 0, ""},
		{clean.Report{Young: 3, Results: []*clean.Result{result(clean.Gone, 2, 0)}}, syslog.Info,
			"1 directories removed, 0 withdrawn, 0 aged, 3 kept, 0 failed; 2 files; 0 errors"},
		{clean.Report{Results: []*clean.Result{result(clean.Gone, 2, 0), result(clean.Aged, 3, 4096)}}, syslog.Info,
			"1 directories removed, 0 withdrawn, 1 aged, 0 kept, 0 failed; 5 files, 4096 bytes aged; 0 errors"},
		{clean.Report{Errors: []string{"x"}}, syslog.Warning,
			"0 directories removed, 0 withdrawn, 0 aged, 0 kept, 0 failed; 0 files; 1 errors"},
	} {
		if p, line := sums(&test.report); p != test.p || line != test.line {
			t.Errorf("%d, %q; want %d, %q", p, line, test.p, test.line)
		}
	}
}
