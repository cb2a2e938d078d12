//go:build bench

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestBenchClean removes many files, in turn with rm(1): flat, and in 1,000
// directories inside each other. TMPSHELL_KEPT_BENCH_FILES is how many.
func TestBenchClean(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	files, err := strconv.Atoi(os.Getenv(view.KeptVars + "BENCH_FILES"))
	if err != nil {
		files = 200000
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	const fill = `import os, sys
n, deep = int(sys.argv[1]), sys.argv[2] == "deep"
os.chdir(os.environ["TMPDIR"])
for d in range(1000 if deep else 1):
    for i in range(n // 1000 if deep else n): os.close(os.open("f%d" % i, os.O_CREAT | os.O_WRONLY))
    if deep: os.mkdir("d"); os.chdir("d")`
	rig.Write(t, "/home/alice/fill.py", fill, 0o644)
	programs := map[string][]string{
		"rm -rf":                {"rm", "-rf", alice.Private()},
		"tmpshellctl clean":     {rig.Ctl, "clean", "--contained", "--grace", "0"},
		"clean, grace time too": {rig.Ctl, "clean", "--contained", "--grace", "1"},
	}
	names := []string{"rm -rf", "tmpshellctl clean", "clean, grace time too"}
	for _, shape := range []string{"flat", "deep"} {
		wall, cpu := map[string][]float64{}, map[string][]float64{}
		for round := range 3 {
			for i := range names {
				name := names[(i+round)%len(names)]
				if r := alice.Login(t, fmt.Sprintf("/usr/bin/python3 ~/fill.py %d %s", files, shape)); r.Status != 0 {
					t.Fatalf("%+v", r)
				}
				time.Sleep(1100 * time.Millisecond) // the grace time
				cmd := exec.Command(programs[name][0], programs[name][1:]...)
				began := time.Now()
				if out, err := cmd.CombinedOutput(); err != nil || exists(alice.Private()) {
					t.Fatalf("%s: %v, %s", name, err, out)
				}
				wall[name] = append(wall[name], time.Since(began).Seconds())
				cpu[name] = append(cpu[name], (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
			}
		}
		for _, name := range names {
			slices.Sort(wall[name])
			slices.Sort(cpu[name])
			view.Tell(fmt.Sprintf("%d files, %s: %-22s median %6.2f s, processor %6.2f s\n",
				files, shape, name, wall[name][1], cpu[name][1]))
		}
	}
}
