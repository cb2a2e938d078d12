package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestTry: what "make try" runs sees the user's home, and leaves nothing in it.
func TestTry(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	home := "/home/a,b c"
	rig.Must(t, "useradd", "-m", "-d", home, "-u", "1000", "-s", "/bin/bash", "alice")
	rig.Write(t, home+"/there", "", 0o644)
	rig.Must(t, "chmod", "750", home)
	r := rig.Command{Path: filepath.Join(root, "e2e/try.sh"), Args: []string{"try.sh"}, Dir: home,
		Env: append(os.Environ(), "TRY_USER=alice", `TRY_COMMAND=cd; echo x >left; stat -c "%U %a %n" . there left; mktemp; echo $HOME`)}.Run(t)
	for _, want := range []string{"alice 750 .\nroot 644 there\nalice 644 left\n/tmp/.private/1000/tmp.", "\n" + home + "\n"} {
		if !strings.Contains(r.Stdout, want) || r.Status != 0 || r.Stderr != "" {
			t.Errorf("try.sh: %d, %s%s; want %q", r.Status, r.Stdout, r.Stderr, want)
		}
	}
	if _, err := os.Stat(home + "/left"); err == nil {
		t.Errorf("%s/left is still there", home)
	}
	if _, err := os.Stat("/tmp/.private"); err == nil {
		t.Error("/tmp/.private is still there")
	}
	// Nor does root, whose own home is elsewhere.
	r = rig.Command{Path: filepath.Join(root, "e2e/try.sh"), Args: []string{"try.sh"}, Dir: "/",
		Env: append(os.Environ(), "TRY_USER=root", `TRY_COMMAND=useradd -m made-by-try && ls -d /home/made-by-try && touch ~/left && echo made`)}.Run(t)
	if !strings.Contains(r.Stdout, "/home/made-by-try\nmade\n") {
		t.Errorf("try.sh by root: %+v", r)
	}
	for _, path := range []string{"/home/made-by-try", "/root/left"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
}
