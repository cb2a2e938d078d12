//go:build bench

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/bench/report"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// The programs that hold the sessions, see there.
const (
	crowd       = "/usr/local/bin/crowd"
	crowdMember = "/usr/local/bin/crowdmember"
)

// crowding is one way to have a crowd of them.
type crowding struct {
	name string
	most int
	root bool // root starts them, and not their users
	// How a program is started, UID standing for the user's; and a login.
	program, login string
	directory      string // what tmpshell.conf says of /tmp
	kept           bool   // a user's first session makes a directory that stays
}

// TestScaleSessions has many users' sessions live, and measures the next one, the next
// login, a mount outside of them and the kernel's memory: with mount, where each has a
// namespace; and beside as many processes without tmpshell, and namespaces of
// unshare(1) and pam_namespace.
func TestScaleSessions(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Must(t, "mount", "--make-rshared", "/")
	rig.Must(t, "mkdir", "-p", "/home/point")
	floors(t)
	view.Compile(t, crowd, []string{"-O2", "-Wall"}, "bench/programs/crowd.c")
	view.Compile(t, crowdMember, []string{"-O2", "-Wall", "-static"}, "bench/programs/crowdmember.c")
	pamNamespace(t)
	rig.Write(t, "/etc/pam.d/runuser", "auth sufficient pam_rootok.so\nsession required pam_namespace.so\n", 0o644)
	most, fewer := atMost(10000), atMost(3000)
	people(t, most+1)
	text := fmt.Sprintf("So many users with a live session each. A session's time is until its program runs, the median of the last 100; a login's is what it adds to bash. Memory is what the kernel has for itself and cannot let go of (/proc/meminfo: SUnreclaim, KernelStack, PageTables, Percpu), divided by the sessions: the process is in it. There are %d mounts, and each namespace has copies of them. Load at the beginning: %s.\n\n"+
		"| | sessions | a session, ms | a login, ms | mount(2) outside, µs | umount(2), µs | memory, KiB each |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
		strings.Count(read(t, "/proc/self/mountinfo"), "\n"), strings.Fields(read(t, "/proc/loadavg"))[0])
	const unshare = "/usr/bin/unshare -m -S UID -G UID --propagation "
	login, session := rig.Tmpshell+" -c true", rig.Tmpshell+" --exec "+crowdMember
	for _, way := range []crowding{
		{name: "processes without tmpshell", most: most, program: crowdMember, login: shell},
		{name: "**mount**", most: most, kept: true, directory: "mount", program: session, login: login},
		{name: "unshare -m --propagation slave", most: most, root: true, program: unshare + "slave " + crowdMember, login: unshare + "slave " + shell},
		{name: "**mount, propagation=private**", most: fewer, directory: "mount propagation=private", program: session, login: login},
		{name: "unshare -m --propagation private", most: fewer, root: true, program: unshare + "private " + crowdMember, login: unshare + "private " + shell},
		{name: "runuser with pam_namespace", most: atMost(300), root: true, kept: true, program: "/usr/sbin/runuser -u uUID -- " + crowdMember, login: "/usr/sbin/runuser -u uUID -- " + shell},
	} {
		text += way.measure(t, firstUID+most)
	}
	publishSection("sessions", text, "")
}

// measure returns the lines of the table. The user next is in none of the sessions.
func (s crowding) measure(t *testing.T, next int) (lines string) {
	t.Helper()
	if s.directory != "" {
		rig.Install(t, "Directory /tmp "+s.directory)
	}
	if s.kept {
		hold, end := s.hold(t)
		hold(s.most)
		end()
	}
	user := strconv.Itoa(next)
	rows := []row{{name: "bash", uid: next, command: shell}, {name: "login", uid: next, command: strings.ReplaceAll(s.login, "UID", user)}}
	if s.root {
		rows[1].uid = 0
	}
	measure(t, 6, rows) // the first one of this user
	before := settled(t)
	hold, end := s.hold(t)
	defer end()
	did := -1
	for _, n := range []int{0, 300, 3000, s.most} {
		if n = min(n, s.most); n == did {
			continue
		}
		did = n
		took := hold(n)
		d := measure(t, 15, rows)
		mount, umount := mounting(t)
		each := 0.0
		if n > 0 {
			each = float64(kernelMemory(t)-before) / float64(n)
		}
		lines += fmt.Sprintf("| %s | %d | %.2f | %.2f | %.0f | %.0f | %.1f |\n", s.name, n, took, d.result("login").Added.Mid, mount, umount, each)
	}
	return lines
}

// hold starts the program that holds them: hold(n) has it start what is missing of n,
// and returns how long each took, in milliseconds. All end at once.
func (s crowding) hold(t *testing.T) (hold func(int) float64, end func()) {
	t.Helper()
	user := "user"
	if s.root {
		user = "root"
	}
	cmd := exec.Command(crowd, append([]string{strconv.Itoa(firstUID), user}, strings.Fields(s.program)...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(pipe)
	hold = func(n int) (took float64) {
		t.Helper()
		fmt.Fprintln(in, n)
		if _, err := fmt.Fscan(out, &took); err != nil {
			t.Fatalf("crowd, with %d sessions: %v", n, err)
		}
		return took
	}
	return hold, func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("crowd: %v", err)
		}
	}
}

// settled is kernelMemory when what has ended is gone.
func settled(t *testing.T) int {
	t.Helper()
	for have := kernelMemory(t); ; {
		time.Sleep(time.Second)
		now := kernelMemory(t)
		if now >= have {
			return now
		}
		have = now
	}
}

// kernelMemory is what the kernel uses for itself and cannot let go of, in KiB.
func kernelMemory(t *testing.T) int {
	t.Helper()
	sum := 0
	for line := range strings.Lines(read(t, "/proc/meminfo")) {
		f := strings.Fields(line)
		switch f[0] {
		case "SUnreclaim:", "KernelStack:", "PageTables:", "Percpu:":
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	return sum
}

// mounting returns the medians of a mount and an unmount, in microseconds.
func mounting(t *testing.T) (mount, umount float64) {
	t.Helper()
	var up, down []float64
	for range 5 {
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
	return report.Median(up).Mid, report.Median(down).Mid
}
