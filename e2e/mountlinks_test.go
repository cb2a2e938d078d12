package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountStaleLinks: a link to a file that was the user's when a session began
// is not there for the next session when the name has become free, or another
// user's.
func TestMountStaleLinks(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Exempt none", "Directory /tmp mount share=absent.sock")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.AddUser(t, rig.Account{Name: "mallory", UID: 1666})
	const cache = "/tmp/krb5cc_1000"
	look := func(what, want string) {
		t.Helper()
		if r := alice.Login(t, "readlink "+cache+"; cat "+cache+" 2>/dev/null"); r.Stdout != want {
			t.Errorf("%s, alice finds %q, want %q", what, r.Stdout, want)
		}
	}
	const linked = "/run/tmpshell/shared" + cache + "\n"
	rig.Sh(t, "echo hers >"+cache+"; chown alice "+cache)
	look("with a cache from before", linked+"hers\n")
	rig.Must(t, "rm", cache)
	look("without it", "")
	rig.Sh(t, "echo hers >"+cache+"; chown alice "+cache)
	look("with a new one", linked+"hers\n")
	rig.Sh(t, "rm "+cache+"; echo false >"+cache+"; chown mallory "+cache)
	look("with mallory's in its place", "")

	// What is not the launcher's link stays.
	rig.Must(t, "rm", cache)
	alice.Login(t, "ln -s /home/alice/own "+cache+"; echo own >~/own")
	look("with a link of her own", "/home/alice/own\nown\n")
	alice.Login(t, "rm "+cache+"; echo session >"+cache)
	look("with a file of her own", "session\n")

	// Names that no variable of this session has, and names of share=.
	alice.Login(t, "for n in old absent.sock; do ln -s /run/tmpshell/shared/tmp/$n /tmp/$n; done 2>/dev/null; ln -s /nowhere /tmp/dangling")
	for _, a := range []*rig.Account{alice, nil} {
		r := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", "ls -A /tmp"}, Env: alice.Env()}.Run(t)
		if want := map[bool]string{true: ".runtime\nabsent.sock\n", false: ".runtime\nabsent.sock\ndangling\nkrb5cc_1000\n"}[a == nil]; r.Stdout != want || r.Stderr != "" {
			t.Errorf("in /tmp are %q, %q; want %q", r.Stdout, r.Stderr, want)
		}
	}
}
