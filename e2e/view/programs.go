package view

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// programs is where a view has what Compile has made, for this run and later ones:
// bin/programs of the source tree.
const programs = "/run/tmpshell-programs"

// Compile makes a C program in a view, with gcc's flags, or takes the one that was
// made of the same sources before.
func Compile(t testing.TB, program string, flags []string, sources ...string) {
	t.Helper()
	Need(t, "gcc")
	key := sha256.New()
	fmt.Fprintf(key, "%q\n", flags)
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(key, "%q\n", text)
		// A header is beside the source.
		headers, _ := filepath.Glob(filepath.Dir(source) + "/*.h")
		for _, header := range headers {
			text, err := os.ReadFile(header)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(key, "%q\n", text)
		}
	}
	made := filepath.Join(programs, fmt.Sprintf("%s-%x", filepath.Base(program), key.Sum(nil)[:8]))
	text, err := os.ReadFile(made)
	if err != nil {
		args := append(append([]string{"-o", program}, flags...), sources...)
		if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
			t.Fatalf("gcc %q: %v\n%s", args, err, out)
		}
		if text, err = os.ReadFile(program); err == nil {
			store(made, text)
		}
	}
	if err == nil {
		err = errors.Join(os.WriteFile(program, text, 0o755), os.Chmod(program, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// store keeps a program. Where that is not possible it is made again each time.
func store(path string, text []byte) {
	f, err := os.CreateTemp(programs, "part-")
	if err != nil {
		return
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
}

// programsDir makes the directory outside, for the owner of bin: root may run the
// tests of a user's.
func programsDir(root string) (string, error) {
	bin := filepath.Join(root, "bin")
	dir := filepath.Join(bin, "programs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	info, err := os.Stat(bin)
	if err != nil {
		return "", err
	}
	owner := info.Sys().(*syscall.Stat_t)
	return dir, os.Chown(dir, int(owner.Uid), int(owner.Gid))
}
