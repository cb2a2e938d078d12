package view

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// binaries is where a view has the programs under test.
const binaries = "/run/tmpshell-bin"

// kept is a tree of the machine's that stays in sight, read-only, even where
// the view covers its place: a checkout may well lie in /tmp.
type kept struct {
	tree int
	at   string
}

func keepVisible() ([]kept, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	source, err := keep(root, root)
	if err != nil {
		return nil, err
	}
	bin, err := Binaries()
	if err != nil {
		return nil, err
	}
	programs, err := keep(bin, binaries)
	if errors.Is(err, os.ErrNotExist) {
		return []kept{source}, nil // for tests of the view itself
	}
	return []kept{source, programs}, err
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
	// The place exists unless the view covers its parent, which is then a
	// tmpfs or an overlay, where it can be made.
	if err := os.MkdirAll(k.at, 0o755); err != nil {
		return err
	}
	if err := unix.MoveMount(k.tree, "", unix.AT_FDCWD, k.at, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return &os.PathError{Op: "move_mount", Path: k.at, Err: err}
	}
	return readOnly(k.at)
}
