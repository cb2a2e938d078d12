package e2e

import (
	"os"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestForeignPrograms: programs that run as somebody else in a session, by
// set-user-ID or sudo -E, with the variables that a session has. The C library takes
// TMPDIR from both, and nothing else. See tmpshell-apps(7).
func TestForeignPrograms(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sudo", "python3", "gcc")
	rig.Install(t, "Match User one", "Directory /tmp env variables=TMPDIR", "Match User mount", "Directory /tmp mount",
		"Match User tmpfs", "Directory /tmp tmpfs")
	rig.AddUser(t, rig.Account{Name: "bob", UID: 2000, Shell: "/bin/bash"})
	// A program of bob's that does as most do, and tells whether it could.
	rig.Write(t, "/root/scratch.c", `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
	const char *names[] = {"TMPDIR", "TMP", "TEMP"}, *dir = 0;
	char path[4096];
	for (int i = 0; i < 3 && !dir; i++) dir = getenv(names[i]);
	snprintf(path, sizeof path, "%s/scratchXXXXXX", dir ? dir : "/tmp");
	if (mkstemp(path) < 0) { printf("denied\n"); return 1; }
	*strrchr(path, '/') = 0;
	printf("%s\n", path);
}
`, 0o644)
	rig.Must(t, "sh", "-ec", "gcc -o /usr/local/bin/scratch /root/scratch.c; chown bob /usr/local/bin/scratch; chmod 4755 /usr/local/bin/scratch")
	// Root's file, and whether alice can put another one in its place.
	rig.Write(t, "/usr/local/bin/by-root", `#!/bin/sh
f=$(sudo -E python3 -c 'import tempfile; print(tempfile.mkstemp()[1])') || exit
if mv "$f" "$f.moved" 2>/dev/null; then replaced=replaced; else replaced=kept; fi
echo "${f%/*} $replaced"
`, 0o755)
	const without = "/etc/sudoers.d/tmpshell"
	for i, c := range []struct {
		name, bobs, roots, mended string
	}{
		{"env", "denied", "/tmp/.private/1000 replaced", "/tmp kept"},
		{"one", "/tmp", "/tmp kept", "/tmp kept"},
		{"mount", "/tmp", "/tmp kept", "/tmp kept"},
		{"tmpfs", "/tmp", "/tmp kept", "/tmp kept"},
	} {
		a := rig.AddUser(t, rig.Account{Name: c.name, UID: uint32(1000 + i)})
		rig.Write(t, "/etc/sudoers.d/e2e", c.name+" ALL=(ALL) NOPASSWD:SETENV: ALL\n", 0o440)
		for _, try := range []struct{ what, script, want string }{
			{"set-user-ID to bob", "scratch", c.bobs},
			{"sudo -E", "by-root", c.roots},
		} {
			if r := a.Login(t, try.script); r.Stdout != try.want+"\n" || r.Stderr != "" {
				t.Errorf("%s, %s: %q, %q; want %q", c.name, try.what, r.Stdout, r.Stderr, try.want)
			}
		}
		rig.Write(t, without, readSource(t, "etc/sudoers.d/tmpshell"), 0o440)
		rig.Must(t, "visudo", "-cqf", without)
		if r := a.Login(t, "by-root"); r.Stdout != c.mended+"\n" || r.Stderr != "" {
			t.Errorf("%s, sudo -E with the example for sudoers: %q, %q; want %q", c.name, r.Stdout, r.Stderr, c.mended)
		}
		if err := os.Remove(without); err != nil {
			t.Fatal(err)
		}
	}
}
