package account

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// fakeGetent puts a shell script in getent's place, with a time limit that no busy
// machine reaches.
func fakeGetent(t *testing.T, script string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "getent")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	oldPaths, oldMillis := getentPaths, getentMillis
	t.Cleanup(func() { getentPaths, getentMillis = oldPaths, oldMillis })
	getentPaths, getentMillis = []string{path}, 600_000
}

// answer is all that getent prints.
func answer(argv []string) ([]byte, error) {
	var out []byte
	err := getent(getentMillis, argv, func(text []byte) bool {
		out = append(out, text...)
		return true
	})
	return out, err
}

func TestGetent(t *testing.T) {
	for _, test := range []struct {
		name, script string
		out          string
		err          error
	}{
		{"the answer", `echo "$0 $# $*"`, "NAME 3 passwd 1 two words\n", nil},
		{"nothing", "exit 0", "", nil},
		{"not found", "echo part; exit 2", "part\n", ErrNotFound},
		{"wrong database", "echo part; exit 1", "part\n", errFailed},
		{"killed", "kill -9 $$", "", errFailed},
		{"a large answer", "i=0; while [ $i -lt 1000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done",
			strings.Repeat("0123456789012345678901234567890123456789\n", 1000), nil},
	} {
		fakeGetent(t, test.script)
		out, err := answer([]string{"getent", "passwd", "1", "two words"})
		want := strings.Replace(test.out, "NAME", getentPaths[0], 1)
		if string(out) != want || err != test.err {
			t.Errorf("%s: getent = %.100q, %v; want %.100q, %v", test.name, out, err, want, test.err)
		}
	}
}

// Whatever getent does, a login goes on soon.
func TestGetentIsBounded(t *testing.T) {
	for _, test := range []struct{ name, script, want string }{
		{"sleeps", "exec sleep 1000", "no answer in time"},
		{"sleeps after an answer", "echo alice:x:1:1:::; exec sleep 1000", "no answer in time"},
		{"says nothing more, but stays", "exec >&-; exec sleep 1000", "no answer in time"},
		{"leaves a child with the pipe", "sleep 60 & exit 0", "no answer in time"},
		{"stops itself", "kill -STOP $$", "no answer in time"},
		{"ignores signals", `trap "" TERM INT HUP; while :; do sleep 1; done`, "no answer in time"},
		{"talks without end", `exec cat /dev/zero`, "no answer in time"},
	} {
		fakeGetent(t, test.script)
		getentMillis = 300
		err := getent(getentMillis, []string{"getent", "passwd", "1"}, func([]byte) bool { return true })
		if err == nil || err.Error() != "name service: "+test.want {
			t.Errorf("%s: %v; want name service: %s", test.name, err, test.want)
		}
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
			t.Errorf("%s: a child is left: wait4 = %d, %v; want %v", test.name, pid, err, unix.ECHILD)
		}
	}
}

func TestGetentMissing(t *testing.T) {
	fakeGetent(t, "exit 0")
	real, dir := getentPaths[0], t.TempDir()
	getentPaths = []string{dir + "/none", dir + "/none/at/all"}
	if _, err := answer([]string{"getent"}); err != errNoGetent {
		t.Errorf("getent that is not there = %v; want %v", err, errNoGetent)
	}
	getentPaths = []string{dir + "/none", real}
	if _, err := answer([]string{"getent"}); err != nil {
		t.Errorf("getent at the second path = %v; want no error", err)
	}
	getentPaths = []string{dir}
	if _, err := answer([]string{"getent"}); !errors.Is(err, syscall.EACCES) {
		t.Errorf("getent that cannot be executed = %v; want %v", err, syscall.EACCES)
	}
}

// Nothing of the caller's reaches getent: it may run with more privilege than
// the caller has.
func TestGetentSeesNothing(t *testing.T) {
	t.Setenv("PATH", "/nowhere")
	t.Setenv("TMPSHELL_TEST_SECRET", "1")
	t.Chdir(t.TempDir())
	fakeGetent(t, `pwd
for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ] && echo open $fd; done
tr '\0' '\n' </proc/$$/environ`)
	out, err := answer([]string{"getent"})
	want := "/\nopen 1\nPATH=/usr/bin:/bin\nLC_ALL=C\n"
	if string(out) != want || err != nil {
		t.Errorf("getent sees %q, %v; want %q", out, err, want)
	}
}

// A session may begin with any of the first three descriptors closed.
func TestGetentClosedDescriptors(t *testing.T) {
	const inside = "TMPSHELL_TEST_CLOSE"
	if which := os.Getenv(inside); which != "" {
		fakeGetent(t, "echo answer")
		report, err := unix.Dup(1)
		if err != nil {
			t.Fatal(err)
		}
		unix.CloseOnExec(report)
		for _, fd := range which {
			unix.Close(int(fd - '0'))
		}
		out, err := answer([]string{"getent"})
		text := string(out)
		if err != nil {
			text = err.Error()
		}
		unix.Write(report, []byte("<"+text+">"))
		syscall.Exit(0)
	}
	dir := t.TempDir() // for the children, who end without cleaning up
	for _, which := range []string{"0", "1", "2", "01", "12", "02", "012"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		child, err := os.StartProcess("/proc/self/exe", []string{"test", "-test.run=^TestGetentClosedDescriptors$"},
			&os.ProcAttr{Env: append(os.Environ(), inside+"="+which, "TMPDIR="+dir), Files: []*os.File{nil, w, nil}})
		w.Close()
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 1000)
		n, _ := r.Read(buf)
		child.Wait()
		r.Close()
		if got, want := string(buf[:n]), "<answer\n>"; got != want {
			t.Errorf("with %s closed: getent = %q; want %q", which, got, want)
		}
	}
}

// A server that did not answer is not waited for again; a database that getent
// does not have says nothing of the others.
func TestNameService(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	fakeGetent(t, `echo $1 >>`+count+`
case $1 in slow) exec sleep 1000;; none) exit 2;; initgroups) exit 1;; esac
echo found`)
	ns := &nameService{}
	for _, test := range []struct{ database, out, err string }{
		{"passwd", "found\n", ""},
		{"none", "", ErrNotFound.Error()},
		{"initgroups", "", errFailed.Error()},
		{"passwd", "found\n", ""},
		{"slow", "", "name service: no answer in time"},
		{"passwd", "", "name service: no answer in time"},
		{"slow", "", "name service: no answer in time"},
	} {
		if test.database == "slow" {
			getentMillis = 300
		}
		out, err := ns.ask(test.database, "key")
		text := ""
		if err != nil {
			text = err.Error()
		}
		if string(out) != test.out || text != test.err {
			t.Errorf("ask(%s) = %q, %q; want %q, %q", test.database, out, text, test.out, test.err)
		}
	}
	asked, err := os.ReadFile(count)
	// On a busy machine the slow one has not come to say so.
	if want := "passwd\nnone\ninitgroups\npasswd\n"; err != nil || strings.TrimSuffix(string(asked), "slow\n") != want {
		t.Errorf("getent was run for %q, %v; want %q", asked, err, want)
	}
}

// The machine's own: root is always there.
func TestSystem(t *testing.T) {
	s := System()
	if a, err := s.ByUID(0); err != nil || a.UID != 0 || a.Name == "" {
		t.Errorf("ByUID(0) = %+v, %v; want root", a, err)
	}
}
