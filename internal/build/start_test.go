package build_test

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/policy"
)

// start is how the launcher is started, in a mount namespace in which the user
// has an account and a private directory, and there is no configuration but
// policy.
type start struct {
	argv0     string // "tmpshell" where it is empty
	noName    bool   // argv[0] is empty
	args, env []string
	uid       uint32
	umask     int // 0022 where it is 0
	dir       string
	closed    []int
	policy    []byte
	through   []string // a program that executes it
	// noPrivate: the user's private directory is not there.
	noPrivate bool
}

// run returns what the program prints, and how it ends.
func (s start) run(t *testing.T, emulator []string, program string) (string, int) {
	t.Helper()
	// What the tests' caller has open (flock, make's job server) is not meant for it.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan error)
	var pid int
	go func() {
		runtime.LockOSThread() // for good: the namespace is this thread's, which ends with the function
		err := s.furnish(program)
		if err == nil {
			pid, err = s.fork(emulator, w)
		}
		started <- err
	}()
	err = <-started
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	r.Close()
	var status syscall.WaitStatus
	if _, waited := syscall.Wait4(pid, &status, 0, nil); waited != nil || err != nil {
		t.Fatal(err, waited)
	}
	if status.Signaled() {
		t.Errorf("it was ended by signal %d", status.Signal())
	}
	return string(out), status.ExitStatus()
}

// Where the launcher, its policy and its log are in the namespace.
const (
	placed     = "/var/lib/misc/bin/tmpshell"
	policyPath = policy.Path
)

// furnish makes the namespace.
func (s start) furnish(program string) error {
	binary, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	for _, dir := range []string{"/tmp", "/var/lib/misc"} {
		if err := unix.Mount("test", dir, "tmpfs", 0, "mode=1777"); err != nil {
			return err
		}
	}
	for _, path := range []string{"/etc/tmpshell.conf", "/dev/log"} { // the machine's own are not asked
		if _, err := os.Stat(path); err == nil {
			if err := unix.Mount("/tmp", path, "", unix.MS_BIND, ""); err != nil {
				return err
			}
		}
	}
	if err := os.Mkdir(filepath.Dir(placed), 0o755); err != nil {
		return err
	}
	if err := s.furnishPrivate(); err != nil {
		return err
	}
	if err := os.WriteFile("/tmp/script", []byte("echo script $0 $1\n"), 0o755); err != nil {
		return err
	}
	account := fmt.Sprintf("tester:x:%d:%d::/:/bin/bash\n", s.uid, s.uid)
	if err := os.WriteFile("/var/lib/misc/passwd", []byte(account), 0o644); err != nil {
		return err
	}
	if err := unix.Mount("/var/lib/misc/passwd", "/etc/passwd", "", unix.MS_BIND, ""); err != nil {
		return err
	}
	if s.policy != nil {
		if err := os.WriteFile(policyPath, s.policy, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(placed, binary, 0o755)
}

func (s start) furnishPrivate() error {
	if s.noPrivate {
		return nil
	}
	own := "/tmp/.private/" + strconv.Itoa(int(s.uid))
	if err := os.MkdirAll(own, 0o700); err != nil {
		return err
	}
	if err := os.Chown(own, int(s.uid), int(s.uid)); err != nil {
		return err
	}
	return os.Chmod("/tmp/.private", 0o711)
}

// fork starts the program: as package exec does, but with exactly these
// arguments and variables.
func (s start) fork(emulator []string, w *os.File) (int, error) {
	argv0 := s.argv0
	if argv0 == "" && !s.noName {
		argv0 = "tmpshell"
	}
	path, argv := placed, append([]string{argv0}, s.args...)
	if len(emulator) > 0 {
		path = emulator[0]
		argv = slices.Concat(emulator, []string{"-0", argv0, placed}, s.args)
	}
	if len(s.through) > 0 {
		path, argv = s.through[0], slices.Concat(s.through, []string{path}, argv[1:])
	}
	files := []uintptr{0, w.Fd(), w.Fd()}
	for n := range files {
		if slices.Contains(s.closed, n) {
			files[n] = ^uintptr(0)
		}
	}
	umask := s.umask
	if umask == 0 {
		umask = 0o22
	}
	syscall.Umask(umask) // of this thread: the namespace has its own
	attr := &syscall.ProcAttr{Dir: s.dir, Env: s.env, Files: files, Sys: &syscall.SysProcAttr{}}
	if s.uid != 0 {
		attr.Sys.Credential = &syscall.Credential{Uid: s.uid, Gid: s.uid}
	}
	return syscall.ForkExec(path, argv, attr)
}
