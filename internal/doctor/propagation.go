package doctor

import (
	"os"
	"slices"
	"strings"

	"tmpshell/internal/config"
	"tmpshell/internal/mounts"
)

// propagation: with propagation=shared, what is mounted in a session reaches the
// machine only where the kernel can do that, and where the machine's own mounts are
// shared: systemd makes them so, other first processes and container runtimes do not.
func (r *report) propagation(m *machine) {
	if !slices.ContainsFunc(m.conf.Variants(), travels) || os.Geteuid() != 0 {
		return // only root can ask the kernel
	}
	if knows, e := mounts.KnowsGroups(); e == 0 && !knows {
		r.error("propagation=shared needs Linux 5.15, and a mount namespace of this user namespace: nothing is mounted for sessions that have it", nil)
		return
	}
	if root, err := mountOf("/"); err == nil && !strings.Contains(root.Optional, "shared:") {
		r.warn("/ is mounted without shared propagation: propagation=shared brings nothing that is mounted in a session to the machine",
			run("mount", "--make-rshared", "/"))
	}
}

// travels tells whether sessions of a policy have propagation=shared.
func travels(p config.Policy) bool {
	return slices.ContainsFunc(p.Directories, func(d config.Directory) bool { return d.Mounted() && d.Propagation == "shared" })
}
