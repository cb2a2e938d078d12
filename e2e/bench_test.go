//go:build bench

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// The programs that measure, and that stand beside tmpshell.
const (
	interleave = "/usr/local/bin/interleave"
	floor      = "/usr/local/bin/floor"
	floorMount = "/usr/local/bin/floormount"
	goFloor    = "/usr/local/bin/gofloor"
)

// TestBenchLogin compares what stands between login and shell: in each round
// every command once, in random order. The first one is subtracted from the
// others.
func TestBenchLogin(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Must(t, "mount", "--make-rshared", "/")
	floors(t)
	rig.Install(t, "Match User mounted", "Directory /tmp mount", "Match User fresh", "Directory /tmp tmpfs")
	account := func(name string, uid uint32) string {
		a := rig.AddUser(t, rig.Account{Name: name, UID: uid})
		a.Session(t)
		return as3(a)
	}
	plain, mounted, fresh := account("plain", 1000), account("mounted", 1001), account("fresh", 1002)
	const shell = "/bin/bash -c true"
	measure(t, []row{
		{"bash alone", plain + shell},
		{"C, static: verify, two variables", plain + floor + " /tmp/.private/1000 TMPDIR TMP -- " + shell},
		{"tmpshell, method env", plain + rig.Tmpshell + " -c true"},
		{"C, static: namespace and bind mount", floorMount + " /var/lib/tmpshell/1001/tmp /tmp /usr/bin/" + plain + shell},
		{"tmpshell, method mount, a namespace of its own", mounted + rig.Tmpshell + " -c true"},
		{"tmpshell, method tmpfs", fresh + rig.Tmpshell + " -c true"},
		{"Go: an empty program", plain + goFloor + " " + shell},
	})
	defer sleep(t, &rig.Account{Name: "mounted", UID: 1001, GID: 1001, Home: "/home/mounted"})()
	measure(t, []row{
		{"bash alone", mounted + shell},
		{"tmpshell, method mount, another session's namespace", mounted + rig.Tmpshell + " -c true"},
	})
}

// TestBenchBlocks has configurations of 0, 10 and 1000 Match blocks.
func TestBenchBlocks(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	floors(t)
	rig.Install(t)
	a := rig.AddUser(t, rig.Account{Name: "plain", UID: 1000})
	rows := []row{{"bash alone", as3(a) + "/bin/bash -c true"}}
	for _, n := range []int{0, 10, 1000} {
		var lines []string
		for i := range n {
			lines = append(lines, fmt.Sprintf("Match Uid %d,!1000\nSetEnv A=%d\nLog all", 2000+i, i))
		}
		// Each has a root directory of its own, with the same programs.
		root := fmt.Sprintf("/var/lib/bench%d", n)
		rig.Must(t, "sh", "-ec", `mkdir -p "$1" && cd "$1" && mkdir -p usr etc proc dev tmp run var home && chmod 1777 tmp
			for d in bin sbin lib lib64; do ln -s usr/$d $d; done
			for d in usr proc dev home; do mount --rbind /$d $d; done
			cp -a /etc/. etc/`, "sh", root)
		rig.Write(t, root+rig.Conf, strings.Join(append(lines, ""), "\n"), 0o644)
		rig.Must(t, "chroot", root, rig.Ctl, "setup")
		login := "/usr/sbin/chroot " + root + " /usr/bin/" + as3(a) + rig.Tmpshell + " -c true"
		if r := rig.Sh(t, login); r.Status != 0 {
			t.Fatalf("%+v", r)
		}
		rows = append(rows, row{fmt.Sprintf("tmpshell, %d Match blocks", n), login})
	}
	measure(t, rows)
}

// floors makes the programs to compare with.
func floors(t *testing.T) {
	t.Helper()
	view.Compile(t, interleave, []string{"-O2", "-Wall"}, "bench/programs/interleave.c")
	view.Compile(t, floor, []string{"-O2", "-Wall", "-static"}, "bench/programs/floor.c")
	view.Compile(t, floorMount, []string{"-O2", "-Wall", "-static"}, "bench/programs/floormount.c")
	cmd := exec.Command("/usr/local/go/bin/go", "build", "-trimpath", "-ldflags", "-s -w", "-o", goFloor, "./bench/gofloor")
	if path, err := exec.LookPath("go"); err == nil {
		cmd.Path = path
	}
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOCACHE=/run/gocache", "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
}

// row is one command to measure.
type row struct{ name, command string }

