package audit

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A directory that is known by its path is not taken for another one that the path
// leads to now, whatever one process does: renames, links, removes, changes its root.
func TestRemembered(t *testing.T) {
	if _, err := exec.LookPath("perl"); err != nil {
		t.Skip("missing: perl")
	}
	const script = `
my ($d, $o) = @ARGV;
sub file { open(my $f, ">", $_[0]) or die "$_[0]: $!"; }
file("$d/a/$_") for 1 .. 3;
rename("$d/a", "$d/b") or die;
file("$d/b/4"); file("$d/b/5");
mkdir("$d/a") or die;
file("$d/a/6"); file("$d/a/7");
unlink("$d/a/6", "$d/a/7"); rmdir("$d/a") or die;
symlink("b", "$d/a") or die;
file("$d/a/8"); file("$d/b/9");
unlink("$d/a") or die; symlink($o, "$d/a") or die;
file("$d/a/outside");
unlink("$d/a") or die; rename("$d/b", "$d/a") or die;
file("$d/a/10"); file("$d/a/11");
exit if $>;
my $up = $d; my @all; while ($up ne "/") { unshift @all, $up; $up =~ s|/[^/]*$||; $up = "/" if $up eq ""; }
mkdir("$d/root") or die;
mkdir("$d/root$_") for @all; mkdir("$d/root$d/a") or die;
chroot("$d/root") or die;
file("$d/a/12"); file("$d/a/13");
`
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir, outside := filepath.Join(top, "shared"), filepath.Join(top, "outside")
	for _, d := range []string{dir, outside, dir + "/a"} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	perl, _ := exec.LookPath("perl")
	seen, _, r := audited(t, dir, perl, "-e", script, dir, outside)
	want := []string{"directory\ta", "rename\tb", "rename\ta", "symlink\ta", "symlink\ta"}
	for _, name := range strings.Fields("a/1 a/2 a/3 b/4 b/5 a/6 a/7 b/8 b/9 a/10 a/11") {
		want = append(want, "file\t"+name)
	}
	for i := range seen {
		seen[i] = strings.ReplaceAll(seen[i], dir+"/", "")
	}
	if os.Geteuid() == 0 {
		want = append(want, "file\troota/12", "file\troota/13")
	}
	seen = slices.DeleteFunc(seen, func(s string) bool { return strings.HasPrefix(s, "directory\troot") })
	slices.Sort(want)
	slices.Sort(seen)
	if diff := cmp.Diff(want, seen); r.Status != 0 || diff != "" {
		t.Errorf("status %d; objects made and seen (-made +seen):\n%s", r.Status, diff)
	}
}
