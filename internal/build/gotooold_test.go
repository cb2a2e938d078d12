package build_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestGoTooOld: where Go is missing, is too old for go.mod or cannot download the one that
// go.mod asks for, make says which one it takes. What Go 1.19 says itself is "must match
// format 1.23".
func TestGoTooOld(t *testing.T) {
	goMod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, wanted, _ := strings.Cut(string(goMod), "\ngo ")
	wanted, _, _ = strings.Cut(wanted, "\n")
	for _, command := range []string{"false", "/nonexistent/go"} {
		c := exec.Command("make", "-s", "-C", "../..", "build", "GO="+command, "BIN="+t.TempDir())
		c.Env = append(os.Environ(), "MAKEFLAGS=")
		out, err := c.CombinedOutput()
		if want := "tmpshell is built with Go " + wanted + " or newer; "; err == nil || strings.Count(string(out), want) != 1 {
			t.Errorf("make GO=%s: %v, want one %q:\n%s", command, err, want, out)
		}
	}
}
