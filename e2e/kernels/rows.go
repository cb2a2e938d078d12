package main

import "slices"

// row is one of the table: what must work on every kernel.
type row struct {
	name  string
	tests []string // of e2e
	units []string // packages of internal, whose tests run
	on    string   // the one suite on which it runs; empty: all
	// cannot has, for suites on whose kernel it is to fail, why.
	cannot map[string]string
}

// In a guest, a test takes some thirty times its processor time, and all that runs on
// one kernel must not take four minutes.
var rows = []row{
	{name: "env", tests: []string{"TestUsualLogin", "TestEnvironmentUnchanged"}},
	{name: "mount, share=", tests: []string{"TestGuestShare", "TestMountPropagation"}},
	{name: "mount by mount(2) alone", tests: []string{"TestMountKernels"}},
	{name: "tmpfs", tests: []string{"TestGuestTmpfs"}},
	{name: "grants", tests: []string{"TestGuestGrants"}},
	{name: "clean", tests: []string{"TestClean"}},
	{name: "supervise", tests: []string{"TestSupervise"}},
	{name: "doctor", tests: []string{"TestGuestDoctor"}},
	{name: "fallback, deny", tests: []string{"TestSquattedFallback", "TestNoRoom"}},
	{name: "read-only instance", tests: []string{"TestMountReadOnly"}},
	{name: "unit tests", units: []string{"capset", "making", "mounts", "owned", "private", "session"}},
	{name: "file systems", tests: []string{"TestFilesystems"}, on: "trixie"},
	{name: "hardening", tests: []string{"TestHardening"}, on: "trixie"},
}

// tests lists what a suite's guest runs of e2e.
func tests(suite string) (list []string) {
	for _, r := range rows {
		if r.on == "" || r.on == suite {
			list = append(list, r.tests...)
		}
	}
	return list
}

// units lists the packages whose tests all guests run.
func units() (list []string) {
	for _, r := range rows {
		list = append(list, r.units...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
