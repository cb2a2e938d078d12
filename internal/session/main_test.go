package session

import (
	"bufio"
	"errors"
	"fmt"
	"io"
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
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
	"tmpshell/internal/private"
	"tmpshell/internal/testas"
)

// Uids that no account of a machine has.
const (
	alice = 61001
	bob   = 61002
)

// The main goroutine stays on the main thread, whose namespace is what the kernel
// shows as the process's.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	if testas.Inside() == "" {
		os.Exit(m.Run())
	}
	s := steps{top: testas.Dir()}
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		s.failed("unshare", err)
	}
	for _, step := range strings.Split(testas.Inside(), "|") {
		s.do(step)
	}
	os.Exit(0)
}

// steps is what a session of alice's does in a process of its own, and prints.
type steps struct {
	top  string
	plan Plan
	dirs [Most]Directory
	n    int
	f    *testas.Faults
}

func (s *steps) failed(what string, err error) {
	if err != nil {
		fmt.Printf("failed=%s: %v\n", what, err)
		os.Exit(1)
	}
}

func (s *steps) do(step string) {
	key, value, _ := strings.Cut(step, "=")
	switch key {
	case "mount", "fresh": // a directory of the plan
		d := &s.dirs[s.n]
		d.Instance = private.Instance{At: s.top + "/" + value, Fresh: key == "fresh", Store: s.top + "/lib/store", Run: s.top + "/run/places"}
		if key == "mount" {
			d.Share = "meet/"
		}
		s.n++
	case "flags": // of the last one
		s.dirs[s.n-1].Flags = mounts.NoExec | mounts.NoSUID
	case "size":
		s.dirs[s.n-1].Size, s.dirs[s.n-1].Inodes = "1m", "20"
	case "job": // of the last one
		s.dirs[s.n-1].Job = value
	case "private":
		s.plan.Propagation = mounts.Private
	case "shared":
		s.plan.Propagation = mounts.Shared
	case "chroot":
		s.failed(step, errors.Join(unix.Chroot(s.top+value), unix.Chdir("/")))
		s.top = ""
	case "cd":
		s.failed(step, unix.Chdir(s.top+value))
	case "rmdir":
		s.failed(step, unix.Rmdir(s.top+value))
	case "fault":
		s.faults(watched...).Fail(s.number(step, value), unix.EIO)
	case "starve": // for a moment
		s.faults(unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_OPEN_BY_HANDLE_AT).FailSome(s.number(step, value), 3, unix.EMFILE)
	case "present":
		s.ready()
		fmt.Printf("present=%v\n", s.plan.Present())
	case "enter":
		s.enter()
	case "pid":
		fmt.Printf("pid=%d\n", os.Getpid())
	case "new":
	case "old":
		mounts.OldKernel()
	case "daemon": // stays when the session has ended
		c := exec.Command("/bin/sleep", "1000")
		s.failed(step, c.Start())
		fmt.Printf("daemon=%d\n", c.Process.Pid)
	case "link":
		env, err := unix.BytePtrFromString(value)
		s.failed(step, err)
		trouble := s.plan.LinkNamed([]*byte{env})
		s.failed(step, trouble.Err())
	case "look":
		s.look(value)
	case "drop":
		s.failed(step, capset.Drop().Err())
	case "hold":
		fmt.Println("held=")
		_, _ = io.Copy(io.Discard, os.Stdin)
	default:
		s.failed(step, errors.New("no such step"))
	}
}

// watched are the system calls of Enter that can fail.
var watched = []int{
	unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_STATX, unix.SYS_FSTATFS, unix.SYS_SETNS, unix.SYS_UNSHARE, unix.SYS_CHROOT, unix.SYS_FCHDIR,
	unix.SYS_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_MOUNT_SETATTR, unix.SYS_FSOPEN, unix.SYS_FSCONFIG,
	unix.SYS_FSMOUNT, unix.SYS_CAPGET, unix.SYS_CAPSET, unix.SYS_IOCTL, unix.SYS_MKDIRAT, unix.SYS_GETCWD,
	unix.SYS_PREAD64,
}

