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
		files = 10000
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
		"systemd-tmpfiles":      {"systemd-tmpfiles", "--remove", "/etc/bench.conf"},
		"tmpreaper":             {"tmpreaper", "--all", "--delay=0", "--mtime-dir", "1s", "/tmp/.private/."},
	}
	rig.Write(t, "/etc/bench.conf", "R "+alice.Private()+"\n", 0o644)
	names := []string{"rm -rf", "tmpshellctl clean", "clean, grace time too", "systemd-tmpfiles", "tmpreaper"}
	if files > 200000 {
		names = names[:2]
	}
	text := fmt.Sprintf("%d files removed, flat and in 1,000 directories inside each other: medians of 3.\n\n| | wall, s | processor, s |\n| --- | ---: | ---: |\n", files)
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
				// tmpreaper keeps directories that it has just emptied.
				if out, err := cmd.CombinedOutput(); err != nil || exists(alice.Private()) && name != "tmpreaper" {
					t.Fatalf("%s: %v, %s", name, err, out)
				}
				rig.Must(t, "rm", "-rf", alice.Private())
				wall[name] = append(wall[name], time.Since(began).Seconds())
				cpu[name] = append(cpu[name], (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
			}
		}
		for _, name := range names {
			slices.Sort(wall[name])
			slices.Sort(cpu[name])
			text += fmt.Sprintf("| %s, %s | %.2f | %.2f |\n", shape, name, wall[name][1], cpu[name][1])
		}
	}
	publishSection("clean", text, "")
}

// TestBenchIdle has 10,000 users, who have logged out lately: there is nothing to do
// but to find that out.
func TestBenchIdle(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.Must(t, "python3", "-c", `import os
with open("/etc/passwd", "a") as f:
    for u in range(10000, 20000):
        f.write("u%d:x:%d:%d::/home/u%d:/bin/sh\n" % (u, u, u, u))
        d = "/tmp/.private/%d" % u
        os.mkdir(d, 0o700); os.mkdir(d + "/d"); open(d + "/d/f", "w").close()
        for p in d + "/d/f", d + "/d", d: os.chown(p, u, u)`)
	for _, args := range [][]string{{"clean", "--contained"}, {"clean", "--contained", "--orphans"}, {"status", "--contained"}, {"status", "--contained", "--full"}} {
		var wall, cpu []float64
		for range 9 {
			cmd := exec.Command(rig.Ctl, args...)
			began := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v, %s", err, out)
			}
			wall = append(wall, time.Since(began).Seconds())
			cpu = append(cpu, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
		}
		slices.Sort(wall)
		slices.Sort(cpu)
		view.Tell(fmt.Sprintf("10,000 directories, %v: median %.3f s, processor %.3f s, least %.3f s\n", args, wall[4], cpu[4], cpu[0]))
	}
}
