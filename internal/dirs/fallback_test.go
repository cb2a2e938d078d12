package dirs

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/testas"
)

// insideFallback prints the path that Fallback returns.
func insideFallback(t *testing.T) {
	t.Helper()
	unix.Umask(0o777)
	path, err := Fallback(testas.Dir(), alice)
	if mask := unix.Umask(0); mask != 0o777 {
		t.Errorf("the umask is %o after Fallback; want 0777", mask)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log("path=" + path + "=")
}

func fallbackAs(t *testing.T, dir string) string {
	t.Helper()
	out := testas.Run(t, testas.User{UID: alice}, "fallback", dir)
	_, path, _ := strings.Cut(out, "path=")
	path, _, _ = strings.Cut(path, "=")
	return path
}

func TestFallback(t *testing.T) {
	if testas.Inside() != "" {
		insideFallback(t)
		return
	}
	dir := shared(t)
	first := dir + "/.private-61001"
	for range 2 { // made, then found again
		if got := fallbackAs(t, dir); got != first {
			t.Fatalf("Fallback() = %s; want %s", got, first)
		}
	}
	wantDir(t, first, alice, alice, 0o700)
}

func TestFallbackSquatted(t *testing.T) {
	if testas.Inside() != "" {
		insideFallback(t)
		return
	}
	dir := shared(t)
	first := dir + "/.private-61001"
	must(t, os.Mkdir(first, 0o777))
	must(t, os.Chown(first, bob, bob))
	must(t, os.Symlink("/", first+".1"))
	for range 2 {
		if got, want := fallbackAs(t, dir), first+".2"; got != want {
			t.Fatalf("Fallback() = %s; want %s", got, want)
		}
	}
	for _, n := range []string{".2", ".3", ".4", ".5", ".6", ".7", ".8", ".9"} {
		must(t, os.RemoveAll(first+n))
		must(t, os.WriteFile(first+n, nil, 0o666))
		must(t, os.Chown(first+n, bob, bob))
	}
	got := fallbackAs(t, dir)
	if !strings.HasPrefix(got, first+".") || len(got) != len(first)+13 {
		t.Errorf("Fallback() = %s; want %s.RANDOM", got, first)
	}
	wantDir(t, got, alice, alice, 0o700)
}

// Rule (b): without it a fallback directory could be moved away.
func TestFallbackUnsafeParent(t *testing.T) {
	if testas.Inside() != "" {
		if path, err := Fallback(testas.Dir(), alice); err == nil {
			t.Errorf("Fallback() = %s; want an error", path)
		}
		return
	}
	dir := shared(t)
	must(t, os.Chmod(dir, 0o777))
	testas.Run(t, testas.User{UID: alice}, "unsafe", dir)
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v was made", left)
	}
}