// faults begins to watch calls.
func (s *steps) faults(calls ...int) *testas.Faults {
	s.ready()
	s.f = testas.NewFaults(&testing.T{}, nil, calls...)
	return s.f
}

func (s *steps) number(step, value string) int {
	n, err := strconv.Atoi(value)
	s.failed(step, err)
	return n
}

func (s *steps) ready() {
	if s.plan.UID == alice {
		return
	}
	_, trouble := capset.Quiet()
	s.failed("Quiet", trouble.Err())
	s.plan.UID, s.plan.GID = alice, alice
	s.plan.Directories = s.dirs[:s.n]
	if s.plan.Propagation == 0 {
		s.plan.Propagation = mounts.Slave
	}
	s.plan.Notice = func(t *bare.Trouble) { fmt.Printf("notice=%v\n", t.Err()) }
}

func (s *steps) enter() {
	s.ready()
	trouble := s.plan.Enter()
	if s.f != nil {
		fmt.Printf("hit=%d\n", s.f.Stop())
	}
	fmt.Printf("trouble=%v\nkind=%d\n", trouble.Err(), trouble.Kind())
	if have, trouble := capset.Get(); trouble.Kind() != bare.Lost && have.Effective != 0 {
		fmt.Printf("effective=%v\n", have.Effective)
	}
	ns, _ := os.Readlink("/proc/thread-self/ns/mnt")
	fmt.Printf("ns=%s\n", ns)
	var st unix.Stat_t
	_ = unix.Stat("/", &st)
	fmt.Printf("root=%d:%d\n", st.Dev, st.Ino)
	_ = unix.Stat(".", &st)
	cwd, _ := os.Readlink("/proc/thread-self/cwd")
	fmt.Printf("cwd=%s %d:%d\n", strings.TrimPrefix(cwd, s.top), st.Dev, st.Ino)
}

// look prints owner, mode, type of file system, options and names of a directory.
func (s *steps) look(path string) {
	path = s.top + path
	var st unix.Stat_t
	var fs unix.Statfs_t
	if err := errors.Join(unix.Lstat(path, &st), unix.Statfs(path, &fs)); err != nil {
		fmt.Printf("look=%v\n", err)
		return
	}
	var names []string
	entries, _ := os.ReadDir(path)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	to, _ := os.Readlink(path)
	fmt.Printf("look=%d:%d %o tmpfs:%v size:%d inodes:%d noexec:%v [%s] %s\n", st.Uid, st.Gid, st.Mode, fs.Type == unix.TMPFS_MAGIC,
		fs.Blocks*uint64(fs.Bsize), fs.Files, fs.Flags&unix.MS_NOEXEC != 0, strings.Join(names, " "), strings.TrimPrefix(to, s.top))
}

// answers are what a session printed: the values of each key, in their order.
type answers map[string][]string

func (a answers) one(key string) string { return strings.Join(a[key], "\n") }

// asAlice runs steps in a process of alice's, which has the capabilities of a plan.
func asAlice(t *testing.T, top string, list ...string) answers {
	t.Helper()
	c := command(t, top, list)
	out, err := c.CombinedOutput()
	a := parse(string(out))
	if err != nil || a["failed"] != nil {
		t.Fatalf("%v: %v\n%s", list, err, out)
	}
	return a
}

func command(t *testing.T, top string, list []string) *exec.Cmd {
	t.Helper()
	return testas.Command(t, testas.User{UID: alice, Caps: capset.Keeper}, strings.Join(list, "|"), top)
}

func parse(out string) answers {
	a := make(answers)
	for line := range strings.Lines(out) {
		if key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			a[key] = append(a[key], value)
		}
	}
	return a
}

// held is a session that lives until it is ended.
type held struct {
	answers
	end func()
}

