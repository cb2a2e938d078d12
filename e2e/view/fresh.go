package view

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// CheckFresh returns an error if the programs under test are older than what they
// are made of: then they are not what would be tested. `make build` makes them.
// Programs that TMPSHELL_BIN names are whatever they are.
func CheckFresh() error {
	if Inside() || os.Getenv(binVar) != "" {
		return nil
	}
	root, err := Root()
	if err != nil {
		return err
	}
	newest, name, err := newestSource(root)
	if err != nil {
		return err
	}
	programs, err := os.ReadDir(filepath.Join(root, "cmd"))
	if err != nil {
		return err
	}
	for _, p := range programs {
		program := filepath.Join("bin", p.Name())
		info, err := os.Stat(filepath.Join(root, program))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s is not there: run make build first", program)
		case err != nil:
			return err
		case info.ModTime().Before(newest.ModTime()):
			return fmt.Errorf("%s is older than %s: run make build first", program, name)
		}
	}
	return nil
}

// newestSource is the newest of what make(1) has as SOURCES.
func newestSource(root string) (newest fs.FileInfo, name string, err error) {
	look := func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		isSource := entry.IsDir() || strings.HasSuffix(path, ".s") || strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
		if !isSource && !strings.HasPrefix(entry.Name(), "go.") {
			return nil
		}
		info, err := entry.Info()
		if err == nil && (newest == nil || info.ModTime().After(newest.ModTime())) {
			newest, name = info, strings.TrimPrefix(path, root+"/")
		}
		return err
	}
	for _, top := range []string{"cmd", "internal", "go.mod", "go.sum"} {
		if err := filepath.WalkDir(filepath.Join(root, top), look); err != nil {
			return nil, "", err
		}
	}
	return newest, name, nil
}
