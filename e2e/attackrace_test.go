package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// Each of the races is run until the naive program has lost it, and then with
// tmpshell for so many times as long: had tmpshell such a window, too, it would
// have been hit as often.
const (
	windows     = 5
	fewestRaces = 40
	mostRaces   = 800 // and make test-all runs as many of each
)

// TestAttackRaces: names that change at full speed while a user logs in, by
// another user and by himself.
func TestAttackRaces(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	attack.Build(t, attack.Naive, attack.Racer, attack.Logins)
	const alice, mallory = "1000", "1666"
	rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.AddUser(t, rig.Account{Name: "mallory", UID: 1666})
	verdict := attack.Logins + " verdict"
	product := []string{rig.Tmpshell, "--exec", attack.Logins, "verdict"}
	naive := []string{attack.Naive, "-c", "exec " + verdict}
	// Without privilege, as where the helper cannot work.
	unprivileged := append([]string{"/usr/bin/setpriv", "--no-new-privs"}, product...)
	script := []string{"/bin/sh", "-c", `export TMPDIR=/tmp/.private-$(id -u); mkdir -p -m 700 $TMPDIR; exec ` + verdict}

	table := attack.Table{Title: "races"}
	rows := make([]*attack.Row, 0, 6)
	var all sync.WaitGroup
	for _, c := range []struct {
		name, kind, racer string
		naive, product    []string
	}{
		{"the base, by another user", "base", mallory, naive, product},
		{"the base, by the user", "base", alice, naive, product},
		{"the user's directory, by another user", "user", mallory, naive, product},
		{"the user's directory, by the user", "user", alice, naive, product},
		{"the fallback, by another user", "fallback", mallory, script, unprivileged},
	} {
		row := attack.Begin(t, c.name)
		rows = append(rows, row)
		all.Go(func() {
			run := func(victim string, count int, program []string) (ends [6]int) {
				args := append([]string{"logins", fmt.Sprint(count), alice, "/etc/" + victim, c.racer, c.kind}, program...)
				out := rig.Must(t, attack.Logins, args[1:]...)
				if n, err := fmt.Sscan(out, &ends[0], &ends[1], &ends[2], &ends[3], &ends[4], &ends[5]); err != nil {
					t.Errorf("%s: %q: %d, %v", c.name, out, n, err)
				}
				return ends
			}
			where := strings.ReplaceAll(c.name, " ", "-")
			won := run("naive-"+where, 20*mostRaces, c.naive)
			row.Naive(won[5] > 0)
			count := min(max(windows*won[0], fewestRaces), mostRaces)
			if sample.All() {
				count = mostRaces
			}
			ends := run(where, count, c.product)
			for i, kind := range []attack.Kind{attack.Right, attack.Fallback, attack.Without, attack.Refused} {
				row.Held(ends[i+1], kind)
			}
			if ends[5] > 0 {
				row.Held(ends[5], attack.Violation, fmt.Sprintf("after %d logins", ends[0]))
			}
		})
	}
	all.Wait()
	for _, row := range rows {
		table.Add(row)
	}
	view.Tell(table.String())
}
