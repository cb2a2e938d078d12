package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Programs that fork all the time, are interrupted all the time, or have filters of
// their own work as they do without an audit, and nothing that they make is missed.
func TestHostile(t *testing.T) {
	program := compileC(t, "testdata/hostile.c", "-pthread")
	for _, test := range []struct {
		way   string
		count int
	}{{"forks", 400}, {"signals", 1000}, {"filters", 10}, {"listener", 1}, {"ring", 1}} {
		dir := t.TempDir()
		seen, printed, r := audited(t, dir, program, dir, test.way, fmt.Sprint(test.count))
		made := strings.Split(strings.TrimSpace(printed), "\n")
		slices.Sort(made)
		slices.Sort(seen)
		if diff := cmp.Diff(made, seen); r.Status != 0 || diff != "" {
			t.Errorf("%s: status %d; objects made and seen (-made +seen):\n%.2000s", test.way, r.Status, diff)
		}
		if len(made) < test.count {
			t.Errorf("%s: %d objects were made; want %d", test.way, len(made), test.count)
		}
		if refused := len(r.Refused) == 1; refused != (test.way == "ring") {
			t.Errorf("%s: io_uring was refused to %v", test.way, r.Refused)
		}
	}
}

// A path that changes while it is looked at, and processes that are killed meanwhile,
// are no trouble for the auditor; it says nothing that was not so.
func TestRace(t *testing.T) {
	program := compileC(t, "testdata/hostile.c", "-pthread")
	dir := t.TempDir()
	seen, printed, r := audited(t, dir, program, dir, "race", "1000")
	made := strings.Count(printed, "\n")
	if r.Status != 0 || made == 0 || len(seen) > made {
		t.Errorf("race: status %d, %d objects made, %d seen; want no more seen than made", r.Status, made, len(seen))
	}
	if seen, _, r := audited(t, dir, program, dir, "killed", "100"); r.Status != 0 || len(seen) == 0 {
		t.Errorf("killed: status %d, %d objects seen; want some", r.Status, len(seen))
	}
}
