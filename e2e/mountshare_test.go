package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountNamespaceShared: the sessions of one user are in one namespace, where
// one of them is as another would be.
func TestMountNamespaceShared(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Must(t, "mount", "--make-rshared", "/")
	rig.Install(t, "Directory /tmp mount")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	open := func(a *rig.Account) (*rig.Term, string) {
		t.Helper()
		term := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", "readlink /proc/$$/ns/mnt; pwd; setsid sleep 3600 >/dev/null 2>&1 </dev/null & read x"}, Dir: a.Home}.OnTerminal(t)
		return term, strings.TrimSpace(term.Expect("]"))
	}
	first, in := open(alice)
	if _, other := open(bob); other == in {
		t.Errorf("alice and bob are in one namespace, %s", in)
	}
	const where = "readlink /proc/self/ns/mnt | tr -d ']\\n'; echo \" $PWD $(ls /tmp)\""
	check := func(what string, c rig.Command, same bool, want string) {
		t.Helper()
		c.As, c.Path = alice, rig.Tmpshell
		c.Args = []string{"tmpshell", "-c", "touch /tmp/a; " + where}
		r := c.Run(t)
		got, rest, _ := strings.Cut(strings.TrimSpace(r.Stdout), " ")
		if (got == in) != same || rest != want || r.Stderr != "" {
			t.Errorf("%s: %q, stderr %q; the first session is in %s; want the same: %v, and %q", what, r.Stdout, r.Stderr, in, same, want)
		}
	}
	check("another session", rig.Command{Dir: alice.Home}, true, "/home/alice a")
	check("in the shared directory", rig.Command{Dir: "/tmp"}, true, "/tmp a")
	rig.Must(t, "install", "-d", "-o", "alice", "/tmp/deeper")
	check("in a directory that only the machine has", rig.Command{Dir: "/tmp/deeper"}, true, "/run/tmpshell/shared/tmp/deeper a")

	// Another policy, or another instance.
	rig.Configure(t, "Directory /tmp mount options=noexec")
	check("another policy", rig.Command{Dir: "/"}, false, "/ a")
	rig.Configure(t, "Directory /tmp mount")
	check("the first policy again", rig.Command{Dir: "/"}, true, "/ a")

	// A chroot, whose user must not be led out of it.
	rig.Sh(t, `mkdir -p /home/jail && cd /home/jail && mkdir -p usr etc proc dev run tmp home var/lib var/tmp &&
		ln -s usr/bin bin; ln -s usr/lib lib; ln -s usr/lib64 lib64; chmod 1777 tmp; touch in-jail
		for d in usr etc proc dev home; do mount --rbind /$d $d; done; mount -t tmpfs -o mode=755 run run; mkdir var/cache`)
	for i := range 2 {
		r := rig.Command{Path: "/usr/sbin/chroot", Args: []string{"chroot", "--userspec=1000:1000", "/home/jail", rig.Tmpshell, "-c", "ls / | grep in-jail; " + where}, Env: alice.Env()}.Run(t)
		if !strings.HasPrefix(r.Stdout, "in-jail\n") || strings.Contains(r.Stdout, in) || r.Stderr != "" {
			t.Errorf("session %d in a chroot: %q, %q", i, r.Stdout, r.Stderr)
		}
	}
	// And a session outside is not led into it.
	check("after those in the chroot", rig.Command{Dir: "/"}, true, "/ a")

	// Another mount namespace: a service's, a container's.
	r := rig.Sh(t, `unshare -m sh -c 'mount -t tmpfs none /srv && touch /srv/in-service && exec setpriv --reuid 1000 --regid 1000 --clear-groups /usr/bin/tmpshell -c "ls /srv; `+strings.ReplaceAll(where, `"`, `\"`)+`"'`)
	if !strings.HasPrefix(r.Stdout, "in-service\n") || strings.Contains(r.Stdout, in) {
		t.Errorf("in another namespace: %q, %q", r.Stdout, r.Stderr)
	}

	// What the user has left running keeps the namespace, without a session.
	first.Send("x\n")
	first.Wait()
	check("after the first session's end", rig.Command{Dir: "/"}, true, "/ a")
}

// TestMountManyAtOnce: sessions that begin at the same moment, the first ones
// of all.
func TestMountManyAtOnce(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Directory /tmp mount share=.X11-unix/,.s.PGSQL.5432", "Directory /var/tmp mount")
	const users, each = 4, 10
	before := rig.Sh(t, "ls -A /tmp /var/tmp").Stdout
	var all sync.WaitGroup
	for i := range users {
		a := rig.AddUser(t, rig.Account{Name: fmt.Sprint("user", i), UID: uint32(1000 + i)})
		for range each {
			all.Go(func() {
				r := a.Login(t, `echo $TMPDIR; stat -c '%u %a' /tmp /var/tmp; f=$(mktemp) && echo $USER >$f; cat /tmp/tmp.* | sort -u`)
				if want := "/tmp\n0 1777\n0 1777\n" + a.Name + "\n"; r.Stdout != want || r.Stderr != "" || r.Status != 0 {
					t.Errorf("%s: status %d, %q, %q", a.Name, r.Status, r.Stdout, r.Stderr)
				}
			})
		}
	}
	all.Wait()
	if got := rig.Sh(t, "ls -A /tmp /var/tmp").Stdout; got != before {
		t.Errorf("in the shared directories was\n%sand is\n%s", before, got)
	}
}

// TestMountPropagation: what is mounted on the machine later appears in the
// session, and what is unmounted goes; with private neither.
func TestMountPropagation(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Must(t, "mount", "--make-rshared", "/")
	for _, way := range []string{"slave", "private"} {
		option := " propagation=" + way
		if way == "slave" {
			option = "" // the default
		}
		rig.Install(t, "Directory /tmp mount"+option)
		alice := rig.AddUser(t, rig.Account{Name: "a" + way, UID: uint32(1000 + len(way))})
		rig.Sh(t, "mkdir -p /home/usb /home/old; mount -t tmpfs old /home/old; touch /home/old/file")
		term := rig.Command{As: alice, Path: rig.Tmpshell, Dir: "/", Args: []string{"tmpshell", "-c",
			`echo ready; while read x; do echo "[$(ls /home/old /home/usb | tr '\n' ' ')]"; done`}}.OnTerminal(t)
		look := func(want string) {
			t.Helper()
			term.Send("x\n")
			term.Expect("[")
			if got := term.Expect("]"); got != want {
				t.Errorf("%s: the session sees %q, want %q", way, got, want)
			}
		}
		term.Expect("ready")
		look("/home/old: file  /home/usb: ")
		rig.Sh(t, "mount -t tmpfs usb /home/usb; touch /home/usb/stick; umount /home/old")
		if way == "slave" {
			look("/home/old:  /home/usb: stick ")
			rig.Sh(t, "umount /home/usb")
			look("/home/old:  /home/usb: ")
		} else {
			look("/home/old: file  /home/usb: ")
			rig.Sh(t, "umount /home/usb")
		}
		// Nothing of the session's is seen outside.
		if got := rig.Sh(t, "grep -c ' /tmp ' /proc/self/mountinfo").Stdout; got != "2\n" && got != "1\n" {
			t.Errorf("%s: outside, %s mounts on /tmp", way, got)
		}
		if got := rig.Sh(t, "grep /run/tmpshell/shared /proc/self/mountinfo").Stdout; got != "" {
			t.Errorf("%s: outside is %s", way, got)
		}
	}
}
