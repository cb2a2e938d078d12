package mounts

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
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

// done returns a value, and ends the test where there was an error.
func done[T any](v T, t bare.Trouble) func(*testing.T) T {
	return must(v, t.Err())
}

// bound binds, and opens what is then there.
func bound(source int, at *Place, flags Flags) (int, bare.Trouble) {
	if t := Bind(source, at, flags); !t.OK() {
		return -1, t
	}
	return at.Open()
}

// have is done for an error number.
func have[T any](v T, e bare.Errno) func(*testing.T) T {
	return done(v, bare.Failed("call", e, "", ""))
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
	for _, byPath = range []bool{false, true} {
		top := top(t)
		source, at := dir(t, top+"/source"), dir(t, top)
		place := func(name string) *Place { return &Place{Dir: at, Entry: name, Where: top} }
		dir(t, top+"/source/in")
		dir(t, top+"/target")
		if err := unix.Mount("x", top+"/source/in", "tmpfs", unix.MS_NOSUID, ""); err != nil {
			t.Fatal(err)
		}
		dir(t, top+"/source/in/deep")
		root := done(bound(source, place("target"), NoDev|NoExec|NoATime))(t)
		var a, b bare.Stat
		if bare.Fstat(root, &a) != 0 || bare.Fstat(source, &b) != 0 || !a.SameFile(&b) {
			t.Errorf("by path %v: Bind returns another directory", byPath)
		}
		if _, err := os.Stat(top + "/target/in/deep"); err != nil {
			t.Errorf("by path %v: what is mounted below is not there: %v", byPath, err)
		}
		if o, _ := options(t, top+"/target"); !strings.Contains(o, "nodev,noexec,noatime") || strings.Contains(o, "relatime") {
			t.Errorf("by path %v: options %s", byPath, o)
		}
		if f := have(FlagsOf(root))(t); f != NoDev|NoExec|NoATime {
			t.Errorf("by path %v: FlagsOf = %#x", byPath, f)
		}
		// Options of the source stay, a second bind adds to them.
		dir(t, top+"/again")
		again := done(bound(root, place("again"), NoSUID))(t)
		if f := have(FlagsOf(again))(t); f != NoSUID|NoDev|NoExec|NoATime {
			t.Errorf("by path %v: FlagsOf the second = %#x", byPath, f)
		}
		if err := unix.Mount("", top+"/again", "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		if f := have(FlagsOf(again))(t); f&ReadOnly == 0 {
			t.Errorf("by path %v: FlagsOf one that is read-only = %#x", byPath, f)
		}
		if e := Detach(again); e != 0 {
			t.Errorf("by path %v: Detach: %s", byPath, e.Text())
		}
		if o, _ := options(t, top+"/again"); o != "" {
			t.Errorf("by path %v: after Detach there is a mount with %s", byPath, o)
		}
		testTmpfs(t, top, place)
		for _, name := range []string{"missing", "../target", "", "link"} {
			_ = os.Symlink("target", top+"/link")
			if trouble := Bind(source, place(name), 0); trouble.OK() {
				t.Errorf("by path %v: Bind on %q succeeds", byPath, name)
			}
			if trouble := (&Tmpfs{}).Mount(place(name)); trouble.OK() {
				t.Errorf("by path %v: a tmpfs on %q succeeds", byPath, name)
			}
		}
	}
}

func testTmpfs(t *testing.T, top string, place func(string) *Place) {
	t.Helper()
	dir(t, top+"/fresh")
	o := Tmpfs{Source: "me", Size: "64k", Inodes: "20", Mode: 0o1777, UID: 7, GID: 8, Flags: NoSUID | NoDev}
	done(0, o.Mount(place("fresh")))(t)
	options, source := options(t, top+"/fresh")
	for _, want := range []string{"nosuid,nodev", "size=64k", "nr_inodes=20", "uid=7", "gid=8"} {
		if !strings.Contains(options, want) || source != "me" {
			t.Errorf("by path %v: tmpfs of %s has %s, want %s", byPath, source, options, want)
		}
	}
	if st, err := os.Stat(top + "/fresh"); err != nil || st.Mode().Perm() != 0o777 || st.Mode()&os.ModeSticky == 0 {
		t.Errorf("by path %v: tmpfs root is %v", byPath, st.Mode())
	}
	for _, bad := range []Tmpfs{{Size: "much"}, {Size: strings.Repeat("1", maxOption)}, {Inodes: strings.Repeat("1", maxOption)}} {
		if trouble := bad.Mount(place("fresh")); trouble.OK() {
			t.Errorf("by path %v: size=%.20s and nr_inodes=%.20s are accepted", byPath, bad.Size, bad.Inodes)
		}
	}
}

// The number of a mount is the same by whatever way, and another one's is another.
func TestID(t *testing.T) {
	root := have(bare.Open("/", unix.O_PATH))(t)
	proc := have(bare.Open("/proc", unix.O_PATH))(t)
	a, b, c := have(ID(root))(t), have(ID(root))(t), have(ID(proc))(t)
	if a != b || a == c || a == 0 {
		t.Errorf("/ is on the mounts %d and %d, /proc on %d", a, b, c)
	}
	id, e := idOf("mnt_id:\t27", true, 0)
	if e != 0 || id != 27 {
		t.Errorf("of fdinfo, the number is %d, %s", id, e.Text())
	}
	if _, e := idOf("", false, 0); e == 0 {
		t.Error("without a line there is a number")
	}
	if _, e := idOf("mnt_id:\tx", true, 0); e == 0 {
		t.Error("x is a number")
	}
}