// measure prints, for each command, the median of what it adds to the first one
// and its quartiles, processor time, context switches, page faults and memory.
func measure(t *testing.T, rows []row) {
	t.Helper()
	var list strings.Builder
	for _, r := range rows {
		if !strings.HasPrefix(r.command, "/") {
			r.command = "/usr/bin/" + r.command
		}
		list.WriteString(r.command + "\n")
	}
	file := t.TempDir() + "/commands"
	rig.Write(t, file, list.String(), 0o644)
	const rounds = "500"
	out := rig.Must(t, interleave, rounds, file)
	view.Tell(fmt.Sprintf("\n%-52s %9s %19s %9s %8s %6s %8s\n", "interleaved, "+rounds+" rounds", "added", "quartiles", "processor", "switches", "faults", "memory"))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	slices.Reverse(lines)
	for i, line := range lines {
		var c int
		var wall, added, low, high, cpu, switches, faults, memory float64
		if _, err := fmt.Sscan(line, &c, &wall, &added, &low, &high, &cpu, &switches, &faults, &memory); err != nil || c != i {
			t.Fatalf("interleave printed %q: %v", line, err)
		}
		view.Tell(fmt.Sprintf("%-52s %6.2f ms %8.2f to %5.2f ms %6.2f ms %8.0f %6.0f %4.0f KiB\n",
			rows[i].name, added/1e3, low/1e3, high/1e3, cpu/1e3, switches, faults, memory))
	}
}

// TestBenchSessions has many sessions live and measures the next login and a
// mount on the machine.
func TestBenchSessions(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "hyperfine")
	rig.Must(t, "mount", "--make-rshared", "/")
	rig.Must(t, "mkdir", "-p", "/home/point")
	for _, way := range []struct{ name, directory string }{
		{"mount, slave: 30 users", "mount"},
		{"mount, private: 30 users", "mount propagation=private"},
		{"tmpfs, slave: a namespace each", "tmpfs"},
		{"tmpfs, private: a namespace each", "tmpfs propagation=private"},
	} {
		rig.Install(t, "Directory /tmp "+way.directory)
		accounts := make([]*rig.Account, 30)
		for i := range accounts {
			n := len(way.name)*1000 + i
			accounts[i] = rig.AddUser(t, rig.Account{Name: fmt.Sprint("u", n), UID: uint32(n)})
			accounts[i].Session(t)
		}
		var stop []func()
		for _, n := range []int{30, 300, 3000} {
			for len(stop) < n {
				stop = append(stop, sleep(t, accounts[len(stop)%len(accounts)]))
			}
			login := hyperfine(t, []string{as3(accounts[0]) + rig.Tmpshell + " -c true"})[0]
			mount, umount := mounting(t)
			view.Tell(fmt.Sprintf("%-34s %4d sessions: login %5.2f ms, mount(2) %6.0f µs, umount(2) %6.0f µs\n", way.name, n, login*1e3, mount, umount))
		}
		for _, s := range stop {
			s()
		}
	}
}

func as3(a *rig.Account) string {
	return fmt.Sprintf("setpriv --reuid %d --regid %d --clear-groups ", a.UID, a.GID)
}

// sleep starts a session that lasts, and returns how to end it.
func sleep(t *testing.T, a *rig.Account) func() {
	t.Helper()
	cmd := exec.Command(rig.Tmpshell, "--exec", "sleep", "3600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.Credential(), Pdeathsig: syscall.SIGKILL}
	cmd.Env = a.Env()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rig.Await(t, func() string { return "the session has not begun" }, func() bool {
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", cmd.Process.Pid))
		return strings.HasSuffix(exe, "/sleep")
	})
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// hyperfine returns the median of each command, in seconds.
func hyperfine(t *testing.T, commands []string) []float64 {
	t.Helper()
	out := t.TempDir() + "/out.json"
	rig.Must(t, "hyperfine", append([]string{"-N", "-w", "20", "-r", "300", "--export-json", out}, commands...)...)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r struct{ Results []struct{ Median float64 } }
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	var medians []float64
	for _, one := range r.Results {
		medians = append(medians, one.Median)
	}
	return medians
}

// mounting returns the medians of a mount and an unmount, in microseconds.
func mounting(t *testing.T) (mount, umount float64) {
	t.Helper()
	var up, down []float64
	for range 51 {
		start := time.Now()
		if err := unix.Mount("x", "/home/point", "tmpfs", 0, "size=4k"); err != nil {
			t.Fatal(err)
		}
		up = append(up, float64(time.Since(start).Nanoseconds())/1e3)
		start = time.Now()
		if err := unix.Unmount("/home/point", 0); err != nil {
			t.Fatal(err)
		}
		down = append(down, float64(time.Since(start).Nanoseconds())/1e3)
	}
	slices.Sort(up)
	slices.Sort(down)
	return up[len(up)/2], down[len(down)/2]
}
