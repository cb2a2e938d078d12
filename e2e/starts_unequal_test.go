package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/view"
	"tmpshell/internal/capset"
)

// What cannot be equal is told in tmpshell-internals(7), "What differs". Each item there
// is known to the tests by its first words.
const (
	usedResources = "Used resources"
	recordLocks   = "Record locks"
	dumpability   = "Dumpability"

	ambientCleared  = "The ambient set"
	deathSignal     = "The parent-death signal"
	personalityBits = "Bits of the personality"
	stackLimit      = "The soft limit on the stack"
)

// alwaysUnequal are prefixes of facts that differ in every state.
var alwaysUnequal = map[string]string{"cost, ": usedResources}

// TestWhatDiffers: the manual page names exactly what the tests let pass.
func TestWhatDiffers(t *testing.T) {
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "man/tmpshell-internals.7"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n.Ss What differs\n")
	if !found {
		t.Fatal("tmpshell-internals(7) has no such subsection")
	}
	section, _, _ = strings.Cut(section, "\n.Ss ")
	var items, known []string
	for line := range strings.Lines(section) {
		if item, ok := strings.CutPrefix(line, ".It "); ok {
			items = append(items, strings.TrimSuffix(item, "\n"))
		}
	}
	for _, words := range alwaysUnequal {
		known = append(known, words)
	}
	for _, state := range startStates {
		for _, words := range state.unequal {
			known = append(known, words)
		}
	}
	for _, e := range ofKernel(capset.SysAdmin) {
		known = append(known, e.words)
	}
	slices.Sort(known)
	slices.Sort(items)
	if diff := cmp.Diff(slices.Compact(known), items); diff != "" {
		t.Errorf("what differs (- in the tests, + in tmpshell-internals(7)):\n%s", diff)
	}
}
