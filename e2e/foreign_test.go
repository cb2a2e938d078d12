package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestForeignPrograms: a program that is set-user-ID to another user than root, with the
// variables that a session has. The C library takes TMPDIR from it, and nothing else. See
// tmpshell-apps(7); for sudo, see testdata/script/sudo-keeps-tmp.txtar.
func TestForeignPrograms(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc")
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
	for i, c := range []struct{ name, want string }{
		{"env", "denied"}, {"one", "/tmp"}, {"mount", "/tmp"}, {"tmpfs", "/tmp"},
	} {
		a := rig.AddUser(t, rig.Account{Name: c.name, UID: uint32(1000 + i)})
		if r := a.Login(t, "scratch"); r.Stdout != c.want+"\n" || r.Stderr != "" {
			t.Errorf("%s: %q, %q; want %q", c.name, r.Stdout, r.Stderr, c.want)
		}
	}
}
