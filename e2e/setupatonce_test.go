package e2e

import (
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestSetupAtOnce: several may set up what they share at one time: the nodes of a
// cluster, containers with a volume. Each has process numbers of its own, and so those
// of some are the same.
func TestSetupAtOnce(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match Group games", "Directory /tmp mount")
	const atOnce, rounds = 6, 10
	for range rounds {
		r := rig.Sh(t, `for n in $(seq `+strconv.Itoa(atOnce)+`); do
			unshare --pid --fork tmpshellctl setup >/run/setup.$n 2>&1 || cat /run/setup.$n &
		done; wait`)
		if r.Status != 0 || r.Stdout != "" || r.Stderr != "" {
			t.Fatalf("%+v", r)
		}
	}
	if r := rig.Sh(t, "tmpshellctl check >/dev/null && ls -A /var/lib/misc /etc/tmpfiles.d /tmp"); r.Status != 0 || strings.Contains(r.Stdout, ".new") {
		t.Errorf("then: %+v", r)
	}
}
