package ctl

import (
	"os"
	"path/filepath"
	"testing"

	"tmpshell/internal/build"
)

func TestLinkFor(t *testing.T) {
	dir := t.TempDir()
	shells := ""
	for _, name := range []string{"one/zsh", "two/zsh", "one/fish", "one/odd name"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		shells += path + "\n"
	}
	if err := os.Symlink(filepath.Join(dir, "one"), filepath.Join(dir, "alias")); err != nil {
		t.Fatal(err)
	}
	fakeShells(t, "# shells\n"+filepath.Join(dir, "none/zsh")+"\n"+shells, 0o644)
	for shell, want := range map[string]string{
		"one/zsh": "-zsh", "one/fish": "-fish",
		"alias/zsh": "-zsh", // /bin and /usr/bin
		"two/zsh":   "",     // tmpshell-zsh becomes the first one
		"one/ksh":   "", "one/odd name": "", "one/tmpshell": "", "one/x\x1b": "",
	} {
		got, err := linkFor(filepath.Join(dir, shell))
		if want != "" {
			want = build.Launcher() + want
		}
		if got != want || (err == nil) != (want != "") {
			t.Errorf("linkFor(%q) = %q, %v; want %q", shell, got, err, want)
		}
	}
	if got, err := linkFor("zsh"); err == nil {
		t.Errorf("linkFor(zsh) = %q; want an error", got)
	}
	for name, want := range map[string]string{"zsh": filepath.Join(dir, "one/zsh"), "false": "/bin/false", "ksh": ""} {
		if got, _ := shellNamed(name); got != want {
			t.Errorf("shellNamed(%s) = %q; want %q", name, got, want)
		}
	}
}
