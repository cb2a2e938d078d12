package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// settingsOf are the values of SetEnv that a file gives a subject.
func settingsOf(t *testing.T, file string, s someone) string {
	t.Helper()
	c, err := Check(file)
	if err != nil {
		t.Fatalf("Check = %v; want no error", err)
	}
	var list []string
	for _, e := range resolve(t, c, s).SetEnv {
		list = append(list, e.Name+"="+e.Value)
	}
	return strings.Join(list, " ")
}

func TestInclude(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"one file, relative to the directory of the first one",
			map[string]string{"conf": "Include sub/a", "sub/a": "Include b", "b": "SetEnv B=1", "sub/b": "SetEnv B=2"},
			"B=1"},
		{"stands where the line is",
			map[string]string{"conf": "SetEnv A=1\nInclude b\nSetEnv C=1 B=2", "b": "SetEnv A=2 B=1"},
			"A=1 B=1 C=1"},
		{"several, in the order of the line",
			map[string]string{"conf": "Include b a", "a": "SetEnv X=a", "b": "SetEnv X=b"},
			"X=b"},
		{"wildcards, sorted",
			map[string]string{"conf": "Include d/*.conf", "d/20.conf": "SetEnv X=20 Y=20", "d/10.conf": "SetEnv X=10",
				"d/5.conf": "SetEnv X=5", "d/1.conf~": "SetEnv X=old"},
			"X=10 Y=20"},
		{"hidden files are not meant",
			map[string]string{"conf": "Include d/*", "d/.a": "SetEnv X=hidden", "d/b": "SetEnv X=b"},
			"X=b"},
		{"hidden files that are meant",
			map[string]string{"conf": "Include d/.*", "d/.a": "SetEnv X=hidden", "d/b": "SetEnv X=b"},
			"X=hidden"},
		{"a question mark",
			map[string]string{"conf": "Include d/?", "d/a": "SetEnv X=a", "d/bb": "SetEnv X=bb Y=bb"},
			"X=a"},
		{"blanks in a name",
			map[string]string{"conf": "Include 'a b'", "a b": "SetEnv X=1"},
			"X=1"},
		{"nothing matches",
			map[string]string{"conf": "Include none d/none* void/*\nSetEnv X=1", "d/": ""},
			"X=1"},
	} {
		dir := t.TempDir()
		write(t, dir, test.files)
		if got := settingsOf(t, filepath.Join(dir, "conf"), alice); got != test.want {
			t.Errorf("%s: SetEnv is %q; want %q", test.name, got, test.want)
		}
	}
}

func TestIncludeMatch(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"conf": "Match Group staff\n" +
			"Include inner\n" +
			"SetEnv STAFF=1\n" + // after the file: still the block that includes it
			"Match All\n" +
			"Include open\n" +
			"SetEnv ALL=1\n",
		"inner": "SetEnv HEAD=1\nMatch User alice\nSetEnv ALICE=1\nInclude deeper\nMatch All\nSetEnv NARROW=1\n",
		// The criteria of all three files are ANDed.
		"deeper": "SetEnv DEEP=1\nMatch Uid 0-1000\nSetEnv DEEPER=1\n",
		"open":   "Match User bob\nSetEnv BOB=1\n",
	})
	for _, test := range []struct {
		who  someone
		want string
	}{
		{alice, "HEAD=1 STAFF=1 ALICE=1 DEEP=1 DEEPER=1 NARROW=1 ALL=1"},
		{someone{uid: 2000, name: "alice", groups: []string{"staff"}}, "HEAD=1 STAFF=1 ALICE=1 DEEP=1 NARROW=1 ALL=1"},
		{someone{uid: 500, name: "carol", groups: []string{"staff"}}, "HEAD=1 STAFF=1 NARROW=1 ALL=1"},
		{someone{uid: 1000, name: "alice", groups: []string{"alice"}}, "ALL=1"},
		{bob, "ALL=1 BOB=1"},
		{ghost, "ALL=1"},
	} {
		if got := settingsOf(t, filepath.Join(dir, "conf"), test.who); got != test.want {
			t.Errorf("SetEnv of %+v is %q; want %q", test.who, got, test.want)
		}
	}
}

