package mnt

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
	"tmpshell/internal/testas"
)

func init() { runtime.LockOSThread() }

const insideVar = "TMPSHELL_TEST_NAMESPACE"

// inside reports whether the test is in a mount namespace of its own, and runs
// it again in one if it is not.
func inside(t *testing.T) bool {
	t.Helper()
	testas.Root(t)
	if os.Getenv(insideVar) != "" {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		runtime.LockOSThread() // the test's goroutine is not the one of init
		return true
	}
	c := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), insideVar+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("in a namespace: %v\n%s", err, out)
	}
	return false
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// top is a directory whose mounts are gone before it is removed: here, and so
// that the directory can be removed also where this is not its only view.
func top(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		text, _ := os.ReadFile("/proc/thread-self/mountinfo")
		for line := range strings.Lines(string(text)) {
			if at := strings.Fields(line)[4]; strings.HasPrefix(at, dir) {
				_ = unix.Unmount(at, unix.MNT_DETACH)
			}
		}
	})
	return dir
}

func dir(t *testing.T, path string) int {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return must(unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0))(t)
}

// options are those of what is mounted last at a path, and its source.
func options(t *testing.T, path string) (options, source string) {
	t.Helper()
	text := must(os.ReadFile("/proc/thread-self/mountinfo"))(t)
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if f[4] == path {
			_, after, _ := strings.Cut(line, " - ")
			options, source = f[5]+","+strings.Fields(after)[2], strings.Fields(after)[1]
		}
	}
	return options, source
}

// Both ways do the same.
func TestBindAndTmpfs(t *testing.T) {
	if !inside(t) {
		return
	}
	for _, ByDescriptor = range []bool{true, false} {
		top := top(t)
		source, at := dir(t, top+"/source"), dir(t, top)
		dir(t, top+"/source/in")
		dir(t, top+"/target")
		if err := unix.Mount("x", top+"/source/in", "tmpfs", unix.MS_NOSUID, ""); err != nil {
			t.Fatal(err)
		}
		dir(t, top+"/source/in/deep")
		root := must(Bind(source, at, "target", NoDev|NoExec|NoATime))(t)
		a, _ := sys.Fstat(root)
		b, _ := sys.Fstat(source)
		if !a.SameFile(b) {
			t.Errorf("descriptor %v: Bind returns another directory", ByDescriptor)
		}
		if _, err := os.Stat(top + "/target/in/deep"); err != nil {
			t.Errorf("descriptor %v: what is mounted below is not there: %v", ByDescriptor, err)
		}
		if o, _ := options(t, top+"/target"); !strings.Contains(o, "nodev,noexec,noatime") || strings.Contains(o, "relatime") {
			t.Errorf("descriptor %v: options %s", ByDescriptor, o)
		}
		if f := must(FlagsOf(root))(t); f != NoDev|NoExec|NoATime {
			t.Errorf("descriptor %v: FlagsOf = %#x", ByDescriptor, f)
		}
		// Options of the source stay, a second bind adds to them.
		dir(t, top+"/again")
		again := must(Bind(root, at, "again", NoSUID))(t)
		if f := must(FlagsOf(again))(t); f != NoSUID|NoDev|NoExec|NoATime {
			t.Errorf("descriptor %v: FlagsOf the second = %#x", ByDescriptor, f)
		}

		dir(t, top+"/fresh")
		must(Tmpfs(at, "fresh", TmpfsOptions{Source: "me", Size: "64k", Inodes: "20", Mode: "1777", UID: "7", GID: "8", Flags: NoSUID | NoDev}))(t)
		o, s := options(t, top+"/fresh")
		for _, want := range []string{"nosuid,nodev", "size=64k", "nr_inodes=20", "uid=7", "gid=8"} {
			if !strings.Contains(o, want) || s != "me" {
				t.Errorf("descriptor %v: tmpfs of %s has %s, want %s", ByDescriptor, s, o, want)
			}
		}
		if st, _ := os.Stat(top + "/fresh"); st.Mode().Perm() != 0o777 || st.Mode()&os.ModeSticky == 0 {
			t.Errorf("descriptor %v: tmpfs root is %v", ByDescriptor, st.Mode())
		}
		if _, err := Tmpfs(at, "fresh", TmpfsOptions{Size: "much"}); err == nil {
			t.Errorf("descriptor %v: size=much is accepted", ByDescriptor)
		}
		for _, name := range []string{"missing", "../target", "", "link"} {
			_ = os.Symlink("target", top+"/link")
			if _, err := Bind(source, at, name, 0); err == nil {
				t.Errorf("descriptor %v: Bind on %q succeeds", ByDescriptor, name)
			}
			if _, err := Tmpfs(at, name, TmpfsOptions{}); err == nil {
				t.Errorf("descriptor %v: Tmpfs on %q succeeds", ByDescriptor, name)
			}
		}
	}
}

// What is mounted after Unshare and Propagate is not seen outside; what is
// mounted outside is, with Slave.
func TestNamespace(t *testing.T) {
	if !inside(t) {
		return
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		t.Fatal(err)
	}
	before := must(Current())(t)
	id := must(ID(before))(t)
	for _, p := range []Propagation{Slave, Private} {
		if err := AloneWithRoot(); err != nil {
			t.Fatal(err)
		}
		if err := Unshare(); err != nil {
			t.Fatal(err)
		}
		if err := Propagate(p); err != nil {
			t.Fatal(err)
		}
		now := must(Current())(t)
		if other := must(ID(now))(t); other == id {
			t.Errorf("the new namespace has the old one's number %s", id)
		}
		top := top(t)
		at := dir(t, top)
		dir(t, top+"/mine")
		dir(t, top+"/theirs")
		must(Tmpfs(at, "mine", TmpfsOptions{Source: "mine"}))(t)
		if out, err := exec.Command("nsenter", "-m/proc/"+pid(t, before), "sh", "-c", "grep "+top+" /proc/self/mountinfo; mount -t tmpfs theirs "+top+"/theirs").CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("outside: %v, %s", err, out)
		}
		if _, source := options(t, top+"/theirs"); (source == "theirs") != (p == Slave) {
			t.Errorf("propagation %#x: %q is mounted", p, source)
		}
		_ = unix.Unmount(top+"/mine", unix.MNT_DETACH)
		if err := Join(before); err != nil {
			t.Fatal(err)
		}
		if back := must(ID(must(Current())(t)))(t); back != id {
			t.Errorf("after Join the namespace is %s, want %s", back, id)
		}
		_ = unix.Unmount(filepath.Join(top, "theirs"), 0)
	}
}

// pid is a path below /proc by which nsenter finds a namespace.
func pid(t *testing.T, namespace int) string {
	t.Helper()
	return strings.TrimPrefix(must(filepath.EvalSymlinks("/proc/self"))(t), "/proc/") + "/fd/" + itoa(namespace)
}

func itoa(n int) string { return strings.TrimPrefix(procFD(n), "/proc/thread-self/fd/") }

func TestOfProcess(t *testing.T) {
	if _, err := OfProcess(1 << 30); err == nil {
		t.Error("the namespace of no process can be opened")
	}
	ns := must(OfProcess(os.Getpid()))(t)
	if a, b := must(ID(ns))(t), must(ID(must(Current())(t)))(t); a != b {
		t.Errorf("the namespace of this process is %s and %s", a, b)
	}
}
