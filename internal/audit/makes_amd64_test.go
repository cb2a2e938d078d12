package audit

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A program of 32 bits is seen as one of 64 is: each object that it makes, by each call
// of the i386, locks, a changed umask, and that it has executed another program.
func TestKnownObjects32(t *testing.T) {
	program := compileC(t, "testdata/makes32.c", "-m32", "-ffreestanding", "-fno-pic", "-nostdlib")
	dir := filepath.Join(t.TempDir(), "shared")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	seen, printed, r := audited(t, dir, program, dir, "540") // each of 18 ways 30 times
	want := strings.Split(strings.TrimSpace(printed), "\n")
	if r.Status != 0 || len(want) != 540+30+6 {
		t.Fatalf("status %d, %d objects made; want 0 and 576 (does the kernel have IA32_EMULATION?)", r.Status, len(want))
	}
	slices.Sort(want)
	slices.Sort(seen)
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("objects made and seen (-made +seen):\n%.4000s", diff)
	}
	if len(r.Refused) != 1 {
		t.Errorf("io_uring was refused to %v; want the program", r.Refused)
	}
	by := map[string]Object{}
	for _, o := range r.Objects {
		by[path.Base(o.Path)] = o
	}
	for name, is := range map[string]bool{
		"held0, a lock":           by["held0"].Kind == kindLock,
		"fcntl1, a lock":          by["fcntl1"].Kind == kindLock,
		"fcntllong2, a lock":      by["fcntllong2"].Kind == kindLock,
		"masked0, 0666":           by["masked0"].Mode == "0666",
		"again4, by another name": slices.Contains(by["again4"].Command, "by-execve"),
		"again5, by another name": slices.Contains(by["again5"].Command, "by-execveat"),
	} {
		if !is {
			t.Errorf("%s: not so", name)
		}
	}
}