func hold(t *testing.T, top string, list ...string) held {
	t.Helper()
	c := command(t, top, append(list, "hold"))
	in, err := c.StdinPipe()
	must(t, err)
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	var text strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "held=" {
		fmt.Fprintln(&text, lines.Text())
	}
	ended := false
	end := func() {
		if !ended {
			ended = true
			_ = in.Close()
			_ = c.Wait()
		}
	}
	t.Cleanup(end)
	a := parse(text.String())
	if a["failed"] != nil {
		t.Fatal(list, text.String())
	}
	return held{a, end}
}

const worldVar = "TMPSHELL_TEST_NAMESPACE"

// world runs a test again as root in a mount namespace of its own, and tells
// whether it is there. Mounts travel to the namespaces that are made in it.
func world(t *testing.T) bool {
	t.Helper()
	testas.Root(t)
	if os.Getenv(worldVar) != "" {
		runtime.LockOSThread()
		must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""))
		return true
	}
	c := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), worldVar+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("in a namespace: %v\n%s", err, out)
	}
	return false
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// furnish makes a directory in which there is what a machine has: public is as
// /tmp is, cache and other are root's.
func furnish(t *testing.T) (top string) {
	t.Helper()
	top = t.TempDir()
	must(t, os.Chmod(filepath.Dir(top), 0o755))
	must(t, unix.Mount("test", top, "tmpfs", 0, "mode=755"))
	t.Cleanup(func() { _ = unix.Unmount(top, unix.MNT_DETACH) })
	furnishAt(t, top, top)
	return top
}

// furnishAt makes it below dir, which sessions know as root.
func furnishAt(t *testing.T, dir, root string) {
	t.Helper()
	mk := func(path string, uid int, mode os.FileMode) {
		must(t, os.MkdirAll(dir+path, 0o755))
		must(t, errors.Join(os.Chown(dir+path, uid, uid), os.Chmod(dir+path, mode)))
	}
	mk("/lib/store", 0, 0o700)
	mk("/lib/store/61001", 0, 0o700)
	mk("/run/places/sessions", 0, 0o700)
	for _, at := range []string{"public", "cache", "vault"} {
		mode, uid, own := os.FileMode(0o755), alice, os.FileMode(0o700)
		if at == "public" {
			mode, uid, own = 0o777|os.ModeSticky, 0, 0o777|os.ModeSticky
		}
		name := shareName(root, at)
		instance := "/lib/store/61001/" + name
		mk("/"+at, 0, mode)
		mk("/"+at+"/deep", 0, 0o755)
		mk("/"+at+"/meet", 0, 0o777|os.ModeSticky)
		mk(instance, uid, own)
		mk(instance+"/meet", 0, 0o755)
		mk("/run/places/shared/"+name, 0, 0o755)
	}
	list := dir + "/run/places/sessions/61001"
	must(t, errors.Join(os.WriteFile(list, nil, 0o600), os.Chown(list, alice, alice)))
}

// shareName is the name of an instance.
func shareName(root, at string) string {
	var name private.Name
	return strings.Clone(name.Of(root + "/" + at))
}

// jail makes a directory to chroot(2) to, in which there is all that there is
// outside of it, under the same names.
func jail(t *testing.T, top string) (dir string) {
	t.Helper()
	dir = top + "/jail"
	must(t, os.MkdirAll(dir+"/proc", 0o755))
	furnishAt(t, dir, "")
	must(t, unix.Mount("proc", dir+"/proc", "proc", 0, ""))
	return dir
}

// pivot makes a directory that furnish made the root directory of the namespace.
func pivot(t *testing.T, top string) {
	t.Helper()
	must(t, errors.Join(os.Mkdir(top+"/proc", 0o755), os.Mkdir(top+"/old", 0o755), os.Mkdir(top+"/dev", 0o755)))
	must(t, unix.Mknod(top+"/dev/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	must(t, unix.Mount("proc", top+"/proc", "proc", 0, ""))
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must(t, errors.Join(unix.PivotRoot(top, top+"/old"), unix.Chdir("/")))
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""))
}

func records(t *testing.T, top string) string {
	t.Helper()
	text, err := os.ReadFile(top + "/run/places/sessions/61001")
	must(t, err)
	return string(text)
}
