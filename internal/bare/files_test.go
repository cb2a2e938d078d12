package bare

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// closedVariable says which descriptors the process closes before it begins.
const closedVariable = "TMPSHELL_TEST_CLOSED"

// insideClosed opens all that package bare opens, with descriptors closed that a
// caller may have closed, and tells what came to lie there.
func insideClosed(how string) int {
	result, err := os.OpenFile(os.Getenv("TMPSHELL_TEST_RESULT"), os.O_WRONLY, 0)
	if err != nil {
		return 1
	}
	for _, c := range how {
		_ = unix.Close(int(c - '0'))
	}
	var got []int
	add := func(n int, e Errno) {
		if e != 0 {
			n = -int(e)
		}
		got = append(got, n)
	}
	add(Open("/", unix.O_PATH|unix.O_DIRECTORY))
	root := got[0]
	add(OpenAt(root, "etc", unix.O_PATH|unix.O_DIRECTORY))
	add(Reopen(root))
	add(OpenCwd())
	r, w, e := Pipe()
	add(r, e)
	add(w, e)
	add(Datagram())
	for n := range 3 {
		_, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
		if closed := strings.Contains(how, fmt.Sprint(n)); closed != (err != nil) {
			fmt.Fprintf(result, "descriptor %d: closed by the caller: %v, now: %v\n", n, closed, err)
		}
	}
	for i, n := range got {
		flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
		if n < 3 || err != nil || flags&unix.FD_CLOEXEC == 0 {
			fmt.Fprintf(result, "the %d. is %d, flags %#x, %v\n", i+1, n, flags, err)
		}
	}
	return 0
}

// Nothing is opened as 0, 1 or 2, whatever the caller has closed, and nothing
// outlives execve(2).
func TestAway(t *testing.T) {
	for _, how := range []string{"-", "0", "1", "2", "02", "12", "012"} {
		result := t.TempDir() + "/result"
		if err := os.WriteFile(result, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		c := exec.Command("/proc/self/exe")
		c.Env = append(os.Environ(), closedVariable+"="+how, "TMPSHELL_TEST_RESULT="+result)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s closed: %v\n%s", how, err, out)
		}
		if text, err := os.ReadFile(result); err != nil || len(text) > 0 {
			t.Errorf("%s closed: %v\n%s", how, err, text)
		}
	}
}

func TestReadFor(t *testing.T) {
	for _, c := range []struct {
		name, text string
		end        bool
		size       int
		want       string
		e          unix.Errno
	}{
		{"nothing", "", true, 10, "", 0},
		{"an answer", "answer", true, 10, "answer", 0},
		{"exactly the room", "0123456789", true, 10, "0123456789", 0},
		{"more than the room", strings.Repeat("0123456789", 1000), true, 10, "0123456789", 0},
		{"no end", "answer", false, 10, "answer", unix.ETIMEDOUT},
		{"silence", "", false, 10, "", unix.ETIMEDOUT},
		{"no room, no end", "answer", false, 0, "", unix.ETIMEDOUT},
	} {
		r, w, e := Pipe()
		if e != 0 {
			t.Fatal(e.Text())
		}
		if e := Write(w, c.text); e != 0 {
			t.Fatal(e.Text())
		}
		ms := int64(600_000)
		if c.end {
			Close(w)
		} else {
			ms = 50
		}
		buf := make([]byte, c.size)
		begin := time.Now()
		n, e := ReadFor(r, buf, ms)
		if string(buf[:n]) != c.want || e != Errno(c.e) {
			t.Errorf("%s: %q, %s; want %q, %v", c.name, buf[:n], e.Text(), c.want, c.e)
		}
		// Both ends are whole milliseconds, so that part of the first one is missing.
		if took := time.Since(begin); !c.end && took < 49*time.Millisecond {
			t.Errorf("%s: it waited for %v; want 50 ms, or less by a part of one", c.name, took)
		}
		Close(r)
		if !c.end {
			Close(w)
		}
	}
	if _, e := ReadFor(-1, make([]byte, 1), 10); e == 0 {
		t.Error("no descriptor has something to read")
	}
}

