// Package witness compares what a program sees of itself when it is started
// directly with what it sees at the end of a login.
//
// The program is probe/, which prints all of it; stage/ brings the state about
// in which both are started. Both are C: a runtime would already have changed
// what is to be seen.
package witness

import (
	"path/filepath"
	"testing"

	"tmpshell/e2e/view"
)

// Where Build puts the programs.
const (
	Probe = "/usr/local/bin/probe"
	Stage = "/usr/local/bin/stage"
)

// Build compiles both programs in a view.
func Build(t testing.TB) {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{Probe, Stage} {
		sources, err := filepath.Glob(filepath.Join(root, "e2e/witness", filepath.Base(program), "*.c"))
		if err != nil || len(sources) == 0 {
			t.Fatalf("no sources of %s: %v", program, err)
		}
		flags := []string{"-static", "-O1", "-Wall"}
		if program == Probe {
			flags = append(flags, "-Wl,-e,before_libc")
		}
		view.Compile(t, program, flags, sources...)
	}
}
