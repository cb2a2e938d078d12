package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/config"
)

// A check that fails, or panics, says so, and keeps what it found before.
func TestExamineCheck(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(*machine, *report) error
		want []Result
	}{
		{"good", func(_ *machine, r *report) error { r.otherwise("fine"); return nil },
			[]Result{{"x", OK, "fine", nil}}},
		{"finding", func(_ *machine, r *report) error { r.warn("bad", setUp); r.otherwise("fine"); return nil },
			[]Result{{"x", Warning, "bad", setUp}}},
		{"fails", func(_ *machine, r *report) error { r.note("so far"); return errors.New("why") },
			[]Result{{"x", Note, "so far", nil}, {"x", Error, "the check could not be finished: why", nil}}},
		{"panics", func(m *machine, _ *report) error { return m.confErr },
			[]Result{{"x", Error, "the check could not be finished: internal error, please report it: runtime error: invalid memory address or nil pointer dereference", nil}}},
		{"names of others", func(_ *machine, r *report) error { r.warn("a\x1b[2Jb", run("rm", "a\x1b[2Jb")); return nil },
			[]Result{{"x", Warning, "a?[2Jb", nil}}},
	} {
		if diff := cmp.Diff(test.want, check{"x", test.run}.examine(nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// What the running kernel does not have is found, and a directory for later
// files is not.
func TestConfiguration(t *testing.T) {
	at := func(line int, message string) *config.Error {
		return &config.Error{Pos: config.Pos{File: "/c", Line: line}, Message: message}
	}
	conf, err := config.Parse("/nowhere/c", "Include d/*.conf")
	if err != nil {
		t.Fatal(err)
	}
	conf.Unmet = []*config.Error{at(7, "the running kernel does not have cap_x")}
	got := check{"x", checkConfiguration}.examine(&machine{conf: conf})
	want := []Result{
		{"x", Note, "/nowhere/c:1: no file matches /nowhere/d/*.conf", nil},
		{"x", Warning, "/c:7: the running kernel does not have cap_x; logins do without it", run("sed", "-i", "7s/^/#/", "/c")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestNames(t *testing.T) {
	names := Names()
	for i, n := range names {
		if strings.Trim(n, "abcdefghijklmnopqrstuvwxyz-") != "" || slices.Contains(names[:i], n) {
			t.Errorf("check %q: want kebab case, and each name once", n)
		}
	}
}

func TestFix(t *testing.T) {
	for _, test := range []struct {
		fix  *Fix
		want string
	}{
		{run("rm", "--", "a b'c"), `rm -- 'a b'\''c'`},
		{run("chown", "root", "/a").then("tmpshellctl", "setup"), "chown root /a && tmpshellctl setup"},
		{appendLine(`d /a; $(x)`, "/etc/a b"), `echo 'd /a; $(x)' >>'/etc/a b'`},
		{commentOut("/etc/x", 12), "sed -i 12s/^/#/ /etc/x"},
	} {
		if test.fix.Run != test.want {
			t.Errorf("command %s; want %s", test.fix.Run, test.want)
		}
	}
}

// way names every directory that has a say, those behind links included, and
// the links themselves not.
func TestWay(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.MkdirAll(dir+"/a/b", 0o755), os.MkdirAll(dir+"/c", 0o755),
		os.WriteFile(dir+"/a/b/file", nil, 0o644),
		os.Symlink("../a/b", dir+"/c/rel"), os.Symlink(dir+"/c", dir+"/abs"),
		os.Symlink("loop", dir+"/loop"), os.Symlink("nothing", dir+"/dangling"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		path string
		want []string
		err  string
	}{
		{"/a/b/file", []string{"", "/a", "/a/b", "/a/b/file"}, ""},
		{"/a/./b//file", []string{"", "/a", "/a/b", "/a/b/file"}, ""},
		{"/c/rel/file", []string{"", "/c", "", "/a", "/a/b", "/a/b/file"}, ""},
		{"/abs/rel", []string{"", "", "/c", "", "/a", "/a/b"}, ""},
		{"/a/none", []string{"", "/a"}, "no such file or directory"},
		{"/dangling", []string{""}, "no such file or directory"},
		{"/loop", []string{""}, "too many levels of symbolic links"},
	} {
		nodes, err := way(dir + test.path)
		if (err == nil) != (test.err == "") || err != nil && !strings.HasSuffix(err.Error(), test.err) {
			t.Errorf("way(%s) = %v; want %s", test.path, err, test.err)
		}
		var got []string
		for _, n := range nodes {
			// What is above the test's directory comes first, and again
			// after an absolute link.
			if below, ok := strings.CutPrefix(n.path, dir); ok {
				got = append(got, below)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("way(%s) (-want +got):\n%s", test.path, diff)
		}
	}
}
