package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// bootVictimVar makes TestSystemdHangs the victim of TestSystemdKilled.
const bootVictimVar = view.KeptVars + "BOOT"

// TestSystemdHangs is TestSystemdKilled's victim.
func TestSystemdHangs(t *testing.T) {
	if os.Getenv(bootVictimVar) == "" {
		t.Skip("run by TestSystemdKilled")
	}
	if !view.EnterWithCgroup(t) {
		return
	}
	m := rig.Boot(t)
	m.Sh("systemd-run -q --unit=victim sleep 1000; exec sleep 1000")
}

// TestSystemdKilled: of a test that is killed while systemd runs in its view, no
// process and no cgroup is left on the machine.
func TestSystemdKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: this needs a view of the machine")
	}
	view.NeedRoot(t)
	t.Parallel()
	victim := exec.Command("/proc/self/exe", "-test.run=^TestSystemdHangs$")
	victim.Env = append(os.Environ(), bootVictimVar+"=1")
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = victim.Wait(); close(ended) }()
	// in are the processes whose cgroup is the victim's, or below it.
	name := fmt.Sprintf("/tmpshell-view-%d-TestSystemdHangs", victim.Process.Pid)
	in := func() (list []string) {
		files, _ := filepath.Glob("/proc/[0-9]*/cgroup")
		for _, file := range files {
			if text, _ := os.ReadFile(file); strings.Contains(string(text), name) {
				list = append(list, string(text))
			}
		}
		return list
	}
	for !strings.Contains(strings.Join(in(), ""), name+"/system.slice/victim.service") {
		select {
		case <-ended:
			t.Fatal("the victim has not got as far as its service")
		case <-time.After(100 * time.Millisecond):
		}
	}
	dir := view.OpenCgroup(t, name)
	if _, err := os.Stat(dir + "/system.slice/victim.service"); err != nil {
		t.Fatal(err)
	}
	_ = victim.Process.Kill()
	<-ended
	// The limit of the whole run is that of the kernel and the keeper.
	for gone := false; !gone; time.Sleep(10 * time.Millisecond) {
		_, err := os.Stat(dir)
		gone = os.IsNotExist(err)
	}
	if left := in(); len(left) > 0 {
		t.Errorf("processes have outlived their view: %q", left)
	}
}
