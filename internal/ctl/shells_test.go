package ctl

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/build"
)

// fakeShells puts a file in the place of /etc/shells.
func fakeShells(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	old := shellsFile
	t.Cleanup(func() { shellsFile = old })
	shellsFile = filepath.Join(t.TempDir(), "shells")
	err := os.WriteFile(shellsFile, []byte(text), 0o600)
	if err == nil {
		err = os.Chmod(shellsFile, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	return shellsFile
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestListShells(t *testing.T) {
	for _, test := range []struct {
		name, text, want, says string
		mode                   os.FileMode
	}{
		{"usual", "# shells\n/bin/sh\n", "# shells\n/bin/sh\n/usr/bin/tmpshell\n/usr/bin/tmpshell-zsh\n",
			"added /usr/bin/tmpshell, /usr/bin/tmpshell-zsh", 0o644},
		{"no newline at the end", "/bin/sh", "/bin/sh\n/usr/bin/tmpshell\n/usr/bin/tmpshell-zsh\n",
			"added /usr/bin/tmpshell, /usr/bin/tmpshell-zsh", 0o640},
		{"empty", "", "/usr/bin/tmpshell\n/usr/bin/tmpshell-zsh\n", "added /usr/bin/tmpshell, /usr/bin/tmpshell-zsh", 0o600},
		{"one is there", "/usr/bin/tmpshell # ours\n/bin/sh\n", "/usr/bin/tmpshell # ours\n/bin/sh\n/usr/bin/tmpshell-zsh\n",
			"added /usr/bin/tmpshell-zsh", 0o664},
		{"commented out", "#/usr/bin/tmpshell\n", "#/usr/bin/tmpshell\n/usr/bin/tmpshell\n/usr/bin/tmpshell-zsh\n",
			"added /usr/bin/tmpshell, /usr/bin/tmpshell-zsh", 0o644},
		{"all are there", "/usr/bin/tmpshell-zsh\n/usr/bin/tmpshell", "/usr/bin/tmpshell-zsh\n/usr/bin/tmpshell",
			"lists tmpshell (as it was)", 0o644},
	} {
		path := fakeShells(t, test.text, test.mode)
		want := []string{"/usr/bin/tmpshell", "/usr/bin/tmpshell-zsh"}
		if got := listShells(want); got != (step{"/etc/shells", test.says, ""}) {
			t.Errorf("%s: listShells = %+v; want %s", test.name, got, test.says)
		}
		for _, again := range []string{"", "lists tmpshell (as it was)"} {
			if again != "" {
				if got := listShells(want); got != (step{"/etc/shells", again, ""}) {
					t.Errorf("%s: listShells again = %+v; want %s", test.name, got, again)
				}
			}
			if diff := cmp.Diff(test.want, read(t, path)); diff != "" {
				t.Errorf("%s: the file (-want +got):\n%s", test.name, diff)
			}
		}
		checkAlone(t, test.name, path, test.mode)
	}
}

// checkAlone checks the mode, and that nothing is left beside the file.
func checkAlone(t *testing.T, name, path string, mode os.FileMode) {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil || st.Mode() != mode {
		t.Errorf("%s: mode %v, %v; want %v", name, st.Mode(), err, mode)
	}
	if list, err := os.ReadDir(filepath.Dir(path)); err != nil || len(list) != 1 {
		t.Errorf("%s: the directory has %v, %v; want the file alone", name, list, err)
	}
}

func TestUnlistShells(t *testing.T) {
	bin := build.Bindir
	for _, test := range []struct{ name, text, want, says string }{
		{"usual", "# x\n/bin/sh\n" + bin + "/tmpshell\n" + bin + "/tmpshell-zsh\n/bin/bash", "# x\n/bin/sh\n/bin/bash",
			"removed " + bin + "/tmpshell, " + bin + "/tmpshell-zsh"},
		{"at the end", "/bin/sh\n" + bin + "/tmpshell", "/bin/sh\n", "removed " + bin + "/tmpshell"},
		{"with blanks and a comment", "  " + bin + "/tmpshell\t# ours\n", "", "removed " + bin + "/tmpshell"},
		{"what is not ours", "#" + bin + "/tmpshell\n/opt/bin/tmpshell\n" + bin + "/tmpshells\ntmpshell\n",
			"#" + bin + "/tmpshell\n/opt/bin/tmpshell\n" + bin + "/tmpshells\ntmpshell\n", "does not list tmpshell (as it was)"},
		{"empty", "", "", "does not list tmpshell (as it was)"},
	} {
		path := fakeShells(t, test.text, 0o640)
		if got := unlistShells(); got != (step{"/etc/shells", test.says, ""}) {
			t.Errorf("%s: unlistShells = %+v; want %s", test.name, got, test.says)
		}
		if diff := cmp.Diff(test.want, read(t, path)); diff != "" {
			t.Errorf("%s: the file (-want +got):\n%s", test.name, diff)
		}
		if got := unlistShells(); got != (step{"/etc/shells", "does not list tmpshell (as it was)", ""}) {
			t.Errorf("%s: unlistShells again = %+v", test.name, got)
		}
		checkAlone(t, test.name, path, 0o640)
	}
	// Taking away what is not there is done already.
	shellsFile = filepath.Join(t.TempDir(), "none")
	if got := unlistShells(); got.Error != "" {
		t.Errorf("unlistShells without a file = %+v; want no error", got)
	}
}

// Listing and unlisting leaves the file as it was.
func TestShellsRoundTrip(t *testing.T) {
	const text = "# /etc/shells\n/bin/sh\n/bin/bash\n"
	path := fakeShells(t, text, 0o644)
	listShells([]string{build.Launcher(), build.Launcher() + "-zsh"})
	unlistShells()
	if got := read(t, path); got != text {
		t.Errorf("after listShells and unlistShells: %q; want %q", got, text)
	}
}

func TestEditFile(t *testing.T) {
	path := fakeShells(t, "old", 0o604)
	dir := filepath.Dir(path)
	before := stat(t, path)
	change := func(old []byte) ([]byte, error) {
		if string(old) != "old" {
			t.Errorf("change gets %q; want old", old)
		}
		return []byte("new"), nil
	}
	// A link stays one.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := editFile(link, ".tmp", change); err != nil {
		t.Fatalf("editFile = %v; want no error", err)
	}
	if got, err := os.Readlink(link); err != nil || got != path {
		t.Errorf("the link names %s, %v; want %s", got, err, path)
	}
	after := stat(t, path)
	if read(t, path) != "new" || after.Mode != before.Mode || after.Uid != before.Uid || after.Gid != before.Gid {
		t.Errorf("the file has %q, %#o %d:%d; want new, %#o %d:%d", read(t, path),
			after.Mode, after.Uid, after.Gid, before.Mode, before.Uid, before.Gid)
	}
	// In one step: whoever has the old one open reads it to its end.
	buf := make([]byte, 10)
	if n, _ := reader.Read(buf); string(buf[:n]) != "old" || after.Ino == before.Ino {
		t.Errorf("a reader of the old file gets %q; want old, from another inode", buf[:n])
	}
	checkAlone(t, "editFile", path, 0o604)

	// Where the rename or the change fails, nothing is left.
	if err := os.MkdirAll(dir+"/full/x", 0o755); err != nil {
		t.Fatal(err)
	}
	refuse := errors.New("no")
	for path, change := range map[string]func([]byte) ([]byte, error){
		dir + "/full": func([]byte) ([]byte, error) { return nil, nil },
		path:          func([]byte) ([]byte, error) { return nil, refuse },
	} {
		if err := editFile(path, ".tmp", change); err == nil {
			t.Errorf("editFile of %s gives no error; want one", path)
		}
	}
	if left, _ := filepath.Glob(dir + "/*.tmp"); left != nil {
		t.Errorf("editFile leaves %q; want nothing", left)
	}
	if err := editFile(dir+"/none/x", ".tmp", change); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), dir+"/none") {
		t.Errorf("editFile in a missing directory = %v; want an error that names it", err)
	}
}

// Whoever else writes the file has its new name, and is waited for.
func TestEditFileWaits(t *testing.T) {
	old := editPatience
	t.Cleanup(func() { editPatience = old })
	path := fakeShells(t, "old\n", 0o644)
	if err := os.WriteFile(path+".tmp", []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	editPatience = 0
	add := func(old []byte) ([]byte, error) { return append(old, "new\n"...), nil }
	if err := editFile(path, ".tmp", add); err == nil || !strings.Contains(err.Error(), "rm "+path+".tmp") {
		t.Errorf("editFile while another program writes: %v; want the name of its file", err)
	}
	if got := read(t, path+".tmp") + read(t, path); got != "theirsold\n" {
		t.Errorf("the files have %q; want them untouched", got)
	}
	editPatience = time.Hour
	done := make(chan error)
	go func() { done <- editFile(path, ".tmp", add) }()
	if err := os.WriteFile(path+".tmp", []byte("old\ntheirs\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || read(t, path) != "old\ntheirs\nnew\n" {
		t.Errorf("after the wait: %v, %q; want both lines", err, read(t, path))
	}
}

func stat(t *testing.T, path string) syscall.Stat_t {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st
}
