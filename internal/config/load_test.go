package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/testas"
)

// conf is a configuration file in a directory of its own.
func conf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tmpshell.conf")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	c, err := Load(path)
	if err != nil {
		t.Fatalf("Load of a missing file = %v; want the built-in configuration", err)
	}
	if got := resolve(t, c, alice).Directories[0].Path; got != "/tmp" {
		t.Errorf("Load of a missing file: first directory %s; want /tmp", got)
	}
	// A draft that is not there is a mistake.
	if _, err := Check(path); err == nil || err.Error() != path+": no such file or directory" {
		t.Errorf("Check of a missing file = %v; want %s: no such file or directory", err, path)
	}
}

// A link to nothing is no configuration that was removed.
func TestLoadDangling(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(link+".none", link); err != nil {
		t.Fatal(err)
	}
	c, err := Load(link)
	if want := link + ": a symbolic link to something that does not exist"; errText(err) != want {
		t.Errorf("Load of a link to nothing = %v; want %s", err, want)
	}
	if len(c.Sources) != 1 || !c.Sources[0].Dangling || c.Sources[0].Absent {
		t.Errorf("it was read as %+v; want that it leads to nothing", c.Sources)
	}
	for _, pattern := range []string{link, link + "*"} {
		c, err := Parse(link+".conf", "Include "+pattern)
		if want := link + ".conf:1: " + link + ": a symbolic link to something that does not exist"; errText(err) != want {
			t.Errorf("Include %s = %v; want %s", pattern, err, want)
		}
		if n := len(c.Sources); n == 0 || !c.Sources[n-1].Dangling {
			t.Errorf("Include %s: sources %+v; want the link among them", pattern, c.Sources)
		}
	}
}

// A configuration that cannot be looked at is none that is wrong.
func TestKept(t *testing.T) {
	testas.Root(t)
	outer := conf(t, "\nLog nothing")
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	_, wrong := Load(outer)
	err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: was.Max})
	_, starved := Load(outer)
	if err := errors.Join(err, unix.Setrlimit(unix.RLIMIT_NOFILE, &was)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		err  error
		text string
		kept bool
	}{
		{wrong, outer + `:2: Log takes failures, all or none, not "nothing"`, false},
		{starved, outer + ": too many open files", true},
		{nil, "", false},
	} {
		if got := errText(test.err); got != test.text || Kept(test.err) != test.kept {
			t.Errorf("Load = %q, kept %v; want %q, %v", got, Kept(test.err), test.text, test.kept)
		}
		var errs Errors
		if errors.As(test.err, &errs) != (test.err != nil) {
			t.Errorf("%v holds no Errors", test.err)
		}
	}
}

// What is not a regular file is refused at once: nobody must be able to hang a
// login, or every login.
func TestLoadSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(dir+"/fifo", 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{
		"directory/": "", "big": strings.Repeat("#\n", maxFile/2) + "#", "full": strings.Repeat("#\n", maxFile/2),
	})
	for _, test := range []struct{ name, want string }{
		{"/fifo", "not a regular file"},
		{"/directory", "not a regular file"},
		{"/big", "larger than 1 MiB"},
		{"/big/x", "no such file or directory"},
		{"/full", ""},
	} {
		for read, f := range map[string]func(string) (*Config, error){"Load": Load, "Check": Check} {
			if read == "Load" && test.name == "/big/x" {
				continue // there is no such file: the built-in configuration
			}
			if read == "Load" && os.Geteuid() != 0 {
				continue
			}
			// If it blocks, the run's own limit says where.
			_, err := f(dir + test.name)
			if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != dir+test.name+": "+test.want) {
				t.Errorf("%s(%s) = %v; want %q", read, test.name, err, test.want)
			}
		}
	}
	for _, name := range []string{"/dev/null", "/dev/tty"} {
		if _, err := Check(name); err == nil {
			t.Errorf("Check(%s) gives no error; want one", name)
		}
	}
}

// A file that somebody other than root could have written does not count.
func TestLoadOwnership(t *testing.T) {
	testas.Root(t)
	const nobody = 65534
	for _, test := range []struct {
		uid, gid int
		mode     fs.FileMode
		want     string
	}{
		{0, 0, 0o644, ""},
		{0, 0, 0o600, ""},
		{0, 0, 0o400, ""},
		{0, 0, 0o000, ""}, // root's own way of hiding it from others
		{0, nobody, 0o644, ""},
		{0, nobody, 0o755, ""},
		{nobody, 0, 0o644, "not owned by root; run: chown root "},
		{nobody, 0, 0o444, "not owned by root; run: chown root "},
		{nobody, nobody, 0o666, "not owned by root; run: chown root "},
		{0, 0, 0o664, "writable by group or others; run: chmod go-w "},
		{0, 0, 0o646, "writable by group or others; run: chmod go-w "},
		{0, nobody, 0o620, "writable by group or others; run: chmod go-w "},
	} {
		path := conf(t, "Log all\n")
		if err := os.Chown(path, test.uid, test.gid); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.mode); err != nil {
			t.Fatal(err)
		}
		want := test.want
		if want != "" {
			want = path + ": " + want + path
		}
		c, err := Load(path)
		if got := errText(err); got != want {
			t.Errorf("Load of a file %d:%d %#o = %q; want %q", test.uid, test.gid, test.mode, got, want)
		}
		if c == nil || len(c.Sources) != 1 || c.Sources[0].Path != path || c.Sources[0].Stat.Ino == 0 {
			t.Errorf("Load of a file %d:%d %#o returns %+v; want the file among its sources", test.uid, test.gid, test.mode, c)
		}
		if _, err := Check(path); err != nil {
			t.Errorf("Check of a draft %d:%d %#o = %v; want no error", test.uid, test.gid, test.mode, err)
		}
		// The same goes for what is included.
		outer := conf(t, "\nInclude "+path)
		if want != "" {
			want = outer + ":2: " + want
		}
		if _, err := Load(outer); errText(err) != want {
			t.Errorf("Load with an included file %d:%d %#o = %q; want %q", test.uid, test.gid, test.mode, errText(err), want)
		}
	}
}

// Ownership is the file's, not the link's: a user's link to root's file gives
// nothing away, and root's link to a user's file is not obeyed.
func TestLoadSymlink(t *testing.T) {
	testas.Root(t)
	safe, unsafe := conf(t, "Log all"), conf(t, "Log all")
	if err := os.Chown(unsafe, 65534, 0); err != nil {
		t.Fatal(err)
	}
	for target, good := range map[string]bool{safe: true, unsafe: false} {
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(link); (err == nil) != good {
			t.Errorf("Load of a link to a file that is root's: %v = %v", good, err)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
