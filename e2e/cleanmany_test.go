package e2e

import (
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestCleanMany: 10,000 users' instances, which nobody uses, are told of and removed in
// less than 20 MiB.
func TestCleanMany(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "python3")
	rig.Install(t)
	const users = 10000
	rig.Must(t, "python3", "-c", `import os
os.makedirs("/var/lib/tmpshell", 0o700, True)
with open("/etc/passwd", "a") as f:
    for u in range(10000, 20000):
        f.write("u%d:x:%d:%d::/home/u%d:/bin/sh\n" % (u, u, u, u))
        d = "/var/lib/tmpshell/%d" % u
        os.mkdir(d, 0o700); os.mkdir(d + "/tmp"); os.chmod(d + "/tmp", 0o1777)
        os.mkdir(d + "/tmp/d"); os.chown(d + "/tmp/d", u, u)`)
	// What a program has used includes what its parent had when it was started: this
	// process has more.
	const peak = `import resource, subprocess, sys, time
time.sleep(1.1) # the grace time
out = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=True).stdout
print(out.count(b"\n"), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)`
	for _, args := range [][]string{{"--dry-run"}, nil} {
		argv := append([]string{"-c", peak, rig.Ctl, "clean", "--contained", "--grace", "1"}, args...)
		told := strings.Fields(rig.Must(t, "python3", argv...))
		lines, _ := strconv.Atoi(told[0])
		kib, _ := strconv.Atoi(told[1])
		view.Tell("clean " + strings.Join(args, " ") + ": " + told[1] + " KiB\n")
		if lines != users || kib < 1000 || kib > 20<<10 {
			t.Errorf("clean %q: %d lines, %d KiB; want %d, and 20480 at most", args, lines, kib, users)
		}
	}
	if left := rig.Must(t, "ls", "-A", "/var/lib/tmpshell"); left != "" {
		t.Errorf("left: %q", left)
	}
}
