package view

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	// mustRunVar turns every skip into a failure, for machines that are
	// meant to have everything.
	mustRunVar = "TMPSHELL_MUST_RUN"
	// binVar names a directory of binaries to test in place of bin/.
	binVar = "TMPSHELL_BIN"
)

// NeedRoot skips the test unless it runs as root.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "root: run as root, or sudo make test")
	}
}

// Need skips the test unless each program is there.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			Missing(t, program+": run e2e/packages.sh")
		}
	}
}

// Missing skips the test because of what the machine does not have.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(mustRunVar) == "1" {
		t.Fatalf("missing: %s (%s=1: not skipped)", what, mustRunVar)
	}
	t.Skipf("missing: %s", what)
}

// Root is the source tree's top directory.
func Root() (string, error) {
	if Inside() {
		return source, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("not in the source tree: no go.mod above")
}

// Binaries is the directory that the programs under test come from.
func Binaries() (string, error) {
	if Inside() {
		return binaries, nil
	}
	if dir := os.Getenv(binVar); dir != "" {
		return dir, nil
	}
	root, err := Root()
	return filepath.Join(root, "bin"), err
}