func TestReadAll(t *testing.T) {
	path := t.TempDir() + "/file"
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int]Errno{0: Errno(unix.EFBIG), 9: Errno(unix.EFBIG), 10: Errno(unix.EFBIG), 11: 0, 100: 0} {
		fd, e := Open(path, unix.O_RDONLY)
		if e != 0 {
			t.Fatal(e.Text())
		}
		buf := make([]byte, size)
		if n, e := ReadAll(fd, buf); e != want || string(buf[:n]) != "0123456789"[:min(size, 10)] {
			t.Errorf("into %d bytes: %q, %s; want %s", size, buf[:n], e.Text(), want.Text())
		}
		Close(fd)
	}
}

// What is not one name inside the directory is refused before any system call.
func TestOneName(t *testing.T) {
	fd, e := Open(t.TempDir(), unix.O_PATH|unix.O_DIRECTORY)
	if e != 0 {
		t.Fatal(e.Text())
	}
	defer Close(fd)
	var buf [10]byte
	var st Stat
	calls := map[string]func(dir int, name string) Errno{
		"OpenAt":     func(d int, n string) Errno { _, e := OpenAt(d, n, unix.O_RDONLY); return e },
		"MkdirAt":    func(d int, n string) Errno { return MkdirAt(d, n, 0o700) },
		"RmdirAt":    RmdirAt,
		"UnlinkAt":   UnlinkAt,
		"StatAt":     func(d int, n string) Errno { return StatAt(d, n, &st) },
		"SymlinkAt":  func(d int, n string) Errno { return SymlinkAt("x", d, n) },
		"ReadlinkAt": func(d int, n string) Errno { _, e := ReadlinkAt(d, n, buf[:]); return e },
	}
	for call, f := range calls {
		for _, name := range []string{"", ".", "..", "/", "a/b", "/tmp", "../x", "a/", "a\x00b"} {
			if e := f(fd, name); e != Errno(unix.EINVAL) {
				t.Errorf("%s(%q) = %s; want %v", call, name, e.Text(), unix.EINVAL)
			}
		}
		if e := f(fd, strings.Repeat("x", 256)); e != Errno(unix.ENAMETOOLONG) {
			t.Errorf("%s of a long name = %s", call, e.Text())
		}
		for _, bad := range []int{-1, unix.AT_FDCWD} {
			if e := f(bad, "x"); e != Errno(unix.EBADF) {
				t.Errorf("%s in directory %d = %s; want %v", call, bad, e.Text(), unix.EBADF)
			}
		}
	}
	for path, want := range map[string]unix.Errno{strings.Repeat("/x", 2048): unix.ENAMETOOLONG, "/a\x00b": unix.EINVAL} {
		if _, e := Open(path, unix.O_RDONLY); e != Errno(want) {
			t.Errorf("Open(%.10q) = %s; want %v", path, e.Text(), want)
		}
		if e := Execve(path, nil, nil); e != Errno(want) {
			t.Errorf("Execve(%.10q) = %s; want %v", path, e.Text(), want)
		}
	}
}

