package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/policy"
	"tmpshell/internal/sample"
)

// TestUpgrade puts other versions in place, one after the other, while users log in
// who have no directory yet: each of their logins needs the launcher, the helper
// with its capabilities, and for some the session's program with its own.
func TestUpgrade(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "make")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	rig.Install(t, "OnFailure deny", "Match Uid 30000-39999", "Directory /tmp mount")
	// Another version: the same programs, with another format of the policy.
	const other = "/run/other"
	rig.Must(t, "sh", "-c", `cp -r "$1" `+other+` && sed -i "s/ policy[0-9]/ policy~/g; s,misc/tmpshell.policy[0-9],misc/tmpshell.policy~,g" `+other+`/tmpshell*`, "sh", filepath.Join(root, "bin"))

	var logins, bad atomic.Int32
	done := make(chan struct{})
	var users sync.WaitGroup
	for _, first := range []uint32{20000, 30000} {
		users.Go(func() {
			for uid := first; !hasEnded(done); uid++ {
				a := &rig.Account{Name: fmt.Sprint("u", uid), UID: uid, GID: uid, Home: "/"}
				r := a.Login(t, `echo $TMPDIR && d=$(mktemp) && stat -c %u:%a $TMPDIR`)
				want := fmt.Sprintf("%s\n%d:700\n", a.Private(), uid)
				if first == 30000 {
					want = "/tmp\n0:1777\n" // mounted, of root's
				}
				logins.Add(1)
				if r.Status != 0 || r.Stdout != want || r.Stderr != "" {
					bad.Add(1)
					t.Errorf("login of %d during an upgrade: status %d, %q, %q; want %q", uid, r.Status, r.Stdout, r.Stderr, want)
				}
			}
		})
	}
	install := func(i int) {
		switch i % 10 {
		case 5: // as the README says; -o build: the source tree is read-only here
			rig.Must(t, "make", "-C", root, "-o", "build", "install")
		default:
			from := []string{other, filepath.Join(root, "bin")}[i%2]
			if said := rig.Must(t, filepath.Join(from, "tmpshellctl"), "setup", "--from", from); !strings.Contains(said, "/usr/bin/tmpshell: the new one\n") {
				t.Errorf("setup --from %s:\n%s", from, said)
			}
		}
	}
	upgrades := 10 // of each kind one at least
	if sample.All() {
		upgrades = 100
	}
	for i := range upgrades {
		before := logins.Load()
		install(i)
		rig.Await(t, func() string { return "no login ends" }, func() bool { return logins.Load() > before || bad.Load() > 5 })
	}
	close(done)
	users.Wait()
	if r := rig.Sh(t, `cat /var/lib/misc/tmpshell.policy~ "$1"`, rig.Policy); r.Status != 0 || !strings.Contains(r.Stdout, "policy~") {
		t.Errorf("there are no policies of two versions: %s", r.Stderr)
	}
	t.Logf("%d upgrades, %d logins, %d of them refused or with a fallback", upgrades, logins.Load(), bad.Load())

	t.Run("as it was", func(t *testing.T) {
		from := filepath.Join(root, "bin")
		inode := rig.Must(t, "stat", "-c", "%i", rig.Tmpshell, rig.Helper, rig.Mounter, rig.Ctl)
		ctl(t, 0, "setup --from "+from, "/usr/bin/tmpshell: the new one (as it was)")
		if now := rig.Must(t, "stat", "-c", "%i", rig.Tmpshell, rig.Helper, rig.Mounter, rig.Ctl); now != inode {
			t.Errorf("programs that were there were replaced:\n%s%s", inode, now)
		}
	})
	t.Run("a configuration that is refused", func(t *testing.T) {
		conf := rig.Must(t, "cat", rig.Conf)
		rig.Configure(t, "Nonsense")
		// Another format: nobody could log in.
		rig.Must(t, "sh", "-c", "rm /var/lib/misc/tmpshell.policy~")
		before := rig.Must(t, "sha256sum", rig.Helper, rig.Tmpshell, rig.Mounter, rig.Ctl)
		if r := rig.Sh(t, other+"/tmpshellctl setup --from "+other); r.Status != 1 || !strings.Contains(r.Stderr, "no last good policy") {
			t.Errorf("status %d, %s%s; want it to stop", r.Status, r.Stdout, r.Stderr)
		}
		if after := rig.Must(t, "sha256sum", rig.Helper, rig.Tmpshell, rig.Mounter, rig.Ctl); after != before {
			t.Errorf("changed:\n%s%s", before, after)
		}
		rig.Must(t, "sh", "-c", "sed -i 's/policy~/policy"+policy.Format+"/g' "+other+"/tmpshell*; for p in "+other+"/tmpshell*; do echo other >>$p; done")
		ctl(t, 1, "setup --from "+other, "/usr/libexec/tmpshell-session: the new one with cap_", "is refused, fix it first")
		rig.Configure(t, conf)
		a := &rig.Account{Name: "late", UID: 30999, GID: 30999, Home: "/"}
		if r := a.Login(t, `echo $TMPDIR`); r.Stdout != "/tmp\n" {
			t.Errorf("a login with mount: status %d, %q, %q", r.Status, r.Stdout, r.Stderr)
		}
	})
	t.Run("a program that is missing", func(t *testing.T) {
		if err := os.Remove(other + "/tmpshellctl"); err != nil { // the last one that is written
			t.Fatal(err)
		}
		rig.Must(t, "sh", "-c", "echo another >>"+other+"/tmpshell-helper")
		before := rig.Must(t, "sha256sum", rig.Helper, rig.Tmpshell, rig.Mounter, rig.Ctl)
		ctl(t, 1, "setup --from "+other, "/usr/bin/tmpshellctl: failed")
		if after := rig.Must(t, "sha256sum", rig.Helper, rig.Tmpshell, rig.Mounter, rig.Ctl); after != before {
			t.Errorf("changed:\n%s%s", before, after)
		}
	})
	if left := rig.Sh(t, "ls -A /usr/bin /usr/libexec | grep new").Stdout; strings.Contains(left, "tmpshell") {
		t.Errorf("left behind: %s", left)
	}
}
