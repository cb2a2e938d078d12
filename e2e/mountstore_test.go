package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountStore: instances are kept where store= says, be it in the shared directory
// itself, whose size they then count to.
func TestMountStore(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "su", "systemd-tmpfiles")
	rig.MountTmp(t, "-t", "tmpfs", "-o", "mode=1777,size=3M", "tmp")
	const store = "/tmp/.tmpshell-store"
	line := "Directory /tmp mount share=.X11-unix/ store=" + store
	rig.Install(t, line)
	rig.CheckDir(t, store, 0, 0, 0o700)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	mallory := rig.AddUser(t, rig.Account{Name: "mallory", UID: 1666, Shell: "/bin/bash"})
	login := func(what, script, want string) {
		t.Helper()
		if r := alice.Login(t, script); r.Stdout != want || r.Stderr != "" || r.Status != 0 {
			t.Errorf("%s: status %d, %q, %q; want %q", what, r.Status, r.Stdout, r.Stderr, want)
		}
	}
	const seen = `stat -c '%u %a' /tmp; ls /run/tmpshell/shared/tmp/.tmpshell-store 2>&1 | sed 's/.*: //'; `
	login("the first login", seen+"echo hers >/tmp/file; ls -A /tmp", "0 1777\nPermission denied\n.X11-unix\n.runtime\nfile\n")
	rig.CheckDir(t, store+"/1000/tmp", 0, 0, 0o777|os.ModeSticky)
	login("the next one", "cat /tmp/file; dd if=/dev/zero of=/tmp/large bs=1M count=4 status=none 2>&1 | grep -o 'No space'; rm /tmp/large", "hers\nNo space\n")
	if rig.Sh(t, "test -e /var/lib/tmpshell/1000").Status == 0 {
		t.Error("something is kept in /var/lib/tmpshell, too")
	}

	// Another session in the same namespace, and one of bob's inside it, who has
	// none yet.
	o := alice.Open(t)
	login("beside another session", "cat /tmp/file", "hers\n")
	rig.Sh(t, "sed -i 's/pam_rootok.so/pam_permit.so/' /etc/pam.d/su")
	out, _ := o.Do("su - bob -c 'echo his >/tmp/of-bob; ls /tmp; su - alice -c \"ls /tmp\"'; ls /tmp")
	if want := "of-bob\nfile\nfile\n"; out != want {
		t.Errorf("bob inside of alice's session, alice in his, and alice: %q; want %q", out, want)
	}
	rig.CheckDir(t, store+"/1001/tmp", 0, 0, 0o777|os.ModeSticky)
	if r := bob.Login(t, "cat /tmp/of-bob"); r.Stdout != "his\n" {
		t.Errorf("bob: %q, %q", r.Stdout, r.Stderr)
	}
	o.Close()

	// What nobody uses any more is removed there, too.
	if r := rig.Sh(t, "tmpshellctl clean --grace 0s --contained"); rig.Sh(t, "test -e "+store+"/1001/tmp").Status == 0 || rig.Sh(t, "test -d "+store).Status != 0 {
		t.Errorf("clean has left bob's directory: status %d, %s%s", r.Status, r.Stdout, r.Stderr)
	}

	// A boot empties it, and makes it before anybody can take the name.
	rig.Sh(t, "systemd-tmpfiles --create --remove --boot --prefix="+store)
	login("after a boot", "ls /tmp; touch /tmp/file", "")
	rig.Must(t, "rm", "-r", store)
	rig.Must(t, "systemd-tmpfiles", "--create", "--boot", "--prefix="+store)
	rig.CheckDir(t, store, 0, 0, 0o700)

	// Gone, as after a cleaner; and taken by another user.
	rig.Must(t, "rm", "/etc/tmpfiles.d/tmpshell-setup.conf")
	rig.Must(t, "rm", "-r", store)
	login("when it is gone", seen+"ls /tmp", "0 1777\nPermission denied\n")
	rig.Must(t, "rm", "-r", store)
	as(t, mallory, "mkdir -m 700 "+store+"; mkdir -m 1777 "+store+"/1000 "+store+"/1000/tmp; echo hers >"+store+"/1000/tmp/planted")
	login("when mallory has taken it", seen+"ls /tmp", "0 1777\nPermission denied\n")
	rig.CheckDir(t, store, 0, 0, 0o700)
	if got := rig.Sh(t, "stat -c %U "+store+".squatted-*").Stdout; got != "mallory\n" {
		t.Errorf("of mallory's is left: %q", got)
	}
	if got := rig.Sh(t, "tmpshellctl doctor").Stdout; !strings.Contains(got, store+".squatted-") || !strings.Contains(got, "no line makes "+store+" at boot") {
		t.Errorf("doctor does not say what is wrong with %s:\n%s", store, got)
	}
	as(t, mallory, "rm -r "+store+".squatted-*")

	// What is root's, and not as it must be, is left alone.
	rig.Must(t, "chmod", "755", store)
	if r := alice.Login(t, "echo $TMPDIR"); !strings.HasPrefix(r.Stdout, "/tmp/.private") {
		t.Errorf("with another mode: %q, %q", r.Stdout, r.Stderr)
	}
	rig.CheckDir(t, store, 0, 0, 0o755)
	if got := rig.Sh(t, "tmpshellctl doctor").Stdout; !strings.Contains(got, store+" has mode 0755: nothing is mounted for sessions") {
		t.Errorf("doctor does not say that %s has another mode:\n%s", store, got)
	}
	rig.Must(t, "chmod", "700", store)

	// A place of the administrator's, which is there or is made.
	rig.Sh(t, "mkdir /home/scratch; mount -t tmpfs scratch /home/scratch")
	rig.Configure(t, "Directory /tmp mount store=/home/scratch/tmp")
	if r := rig.Sh(t, "tmpshellctl check && tmpshellctl setup && tmpshellctl show alice"); r.Status != 0 ||
		!strings.Contains(r.Stdout, "mount over /tmp: kept in /home/scratch/tmp\n") ||
		!strings.Contains(r.Stdout, " store=/home/scratch/tmp\nprivate /home/scratch/tmp/1000/tmp\n") {
		t.Errorf("check, setup and show: status %d\n%s%s", r.Status, r.Stdout, r.Stderr)
	}
	login("elsewhere", "touch /tmp/there; ls /tmp", "there\n")
	rig.Configure(t, "Directory /tmp mount store=/home/alice")
	if r := alice.Login(t, "echo $TMPDIR"); !strings.HasPrefix(r.Stdout, "/tmp/.private") {
		t.Errorf("in a directory of alice's: %q, %q", r.Stdout, r.Stderr)
	}
	rig.CheckDir(t, "/home/alice", 1000, 1000, 0o755)

	for value, want := range map[string]string{
		"/tmp mount store=/tmp":                                 "sessions see something else",
		"/tmp mount store=/var/tmp/x\nDirectory /var/tmp tmpfs": "sessions see something else",
		"/tmp mount store=/etc/x":                               "is the system's own",
		"/tmp mount store=x":                                    "is not an absolute path",
		"/tmp mount store=/run/tmpshell/x":                      "store= cannot be in /run/tmpshell",
	} {
		rig.Configure(t, "Directory "+value)
		if r := rig.Sh(t, "tmpshellctl check"); r.Status != 1 || !strings.Contains(r.Stdout, want) {
			t.Errorf("check of %q: status %d, %s; want %q", value, r.Status, r.Stdout, want)
		}
	}
}
