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

var rows = []row{
	{name: "env", tests: []string{"TestUsualLogin", "TestNoProcessRemains", "TestEnvironmentUnchanged"}},
	{name: "mount", tests: []string{"TestMount", "TestMountMatch", "TestMountNamespaceShared", "TestMountNested"}},
	{name: "mount, share=", tests: []string{"TestMountShareChanges", "TestMountSharePatterns", "TestMountPropagation"}},
	{name: "mount without newer calls", tests: []string{"TestMountKernels", "TestMountNoNamespaces"}},
	{name: "tmpfs", tests: []string{"TestMountLinkOption"}},
	{name: "grants", tests: []string{"TestAmbient"}},
	{name: "clean", tests: []string{"TestClean", "TestCleanAge"}},
	{name: "supervise", tests: []string{"TestSupervise", "TestSupervisor"}},
	{name: "fallback, deny", tests: []string{"TestSquattedFallback", "TestNoRoom"}},
	{name: "file systems", tests: []string{"TestFilesystems"}},
	{name: "unit tests", units: []string{"bare", "capset", "filecap", "making", "mounts", "owned", "private", "session", "sys"}},
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
