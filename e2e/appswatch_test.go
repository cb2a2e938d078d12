package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// watch sees every name that appears in some directories, were it for a moment:
// a temporary file is often unlinked as soon as it is open.
type watch struct {
	fd    int
	names map[int32]string // of the directories
}

func newWatch(t *testing.T) *watch {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return &watch{fd, make(map[int32]string)}
}

func (w *watch) add(t *testing.T, name, dir string) {
	t.Helper()
	wd, err := unix.InotifyAddWatch(w.fd, dir, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ONLYDIR)
	if err != nil {
		t.Fatalf("inotify_add_watch %s: %v", dir, err)
	}
	w.names[int32(wd)] = name
}

// appeared lists what has appeared since the last call, as NAME/ENTRY.
func (w *watch) appeared(t *testing.T) []string {
	t.Helper()
	var list []string
	buffer := make([]byte, 64<<10)
	for {
		n, err := unix.Read(w.fd, buffer)
		if err == unix.EAGAIN {
			return list
		}
		if err != nil {
			t.Fatal("inotify:", err)
		}
		for rest := buffer[:n]; len(rest) >= unix.SizeofInotifyEvent; {
			event := (*unix.InotifyEvent)(unsafe.Pointer(&rest[0]))
			end := unix.SizeofInotifyEvent + int(event.Len)
			if event.Mask&unix.IN_Q_OVERFLOW != 0 {
				t.Fatal("inotify: events were lost")
			}
			if name := bytes.TrimRight(rest[unix.SizeofInotifyEvent:end], "\x00"); len(name) > 0 {
				list = append(list, w.names[event.Wd]+"/"+string(name))
			}
			rest = rest[end:]
		}
	}
}

// watchShared watches the directory that everybody shares, and no other.
func watchShared(t *testing.T) *watch {
	w := newWatch(t)
	w.add(t, "shared", "/tmp")
	return w
}

// leaks lists what has landed in the shared directory, but for what somebody
// outside has put there.
func (w *watch) leaks(t *testing.T, outside []string) []string {
	t.Helper()
	return slices.DeleteFunc(w.appeared(t), func(entry string) bool {
		_, name, _ := cutLast(entry)
		return slices.ContainsFunc(outside, func(p string) bool { ok, _ := filepath.Match(p, name); return ok })
	})
}

// TestApplicationsWatch: the watch sees what gets out, were it for a moment.
func TestApplicationsWatch(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	for _, a := range installMethods(t)[2:] {
		w := watchShared(t)
		o := a.Open(t)
		o.Do("touch /tmp/a; cd /run/tmpshell/shared/tmp && touch b .X11-unix/c ssh-d && mv b e && rm e")
		if got, want := w.leaks(t, []string{"ssh-*"}), []string{"shared/b", "shared/e"}; !slices.Equal(got, want) {
			t.Errorf("%s: %q has landed in the shared directory; want %q", a.Name, got, want)
		}
		rig.Must(t, "rm", "-r", "/tmp/ssh-d", "/tmp/.X11-unix/c")
	}
}

// made runs a script in the first login and says where names with this beginning
// have appeared.
func (c *cell) made(beginning, script string) string {
	c.Helper()
	w := newWatch(c.T)
	for _, p := range c.places(c.first) {
		dir := fmt.Sprintf("/proc/%d/root%s", c.first.PID(), p.path)
		if _, err := os.Stat(dir); err == nil {
			w.add(c.T, p.name, dir)
		}
	}
	c.do(c.first, script)
	return c.where(w, beginning)
}

func (c *cell) where(w *watch, beginning string) string {
	c.Helper()
	var found []string
	all := w.appeared(c.T)
	for _, entry := range all {
		place, name, _ := cutLast(entry)
		if strings.HasPrefix(name, beginning) && !slices.Contains(found, place) {
			found = append(found, place)
		}
	}
	if len(found) == 0 {
		c.Errorf("no %s* has appeared, but %q", beginning, all)
	}
	return strings.Join(found, " ")
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	return s[:max(i, 0)], s[i+1:], i >= 0
}
