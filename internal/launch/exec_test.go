package launch

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

func TestExecSearch(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []struct {
		name, text string
		mode       os.FileMode
	}{
		{"good/prog", "#!/bin/sh\necho good \"$0\" \"$@\"", 0o755},
		{"noexec/prog", "#!/bin/sh\necho wrong", 0o644},
		{"foreign/prog", foreign, 0o755},
		{"cut/prog", "", 0o755},
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
		{"D/foreign:D/good", "prog", "exec format error", 126},
		{"D/good", "D/foreign/prog", "exec format error", 126},
		{"D/good", "D/cut/prog", "exec format error", 126},
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
		i := inside{How: "search", Args: []string{put(test.name), "a", "b"}, Env: env}
		got, code := i.start(t, dir+"/good")
		if got != put(test.want) || code != test.code {
			t.Errorf("PATH=%s, %.20s: %q, %d; want %q, %d", test.path, test.name, got, code, test.want, test.code)
		}
	}
}

// foreign begins as a program that no kernel knows.
const foreign = "\x7fELF\x07\x07\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\necho wrong\n"

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
		i := inside{How: "file", Args: []string{script, test.argv0, "a"}, Env: []string{"PATH=/usr/bin:/bin"}}
		if got, _ := i.start(t, "/"); got != test.want {
			t.Errorf("%s: becomes %q; want %q", test.argv0, got, test.want)
		}
	}
	if err := os.WriteFile(script, []byte("echo data; exit\n\x00\x01"), 0o755); err != nil {
		t.Fatal(err)
	}
	i := inside{How: "file", Args: []string{script, "script"}, Env: []string{"PATH=/usr/bin:/bin"}}
	if got, _ := i.start(t, "/"); got != "data" {
		t.Errorf("a script that has data after its first line: %q; want that it runs", got)
	}
	i = inside{How: "file", Args: []string{"/bin/sh", "-name", "-c", "echo $0"}}
	if got, _ := i.start(t, "/"); got != "-name" {
		t.Errorf("argv[0] is %q; want -name", got)
	}
}

func TestExitCode(t *testing.T) {
	for err, want := range map[unix.Errno]int{
		unix.ENOENT: 127, unix.ENOTDIR: 127, unix.EACCES: 126, unix.EPERM: 126, unix.ENOEXEC: 126, unix.E2BIG: 126, unix.EIO: 126,
	} {
		if got := exitCode(bare.Errno(err)); got != want {
			t.Errorf("exitCode(%v) = %d; want %d", err, got, want)
		}
	}
}
