package audit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/testas"
)

// compileC makes a static C program.
func compileC(t *testing.T, source string, flags ...string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		const missing = "missing: gcc: run e2e/packages.sh"
		if os.Getenv(testas.MustRun) != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	program := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("gcc", append(flags, "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-format-overflow", "-static", "-no-pie", "-o", program, source)...).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return program
}

// audited is what an audit of a program saw in a directory, as lines KIND\tPATH, and
// what the program printed.
func audited(t *testing.T, dir string, argv ...string) (seen []string, printed string, r Result) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	place, err := NewPlace(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	oneAtATime.Lock()
	defer oneAtATime.Unlock()
	r, err = Run(Program{Path: argv[0], Args: argv, Env: os.Environ(), Files: []uintptr{0, out.Fd(), 2}},
		Options{Places: []Place{place}, End: end, Left: func() { close(end) }, Seen: func(o Object) { seen = append(seen, o.Kind+"\t"+o.Path) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Unreadable) > 0 || r.Lost > 0 {
		t.Errorf("unreadable %v, lost %d", r.Unreadable, r.Lost)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return seen, string(text), r
}

// oneAtATime: an audit waits for all children of its process.
var oneAtATime sync.Mutex

// Every object is seen once, of its kind and with its name, by whatever call it is
// made, and nothing else.
func TestKnownObjects(t *testing.T) {
	program := compileC(t, "testdata/makes.c")
	top := t.TempDir()
	dir, outside := filepath.Join(top, "shared"), filepath.Join(top, "outside")
	for _, d := range []string{dir, outside} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const objects = 10000
	seen, printed, r := audited(t, dir, program, dir, outside, fmt.Sprint(objects))
	if r.Status != 0 {
		t.Errorf("the program's status: %d; want 0", r.Status)
	}
	want := strings.Split(strings.TrimSpace(printed), "\n")
	if len(want) < objects*3/4 {
		t.Fatalf("the program has made %d objects; want %d", len(want), objects)
	}
	slices.Sort(want)
	slices.Sort(seen)
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("objects made and seen (-made +seen):\n%.4000s", diff)
	}
	if n := total(r.Objects); n != len(want) {
		t.Errorf("the report counts %d objects; want %d", n, len(want))
	}
	if len(r.Objects) > 50 {
		t.Errorf("the report has %d lines; want one for each kind and pattern", len(r.Objects))
	}
}

// total counts what was made.
func total(list []Object) int {
	n := 0
	for _, o := range list {
		n += o.Count
	}
	return n
}
