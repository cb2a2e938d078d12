package view

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Where a view has the source tree and the programs under test, wherever they
// are on the machine: a checkout may lie in /tmp, below /home, or where it is
// not everybody's to look.
const (
	source   = "/run/tmpshell-source"
	binaries = "/run/tmpshell-bin"
)

// kept is a tree of the machine's that stays in sight, read-only.
type kept struct {
	tree int
	at   string
}

func keepVisible() ([]kept, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	tree, err := keep(root, source)
	if err != nil {
		return nil, err
	}
	bin, err := Binaries()
	if err != nil {
		return nil, err
	}
	programs, err := keep(bin, binaries)
	if errors.Is(err, os.ErrNotExist) {
		return []kept{tree}, nil // for tests of the view itself
	}
	return []kept{tree, programs}, err
}

func keep(dir, at string) (kept, error) {
	tree, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return kept{}, &os.PathError{Op: "open_tree", Path: dir, Err: err}
	}
	return kept{tree, at}, nil
}

func (k kept) restore() error {
	defer unix.Close(k.tree)
	if err := os.MkdirAll(k.at, 0o755); err != nil {
		return err
	}
	if err := unix.MoveMount(k.tree, "", unix.AT_FDCWD, k.at, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return &os.PathError{Op: "move_mount", Path: k.at, Err: err}
	}
	return readOnly(k.at)
}
