package launch

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// inExec has the test's process become the program that its last arguments
// name, in the environment that it is in.
const inExec = "TMPSHELL_TEST_EXEC"

func TestMain(m *testing.M) {
	if how := os.Getenv(inExec); how != "" {
		env := Environment(os.Environ())
		env.Unset(inExec)
		var err error
		if how == "search" {
			err = execSearch(os.Args[1:], env)
		} else {
			err = execFile(os.Args[1], os.Args[2:], env)
		}
		os.Stdout.WriteString(err.Error())
		os.Exit(exitCode(err))
	}
	os.Exit(m.Run())
}

// become runs execSearch or execFile in a child and returns what that prints:
// the program's output, or the error.
func become(t *testing.T, how, dir string, env []string, args ...string) (string, int) {
	t.Helper()
	c := exec.Command("/proc/self/exe")
	c.Args = append([]string{"test"}, args...)
	c.Env = append(env, inExec+"="+how)
	c.Dir = dir
	out, err := c.Output()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out)), c.ProcessState.ExitCode()
}

func TestExecSearch(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []struct {
		name, text string
		mode       os.FileMode
	}{
		{"good/prog", "#!/bin/sh\necho good \"$0\" \"$@\"", 0o755},
		{"noexec/prog", "#!/bin/sh\necho wrong", 0o644},
		{"noformat/prog", "echo noformat \"$0\" \"$@\"", 0o755},
		{"broken/prog", "#!/nowhere/sh", 0o755},
		{"isdir/prog/x", "", 0o644},
		{"notdir", "", 0o755},
		{"empty/x", "", 0o644},
	} {
		path := dir + "/" + f.name
		if err := os.MkdirAll(path[:strings.LastIndex(path, "/")], 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f.text), f.mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(dir+"/loop", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("prog", dir+"/loop/prog"); err != nil {
		t.Fatal(err)
	}
	const found = "good D/good/prog a b"
	for _, test := range []struct {
		path, name string
		want       string
		code       int
	}{
		{"D/good", "prog", found, 0},
		{"D/empty:D/none:D/good", "prog", found, 0},
		{"D/noexec:D/good", "prog", found, 0},
		{"D/isdir:D/good", "prog", found, 0},
		{"D/notdir:D/good", "prog", found, 0},
		{"D/broken:D/good", "prog", found, 0},
		{"D/noformat:D/good", "prog", "noformat D/noformat/prog a b", 0},
		{"D/empty", "prog", "no such file or directory", 127},
		{"D/notdir:D/none", "prog", "no such file or directory", 127},
		{"D/noexec:D/empty", "prog", "permission denied", 126},
		{"D/empty:D/noexec", "prog", "permission denied", 126},
		{"D/isdir:D/empty", "prog", "permission denied", 126},
		{"D/loop:D/good", "prog", "too many levels of symbolic links", 126},
		{"", "prog", "good ./prog a b", 0},
		{":D/empty", "prog", "good ./prog a b", 0},
		{"D/empty:", "prog", "good ./prog a b", 0},
		{"D/empty", "D/good/prog", found, 0},
		{"D/good", "./prog", "good ./prog a b", 0},
		{"D/good", "x/prog", "no such file or directory", 127},
		{"D/good", "D/notdir/prog", "not a directory", 127},
		{"D/good", "D/noexec/prog", "permission denied", 126},
		{"D/good", "/", "permission denied", 126},
		{"D/good", "", "no such file or directory", 127},
		{"D/good", strings.Repeat("x", 5000), "file name too long", 126},
		{"-", "echo", "a b", 0}, // without PATH
	} {
		put := func(s string) string { return strings.ReplaceAll(s, "D/", dir+"/") }
		var env []string
		if test.path != "-" {
			env = []string{"PATH=" + put(test.path)}
		}
		got, code := become(t, "search", dir+"/good", env, put(test.name), "a", "b")
		if got != put(test.want) || code != test.code {
			t.Errorf("PATH=%s, %.20s: %q, %d; want %q, %d", test.path, test.name, got, code, test.want, test.code)
		}
	}
}

// A script without #! is sh's, as a login script where the shell was to be a
// login shell.
func TestExecFile(t *testing.T) {
	script := t.TempDir() + "/script"
	if err := os.WriteFile(script, []byte(`tr '\0' ' ' </proc/$$/cmdline`), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ argv0, want string }{
		{"script", "sh " + script + " a"},
		{"-script", "-sh " + script + " a"},
	} {
		if got, _ := become(t, "file", "/", []string{"PATH=/usr/bin:/bin"}, script, test.argv0, "a"); got != test.want {
			t.Errorf("%s: becomes %q; want %q", test.argv0, got, test.want)
		}
	}
	if got, _ := become(t, "file", "/", nil, "/bin/sh", "-name", "-c", "echo $0"); got != "-name" {
		t.Errorf("argv[0] is %q; want -name", got)
	}
}

func TestExitCode(t *testing.T) {
	for err, want := range map[syscall.Errno]int{
		syscall.ENOENT: 127, syscall.ENOTDIR: 127, syscall.EACCES: 126, syscall.EPERM: 126, syscall.ENOEXEC: 126, syscall.E2BIG: 126, syscall.EIO: 126,
	} {
		if got := exitCode(err); got != want {
			t.Errorf("exitCode(%v) = %d; want %d", err, got, want)
		}
	}
}
