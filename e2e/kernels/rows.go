package main

import (
	"fmt"
	"slices"
	"strings"
)

// row is one of the table: what must work on every kernel.
type row struct {
	name  string
	tests []string // of e2e
	units []string // packages of internal, whose tests run
	// script is one of this directory, without .sh, and want what it must find.
	script string
	want   map[string]string
	on     string // the one suite on which it runs; empty: all
}

// what says what a row runs.
func (r row) what() string {
	list := append([]string{}, r.tests...)
	if r.units != nil {
		list = append(list, "those of "+strings.Join(r.units, ", "))
	}
	if r.script != "" {
		list = append(list, r.script+".sh")
	}
	return strings.Join(list, ", ")
}

// wrong lists what a script has found and should not have, and the other way round.
func (r row) wrong(found map[string]string) (list []string) {
	for what, want := range r.want {
		if got, ok := found[what]; !ok {
			list = append(list, what+": not found")
		} else if got != want {
			list = append(list, fmt.Sprintf("%s: %s; want %s", what, got, want))
		}
	}
	for what := range found {
		if _, ok := r.want[what]; !ok {
			list = append(list, what+": not expected")
		}
	}
	slices.Sort(list)
	return list
}

// In a guest, a test takes some thirty times its processor time, and all that runs on
// one kernel must not take four minutes. What has little to do with the kernel runs on
// one alone, and so does gssd.sh, which takes three minutes more.
var rows = []row{
	{name: "env", tests: []string{"TestUsualLogin", "TestEnvironmentUnchanged"}},
	{name: "mount, share=", tests: []string{"TestGuestShare", "TestMountPropagation"}},
	{name: "tmpfs", tests: []string{"TestGuestTmpfs"}},
	{name: "grants", tests: []string{"TestGuestGrants"}},
	{name: "clean", tests: []string{"TestClean"}},
	{name: "supervise", tests: []string{"TestSupervise"}},
	{name: "doctor", tests: []string{"TestGuestDoctor"}},
	{name: "fallback, deny", tests: []string{"TestSquattedFallback", "TestNoRoom"}},
	{name: "read-only instance", tests: []string{"TestMountReadOnly"}},
	{name: "unit tests", units: []string{"mounts", "owned", "session"}},
	{name: "unit tests of failing calls", units: []string{"capset", "making", "private"}, on: "bullseye"},
	{name: "mount by mount(2) alone", tests: []string{"TestMountKernels"}, on: "bookworm"},
	{name: "NFS with Kerberos", script: "gssd", want: tickets(), on: "bookworm"},
	{name: "AppArmor", tests: []string{"TestAppArmor"}, on: "trixie"},
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

// units lists the packages whose tests a suite's guest runs.
func units(suite string) (list []string) {
	for _, r := range rows {
		if r.on == "" || r.on == suite {
			list = append(list, r.units...)
		}
	}
	return list
}

// scripts lists what a suite's guest runs beside tests.
func scripts(suite string) (list []string) {
	for _, r := range rows {
		if r.script != "" && (r.on == "" || r.on == suite) {
			list = append(list, r.script)
		}
	}
	return list
}

// allUnits lists the packages whose tests some guest runs.
func allUnits() (list []string) {
	for _, suite := range suites {
		list = append(list, units(suite)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
