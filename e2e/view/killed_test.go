package view_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tmpshell/e2e/view"
)

const (
	hangVar = "TMPSHELL_VIEW_HANG"
	// hangSleep is told from every other sleep by its argument.
	hangSleep = "98765.4321"
	hangImage = "tmpshell-view-hang.img"
)

// TestHang is TestKilled's victim.
func TestHang(t *testing.T) {
	if !view.Inside() && os.Getenv(hangVar) == "" {
		t.Skip("run by TestKilled")
	}
	if !view.Enter(t) {
		return
	}
	script := "cd /run; truncate -s 8M " + hangImage + "; mkfs.ext4 -q " + hangImage +
		"; mount -o loop " + hangImage + " /tmp; setsid sleep " + hangSleep + " & sleep 100"
	if out, err := exec.Command("sh", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestKilled: a test that is killed, its runner first, takes its daemons,
// mounts and loop devices with it.
func TestKilled(t *testing.T) {
	view.NeedRoot(t)
	view.Need(t, "mkfs.ext4", "losetup", "setsid")
	victim := exec.Command("/proc/self/exe", "-test.run=^TestHang$")
	victim.Env = append(os.Environ(), hangVar+"=1")
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	started := waitFor(func() bool { return sleeps() && loopInUse(t) })
	_ = victim.Process.Kill()
	_ = victim.Wait()
	if !started {
		t.Fatal("the victim has not got as far as its mounts")
	}
	if !waitFor(func() bool { return !sleeps() }) {
		t.Error("a daemon has outlived its view")
	}
	if !waitFor(func() bool { return !loopInUse(t) }) {
		t.Error("a loop device is still in use")
	}
}

func waitFor(condition func() bool) bool {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return true
		}
	}
	return false
}

func sleeps() bool {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if text, _ := os.ReadFile(file); strings.HasPrefix(string(text), "sleep\x00"+hangSleep) {
			return true
		}
	}
	return false
}

func loopInUse(t *testing.T) bool {
	t.Helper()
	out, err := exec.Command("losetup", "--list", "--noheadings", "--output", "BACK-FILE").CombinedOutput()
	if err != nil {
		t.Fatalf("losetup: %v: %s", err, out)
	}
	return strings.Contains(string(out), hangImage)
}
