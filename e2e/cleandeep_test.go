package e2e

import (
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestCleanDeep: 100,000 directories inside each other, with names that have newlines
// in them, against a cleaner with few descriptors and little memory.
func TestCleanDeep(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc", "prlimit", "python3")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	attack.Build(t, naiveClean)
	rig.Write(t, "/home/alice/deep.py", `import os
os.chdir(os.environ["TMPDIR"])
for n in range(100000):
    name = "d\nd" if n % 1000 == 0 else "d"
    os.mkdir(name); os.chdir(name)
    if n % 1000 == 0: os.close(os.open("f\nf", os.O_CREAT | os.O_WRONLY))
`, 0o644)
	if r := alice.Login(t, "python3 ~/deep.py"); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	// It ends where the stack does, and has then removed nothing: not where the descriptors do.
	if r := rig.Sh(t, "ulimit -s 1024; "+naiveClean+" 1000 "+removing+"; true"); !exists(removing) {
		t.Fatalf("the naive one removes it as well: %+v", r)
	}
	// The look into it, which --dry-run has, is bounded as the removal is.
	for _, args := range [][]string{{"--dry-run"}, nil} {
		argv := append([]string{"prlimit", "--nofile=64", "--stack=262144"}, append(cleanArgs, args...)...)
		r := rig.Command{Path: "/usr/bin/prlimit", Args: argv}.Run(t)
		if r.Status != 0 || r.Stderr != "" || exists(removing) != (args != nil) {
			t.Errorf("%q: %+v; the directory is there: %v", args, r, exists(removing))
		}
		if args == nil { // with the runtime directory
			if want := "removed " + removing + " of alice: 100 files, 100001 directories\n"; r.Stdout != want {
				t.Errorf("it prints %q; want %q", r.Stdout, want)
			}
		}
	}
	if got := rig.Sh(t, "ls -A /tmp/.private").Stdout; got != "" {
		t.Errorf("afterwards there are %q", got)
	}
}
