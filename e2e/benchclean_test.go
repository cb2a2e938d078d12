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

	"tmpshell/e2e/bench/report"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestBenchClean removes many files, in turn with rm(1): flat, and in 1,000
// directories inside each other. TMPSHELL_KEPT_BENCH_FILES is how many; of more than
// 200,000, with rm(1) alone, the table is one of its own.
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
	section := "clean"
	if files > 200000 {
		names, section = names[:2], "many"
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
	publishSection(section, text, "")
}

// TestBenchIdle has 10,000 users, who have logged out lately: there is nothing to do
// but to find that out. Each round runs clean with no directory as well: what that takes
// is the look at /proc, and the start of the program. Each has its own memory of who had
// directories, as the runs of a machine have.
func TestBenchIdle(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	const users = 10000
	rig.Must(t, "python3", "-c", `import os
def fill(d, u):
    os.mkdir(d + "/d"); open(d + "/d/f", "w").close()
    for p in d + "/d/f", d + "/d": os.chown(p, u, u)
os.mkdir("/tmp/env", 0o711); os.chmod("/tmp/env", 0o711); os.makedirs("/var/lib/mount", 0o700, True)
with open("/etc/passwd", "a") as f:
    for u in range(10000, 20000):
        f.write("u%d:x:%d:%d::/home/u%d:/bin/sh\n" % (u, u, u, u))
        d = "/tmp/env/%d" % u
        os.mkdir(d, 0o700); fill(d, u); os.chown(d, u, u)
        d = "/var/lib/mount/%d" % u
        os.mkdir(d, 0o700); os.mkdir(d + "/tmp"); os.chmod(d + "/tmp", 0o1777); fill(d + "/tmp", u)`)
	rig.Must(t, "sh", "-c", "rm -rf /tmp/.private /var/lib/tmpshell")
	places := []struct{ name, from, to string }{
		{"none", "", ""}, {"env", "/tmp/env", "/tmp/.private"}, {"mount", "/var/lib/mount", "/var/lib/tmpshell"},
	}
	of := func(n int, args ...string) (ms float64) {
		cmd := exec.Command(rig.Ctl, args...)
		if p := places[n]; p.from != "" {
			rig.Must(t, "mv", p.from, p.to)
			defer func() { rig.Must(t, "mv", p.to, p.from) }()
		}
		const seen = "/var/lib/misc/tmpshell.seen"
		_ = os.Rename(seen+"."+places[n].name, seen) // the first run has none
		defer func() { _ = os.Rename(seen, seen+"."+places[n].name) }()
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 && args[0] == "clean" {
			t.Fatalf("%v, %s", err, out)
		}
		return 1000 * (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	}
	for n := range places {
		of(n, "clean", "--contained")
	}
	const rounds = 31
	var cpu, own [3][]float64
	for round := range rounds {
		var now [3]float64
		for i := range places {
			n := (i + round) % len(places)
			now[n] = of(n, "clean", "--contained")
		}
		for n := range places {
			cpu[n] = append(cpu[n], now[n])
			own[n] = append(own[n], now[n]-now[0])
		}
	}
	text := fmt.Sprintf("clean, with %d directories of users who have logged out lately, so that nothing is to be done: medians of %d, in processor time. "+
		"With no directory, it is the start of the program and the look at /proc.\n\n| | ms | its own, ms | interval |\n| --- | ---: | ---: | --- |\n", users, rounds)
	for n, p := range places {
		d := report.Median(own[n])
		text += fmt.Sprintf("| %s | %.0f | %.0f | %.0f to %.0f |\n", p.name, report.Median(cpu[n]).Mid, d.Mid, d.Low, d.High)
	}
	publishSection("idle", text, "")
	for _, args := range [][]string{{"status", "--contained"}, {"status", "--contained", "--full"}} {
		var list []float64
		for range 5 {
			list = append(list, of(1, args...))
		}
		slices.Sort(list)
		view.Tell(fmt.Sprintf("%d directories, %v: processor %.0f ms\n", users, args, list[2]))
	}
}
