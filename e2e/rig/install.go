// Package rig does in a view of the machine what an administrator would:
// install the product, add accounts, start daemons, log in.
package rig

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tmpshell/e2e/view"
	"tmpshell/internal/policy"
)

// Where `make install` puts the programs.
const (
	Tmpshell = "/usr/bin/tmpshell"
	Helper   = "/usr/libexec/tmpshell-helper"
	Mounter  = "/usr/libexec/tmpshell-session"
	Ctl      = "/usr/bin/tmpshellctl"

	Supervise = "/usr/libexec/tmpshell-supervise"
	Remover   = "/usr/libexec/tmpshell-remover"

	Conf   = "/etc/tmpshell.conf"
	Policy = policy.Path // what setup or a login compiles of it
)

// Install puts the programs into the view and runs `tmpshellctl setup`. The
// configuration consists of the given lines; without any there is no file.
func Install(t testing.TB, conf ...string) {
	t.Helper()
	CopyPrograms(t)
	if len(conf) > 0 {
		Configure(t, conf...)
	}
	Setup(t)
}

// CopyPrograms does what `make install` does, without make, which would
// take longer than the rest of the view.
func CopyPrograms(t testing.TB) {
	t.Helper()
	bin, err := view.Binaries()
	if err != nil {
		t.Fatal(err)
	}
	// The machine's own installation, if it has one, is not what is tested.
	for _, path := range []string{Tmpshell, Helper, Mounter, Supervise, Remover, Ctl, Conf, Policy} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(Helper), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, from := range map[string]struct {
		name string
		mode os.FileMode
	}{
		Tmpshell: {"tmpshell", 0o711}, Mounter: {"tmpshell", 0o711},
		Helper: {"tmpshell-helper", 0o711}, Ctl: {"tmpshellctl", 0o755},
		Supervise: {"tmpshell-supervise", 0o711}, Remover: {"tmpshell-remover", 0o711},
	} {
		err := copyFile(path, filepath.Join(bin, from.name), from.mode)
		if errors.Is(err, fs.ErrNotExist) {
			t.Fatal("no programs to test: run make build first")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// copyFile copies a program piece by piece: with all of it in memory, the pages of that
// would cost more than the copy.
func copyFile(to, from string, mode os.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Chmod(mode), out.Close())
}

// Setup runs `tmpshellctl setup`.
func Setup(t testing.TB) {
	t.Helper()
	if out, err := exec.Command(Ctl, "setup").CombinedOutput(); err != nil {
		t.Fatalf("tmpshellctl setup: %v\n%s", err, out)
	}
}

// Configure writes /etc/tmpshell.conf, safe for every program to read. Each
// argument is a line.
func Configure(t testing.TB, lines ...string) {
	t.Helper()
	text := ""
	for _, l := range lines {
		text += l + "\n"
	}
	Write(t, Conf, text, 0o644)
}

// Write replaces a file, whatever was at its place.
func Write(t testing.TB, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	err := errors.Join(
		os.MkdirAll(filepath.Dir(path), 0o755),
		os.WriteFile(path, []byte(text), mode),
		os.Chmod(path, mode))
	if err != nil {
		t.Fatal(err)
	}
}

// Must runs a command of the test's own preparations.
func Must(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}
