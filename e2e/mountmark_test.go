package e2e

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/build"
	"tmpshell/internal/private"
)

// TestMountManyFiles: what a user has in an instance makes no login dearer, and what
// tells that nothing of another share= is left in there is out of the user's hands.
func TestMountManyFiles(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace", "python3")
	line := func(share string) string { return "Directory /tmp mount share=" + share }
	rig.Install(t, line("meet/,.X11-unix/"))
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	const instance = "/var/lib/tmpshell/1000/tmp"
	// reads counts the names that a login, and the helper if it runs, are told.
	reads := func() (names int, helper bool) {
		t.Helper()
		argv := []string{"strace", "-f", "-qq", "-e", "trace=getdents64,execve", "-e", "signal=none", "-u", "alice", rig.Tmpshell, "-c", ":"}
		r := rig.Command{Path: "/usr/bin/strace", Args: argv, Env: a.Env()}.Run(t)
		if r.Status != 0 || !strings.Contains(r.Stderr, "tmpshell-session") {
			t.Fatalf("%+v", r)
		}
		for call := range strings.Lines(r.Stderr) {
			if _, entries, is := strings.Cut(call, "/* "); is && strings.Contains(call, "getdents64") {
				var n int
				if _, err := fmt.Sscan(entries, &n); err != nil {
					t.Fatal(call)
				}
				names += n
			}
		}
		return names, strings.Contains(r.Stderr, build.Helper())
	}
	fill := func(n int) {
		t.Helper()
		if r := a.Login(t, fmt.Sprintf(`/usr/bin/python3 -c 'for i in range(%d): open("/tmp/f%%d" %% i, "w").close()'`, n)); r.Status != 0 {
			t.Fatalf("%+v", r)
		}
	}
	// A session looks for links that lead nowhere in as much as one call tells it.
	fill(2000)
	few, helper := reads()
	if helper {
		t.Error("a first login runs the helper once more")
	}
	const files = 10000
	fill(files)
	many, helper := reads()
	if many > few || helper {
		t.Errorf("with %d files a login reads %d names, and with 2,000 %d; the helper ran: %v", files, many, few, helper)
	}
	// What the user may try.
	attempts := `import os
name, done = "` + private.ShareMark + `", []
for path in "/tmp", "` + instance + `":
    for what, f in ("set", lambda: os.setxattr(path, name, b"x" * 8)), ("remove", lambda: os.removexattr(path, name)), ("list", lambda: os.setxattr(path, name, os.getxattr(path, name))):
        try: f(); done.append(what + " " + path)
        except OSError: pass
print(done)`
	rig.Write(t, "/home/alice/mark.py", attempts, 0o644)
	if r := a.Login(t, "/usr/bin/python3 ~/mark.py"); r.Stdout != "[]\n" {
		t.Errorf("alice can do so: %+v", r)
	}
	// Another list: the helper reads it once, takes away what is left, and no login does.
	rig.Configure(t, line("meet/"))
	rig.Setup(t)
	if _, helper := reads(); !helper || exists(instance+"/.X11-unix") || !exists(instance+"/meet") {
		t.Errorf("after a change of share= the helper ran: %v; %s", helper, rig.Sh(t, "ls -la "+instance+" | head -n 5").Stdout)
	}
	if again, helper := reads(); again > few || helper {
		t.Errorf("then a login reads %d names; the helper ran: %v", again, helper)
	}
	// Without the mark, as of an earlier version.
	if err := unix.Removexattr(instance, private.ShareMark); err != nil {
		t.Fatal(err)
	}
	if names, helper := reads(); !helper || names < files {
		t.Errorf("without a mark, %d names are read; the helper ran: %v", names, helper)
	}
	if again, helper := reads(); again > few || helper {
		t.Errorf("and then %d; the helper ran: %v", again, helper)
	}
	view.Tell(fmt.Sprintf("names that a first login with method mount reads: %d with 2,000 files in the instance, %d with %d\n", few, many, files))
}
