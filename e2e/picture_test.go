package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/view"
)

// TestPicture: the picture of a login in the README is what the programs print.
func TestPicture(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: this needs a view of the machine")
	}
	view.NeedRoot(t)
	view.Need(t, "make", "useradd", "unshare")
	t.Parallel()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if out, err := exec.Command(filepath.Join(root, "docs/picture.sh"), dir).CombinedOutput(); err != nil {
		t.Fatalf("docs/picture.sh: %v\n%s", err, out)
	}
	random := regexp.MustCompile(`tmp\.\w{10}`)
	for _, name := range []string{"login.txt", "login.svg"} {
		want := random.ReplaceAllString(readSource(t, "docs/"+name), "tmp.RANDOM")
		made, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, random.ReplaceAllString(string(made), "tmp.RANDOM")); diff != "" {
			t.Errorf("docs/%s is not what is printed now; run docs/picture.sh (- there, + now):\n%s", name, diff)
		}
	}
}