// A Match inside an included file ends with the file.
func TestIncludeEndsMatch(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"conf": "Include m\nShell /bin/global", "m": "Match User alice\nSetEnv A=1"})
	c, err := Check(filepath.Join(dir, "conf"))
	if err != nil {
		t.Fatal(err)
	}
	if got := resolve(t, c, bob).Shell; got != "/bin/global" {
		t.Errorf("Shell after an included Match = %q for bob; want /bin/global", got)
	}
}

// A pattern that matches nothing is a notice, as for a directory of drop-ins
// that is empty.
func TestIncludeNotices(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"conf": "Log all\nInclude none d/* e/*.conf\n", "d/.hidden": "Nonsense"})
	c, err := Check(dir + "/conf")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		dir + "/conf:2: no file matches " + dir + "/none",
		dir + "/conf:2: no file matches " + dir + "/d/*",
		dir + "/conf:2: no file matches " + dir + "/e/*.conf",
	}
	if diff := cmp.Diff(want, notices(c)); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestIncludeFaults(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"wrong": "\nLog some\nSetEnv", "sub/": "", "self": "Include self", "twice": "Include twice twice twice",
		"big": strings.Repeat("#", maxFile+1), "ok": "Log all",
	})
	if err := unix.Mkfifo(dir+"/fifo", 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("loop", dir+"/loop"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ text, want string }{
		{"Include", "conf:1: Include takes files or patterns"},
		{"#\nInclude sub", "conf:2: " + dir + "/sub: not a regular file"},
		{"Include su*", "conf:1: " + dir + "/sub: not a regular file"},
		{"Include fifo", "conf:1: " + dir + "/fifo: not a regular file"},
		{"Include f*", "conf:1: " + dir + "/fifo: not a regular file"},
		{"Include big", "conf:1: " + dir + "/big: larger than 1 MiB"},
		{"Include loop", "conf:1: " + dir + "/loop: too many levels of symbolic links"},
		{"Include */x", "conf:1: Include takes '*' and '?' in the last component only: " + dir + "/*/x"},
		{"Include wrong", "wrong:2: Log takes failures, all or none, not \"some\"\n" + dir + "/wrong:3: SetEnv takes NAME=VALUE"},
		{"Include self", "self:1: files include each other more than 16 levels deep"},
		{"Include twice", "twice:1: files include each other more than 16 levels deep"},
	} {
		write(t, dir, map[string]string{"conf": test.text})
		_, err := Check(dir + "/conf")
		if err == nil || !strings.HasPrefix(err.Error(), dir+"/"+test.want) {
			t.Errorf("Check of %q = %v; want %s/%s", test.text, err, dir, test.want)
		}
	}
}

// A draft may be named without a directory, and finds what lies beside it.
func TestIncludeBesideRelativeName(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"draft": "Include a.conf x*.conf d/*", "a.conf": "SetEnv A=1", "x1.conf": "SetEnv X=1", "d/b": "SetEnv D=1"})
	t.Chdir(dir)
	for _, name := range []string{"draft", "./draft", dir + "/draft"} {
		if got, want := settingsOf(t, name, alice), "A=1 X=1 D=1"; got != want {
			t.Errorf("%s: SetEnv is %q; want %q", name, got, want)
		}
	}
}

// However files include each other, reading ends.
func TestIncludeIsBounded(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"conf": "Include d/*"}
	for i := range maxFiles + 5 {
		files["d/"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676))] = "#"
	}
	write(t, dir, files)
	if _, err := Check(dir + "/conf"); err == nil || !strings.Contains(err.Error(), "more than 1000 files") {
		t.Errorf("Check of a configuration of %d files = %v; want more than 1000 files", len(files), err)
	}
}
