package view_test

import (
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/view"
)

func TestMain(m *testing.M) {
	view.Main()
	os.Exit(m.Run())
}

// outside is a file that must not appear on the machine.
const outside = "/etc/tmpshell-view-test"

func TestChangesStayInside(t *testing.T) {
	if !view.Inside() {
		t.Cleanup(func() {
			if _, err := os.Stat(outside); err == nil {
				t.Errorf("%s got out of the view", outside)
			}
		})
	}
	if !view.Enter(t) {
		return
	}
	if err := os.WriteFile(outside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/tmp", "/run", "/dev/shm", "/usr/bin", "/var/lib", "/home"} {
		if err := os.WriteFile(filepath.Join(dir, "view-test"), nil, 0o644); err != nil {
			t.Error(err)
		}
	}
	if err := os.WriteFile("/srv/view-test", nil, 0o644); err == nil {
		t.Error("a directory without an overlay is writable")
	}
}

func TestNamespaces(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	t.Run("pid", func(t *testing.T) {
		if os.Getppid() != 1 {
			t.Errorf("parent process is %d, want the view's init, 1", os.Getppid())
		}
	})
	t.Run("loopback", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:22")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	})
	t.Run("no other network", func(t *testing.T) {
		interfaces, err := net.Interfaces()
		if err != nil || len(interfaces) != 1 {
			t.Errorf("interfaces: %v, %v; want lo alone", interfaces, err)
		}
	})
	t.Run("file capabilities", func(t *testing.T) {
		view.Need(t, "setcap", "getcap")
		program := "/usr/bin/view-true"
		if out, err := exec.Command("cp", "/bin/true", program).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if out, err := exec.Command("setcap", "cap_chown=p", program).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		out, err := exec.Command("getcap", program).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "cap_chown=p") {
			t.Errorf("getcap: %v: %s", err, out)
		}
	})
	t.Run("zombies are reaped", func(t *testing.T) {
		// Its parent ends first, and then it does.
		out, err := exec.Command("sh", "-c", "(cat <&3 >/dev/null & echo $!) 3<&0").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		orphan := "/proc/" + strings.TrimSpace(string(out))
		for there := true; there; time.Sleep(time.Millisecond) { // the view's limit ends it
			_, err := os.Stat(orphan)
			there = err == nil
		}
	})
}

// TestCaller: ignored signals and open files that go test was started with, by
// nohup, flock or make, are not what a login in the view finds.
func TestCaller(t *testing.T) {
	if !view.Inside() {
		if _, err := unix.Open("/dev/null", unix.O_RDONLY, 0); err != nil { // without O_CLOEXEC
			t.Fatal(err)
		}
		signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTSTP)
		defer signal.Reset(unix.SIGHUP, unix.SIGINT, unix.SIGTSTP)
	}
	if !view.Enter(t) {
		return
	}
	out, err := exec.Command("sed", "-n", "s/^SigIgn:\t//p", "/proc/self/status").Output()
	ignored, bad := strconv.ParseUint(strings.TrimSpace(string(out)), 16, 64)
	for _, s := range []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGTSTP} {
		if err != nil || bad != nil || ignored&(1<<(s-1)) != 0 {
			t.Errorf("%v is ignored: %q, %v", s, out, err)
		}
	}
	const open = "for n in 3 4 5 6 7 8 9 10 11 12; do [ ! -e /proc/$$/fd/$n ] || echo $n; done"
	out, err = exec.Command("sh", "-c", open).Output()
	if err != nil || len(out) > 0 {
		t.Errorf("files are open: %q, %v", out, err)
	}
}
