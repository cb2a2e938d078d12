// Package testas runs the body of a test as another user, with exactly the
// capabilities that it names, in a child process: what is tested must not be
// able to lean on root's rights, nor to spoil those of the other tests.
package testas

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"tmpshell/internal/capset"
)

// User is whom the body runs as.
type User struct {
	UID  uint32
	Caps capset.Set // permitted, effective and ambient
}

// MustRun is the variable that turns a skipped test into a failed one.
const MustRun = "TMPSHELL_MUST_RUN"

const (
	insideVar = "TMPSHELL_TEST_INSIDE"
	dirVar    = "TMPSHELL_TEST_DIR"
)

// With the umask of a careful user nobody else could execute the test binary, nor
// look into what the tests make.
func init() {
	if os.Getuid() == 0 && Inside() == "" {
		ownTmp()
		Readable()
	}
}

// Readable has the test binary be one that everybody can execute, and what the
// process makes from now on be for everybody to read.
func Readable() {
	syscall.Umask(0o022)
	_ = os.Chmod("/proc/self/exe", 0o755) // who cannot sees it when it is executed
}

// Root skips a test that needs root, and says so.
func Root(t *testing.T) {
	t.Helper()
	if os.Getuid() == 0 || Inside() != "" {
		return
	}
	if os.Getenv(MustRun) != "" {
		t.Fatal("this test needs root, and " + MustRun + " is set")
	}
	t.Skip("needs root, to become other users; run: sudo make test")
}

// Inside is the label of the body that this process is to run, empty in the
// parent.
func Inside() string { return os.Getenv(insideVar) }

// Dir is the directory that the parent gave to Run.
func Dir() string { return os.Getenv(dirVar) }

// Run runs the current test again as another user, where Inside returns label,
// and fails when that fails. It returns what the child printed.
func Run(t *testing.T, u User, label, dir string) string {
	t.Helper()
	out, err := Command(t, u, label, dir).CombinedOutput()
	if err != nil {
		t.Errorf("as uid %d, %s: %v\n%s", u.UID, label, err, out)
	}
	return string(out)
}

// Command is what Run runs, not yet started.
func Command(t *testing.T, u User, label, dir string) *exec.Cmd {
	t.Helper()
	top, _, _ := strings.Cut(t.Name(), "/")
	c := exec.Command("/proc/self/exe", "-test.run=^"+top+"$", "-test.v")
	c.Env = append(os.Environ(), insideVar+"="+label, dirVar+"="+dir)
	attr := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: u.UID, Gid: u.UID}, Pdeathsig: syscall.SIGKILL}
	for n := uintptr(0); n < 64; n++ {
		if u.Caps&(1<<n) != 0 {
			attr.AmbientCaps = append(attr.AmbientCaps, n)
		}
	}
	c.SysProcAttr = attr
	c.Dir = "/"
	return c
}