func TestTellFlags(t *testing.T) {
	for flags, want := range map[Flags]string{0: "none", NoSUID: "nosuid", ReadOnly | NoDev | NoATime: "ro,nodev,noatime"} {
		var buf [64]byte
		text := bare.NewText(buf[:])
		text.Add("is ")
		if flags.Tell(&text); text.String() != "is "+want {
			t.Errorf("%#x is told as %q", flags, text.String())
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
	before := done(Current())(t)
	id := have(NamespaceOf(before))(t)
	for _, p := range []Propagation{Slave, Private} {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			t.Fatal(err)
		}
		if trouble := Unshare(); !trouble.OK() {
			t.Fatal(trouble.Err())
		}
		if e := Propagate(p); e != 0 {
			t.Fatal(e.Text())
		}
		now := done(Current())(t)
		if other := have(NamespaceOf(now))(t); other == id {
			t.Errorf("the new namespace has the old one's number %v", id)
		}
		top := top(t)
		at := dir(t, top)
		dir(t, top+"/mine")
		dir(t, top+"/theirs")
		done(0, (&Tmpfs{Source: "mine", Mode: 0o700}).Mount(&Place{Dir: at, Entry: "mine"}))(t)
		if out, err := exec.Command("nsenter", "-m/proc/"+pid(t, before), "sh", "-c", "grep "+top+" /proc/self/mountinfo; mount -t tmpfs theirs "+top+"/theirs").CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("outside: %v, %s", err, out)
		}
		if _, source := options(t, top+"/theirs"); (source == "theirs") != (p == Slave) {
			t.Errorf("propagation %#x: %q is mounted", p, source)
		}
		_ = unix.Unmount(top+"/mine", unix.MNT_DETACH)
		if e := Setns(before); e != 0 {
			t.Fatal(e.Text())
		}
		if back := have(NamespaceOf(done(Current())(t)))(t); back != id {
			t.Errorf("after Join the namespace is %v, want %v", back, id)
		}
		_ = unix.Unmount(filepath.Join(top, "theirs"), 0)
	}
}

// pid is a path below /proc by which nsenter finds a namespace.
func pid(t *testing.T, namespace int) string {
	t.Helper()
	return strings.TrimPrefix(must(filepath.EvalSymlinks("/proc/self"))(t), "/proc/") + "/fd/" + itoa(namespace)
}

func itoa(n int) string { return strconv.Itoa(n) }

func TestOfProcess(t *testing.T) {
	if _, e := OfProcess(1 << 30); e == 0 {
		t.Error("the namespace of no process can be opened")
	}
	ns := have(OfProcess(uint64(os.Getpid())))(t)
	if a, b := have(NamespaceOf(ns))(t), have(NamespaceOf(done(Current())(t)))(t); a != b {
		t.Errorf("the namespace of this process is %v and %v", a, b)
	}
	if !IsOurs(ns) {
		t.Error("the namespace of this process is not ours")
	}
}

// A mount namespace that was made in another user namespace is not ours.
func TestIsOurs(t *testing.T) {
	testas.Root(t)
	c := exec.Command("sleep", "1000")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWUSER, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread()
	if err := c.Start(); err != nil {
		if os.Getenv(testas.MustRun) != "" {
			t.Fatal("no user namespaces here: ", err)
		}
		t.Skip("no user namespaces here: ", err)
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	ns := have(OfProcess(uint64(c.Process.Pid)))(t)
	if IsOurs(ns) {
		t.Error("a namespace of another user namespace is ours")
	}
}

// A namespace is opened by its name as long as it is there.
func TestNamespaceOpen(t *testing.T) {
	if !inside(t) {
		return
	}
	id := have(NamespaceOf(done(Current())(t)))(t)
	ns, e := id.Open()
	if e != 0 && e != bare.Errno(unix.ESTALE) {
		t.Skip("this kernel opens no namespace by its name (Linux 6.18): ", e.Text())
	}
	if e != 0 || have(NamespaceOf(ns))(t) != id {
		t.Errorf("the namespace of this process: %s", e.Text())
	}
	for _, other := range []Namespace{{id.ID + 1<<40, id.Inode}, {id.ID, id.Inode + 1}, {0, id.Inode}} {
		if ns, e := other.Open(); e == 0 {
			t.Errorf("%v is opened as %d", other, ns)
		}
	}
}

func TestParseNamespace(t *testing.T) {
	for _, n := range []Namespace{{1, 4026531841}, {0, 4026531841}, {1<<64 - 1, 1}} {
		var buf [64]byte
		text := bare.NewText(buf[:])
		n.Tell(&text)
		if got, ok := ParseNamespace(text.String()); !ok || got != n {
			t.Errorf("%+v is told as %s, and read as %+v, %v", n, text.String(), got, ok)
		}
	}
	for _, s := range []string{"", ":", "x", "1", "1:", ":1", "-1:1", "18446744073709551616:1", "1:1 ", "1:1:1"} {
		if n, ok := ParseNamespace(s); ok {
			t.Errorf("%q is read as %+v", s, n)
		}
	}
}
