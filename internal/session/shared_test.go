package session

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mountsIn are the lines of a process's mounts in which there is a text.
func mountsIn(t *testing.T, process, with string) string {
	t.Helper()
	all, err := os.ReadFile("/proc/" + process + "/mountinfo")
	must(t, err)
	var lines strings.Builder
	for line := range strings.Lines(string(all)) {
		if strings.Contains(line, with) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

// in runs a script in the namespace of a process.
func in(t *testing.T, pid, script string) {
	t.Helper()
	if out, err := exec.Command("nsenter", "-m/proc/"+pid+"/ns/mnt", "sh", "-ec", script).CombinedOutput(); err != nil {
		t.Errorf("%s: %v, %s", script, err, out)
	}
}

// canShare tells whether the kernel can do propagation=shared.
func canShare() bool {
	var name unix.Utsname
	var major, minor int
	_ = unix.Uname(&name)
	_, _ = fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor)
	return major > 5 || major == 5 && minor >= 15
}

func needsShared(t *testing.T) {
	t.Helper()
	if !canShare() {
		t.Skip("propagation=shared needs Linux 5.15")
	}
}

// With propagation shared mounts travel both ways, but for what the session alone has:
// wherever that is mounted, and what is mounted in it.
func TestShared(t *testing.T) {
	needsShared(t)
	if !world(t) {
		return
	}
	for _, how := range []string{"in the root's mount", "a mount each", "private"} {
		top := furnish(t)
		must(t, os.MkdirAll(top+"/srv", 0o755))
		must(t, os.Mkdir(top+"/public/deep/below", 0o755))
		must(t, unix.Mount("below", top+"/public/deep/below", "tmpfs", 0, "mode=755"))
		must(t, os.Mkdir(top+"/public/deep/below/x", 0o755))
		if how != "in the root's mount" {
			for _, dir := range []string{"/public", "/cache", "/run", "/lib"} {
				must(t, unix.Mount(top+dir, top+dir, "", unix.MS_BIND|unix.MS_REC, ""))
				must(t, unix.Mount("", top+dir, "", unix.MS_SHARED, ""))
			}
		}
		if how == "private" {
			must(t, unix.Mount("", top, "", unix.MS_REC|unix.MS_PRIVATE, ""))
		}
		before := mountsIn(t, "self", "")
		session := hold(t, top, "shared", "mount=public", "mount=cache", "fresh=vault", "enter", "look=/public", "look=/vault", "pid", "drop")
		if session.one("trouble") != good || !fits(session.answers["look"][0], "0:0 41777 * [meet] ") {
			t.Fatalf("%s: %s, %q", how, session.one("trouble"), session.answers["look"])
		}
		if now := mountsIn(t, "self", ""); now != before {
			t.Errorf("%s: the session is seen outside:\n%s", how, now)
		}
		pid := session.one("pid")
		if how == "private" {
			in(t, pid, "mount -t tmpfs inside "+top+"/srv")
			if mountsIn(t, "self", "") != before {
				t.Errorf("%s: a mount has come outside", how)
			}
			session.end()
			continue
		}
		// What the session alone has.
		kept := top + "/run/places/shared/" + shareName(top, "public")
		in(t, pid, "mkdir -p "+top+"/cache/sub "+top+"/vault/sub; mount -t tmpfs own "+top+"/cache/sub; mount -t tmpfs own "+top+"/vault/sub; mount -t tmpfs own "+kept+"/meet; mount -t tmpfs own "+kept+"/deep/below/x; mount -t tmpfs own "+top+"/public/meet")
		if now := mountsIn(t, "self", ""); now != before {
			t.Errorf("%s: what is mounted in a private directory is seen outside:\n%s", how, now)
		}
		// What everybody has, in both directions.
		in(t, pid, "mount -t tmpfs inside "+top+"/srv; mkdir "+top+"/srv/x")
		must(t, unix.Mount("outside", top+"/srv/x", "tmpfs", 0, ""))
		if a, b := mountsIn(t, "self", " "+top+"/srv "), mountsIn(t, pid, " "+top+"/srv/x "); !strings.Contains(a, "- tmpfs inside") || !strings.Contains(b, "- tmpfs outside") {
			t.Errorf("%s: outside there is %q, inside %q", how, a, b)
		}
		// What is mounted over the shared directory later stays below the private one.
		must(t, unix.Mount("over", top+"/public", "tmpfs", 0, "mode=1777"))
		in(t, pid, "test ! -e "+top+"/public/deep")
		must(t, errors.Join(unix.Unmount(top+"/public", 0)))
		in(t, pid, "umount "+top+"/srv/x "+top+"/srv")
		if now := mountsIn(t, "self", ""); now != before {
			t.Errorf("%s: at the end there is outside\n%s", how, now)
		}
		session.end()
		if now := mountsIn(t, "self", ""); now != before {
			t.Errorf("%s: after the end there is outside\n%s", how, now)
		}
	}
}

// A directory may be inside another one that was mounted before it.
func TestSharedNested(t *testing.T) {
	needsShared(t)
	if !world(t) {
		return
	}
	top := furnish(t)
	must(t, os.Mkdir(top+"/run/places/shared/"+shareName(top, "public/deep"), 0o755))
	before := mountsIn(t, "self", "")
	s := hold(t, top, "shared", "mount=public", "fresh=public/deep", "enter", "look=/public/deep", "pid")
	if s.one("trouble") != good || !strings.Contains(s.one("look"), "tmpfs:true") {
		t.Errorf("%s, %s", s.one("trouble"), s.one("look"))
	}
	in(t, s.one("pid"), "mkdir "+top+"/public/deep/own; mount -t tmpfs own "+top+"/public/deep/own")
	if now := mountsIn(t, "self", ""); now != before {
		t.Errorf("outside there is\n%s", now)
	}
}

// In a chroot(2) that is no mount point it is as with slave: nothing travels outside.
func TestSharedChroot(t *testing.T) {
	needsShared(t)
	if !world(t) {
		return
	}
	top := furnish(t)
	must(t, os.MkdirAll(top+"/jail/srv", 0o755))
	jail(t, top)
	before := mountsIn(t, "self", "")
	s := hold(t, top, "chroot=/jail", "shared", "mount=public", "enter", "pid")
	if s.one("trouble") != good {
		t.Fatal(s.one("trouble"))
	}
	in(t, s.one("pid"), "mount -t tmpfs inside "+top+"/jail/srv")
	if now := mountsIn(t, "self", ""); now != before {
		t.Errorf("outside there is\n%s", now)
	}
}

// Where the kernel cannot, nothing is mounted at all.
func TestSharedOldKernel(t *testing.T) {
	if !world(t) {
		return
	}
	a := asAlice(t, furnish(t), "old", "shared", "mount=public", "enter")
	if !strings.Contains(a.one("trouble"), "needs Linux 5.15") || a.one("kind") != "1" {
		t.Errorf("trouble %s, of kind %s", a.one("trouble"), a.one("kind"))
	}
}
