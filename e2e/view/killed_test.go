package view_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/view"
)

// hangVar tells the victim of TestKilled its number, by which all that it makes
// is told from what another run makes.
const hangVar = view.KeptVars + "HANG"

// hangSetting is one that nobody misses for a moment.
const hangSetting = "kernel/printk_ratelimit_burst"

func hangSleep(run string) string { return "98765." + run }
func hangImage(run string) string { return "tmpshell-view-hang-" + run + ".img" }
func hangValue(run string) string { return "9" + run }

// TestHang is TestKilled's victim.
func TestHang(t *testing.T) {
	run := os.Getenv(hangVar)
	if run == "" {
		t.Skip("run by TestKilled")
	}
	if !view.EnterWith(t, hangSetting, hangValue(run)) {
		return
	}
	image := hangImage(run)
	script := "cd /run; truncate -s 8M " + image + "; mkfs.ext4 -q " + image +
		"; mount -o loop " + image + " /tmp; setsid sleep " + hangSleep(run) + " & exec sleep " + hangSleep(run)
	if out, err := exec.Command("sh", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestKilled: a test that is killed, its runner first, takes its daemons,
// mounts and loop devices with it, and a setting of the machine's is put back.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: this needs a view of the machine")
	}
	view.NeedRoot(t)
	view.Need(t, "mkfs.ext4", "losetup", "setsid")
	run := fmt.Sprint(os.Getpid())
	victim := exec.Command("/proc/self/exe", "-test.run=^TestHang$")
	victim.Env = append(os.Environ(), hangVar+"="+run)
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = victim.Wait(); close(ended) }()
	until(func() bool {
		select {
		case <-ended:
			t.Fatal("the victim has not got as far as its mounts")
		default:
		}
		return len(sleeps(run)) == 2 && loopInUse(t, run)
	})
	if setting(t) != hangValue(run) {
		t.Errorf("%s is %s; want %s", hangSetting, setting(t), hangValue(run))
	}
	view, err := unix.PidfdOpen(firstOfView(t, sleeps(run)[0]), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(view)
	_ = victim.Process.Kill()
	<-ended
	// When the first process has ended, the kernel has ended all others.
	for err = unix.EINTR; err == unix.EINTR; {
		_, err = unix.Poll([]unix.PollFd{{Fd: int32(view), Events: unix.POLLIN}}, -1)
	}
	if left := sleeps(run); len(left) > 0 {
		t.Errorf("processes have outlived their view: %q", left)
	}
	// The limit of the whole run is that of these two: who does them is the
	// kernel, and the keeper.
	until(func() bool { return !loopInUse(t, run) })
	until(func() bool { return setting(t) != hangValue(run) })
}

func until(condition func() bool) {
	for !condition() {
		time.Sleep(10 * time.Millisecond)
	}
}

func setting(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/" + hangSetting)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// sleeps are the directories in /proc of the victim's programs.
func sleeps(run string) (list []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if text, _ := os.ReadFile(file); strings.HasPrefix(string(text), "sleep\x00"+hangSleep(run)+"\x00") {
			list = append(list, filepath.Dir(file))
		}
	}
	return list
}

// firstOfView is the process that is number 1 in the PID namespace of another.
func firstOfView(t *testing.T, dir string) int {
	t.Helper()
	for at := dir; ; {
		text, err := os.ReadFile(at + "/status")
		if err != nil {
			t.Fatal(err)
		}
		var pid, parent int
		inner := ""
		for line := range strings.Lines(string(text)) {
			_, _ = fmt.Sscanf(line, "Pid:\t%d", &pid)
			_, _ = fmt.Sscanf(line, "PPid:\t%d", &parent)
			if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
				all := strings.Fields(numbers)
				inner = all[len(all)-1]
			}
		}
		if inner == "1" || parent == 0 {
			return pid
		}
		at = fmt.Sprint("/proc/", parent)
	}
}

func loopInUse(t *testing.T, run string) bool {
	t.Helper()
	files, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if text, _ := os.ReadFile(file); strings.Contains(string(text), hangImage(run)) {
			return true
		}
	}
	return false
}
