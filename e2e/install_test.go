package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMakeInstall installs with make, as the README says, logs in, and
// uninstalls.
func TestMakeInstall(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "make")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	list := func() []string {
		return strings.Fields(rig.Must(t, "find", "/etc", "/usr/bin", "/usr/libexec", "/usr/lib/tmpfiles.d",
			"/usr/share/doc", "/usr/share/man", "/usr/sbin", "/usr/local", "-not", "-type", "d"))
	}
	shells := rig.Must(t, "cat", "/etc/shells")
	before := list()
	// -o build: the source tree is read-only here.
	rig.Must(t, "make", "-C", root, "-o", "build", "install")
	rig.Setup(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice.Session(t).CheckVariables(t, alice.Private())
	for _, line := range []string{rig.Tmpshell, "/bin/bash"} {
		if !strings.Contains("\n"+rig.Must(t, "cat", "/etc/shells"), "\n"+line+"\n") {
			t.Errorf("/etc/shells does not list %s", line)
		}
	}
	again := rig.Must(t, rig.Ctl, "setup")
	t.Run("what was installed works as it is", func(t *testing.T) {
		if r := rig.Sh(t, "tmpshellctl check"); r.Status != 0 {
			t.Errorf("tmpshellctl check: status %d\n%s%s", r.Status, r.Stdout, r.Stderr)
		}
		if !strings.Contains(again, "as it was") {
			t.Errorf("a second setup changes something:\n%s", again)
		}
	})
	t.Run("uninstall", func(t *testing.T) {
		if r := rig.Sh(t, `make -C "$1" uninstall`, root); r.Status == 0 || !strings.Contains(r.Stdout, "still the shell of alice") {
			t.Errorf("uninstall while alice has tmpshell: status %d\n%s%s; want it to stop", r.Status, r.Stdout, r.Stderr)
		}
		alice.SetShell(t, "/bin/sh")
		rig.Must(t, "make", "-C", root, "uninstall")
		// The administrator's own file stays.
		if err := os.Remove(rig.Conf); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(before, list()); diff != "" {
			t.Errorf("files differ (- before, + after install and uninstall):\n%s", diff)
		}
		if diff := cmp.Diff(shells, rig.Must(t, "cat", "/etc/shells")); diff != "" {
			t.Errorf("/etc/shells differs (- before, + after):\n%s", diff)
		}
	})
}
