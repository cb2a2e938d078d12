package bare

import (
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Where RLIMIT_FSIZE forbids it, Append fails, and nothing is left of the signal,
// nor is one taken away that was there before.
func TestAppend(t *testing.T) {
	const inside = "TMPSHELL_TEST_APPEND"
	path := os.Getenv(inside)
	if path == "" {
		c := exec.Command("/proc/self/exe", "-test.run=^TestAppend$")
		c.Env = append(os.Environ(), inside+"="+t.TempDir()+"/list")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	runtime.LockOSThread()
	// Blocked by nobody and caught by nobody, SIGXFSZ would end the process.
	signal.Reset(unix.SIGXFSZ)
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_APPEND|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	var before, after unix.Sigset_t
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, nil, &before)
	if e := Append(fd, "one\n"); e != 0 {
		t.Errorf("Append: %s", e.Text())
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 4, Max: 4}); err != nil {
		t.Fatal(err)
	}
	if e := Append(fd, "two\n"); e != Errno(unix.EFBIG) {
		t.Errorf("beyond the limit: %s; want %v", e.Text(), unix.EFBIG)
	}
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, nil, &after)
	if before != after {
		t.Errorf("the mask is %v; it was %v", after, before)
	}
	if pending() {
		t.Error("SIGXFSZ is pending")
	}
	// The caller's own stays.
	one := unix.Sigset_t{}
	one.Val[0] = 1 << (unix.SIGXFSZ - 1)
	_ = unix.PthreadSigmask(unix.SIG_BLOCK, &one, nil)
	_ = syscall.Tgkill(os.Getpid(), unix.Gettid(), syscall.SIGXFSZ)
	if e := Append(fd, "two\n"); e != Errno(unix.EFBIG) || !pending() {
		t.Errorf("with one pending: %s, pending: %v", e.Text(), pending())
	}
	var buf [16]byte
	if n, e := ReadBeginning(fd, buf[:]); e != 0 || string(buf[:n]) != "one\n" {
		t.Errorf("the list is %q", buf[:n])
	}
	if e := Empty(fd); e != 0 {
		t.Error(e.Text())
	}
	if n, e := ReadBeginning(fd, buf[:]); e != 0 || n != 0 {
		t.Errorf("of the empty list %d bytes are read", n)
	}
}

func pending() bool {
	text, _ := os.ReadFile("/proc/thread-self/status")
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "SigPnd:"); ok {
			return strings.TrimSpace(rest) != "0000000000000000"
		}
	}
	return false
}