// Nothing is followed and nothing blocks.
func TestOpenAt(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(dir+"/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	fd, e := Open(dir, unix.O_PATH|unix.O_DIRECTORY)
	if e != 0 {
		t.Fatal(e.Text())
	}
	defer Close(fd)
	for name, to := range map[string]string{"link": "/", "dangling": "none"} {
		if e := SymlinkAt(to, fd, name); e != 0 {
			t.Fatal(e.Text())
		}
		if n, e := OpenAt(fd, name, unix.O_RDONLY); e != Errno(unix.ELOOP) {
			Close(n)
			t.Errorf("OpenAt(%s) = %s; want %v", name, e.Text(), unix.ELOOP)
		}
		var exact, small [4]byte
		got, e := ReadlinkAt(fd, name, exact[:])
		if long := len(to) >= len(exact); long != (e == Errno(unix.ENAMETOOLONG)) || !long && got != to {
			t.Errorf("ReadlinkAt(%s) = %q, %s; want %q", name, got, e.Text(), to)
		}
		if _, e := ReadlinkAt(fd, name, small[:1]); e != Errno(unix.ENAMETOOLONG) {
			t.Errorf("ReadlinkAt(%s) into one byte = %s", name, e.Text())
		}
	}
	n, e := OpenAt(fd, "fifo", unix.O_RDONLY)
	if e != 0 {
		t.Errorf("OpenAt of a FIFO = %s", e.Text())
	}
	Close(n)
}

// Stat says what stat(2) says.
func TestStat(t *testing.T) {
	for _, path := range []string{"/", "/etc/passwd", "/dev/null", "/proc/self/exe", "/proc"} {
		var want unix.Stat_t
		if err := unix.Stat(path, &want); err != nil {
			t.Fatal(err)
		}
		fd, e := Open(path, unix.O_PATH)
		if e != 0 {
			t.Fatal(e.Text())
		}
		var byPath, byFD Stat
		if e := StatPath(path, &byPath); e != 0 {
			t.Errorf("%s: %s", path, e.Text())
		}
		if e := Fstat(fd, &byFD); e != 0 {
			t.Errorf("%s: %s", path, e.Text())
		}
		Close(fd)
		if !byFD.SameFile(&byPath) || byPath.Mode != want.Mode || byPath.UID != want.Uid || byPath.GID != want.Gid || byPath.Ino != want.Ino ||
			byPath.Size != uint64(want.Size) || byPath.Major != unix.Major(want.Dev) || byPath.Minor != unix.Minor(want.Dev) ||
			byPath.Ctime != (Time{int64(want.Ctim.Sec), uint32(want.Ctim.Nsec)}) || byPath.Mtime != (Time{int64(want.Mtim.Sec), uint32(want.Mtim.Nsec)}) {
			t.Errorf("%s: %+v; want %+v", path, byPath, want)
		}
		if root := path == "/" || path == "/proc"; byPath.MountRoot != root {
			t.Errorf("%s is a mount point: %v", path, byPath.MountRoot)
		}
	}
}

func TestGroupsAndClock(t *testing.T) {
	var buf [64]uint32
	want, err := unix.Getgroups()
	got, e := Groups(buf[:])
	if err != nil || e != 0 || len(got) != len(want) {
		t.Fatalf("groups %v, %s; want %v, %v", got, e.Text(), want, err)
	}
	for i := range want {
		if got[i] != uint32(want[i]) {
			t.Errorf("groups %v; want %v", got, want)
		}
	}
	before := time.Now().Unix()
	if now, e := RealTime(); e != 0 || now < before || now > time.Now().Unix() {
		t.Errorf("the time is %d, %s; want %d", now, e.Text(), before)
	}
	if Getuid() != uint32(os.Getuid()) || Geteuid() != uint32(os.Geteuid()) || Getgid() != uint32(os.Getgid()) || Getpid() != os.Getpid() {
		t.Errorf("uid %d, euid %d, gid %d, pid %d", Getuid(), Geteuid(), Getgid(), Getpid())
	}
}

// Wait tells how a child has ended; one that was killed has no exit code.
func TestWait(t *testing.T) {
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "exit 255": 255, "kill -TERM $$": -1, "kill -KILL $$": -1} {
		pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", script}, &syscall.ProcAttr{})
		if err != nil {
			t.Fatal(err)
		}
		if code, e := Wait(pid); e != 0 || code != want {
			t.Errorf("%s: %d, %s; want %d", script, code, e.Text(), want)
		}
		if _, e := Wait(pid); e != Errno(unix.ECHILD) {
			t.Errorf("%s, again: %s; want %v", script, e.Text(), unix.ECHILD)
		}
	}
	pid, err := syscall.ForkExec("/bin/sleep", []string{"sleep", "1000"}, &syscall.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	Kill(pid)
	if code, e := Wait(pid); e != 0 || code != -1 {
		t.Errorf("a child that was killed: %d, %s", code, e.Text())
	}
}

// Entries are all names, however many system calls they take.
func TestAllEntries(t *testing.T) {
	dir := t.TempDir()
	want := map[string]bool{".": true, "..": true}
	for i := range 300 {
		name := fmt.Sprintf("%03d%s", i, strings.Repeat("n", i%250))
		want[name] = true
		if err := os.WriteFile(dir+"/"+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fd, e := Open(dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if e != 0 {
		t.Fatal(e.Text())
	}
	defer Close(fd)
	var buf [4096]byte
	calls := 0
	for {
		entries, e := ReadEntries(fd, buf[:])
		if e != 0 {
			t.Fatal(e.Text())
		}
		name, ok := entries.Next()
		if !ok {
			break
		}
		for calls++; ok; name, ok = entries.Next() {
			if !want[name] {
				t.Errorf("%q is there", name)
			}
			delete(want, name)
		}
	}
	if len(want) != 0 || calls < 2 {
		t.Errorf("%d names are missing after %d calls", len(want), calls)
	}
}
