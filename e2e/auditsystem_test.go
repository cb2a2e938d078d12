package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/audit"
)

// systemAudit is a running `tmpshellctl audit --system`.
type systemAudit struct {
	cmd *exec.Cmd
	out bytes.Buffer
}

// startSystemAudit starts one, and waits until it sees what happens.
func startSystemAudit(t *testing.T) *systemAudit {
	t.Helper()
	a := &systemAudit{cmd: exec.Command(rig.Ctl, "--json", "audit", "--system")}
	said, err := a.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	a.cmd.Stdout = &a.out
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.cmd.Process.Kill() })
	line := make([]byte, 200)
	if n, err := said.Read(line); err != nil || !strings.Contains(string(line[:n]), "watching") {
		t.Fatalf("audit --system: %v, %q; want that it is watching", err, line[:n])
	}
	return a
}

// peak is the most memory that it has had, in KiB.
func (a *systemAudit) peak(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(regexp.MustCompile(`VmHWM:\s+(\d+)`).FindSubmatch(text)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// end ends it by an interrupt, and returns what it says.
func (a *systemAudit) end(t *testing.T) (r audit.SystemResult, status int) {
	t.Helper()
	_ = a.cmd.Process.Signal(syscall.SIGINT)
	done := make(chan struct{})
	go func() { _ = a.cmd.Wait(); close(done) }()
	rig.AwaitEnd(t, done, func() string { return "audit --system does not end" })
	if err := json.Unmarshal(a.out.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, a.out.String())
	}
	return r, a.cmd.ProcessState.ExitCode()
}

// TestAuditSystem: who makes what in the machine's shared directories, and not what is
// private, or elsewhere.
func TestAuditSystem(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.Must(t, "mount", "-t", "tmpfs", "-o", "mode=1777", "tests", "/var/tmp") // it is on an overlay, which has no handles
	// Nor has /usr, where that is an overlay of an overlay: who has ended is then not known.
	rig.Must(t, "sh", "-ec", "mount -t tmpfs -o mode=755 programs /mnt; cp /bin/touch /bin/mkdir /bin/mv /mnt")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	a := startSystemAudit(t)
	if r := alice.Login(t, `PATH=/mnt:$PATH; touch $TMPDIR/mine /tmp/open; mkdir /var/tmp/dir; for i in 1 2 3; do touch /tmp/part.$i; done; touch /dev/shm/shm`); r.Status != 0 {
		t.Fatal(r)
	}
	rig.Must(t, "/mnt/touch", "/tmp/root", "/home/alice/elsewhere")
	rig.Must(t, "/mnt/mv", "/home/alice/elsewhere", "/tmp/moved")
	got, status := a.end(t)
	if status != 1 || got.Lost != 0 {
		t.Errorf("status %d, lost %d; want 1 and none lost", status, got.Lost)
	}
	have := map[string]string{}
	for _, u := range got.Users {
		have[u.Pattern] = fmt.Sprintf("%s %s %s %d", u.Kind, u.Name, filepath.Base(u.Program), u.Count)
	}
	for pattern, want := range map[string]string{
		"/tmp/open": "file alice touch 1", "/var/tmp/dir": "directory alice mkdir 1", "/tmp/part.<n>": "file alice touch 3",
		"/dev/shm/shm": "file alice touch 1", "/tmp/root": "file root touch 1", "/tmp/moved": "file root mv 1",
	} {
		if have[pattern] != want {
			t.Errorf("%s: %q; want %q", pattern, have[pattern], want)
		}
		delete(have, pattern)
	}
	for pattern, what := range have {
		if strings.HasSuffix(pattern, "/mine") || !strings.HasPrefix(pattern, "/tmp/.private") {
			t.Errorf("%s: %s; want it not to be listed", pattern, what)
		}
	}
}

// TestAuditSystemBurst: names by the hundred thousand, faster than anything real: what is
// lost is said, and memory does not grow.
func TestAuditSystemBurst(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.Must(t, "mount", "-t", "tmpfs", "-o", "mode=1777", "tests", "/var/tmp")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	// Of an overlay the kernel does not tell what is executed there.
	rig.Must(t, "mount", "-t", "tmpfs", "tests", "/usr/local/bin")
	const burst, count = "/usr/local/bin/burst", 100000
	view.Compile(t, burst, []string{"-static", "-O1"}, filepath.Join(root, "e2e/audit/burst.c"))
	a := startSystemAudit(t)
	began := time.Now()
	// Others on the machine are not to slow it down, where that can be had.
	const first = `chrt -f 1 true && exec chrt -f 1 "$@"; exec "$@"`
	rig.Sh(t, first, burst, "/tmp", fmt.Sprint(count))
	took := time.Since(began)
	before := a.peak(t)
	rig.Sh(t, first, burst, "/var/tmp", fmt.Sprint(count))
	after := a.peak(t)
	got, _ := a.end(t)
	view.Tell(fmt.Sprintf("audit --system: %.0f names a second, %d of %d seen, lost %d times, %d KiB\n", count/took.Seconds(), got.Events, 2*count, got.Lost, after))
	if got.Events != 2*count && got.Lost == 0 {
		t.Errorf("%d events of %d, and none is said to be lost", got.Events, 2*count)
	}
	const most, grown = 64 << 10, 8 << 10 // KiB
	if after > most || after-before > grown {
		t.Errorf("memory: %d KiB, and then %d; want at most %d, and it to stay the same", before, after, most)
	}
	for _, u := range got.Users {
		if u.Pattern == "/tmp/burst<n>" || u.Count > 1 {
			isBurst := filepath.Base(u.Program) == "burst" || got.Lost > 0 && u.Program == "unknown"
			if !isBurst || u.Name != "root" && u.Name != "" { // it may be gone, and whose it was
				t.Errorf("%+v; want root's burst, or unknown where something was lost", u)
			}
		}
	}
}

// TestAuditSystemLost: events that nobody reads in time are said to be lost.
func TestAuditSystemLost(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	text, err := os.ReadFile("/proc/sys/fs/fanotify/max_queued_events")
	if err != nil {
		t.Fatal(err)
	}
	most, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	a := startSystemAudit(t)
	if err := a.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	rig.Must(t, "python3", "-c", fmt.Sprintf("import os\nfor i in range(%d): os.symlink('x', f'/tmp/lost{i}')", most+1000))
	_ = a.cmd.Process.Signal(syscall.SIGCONT)
	if got, status := a.end(t); got.Lost == 0 || status != 1 || got.Events > most {
		t.Errorf("status %d, %d events, lost %d times; want 1, at most %d, and some lost", status, got.Events, got.Lost, most)
	}
}
