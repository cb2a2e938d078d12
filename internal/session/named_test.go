package session

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// agent makes what sshd(8) has for a session: a directory with a socket in it.
func agent(t *testing.T, path string, uid int) {
	t.Helper()
	must(t, errors.Join(os.Mkdir(path, 0o700), os.Chown(path, uid, uid), os.WriteFile(path+"/agent.1", nil, 0o600)))
}

// What a variable names and is the user's is found under its name. A directory is
// mounted, so that the name in the shared directory is nothing to a session that
// lives on; a file is linked to.
func TestLinkNamed(t *testing.T) {
	if !world(t) {
		return
	}
	top := furnish(t)
	public := top + "/public"
	agent(t, public+"/ssh-1", alice)
	agent(t, public+"/bobs", bob)
	for name, uid := range map[string]int{"cache": alice, "bobs-cache": bob} {
		must(t, errors.Join(os.WriteFile(public+"/"+name, nil, 0o600), os.Chown(public+"/"+name, uid, uid)))
	}
	must(t, os.Symlink(top+"/vault", public+"/link"))
	must(t, os.Lchown(public+"/link", alice, alice))
	agent(t, public+"/mounted", alice)
	must(t, unix.Mount(public+"/mounted", public+"/mounted", "", unix.MS_BIND, ""))
	value := func(names ...string) string {
		return "link=SSH_AUTH_SOCK=" + public + "/" + strings.Join(names, ":"+public+"/")
	}
	names := value("ssh-1/agent.1", "bobs/agent.1", "cache", "bobs-cache", "link", "mounted/x", "meet/x", "none")
	shared := "/run/places/shared/" + shareName(top, "public")
	look := []string{"look=/public", "look=/public/ssh-1", "look=/public/cache", "look=/public/meet"}
	must(t, os.WriteFile(public+"/meet/X0", nil, 0o644))

	first := hold(t, top, append([]string{"mount=public", "flags", "enter", names}, append(look, "drop")...)...)
	wantLook(t, "the first session", first.answers, []string{
		"0:0 41777 * [cache meet ssh-1] ", "61001:61001 40700 * noexec:true [agent.1] ", "61001:61001 120777 * [] " + shared + "/cache",
		"0:0 41777 * [X0] ",
	})
	// The directory goes, and bob takes the name.
	must(t, os.RemoveAll(public+"/ssh-1"))
	agent(t, public+"/ssh-1", bob)
	must(t, os.Remove(public+"/cache"))
	must(t, errors.Join(os.WriteFile(public+"/cache", nil, 0o600), os.Chown(public+"/cache", bob, bob)))
	agent(t, public+"/ssh-2", alice)
	look[1], look[2] = "look=/public/ssh-1", "look=/public/ssh-2"
	before := asAlice(t, top, append([]string{"mount=public", "flags", "enter"}, look...)...)
	if before.one("ns") != first.one("ns") {
		t.Fatalf("the second session is in %s; the first in %s", before.one("ns"), first.one("ns"))
	}
	if got := before["look"][1]; !fits(got, "61001:61001 40700 * [] ") {
		t.Errorf("in the first session, bob's directory is %s", got)
	}
	second := asAlice(t, top, append([]string{"mount=public", "flags", "enter", value("ssh-2/agent.1")}, look...)...)
	wantLook(t, "the second session", second, []string{"0:0 41777 * [meet ssh-2] ", "no such file*", "61001:61001 40700 * [agent.1] "})

	// In a new namespace, the mount point that is left is no directory of alice's.
	first.end()
	third := asAlice(t, top, append([]string{"mount=public", "flags", "enter", value("none")}, look...)...)
	wantLook(t, "the third session", third, []string{"0:0 41777 * [meet] ", "no such file*", "no such file*"})
	if _, err := os.Stat(public + "/ssh-2/agent.1"); err != nil {
		t.Errorf("the socket outside: %v", err)
	}
}

func wantLook(t *testing.T, what string, a answers, want []string) {
	t.Helper()
	for i, w := range want {
		if got := a["look"][i]; !fits(got, w) && !(strings.HasPrefix(w, "no such") && strings.HasPrefix(got, "no such")) {
			t.Errorf("%s: number %d is %s; want %s", what, i, got, w)
		}
	}
}

// What the user has put at a name is left alone.
func TestLinkNamedOwn(t *testing.T) {
	if !world(t) {
		return
	}
	top := furnish(t)
	public := top + "/public"
	own := top + "/lib/store/61001/" + shareName(top, "public")
	for _, name := range []string{"dir", "file", "link"} {
		agent(t, public+"/"+name, alice)
	}
	must(t, errors.Join(os.Mkdir(own+"/dir", 0o755), os.WriteFile(own+"/file", nil, 0o644), os.Symlink(top+"/vault", own+"/link")))
	for _, name := range []string{"dir", "file", "link"} {
		must(t, os.Lchown(own+"/"+name, alice, alice))
	}
	names := "link=XAUTHORITY=" + public + "/dir/a:" + public + "/file/a:" + public + "/link/a"
	a := asAlice(t, top, "mount=public", "enter", names, "look=/public/dir", "look=/public/file", "look=/public/link")
	wantLook(t, "alice's own", a, []string{"61001:61001 40755 * [] ", "61001:61001 100644 * [] ", "61001:61001 120777 * /vault"})
}
