package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// change is a step of an upgrade or a downgrade, and the phase in which it leaves the
// system: there, users log in until the next step.
type change struct {
	run   string
	phase phase
}

// phase has a script that tells whether the system is in it.
type phase struct{ name, script string }

// underLogins repeats changes, which are made in a place, one after the other, while users
// log in to the system: as each is made, and as it leaves the system.
func (r cleanRoot) underLogins(t *testing.T, place cleanRoot, changes ...change) {
	t.Helper()
	rounds, enough, loops := 1, int32(0), 1
	if sample.All() {
		rounds, enough, loops = 10, manyLogins, 2
	}
	r.compileArrivals(t)
	crowd := []*arrivals{r.arrive(t, loops, 100000, "env"), r.arrive(t, loops, 31000, "mount")}
	sum := func(of func(*arrivals) *atomic.Int32) int32 { return of(crowd[0]).Load() + of(crowd[1]).Load() }
	logins := func(a *arrivals) *atomic.Int32 { return &a.logins }
	bad := func(a *arrivals) *atomic.Int32 { return &a.bad }
	made, during, between := 0, int32(0), map[string]int32{}
	for round := 0; (round < rounds || sum(logins) < enough) && !t.Failed(); round++ {
		for _, c := range changes {
			before := sum(logins)
			if got := place.command("sh", "-c", c.run).Run(t); got.Status != 0 {
				t.Errorf("%s: status %d\n%s%s", c.run, got.Status, got.Stdout, got.Stderr)
			}
			made++
			after := sum(logins)
			during += after - before
			for _, a := range crowd {
				a.some(t, 3)
			}
			if got := r.command("sh", "-c", c.phase.script).Run(t); got.Status != 0 {
				t.Errorf("%s does not leave it %s: %s: status %d\n%s%s", c.run, c.phase.name, c.phase.script, got.Status, got.Stdout, got.Stderr)
			}
			between[c.phase.name] += sum(logins) - after
		}
	}
	for _, a := range crowd {
		a.end(t)
	}
	if during == 0 {
		t.Errorf("nobody logged in while one of %d changes was made", made)
	}
	text := ""
	for _, name := range slices.Sorted(maps.Keys(between)) {
		text += fmt.Sprintf(", %d %s", between[name], name)
	}
	_, name, _ := strings.Cut(t.Name(), "/")
	view.Tell(fmt.Sprintf("packages, %s: %d upgrades and downgrades, %d logins, %d of them refused or with a fallback; %d ended while a change was made%s\n",
		name, made, sum(logins), sum(bad), during, text))
}

// hasNewer and hasOlder tell by the format of its policy which version the launcher is.
var (
	hasNewer = phase{"with the newer version", "grep -q policy~ /usr/bin/tmpshell"}
	hasOlder = phase{"with the older version", "! grep -q policy~ /usr/bin/tmpshell"}
)
